import { readParams } from '../../../streams/wire/requests.ts'
import { authorize } from '../../identity/access.ts'
import { type Caller, CORE_HANDLERS, type CoreMethod, type CoreParts, type Handler } from './handlers.ts'

/**
 * Answers a method of the core for a caller. Returns the result, a SpeaksFor, or a promise of one of them; a string is JSON text already.
 * Throws or rejects with a ProtocolError.
 */
export type CoreCalls<From extends Caller> = (caller: From, method: CoreMethod, params: unknown) => unknown

/** Answers the methods of the core in the core: checks the parameters, then the caller, then hands the request to its handler. */
export const coreCalls =
  (parts: CoreParts): CoreCalls<Caller> =>
  (caller, method, params) =>
    call(parts, caller, method, params)

const call = <M extends CoreMethod>(parts: CoreParts, caller: Caller, method: M, params: unknown): unknown => {
  const handler: Handler<M, CoreParts, Caller> = CORE_HANDLERS[method]
  const checked = handler.quick?.(params) ?? readParams(method, params)
  authorize(parts.directory.access, caller.who, { act: handler.who })
  return handler.answer(parts, caller, checked)
}
