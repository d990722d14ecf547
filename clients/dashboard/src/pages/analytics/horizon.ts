import { type ReadonlySignal, useComputed } from '@preact/signals'
import type { ModelsState } from '../../../../driftwire-client/src/index.ts'
import type { Shown } from '../../live/channels.ts'
import { choice } from '../../router.ts'

/** The horizons that there are models of. */
export interface Horizons {
  readonly all: readonly string[]
  /** The one that is looked at, such as `1m`. */
  readonly chosen: string
}

/** Returns the horizons of the models in use, and which one the address asks for. */
export const useHorizons = (models: ReadonlySignal<Shown<ModelsState> | undefined>): ReadonlySignal<Horizons> =>
  useComputed(() => {
    const known = Object.keys(models.value?.state.horizon ?? {}).sort((a, b) => monthsOf(a) - monthsOf(b))
    const all = known.length > 0 ? known : ['1m']
    return { all, chosen: choice('horizon', all) }
  })

/** Returns the months of a horizon such as `3m`. */
export const monthsOf = (horizon: string): number => Number.parseInt(horizon, 10)

/** Returns a horizon in words. */
export const horizonText = (horizon: string): string => `${monthsOf(horizon)} month${monthsOf(horizon) === 1 ? '' : 's'}`
