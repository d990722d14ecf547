import { createServer, type IncomingMessage, type Server, STATUS_CODES } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { Duplex } from 'node:stream'
import { ProtocolError } from '../../../streams/wire/errors.ts'
import type { KeyPair } from '../../lib/keyPair.ts'
import { problemText } from './problem.ts'

/** Bytes of the request line and all headers. */
const MAX_HEADERS = 16 * 1024

/** ms a connection is kept for a next request: longer than balancers in front usually keep theirs. */
const KEEP_ALIVE_MS = 65_000

/** A server of node:http with the limits of this project, which answers what it cannot parse with a problem. */
export const nodeServer = (tls: KeyPair | undefined, maxConnections: number): Server => {
  const options = { maxHeaderSize: MAX_HEADERS, keepAliveTimeout: KEEP_ALIVE_MS }
  const server = tls ? createSecureServer({ ...options, ...tls }) : createServer(options)
  server.maxConnections = maxConnections
  const answering = new WeakMap<Duplex, { readonly headersSent: boolean; readonly writableFinished: boolean }>()
  server.on('request', (req, res) => answering.set(req.socket, res))
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const answer = answering.get(socket)
    const between = !answer?.headersSent || answer.writableFinished
    if (error.code !== 'ECONNRESET' && socket.writable && between) socket.end(unparsable(error.code), () => socket.destroy())
    else socket.destroy()
  })
  return server
}

const unparsable = (fault: string | undefined): string => {
  const status = fault === 'HPE_HEADER_OVERFLOW' ? 431 : fault === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400
  const body = problemText(new ProtocolError('invalid_request', STATUS[status]), status)
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    '',
    body,
  ].join('\r\n')
}

const STATUS = {
  400: 'this is no HTTP request',
  408: 'the request did not come to its end in time',
  431: `expected a request line and headers of at most ${MAX_HEADERS} bytes`,
} as const

/**
 * Gives a request that asks for another protocol than a websocket back to its server, without that wish, to be answered in HTTP
 * as it should be (RFC 9110, 7.8). Clients of HTTP/2 ask so with any request, and node:http hands all of these out raw.
 */
export const putBack = (server: Server, req: IncomingMessage, tcp: Duplex, rest: Buffer): void => {
  const lines = [`${req.method} ${req.url} HTTP/${req.httpVersion}`]
  for (let i = 0; i < req.rawHeaders.length; i += 2) {
    const [name, value] = [req.rawHeaders[i]!, req.rawHeaders[i + 1]!]
    if (!OF_THE_WISH.has(name.toLowerCase())) lines.push(`${name}: ${value}`)
  }
  if (/\bclose\b/i.test(req.headers.connection ?? '')) lines.push('Connection: close')
  tcp.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), rest]))
  server.emit('encrypted' in tcp ? 'secureConnection' : 'connection', tcp)
}

const OF_THE_WISH = new Set(['upgrade', 'connection', 'http2-settings'])
