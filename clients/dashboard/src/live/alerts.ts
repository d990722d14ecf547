import type { ReadonlySignal } from '@preact/signals'
import type { AlertsState } from '../../../driftwire-client/src/index.ts'
import { type Shown, useChannel, useRefusal } from './channels.ts'
import { session } from './session.ts'

/** Follows the alerts that the one who looks may see: all of them, if the server lets him, else those about channels that everybody reads. */
export const useAlerts = (): ReadonlySignal<Shown<AlertsState> | undefined> => {
  const refused = useRefusal('allalerts').value
  return useChannel(session.value?.admin && !refused ? 'allalerts' : 'alerts')
}
