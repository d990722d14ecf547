import type { Principal } from '../../identity/access.ts'
import { activeTrace } from '../../lib/activeTrace.ts'
import { momentOf } from '../../lib/arrivalOrder.ts'
import { type Answered, type Asker, wholeOf } from '../../nodes/asker.ts'
import type { Session } from '../hub/session.ts'
import type { CoreCalls } from './coreCalls.ts'
import type { CoreMethod } from './handlers.ts'
import { SpeaksFor } from './speaksFor.ts'

/** A call of a method of the core, as a gateway sends it. Who calls is known by the digest of a token: the core looks who that is now. */
export interface RemoteCall {
  readonly method: CoreMethod
  readonly params: unknown
  readonly token?: string | undefined
  readonly address?: string | undefined
  readonly connection?: string | undefined
  /** The span at the gateway, if the call is traced. */
  readonly traceparent?: string | undefined
  /** The socket, and when it was opened. */
  readonly source: string
  readonly at: number
}

/** What the core says beside a result: for whom the socket speaks from now on, if that has changed. */
export interface RemoteResult {
  readonly who?: Principal
}

/** The calls of sockets at a gateway, which the core answers. */
export interface RemoteCalls {
  readonly call: CoreCalls<Session>
  /** Notes that a socket has been opened: its place in the order of arrival is that of this moment. */
  opened(session: Session): void
}

/** Sends calls to the core, those of a socket in their order. `name`: of this gateway. */
export const remoteCalls = (asker: Asker, name: string): RemoteCalls => {
  const moments = new WeakMap<Session, number | Promise<number>>()
  let newest = 0
  const ask = async (session: Session, at: number, method: CoreMethod, params: unknown): Promise<unknown> => {
    const { who, origin } = session
    const { token, address, connection } = who
    const traceparent = activeTrace.getStore()?.traceparent
    const call: RemoteCall = { method, params, token, address, connection, traceparent, source: `${name}:${origin.source}`, at }
    return resultOf(await asker.ask('call', call))
  }
  return {
    call(session, method, params) {
      const at = moments.get(session) ?? 0
      return typeof at === 'number' ? ask(session, at, method, params) : at.then(known => ask(session, known, method, params))
    },
    opened(session) {
      const known = newest
      const noted = asker.note().then(
        id => {
          newest = Math.max(newest, momentOf(id))
          return momentOf(id)
        },
        // It came after all that this gateway has heard of: what is asked elsewhere meanwhile counts as asked later.
        () => known,
      )
      moments.set(
        session,
        noted.then(moment => {
          moments.set(session, moment)
          return moment
        }),
      )
    },
  }
}

const resultOf = async (answered: Answered): Promise<unknown> => {
  const { who } = answered.head as RemoteResult
  const text = Buffer.from(await wholeOf(answered)).toString()
  return who === undefined ? text : new SpeaksFor(who, text)
}
