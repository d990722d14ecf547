import type { ReadonlySignal } from '@preact/signals'
import type { SessionFacts } from '../../../../streams/wire/answers/server.ts'
import { useAnswer } from './answer.ts'

/** Returns what everybody may know of the server, and for whom it takes the page; undefined until the server has answered. */
export const useFacts = (): ReadonlySignal<SessionFacts | undefined> => useAnswer<SessionFacts>('/v1/session').value
