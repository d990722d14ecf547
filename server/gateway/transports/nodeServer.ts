import { createServer, type IncomingMessage, type Server, STATUS_CODES } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { Duplex } from 'node:stream'
import { ProtocolError } from '../../../streams/wire/errors.ts'
import type { KeyPair } from '../../lib/keyPair.ts'
import { problemText } from './problem.ts'
import { securityHeaders } from './securityHeaders.ts'

/** The most bytes of the request line and all headers. */
const HEADER_BYTES_MAX = 16 * 1024

/** How often connections are checked for their silence, ms. */
const CHECK_MS = 1_000

/** Time for which an idle connection is kept, ms: longer than a balancer in front of the server usually keeps it. */
const KEEP_ALIVE_MS = 65_000

/** Time in which a connection must send a request line and all headers, speak TLS, and send so much of a body, ms: that of uWebSockets.js. */
const SILENT_MS = 10_000

/** Bytes of a body that must come within SILENT_MS, unless it ends: 16 KiB a second, as uWebSockets.js wants it. */
const BODY_PACE = (16 * 1024 * SILENT_MS) / 1000

/** Ends a request whose body comes too slowly: its connection is worth more than what it will say. */
export const keepPace = (req: IncomingMessage): void => {
  let came = 0
  const timer = setInterval(() => {
    if (came < BODY_PACE) req.destroy()
    came = 0
  }, SILENT_MS)
  const over = (): void => clearInterval(timer)
  req.on('data', (chunk: Buffer) => {
    came += chunk.length
  })
  req.once('end', over)
  req.once('close', over)
}

/** Creates a server of node:http with the limits of this project. It answers what it cannot parse with problem details. */
export const nodeServer = (tls: KeyPair | undefined, maxConnections: number): Server => {
  const options = {
    maxHeaderSize: HEADER_BYTES_MAX,
    keepAliveTimeout: KEEP_ALIVE_MS,
    headersTimeout: SILENT_MS,
    // The pace of bodies is watched instead.
    requestTimeout: 0,
    connectionsCheckingInterval: CHECK_MS,
  }
  const server = tls ? createSecureServer({ ...options, ...tls, handshakeTimeout: SILENT_MS }) : createServer(options)
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
    ...securityHeaders(new Headers(), false).map(([name, value]) => `${name}: ${value}`),
    '',
    body,
  ].join('\r\n')
}

const STATUS = {
  400: 'this is not an HTTP request',
  408: 'the request did not arrive completely in time',
  431: `expected a request line and headers of at most ${HEADER_BYTES_MAX} bytes`,
} as const

/**
 * Gives a request for another protocol than a websocket back to its server, without the upgrade headers, so that it is answered in
 * HTTP (RFC 9110, 7.8). Clients of HTTP/2 offer an upgrade with any request, and node:http hands all of these out raw.
 */
export const putBack = (server: Server, req: IncomingMessage, tcp: Duplex, rest: Buffer): void => {
  const lines = [`${req.method} ${req.url} HTTP/${req.httpVersion}`]
  for (let i = 0; i < req.rawHeaders.length; i += 2) {
    const [name, value] = [req.rawHeaders[i]!, req.rawHeaders[i + 1]!]
    if (!UPGRADE_HEADERS.has(name.toLowerCase())) lines.push(`${name}: ${value}`)
  }
  if (/\bclose\b/i.test(req.headers.connection ?? '')) lines.push('Connection: close')
  tcp.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), rest]))
  server.emit('encrypted' in tcp ? 'secureConnection' : 'connection', tcp)
}

const UPGRADE_HEADERS = new Set(['upgrade', 'connection', 'http2-settings'])
