import { ProtocolError } from '../../../streams/wire/errors.ts'
import { activeTrace } from '../../lib/activeTrace.ts'
import type { Asker } from '../../nodes/asker.ts'
import { problem } from '../transports/problem.ts'
import type { RequestInfo } from '../transports/transport.ts'
import { addressOf } from './app.ts'

/** A request as a gateway sends it to the core; its body follows. */
export interface RemoteRequest extends RequestInfo {
  readonly method: string
  readonly url: string
  readonly headers: readonly (readonly [string, string])[]
}

/** The head of the core's answer. */
export interface RemoteResponse {
  readonly status: number
  readonly headers: readonly (readonly [string, string])[]
}

/** Headers of the connection to the client: the core has another. */
const OF_THE_CONNECTION = new Set([
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
  'x-forwarded-for',
])

/** The core's span lies in that of the gateway, if there is one. */
const forwarded = (headers: Headers): RemoteRequest['headers'] => {
  const given = [...headers].filter(([name]) => !OF_THE_CONNECTION.has(name))
  const trace = activeTrace.getStore()
  return trace === undefined ? given : [...given.filter(([name]) => name !== 'traceparent'), ['traceparent', trace.traceparent]]
}

/** Sends a request to the core, whole, and answers as the core does, no faster than the client reads. */
export const forwarding =
  (asker: Asker, behindProxy: boolean) =>
  async (request: Request, { remoteAddress, requestId, bytes }: RequestInfo): Promise<Response> => {
    const { method, url, headers, signal } = request
    const head: RemoteRequest = {
      method,
      url,
      headers: forwarded(headers),
      remoteAddress: addressOf(remoteAddress, headers.get('x-forwarded-for') ?? undefined, behindProxy),
      requestId,
      bytes,
    }
    try {
      const body = request.body === null ? undefined : new Uint8Array(await request.arrayBuffer())
      const answered = await asker.ask('http', head, { ...(body && { body }), signal })
      const { status, headers: given } = answered.head as RemoteResponse
      const isBodiless = method === 'HEAD' || status === 204 || status === 304
      const content = isBodiless ? null : (answered.rest ?? (answered.bytes as Uint8Array<ArrayBuffer>))
      return new Response(content, { status, headers: given.map(([name, value]): [string, string] => [name, value]) })
    } catch (error) {
      if (error instanceof ProtocolError) return problem(error)
      throw error
    }
  }
