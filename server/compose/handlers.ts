import { ProtocolError } from '../../streams/wire/errors.ts'
import type { Settings } from '../config/settings.ts'
import { admission } from '../gateway/admission.ts'
import type { ClientLimits } from '../gateway/api/clientLimits.ts'
import { addressOf } from '../gateway/http/app.ts'
import type { Hub } from '../gateway/hub/hub.ts'
import type { Session } from '../gateway/hub/session.ts'
import type { Dispatcher } from '../gateway/rpc/dispatcher.ts'
import { problem } from '../gateway/transports/problem.ts'
import type { Handlers, RequestInfo } from '../gateway/transports/transport.ts'
import { ANONYMOUS, type Principal } from '../identity/access.ts'

/** What sockets and requests are handed to. */
export interface Served {
  readonly hub: Hub
  readonly requests: Dispatcher
  readonly clientLimits: ClientLimits
  readonly fetch: (request: Request, info: RequestInfo) => Promise<Response>
  /** Whether any site may link to this path, or load it. */
  readonly isPublic: (pathname: string) => boolean
  /** Why no websocket is opened now; undefined if they are. */
  readonly shut: () => string | undefined
  /** Is called with each session that begins. */
  readonly opened?: (session: Session) => void
}

/** Probes are answered whatever else comes from their address. */
const PROBES: readonly string[] = ['/healthz', '/readyz']

/** What a socket or a request does to the hub, the dispatcher and the routes. */
export const handlersOf = (
  settings: Settings,
  { hub, requests, clientLimits, fetch, isPublic, shut, opened }: Served,
): Handlers<Principal> => {
  const { host, socket, request: asked } = admission(settings)
  const addressIn = (headers: Headers, remoteAddress: string): string =>
    addressOf(remoteAddress, headers.get('x-forwarded-for') ?? undefined, settings.behindTls)
  return {
    upgrade: ({ url, headers, id, remoteAddress }) => {
      const why = shut()
      const refuse =
        host(url) ??
        (why === undefined ? undefined : problem(new ProtocolError('not_ready', why, 1))) ??
        socket(headers, url) ??
        refusalOf(() => clientLimits.connect(addressIn(headers, remoteAddress)))
      if (refuse) return { refuse }
      return { accept: { ...ANONYMOUS, address: addressIn(headers, remoteAddress), connection: id } }
    },
    open(entered) {
      const session = hub.open(entered)
      clientLimits.opened(session)
      opened?.(session)
    },
    message: (from, text) => {
      const session = hub.session(from)
      if (session) requests.accept(session, text)
    },
    pong: (from, mark) => hub.pong(from, mark),
    close: closed => {
      const session = hub.session(closed)
      if (session) requests.closed(session)
      hub.closed(closed)
    },
    http: (request, info) => {
      const url = new URL(request.url)
      const { headers } = request
      const limited = (): Response | undefined =>
        PROBES.includes(url.pathname)
          ? undefined
          : refusalOf(() => clientLimits.ofAddress(addressIn(headers, info.remoteAddress), info.bytes))
      return host(url) ?? asked(request, url, isPublic) ?? limited() ?? fetch(request, info)
    },
  }
}

/** Returns the answer to a request that `check` throws a ProtocolError for; undefined if it does not. */
const refusalOf = (check: () => void): Response | undefined => {
  try {
    check()
    return undefined
  } catch (error) {
    if (error instanceof ProtocolError) return problem(error)
    throw error
  }
}
