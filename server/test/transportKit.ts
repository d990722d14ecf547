import { once } from 'node:events'
import { connect, type Socket as TcpSocket } from 'node:net'
import { pino } from 'pino'
import { afterEach, describe } from 'vitest'
import { type ClientOptions, WebSocket } from 'ws'
import { openTransport } from '../gateway/transports/open.ts'
import type { Handlers, Socket, Transport, TransportOptions } from '../gateway/transports/transport.ts'
import { loadUws } from '../gateway/transports/uwsLibrary.ts'

export type Kind = 'uws' | 'ws'

const uwsFault = await loadUws().then(
  () => '',
  (error: Error) => ` (skipped: ${error.message.split('\n')[0]})`,
)

/** The same tests over both transports. */
export const overTransports = (title: string, tests: (kind: Kind) => void): void => {
  describe.skipIf(uwsFault)(`${title}, over uWebSockets.js${uwsFault}`, () => tests('uws'))
  describe(`${title}, over ws`, () => tests('ws'))
}

/** What has happened, in order, to be awaited. */
export class Inbox<T> {
  private readonly items: T[] = []
  private readonly waiting: ((item: T) => void)[] = []

  put(item: T): void {
    const next = this.waiting.shift()
    if (next) next(item)
    else this.items.push(item)
  }

  next(): Promise<T> {
    return this.items.length > 0 ? Promise.resolve(this.items.shift()!) : new Promise(resolve => this.waiting.push(resolve))
  }

  async take(n: number): Promise<T[]> {
    const taken: T[] = []
    while (taken.length < n) taken.push(await this.next())
    return taken
  }

  /** Whatever is there and not yet taken. */
  get pending(): readonly T[] {
    return this.items
  }
}

export interface Peer {
  readonly origin: string | null
}

export type TestHandlers = Partial<Handlers<Peer>>

/** A transport that listens, and what its sockets did. */
export class Served {
  readonly opened = new Inbox<Socket<Peer>>()
  readonly closed = new Inbox<{ socket: Socket<Peer>; code: number }>()
  readonly messages = new Inbox<string | undefined>()
  readonly pongs = new Inbox<number | undefined>()
  readonly logged: { level: number; msg: string; err?: { message: string } }[] = []
  transport!: Transport
  /** Websockets that are open, as far as the application has heard. */
  sockets = 0
  port = 0

  async start(kind: Kind, own: TestHandlers, options: Partial<TransportOptions>, port: number): Promise<this> {
    const log = pino({ level: 'warn' }, { write: line => void this.logged.push(JSON.parse(line)) })
    const handlers: Handlers<Peer> = {
      upgrade: request => ({ accept: { origin: request.headers.get('origin') } }),
      open: socket => {
        this.sockets += 1
        this.opened.put(socket)
      },
      message: (_, text) => this.messages.put(text),
      pong: (_, mark) => this.pongs.put(mark),
      close: (socket, code) => {
        this.sockets -= 1
        this.closed.put({ socket, code })
      },
      http: () => new Response('hello'),
      ...own,
    }
    this.transport = await openTransport(handlers, { log, ...options }, kind)
    this.port = await this.transport.listen('127.0.0.1', port)
    return this
  }

  url(path = '/'): string {
    return `http://127.0.0.1:${this.port}${path}`
  }

  /** A client and the socket that the server has for it. */
  async join(options: ClientOptions = {}, path = '/ws'): Promise<{ client: Client; socket: Socket<Peer> }> {
    const client = new Client(`ws://127.0.0.1:${this.port}${path}`, options)
    await client.open
    return { client, socket: await this.opened.next() }
  }

  /** A TCP connection on which `text` has been written. */
  raw(text: string | Uint8Array): RawClient {
    return new RawClient(this.port, text)
  }
}

/** A websocket client. */
export class Client {
  readonly ws: WebSocket
  readonly messages = new Inbox<string>()
  readonly open: Promise<unknown>
  readonly closed: Promise<{ code: number; reason: string }>

  constructor(url: string, options: ClientOptions = {}) {
    this.ws = new WebSocket(url, { perMessageDeflate: false, ...options })
    this.ws.on('message', (data, isBinary) => this.messages.put(isBinary ? '(binary)' : (data as Buffer).toString()))
    this.open = once(this.ws, 'open')
    this.closed = new Promise(resolve => {
      this.ws.on('close', (code, reason) => resolve({ code, reason: reason.toString() }))
      this.ws.on('error', () => {})
    })
    this.open.catch(() => {})
  }
}

/** Bytes in, bytes out. */
class RawClient {
  readonly tcp: TcpSocket
  /** All that came until the other side ended. */
  readonly all: Promise<string>
  private text = ''
  private awaited: { what: string; resolve: () => void } | undefined

  constructor(port: number, text: string | Uint8Array) {
    this.tcp = connect({ port, host: '127.0.0.1' })
    this.tcp.on('data', data => {
      this.text += data.toString('latin1')
      if (!this.awaited || !this.text.includes(this.awaited.what)) return
      this.awaited.resolve()
      this.awaited = undefined
    })
    this.tcp.on('error', () => {})
    this.all = new Promise(resolve => this.tcp.on('close', () => resolve(this.text)))
    this.tcp.write(text)
  }

  /** All that came until `what` was in it. */
  async until(what: string): Promise<string> {
    if (!this.text.includes(what)) {
      await new Promise<void>(resolve => {
        this.awaited = { what, resolve }
      })
    }
    return this.text
  }
}

/** Starts servers that are closed after each test. */
export const servers = (kind: Kind): ((own?: TestHandlers, options?: Partial<TransportOptions>, port?: number) => Promise<Served>) => {
  const started: Served[] = []
  afterEach(async () => {
    await Promise.all(started.splice(0).map(served => served.transport.close(0)))
  })
  return async (own = {}, options = {}, port = 0) => {
    const served = await new Served().start(kind, own, options, port)
    started.push(served)
    return served
  }
}

export const handshake = (headers: readonly string[] = [], path = '/ws'): string =>
  [
    `GET ${path} HTTP/1.1`,
    'Host: localhost',
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ...(headers.some(h => h.startsWith('Sec-WebSocket-Version')) ? [] : ['Sec-WebSocket-Version: 13']),
    ...headers,
    '',
    '',
  ].join('\r\n')
