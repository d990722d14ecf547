import { type IncomingMessage, type Server, ServerResponse } from 'node:http'
import type { AddressInfo, Socket as TcpSocket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Server as TlsServer } from 'node:tls'
import { type WebSocket, WebSocketServer } from 'ws'
import { plainAddress } from '../../lib/plainAddress.ts'
import { withTimeout } from '../../lib/withTimeout.ts'
import type { ConnectionLimit } from './connectionLimit.ts'
import { EndOfTurn } from './endOfTurn.ts'
import { decide } from './handshake.ts'
import { type HttpSide, takesBody } from './http.ts'
import type { KeyPairFiles, WatchedPair } from './keyPairFiles.ts'
import { NodeExchange } from './nodeExchange.ts'
import { keepPace, nodeServer, putBack } from './nodeServer.ts'
import { readPingPayload } from './pingPayload.ts'
import { shuttingDown, tooManySockets } from './problem.ts'
import type { Incoming } from './request.ts'
import { REQUEST_ID } from './requestId.ts'
import { Topics } from './topics.ts'
import { type Handlers, ListenError, MAX_MESSAGE, SOCKET_PATH, type Transport } from './transport.ts'
import { Batch } from './wsBatch.ts'
import { frameOf, TEXT } from './wsFrame.ts'
import { type SocketOwner, WsSocket } from './wsSocket.ts'

/** Time in which a peer must take what was sent before the close, and the close, ms. */
const LAST_WORDS_MS = 5_000

/** The transport over node:http and `ws`, which runs on every Node. */
export class WsTransport<Data> implements Transport, SocketOwner<Data> {
  readonly name = 'ws'
  readonly maxBackpressure: number
  readonly root = new Batch()
  readonly keyPair: KeyPairFiles | undefined
  refused = 0
  private readonly handlers: Handlers<Data>
  private readonly http: HttpSide
  private readonly limit: ConnectionLimit
  private readonly secure: boolean
  private readonly server: Server
  private readonly accepting: WebSocketServer
  private readonly open = new Set<WsSocket<Data>>()
  /** Websockets that are open, or have not come to the end of the closing handshake. */
  private readonly connected = new Set<WebSocket>()
  readonly topics = new Topics<WsSocket<Data>>()
  readonly turn = new EndOfTurn()
  private lastId = 0
  private closing: Promise<void> | undefined

  constructor(handlers: Handlers<Data>, http: HttpSide, limit: ConnectionLimit, maxBackpressure: number, tls: WatchedPair | undefined) {
    this.handlers = handlers
    this.http = http
    this.limit = limit
    this.maxBackpressure = maxBackpressure
    this.secure = tls !== undefined
    this.accepting = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: MAX_MESSAGE,
      autoPong: false,
      // No subprotocol is ever chosen.
      handleProtocols: () => false,
      // Its types do not know this option.
      ...{ closeTimeout: LAST_WORDS_MS },
    })
    this.server = nodeServer(tls?.pair, limit.connections)
    this.keyPair = tls?.watch(pair => void (this.server as Server & Pick<TlsServer, 'setSecureContext'>).setSecureContext(pair))
    this.server.on('drop', () => {
      this.refused += 1
    })
    this.server.on('request', (req, res) => this.request(req, res))
    this.server.on('checkContinue', (req, res) => this.request(req, res, () => res.writeContinue()))
    this.server.on('upgrade', (req, tcp, rest) => this.upgrade(req, tcp, rest))
  }

  listen(host: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      const failed = (error: Error) => reject(new ListenError(host, port, error))
      this.server.once('error', failed)
      this.server.listen(port, host, () => {
        this.server.off('error', failed)
        resolve((this.server.address() as AddressInfo).port)
      })
    })
  }

  publish(topic: string, payload: Uint8Array): void {
    const followers = this.topics.of(topic)
    if (followers.size === 0) return
    const frame = frameOf(TEXT, payload)
    for (const socket of followers) socket.give(frame)
  }

  left(socket: WsSocket<Data>, code: number): void {
    this.forget(socket)
    queueMicrotask(() => this.handlers.close(socket, code))
  }

  close(graceMs: number): Promise<void> {
    this.closing ??= this.shutDown(graceMs)
    return this.closing
  }

  private async shutDown(graceMs: number): Promise<void> {
    this.http.closing = true
    this.keyPair?.close()
    const closed = new Promise<void>(resolve => this.server.close(() => resolve()))
    for (const socket of this.open) socket.close(1001, 'the server is stopping')
    await withTimeout(graceMs, closed)
    for (const ws of this.connected) ws.terminate()
    this.server.closeAllConnections()
    await closed
  }

  private forget(socket: WsSocket<Data>): void {
    this.open.delete(socket)
    this.topics.forget(socket)
  }

  private request(req: IncomingMessage, res: ServerResponse, goOn = () => {}): void {
    const incoming = this.read(req)
    const sink = this.http.begin(incoming, this.exchange(res))
    if (!sink) return
    if (!takesBody(incoming.method)) {
      sink.end()
      return
    }
    goOn()
    keepPace(req)
    req.on('data', chunk => sink.add(chunk))
    req.on('end', () => sink.end())
  }

  private upgrade(req: IncomingMessage, tcp: Duplex, rest: Buffer): void {
    if (!isHandshake(req)) {
      putBack(this.server, req, tcp, rest)
      return
    }
    const incoming = this.read(req)
    const decision = decide(
      incoming,
      request => this.handlers.upgrade(request),
      () => this.turnAway(),
    )
    if ('accept' in decision) {
      this.accepting.once('headers', headers => headers.push(`${REQUEST_ID}: ${decision.id}`))
      this.accepting.handleUpgrade(req, tcp, rest, ws => this.opened(ws, tcp, decision.accept))
    } else {
      const res = new ServerResponse(req)
      tcp.on('error', () => {})
      res.assignSocket(tcp as TcpSocket)
      res.on('finish', () => (tcp as TcpSocket).destroySoon())
      this.http.refuse(incoming, this.exchange(res), decision.refuse, decision.id)
    }
  }

  private turnAway(): Response | undefined {
    if (this.http.closing) return shuttingDown()
    if (this.open.size < this.limit.sockets) return undefined
    this.refused += 1
    return tooManySockets()
  }

  private opened(ws: WebSocket, tcp: Duplex, data: Data): void {
    this.lastId += 1
    const socket = new WsSocket(this.lastId, data, ws, tcp, this)
    const ended = (code: number) => {
      this.forget(socket)
      if (socket.end()) this.handlers.close(socket, code)
    }
    this.connected.add(ws)
    this.open.add(socket)
    ws.on('message', (message, isBinary) => {
      if (!socket.closed) this.handlers.message(socket, isBinary ? undefined : (message as Buffer).toString())
    })
    ws.on('ping', payload => socket.pong(payload))
    ws.on('pong', payload => {
      if (!socket.closed) this.handlers.pong(socket, readPingPayload(payload.toString('latin1')))
    })
    // The peer has broken the protocol; the closing handshake that the library now begins says how.
    ws.on('error', () => ended(1006))
    ws.on('close', code => {
      this.connected.delete(ws)
      ended(code)
    })
    this.handlers.open(socket)
  }

  private exchange(res: ServerResponse): NodeExchange {
    return new NodeExchange(res, () => {
      // Otherwise a connection that has just become idle would be kept for a next request.
      if (this.http.closing) setImmediate(() => this.server.closeIdleConnections())
    })
  }

  private read(req: IncomingMessage): Incoming {
    const headers: [string, string][] = []
    for (let i = 0; i < req.rawHeaders.length; i += 2) headers.push([req.rawHeaders[i]!, req.rawHeaders[i + 1]!])
    return {
      method: req.method!,
      target: req.url!,
      headers,
      secure: this.secure,
      remoteAddress: plainAddress(req.socket.remoteAddress ?? ''),
    }
  }
}

/** Whether the request asks for a websocket of ours, complete or not. */
const isHandshake = (req: IncomingMessage): boolean =>
  req.method === 'GET' && req.url!.split('?', 1)[0] === SOCKET_PATH && /^websocket$/i.test(req.headers.upgrade ?? '')
