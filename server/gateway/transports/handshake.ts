import { ProtocolError } from '../../../streams/wire/errors.ts'
import { malformed, problem } from './problem.ts'
import { type Incoming, type RequestHead, readHead } from './request.ts'
import type { Handlers } from './transport.ts'

const KEY = /^[+/\dA-Za-z]{22}==$/

/** What becomes of a request to open a websocket. */
export type Decision<Data> = ReturnType<Handlers<Data>['upgrade']>

/** Asks the application, where the request is in order and there is a place: `turnAway` is the answer where there is none. */
export const decide = <Data>(
  incoming: Incoming,
  upgrade: Handlers<Data>['upgrade'],
  turnAway: () => Response | undefined,
): Decision<Data> => {
  let head: RequestHead
  try {
    head = readHead(incoming)
  } catch (error) {
    return { refuse: malformed((error as Error).message) }
  }
  const refuse = handshakeFault(incoming.method, head.headers) ?? turnAway()
  return refuse ? { refuse } : upgrade({ ...head, remoteAddress: incoming.remoteAddress })
}

/** What is wrong with the handshake (RFC 6455, 4.2.1); undefined where nothing is. */
const handshakeFault = (method: string, headers: Headers): Response | undefined => {
  if (method !== 'GET' || headers.get('upgrade')?.toLowerCase() !== 'websocket' || !KEY.test(headers.get('sec-websocket-key') ?? '')) {
    return malformed('expected the opening handshake of a websocket')
  }
  return headers.get('sec-websocket-version') === '13'
    ? undefined
    : problem(new ProtocolError('invalid_request', 'expected version 13 of the websocket protocol'), 426, { 'sec-websocket-version': '13' })
}
