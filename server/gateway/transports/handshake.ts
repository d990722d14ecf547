import { ProtocolError } from '../../../streams/wire/errors.ts'
import { malformed, problem } from './problem.ts'
import { type Incoming, type RequestHead, readHead } from './request.ts'
import { requestIdOf } from './requestId.ts'
import type { Handlers } from './transport.ts'

const KEY = /^[+/\dA-Za-z]{22}==$/

/** The answer to a request to open a websocket: accepted, or refused; and the name of the request. */
export type Decision<Data> = ReturnType<Handlers<Data>['upgrade']> & { readonly id: string }

/** Asks the application about a request that is in order. `turnAway` returns the answer if there is no place for it. */
export const decide = <Data>(
  incoming: Incoming,
  upgrade: Handlers<Data>['upgrade'],
  turnAway: () => Response | undefined,
): Decision<Data> => {
  let head: RequestHead
  try {
    head = readHead(incoming)
  } catch (error) {
    return { refuse: malformed((error as Error).message), id: requestIdOf(new Headers()) }
  }
  const refuse = handshakeFault(incoming.method, head.headers) ?? turnAway()
  const { id } = head
  return refuse ? { refuse, id } : { ...upgrade({ ...head, remoteAddress: incoming.remoteAddress }), id }
}

/** Returns the refusal of a wrong handshake (RFC 6455, 4.2.1); undefined if it is right. */
const handshakeFault = (method: string, headers: Headers): Response | undefined => {
  if (method !== 'GET' || headers.get('upgrade')?.toLowerCase() !== 'websocket' || !KEY.test(headers.get('sec-websocket-key') ?? '')) {
    return malformed('expected the opening handshake of a websocket')
  }
  return headers.get('sec-websocket-version') === '13'
    ? undefined
    : problem(new ProtocolError('invalid_request', 'expected version 13 of the websocket protocol'), 426, { 'sec-websocket-version': '13' })
}
