import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises'
import { plainAddress } from '../../lib/plainAddress.ts'
import { withTimeout } from '../../lib/withTimeout.ts'
import type { ConnectionLimit } from './connectionLimit.ts'
import { decide } from './handshake.ts'
import { type HttpSide, takesBody } from './http.ts'
import type { KeyPairFiles, KeyPairNames, WatchedPair } from './keyPairFiles.ts'
import { readPingPayload } from './pingPayload.ts'
import { shuttingDown, tooManySockets } from './problem.ts'
import type { Incoming } from './request.ts'
import { REQUEST_ID } from './requestId.ts'
import { type Handlers, ListenError, MAX_MESSAGE, SOCKET_PATH, type Transport } from './transport.ts'
import { UwsExchange } from './uwsExchange.ts'
import {
  freePort,
  type HttpRequest,
  type HttpResponse,
  type Listening,
  type TemplatedApp,
  type UpgradeContext,
  type UwsLibrary,
  type WebSocket,
} from './uwsLibrary.ts'
import { type Attached, UwsSocket } from './uwsSocket.ts'

/** Time in which the library frees a connection that it has ended, ms. It does not report when it has. */
const FREED_WITHIN_MS = 8_000

/** Time between two attempts to listen on a port that was lost, ms. */
const LISTEN_AGAIN_MS = 100

/** The library's reason for ending, with a handshake, a socket whose peer's close frame was wrong; it reports 1006 then. */
const WRONG_CLOSE = 'Received invalid close payload'

/** The transport over uWebSockets.js: one system call a socket and turn, a fraction of a µs a message. */
export class UwsTransport<Data> implements Transport {
  readonly name = 'uws'
  refused = 0
  private readonly library: UwsLibrary
  private readonly handlers: Handlers<Data>
  private readonly http: HttpSide
  private readonly limit: ConnectionLimit
  private readonly secure: boolean
  private readonly maxBackpressure: number
  private readonly tls: KeyPairNames | undefined
  readonly keyPair: KeyPairFiles | undefined
  private app: TemplatedApp
  /** Apps with a former certificate, as long as they have connections. */
  private readonly retired = new Set<TemplatedApp>()
  private address = { host: '', port: 0 }
  private readonly open = new Set<UwsSocket<Data>>()
  private readonly ending = new Set<UwsSocket<Data>>()
  private lastId = 0
  /** TCP connections that are no open websocket: of HTTP, and of websockets that have ended. */
  private connections = 0
  private exchanges = 0
  private listening: Listening | undefined
  private closing: Promise<void> | undefined
  private allDone = () => {}

  constructor(
    library: UwsLibrary,
    handlers: Handlers<Data>,
    http: HttpSide,
    limit: ConnectionLimit,
    maxBackpressure: number,
    tls: WatchedPair | undefined,
  ) {
    this.library = library
    this.handlers = handlers
    this.http = http
    this.limit = limit
    this.secure = tls !== undefined
    this.maxBackpressure = maxBackpressure
    this.tls = tls?.names
    this.app = this.routed()
    this.keyPair = tls?.watch(() => this.renew())
  }

  async listen(host: string, port: number): Promise<number> {
    try {
      // A port that the system picks for the library's socket cannot be listened on again as long as it has connections.
      this.listening = await this.library.listen(this.app, host, port === 0 && this.tls ? await freePort(host) : port)
    } catch (error) {
      throw new ListenError(host, port, error as Error)
    }
    this.address = { host, port: this.library.port(this.listening) }
    return this.address.port
  }

  publish(topic: string, frame: Uint8Array): void {
    if (this.http.closing) return
    this.app.publish(topic, frame, false)
    if (this.retired.size > 0) for (const app of this.retired) app.publish(topic, frame, false)
  }

  close(graceMs: number): Promise<void> {
    this.closing ??= this.shutDown(graceMs)
    return this.closing
  }

  private async shutDown(graceMs: number): Promise<void> {
    this.http.closing = true
    this.keyPair?.close()
    if (this.listening) this.library.stopListening(this.listening)
    for (const socket of this.open) socket.close(1001, 'the server is stopping')
    await withTimeout(
      graceMs,
      new Promise(resolve => {
        this.allDone = resolve
        this.settle()
      }),
    )
    // What peers have already sent is read once more: unread, it would turn the end into a reset.
    await nextTurn()
    await nextTurn()
    for (const app of [this.app, ...this.retired]) app.close()
  }

  private settle(): void {
    if (this.exchanges === 0 && this.ending.size === 0) this.allDone()
  }

  private connected(res: HttpResponse, change: number): void {
    this.connections += change
    if (change < 0 || this.connections + this.open.size + this.ending.size <= this.limit.connections) return
    this.refused += 1
    res.close()
  }

  /** Returns an app of the library that serves all there is. It speaks TLS with the pair that the files have now, for the library never reads them again. */
  private routed(): TemplatedApp {
    const app = this.library.app(this.tls)
    /** Its connections, those of websockets included. */
    let live = 0
    const emptied = (): void => {
      if (live === 0 && app !== this.app) setImmediate(() => this.retired.delete(app))
    }
    const counted = (res: HttpResponse, change: number): void => {
      live += change
      this.connected(res, change)
      emptied()
    }
    app.filter(counted)
    app.any('/*', (res, req) => this.request(res, req))
    app.ws<Attached<Data>>(SOCKET_PATH, {
      compression: 0,
      maxPayloadLength: MAX_MESSAGE,
      maxBackpressure: this.maxBackpressure,
      closeOnBackpressureLimit: false,
      // Any other value, or the library's own pings even with 0, would cut off slow readers.
      idleTimeout: 0,
      sendPingsAutomatically: false,
      upgrade: (res, req, context) => this.upgrade(res, req, context),
      open: native => this.opened(native),
      message: (native, message, isBinary) => {
        const socket = native.getUserData().socket!
        if (!socket.closed) this.handlers.message(socket, isBinary ? undefined : Buffer.from(message).toString())
      },
      pong: (native, payload) => {
        const socket = native.getUserData().socket!
        if (!socket.closed) this.handlers.pong(socket, readPingPayload(Buffer.from(payload).toString('latin1')))
      },
      // To unsubscribe or close in here crashes the process.
      dropped: native => {
        native.getUserData().socket!.dropped = true
      },
      drain: native => {
        native.getUserData().socket!.drained()
      },
      close: (native, code, reason) => {
        this.ended(native, code, Buffer.from(reason).toString('latin1'))
        live -= 1
        emptied()
      },
    })
    return app
  }

  /** Has another app, with the pair that the files have now, listen in the place of this one; connections that are open stay with this one. */
  private async renew(): Promise<void> {
    const renewed = this.routed()
    this.retired.add(this.app)
    this.app = renewed
    if (this.listening) await this.listenAgain()
  }

  /** Rejects if somebody has taken the port in this very moment; it is the server's again as soon as they let it go. */
  private async listenAgain(): Promise<void> {
    const { host, port } = this.address
    this.library.stopListening(this.listening!)
    this.listening = undefined
    try {
      this.listening = await this.library.listen(this.app, host, port)
    } catch (error) {
      setTimeout(() => void this.listenAgainLater(), LISTEN_AGAIN_MS).unref()
      throw new ListenError(host, port, error as Error)
    }
  }

  private async listenAgainLater(): Promise<void> {
    const { host, port } = this.address
    while (!this.http.closing && this.listening === undefined) {
      this.listening = await this.library.listen(this.app, host, port).catch(() => delay(LISTEN_AGAIN_MS, undefined))
    }
  }

  /** (A client that sends its next request before it has this answer loses its connection: the library takes no pipelines.) */
  private request(res: HttpResponse, req: HttpRequest): void {
    const incoming = this.read(res, req)
    const sink = this.http.begin(incoming, this.exchange(res))
    if (!sink) return
    if (!takesBody(incoming.method)) sink.end()
    else {
      res.onData((chunk, isLast) => {
        // The chunk is the library's own memory, and empty after this call.
        if (chunk.byteLength > 0) sink.add(new Uint8Array(chunk.slice(0)))
        if (isLast) sink.end()
      })
    }
  }

  private upgrade(res: HttpResponse, req: HttpRequest, context: UpgradeContext): void {
    const incoming = this.read(res, req)
    const key = req.getHeader('sec-websocket-key')
    const decision = decide(
      incoming,
      request => this.handlers.upgrade(request),
      () => this.turnAway(),
    )
    if ('accept' in decision) {
      res.writeStatus('101 Switching Protocols').writeHeader(REQUEST_ID, decision.id)
      // No subprotocol is ever chosen, and no extension.
      res.upgrade<Attached<Data>>({ accepted: decision.accept }, key, '', '', context)
    } else this.http.refuse(incoming, this.exchange(res), decision.refuse, decision.id)
  }

  private turnAway(): Response | undefined {
    if (this.http.closing) return shuttingDown()
    if (this.open.size < this.limit.sockets) return undefined
    this.refused += 1
    return tooManySockets()
  }

  private opened(native: WebSocket<Attached<Data>>): void {
    this.lastId += 1
    const socket: UwsSocket<Data> = new UwsSocket(this.lastId, native, code => this.left(socket, code))
    native.getUserData().socket = socket
    this.connections -= 1
    this.open.add(socket)
    this.handlers.open(socket)
  }

  /** We have closed it. */
  private left(socket: UwsSocket<Data>, code: number): void {
    this.open.delete(socket)
    if (socket.ending) this.ending.add(socket)
    queueMicrotask(() => this.handlers.close(socket, code))
  }

  /** The library has closed it: after its peer has, or after we have and all is sent. */
  private ended(native: WebSocket<Attached<Data>>, code: number, reason: string): void {
    const socket = native.getUserData().socket!
    const byUs = socket.closed
    socket.gone()
    this.open.delete(socket)
    if (byUs || code !== 1006 || reason === WRONG_CLOSE) {
      this.connections += 1
      setTimeout(() => {
        this.connections -= 1
      }, FREED_WITHIN_MS).unref()
    }
    if (this.ending.delete(socket)) this.settle()
    if (!byUs) this.handlers.close(socket, code)
  }

  private exchange(res: HttpResponse): UwsExchange {
    this.exchanges += 1
    return new UwsExchange(res, () => {
      this.exchanges -= 1
      this.settle()
    })
  }

  /** Reads all that is needed of a request: the library lets nobody do so after the handler has returned. */
  private read(res: HttpResponse, req: HttpRequest): Incoming {
    const headers: [string, string][] = []
    req.forEach((name, value) => {
      headers.push([name, bytes(value)])
    })
    const query = req.getQuery()
    return {
      method: req.getCaseSensitiveMethod(),
      target: query ? `${req.getUrl()}?${query}` : req.getUrl(),
      headers,
      secure: this.secure,
      remoteAddress: plainAddress(Buffer.from(res.getRemoteAddressAsText()).toString('latin1')),
    }
  }
}

/** Returns a header with one character a byte, as elsewhere. The library reads headers as UTF-8. */
const bytes = (value: string): string => (/[^\0-\x7f]/.test(value) ? Buffer.from(value).toString('latin1') : value)
