import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'

/** A subscription that a client has asked for. */
export interface Asked {
  readonly id: unknown
  readonly channels: readonly string[]
  readonly resume: Readonly<Record<string, { readonly epoch: string; readonly seq: number }>>
  readonly checksum: boolean
}

const HEARTBEAT_MS = 5_000

/** A client's socket, as the script has it. */
export class ClientLine {
  /** `→` what the client sent, `←` what it got. */
  readonly transcript: string[] = []
  /** Requests that are no JSON-RPC 2.0. */
  readonly faults: string[] = []
  /** Heartbeats stay away. */
  silent = false
  closed = false
  private readonly socket: WebSocket
  private readonly asked: Asked[] = []
  private readonly waiting = new Set<() => void>()
  private readonly beat: ReturnType<typeof setInterval>

  constructor(socket: WebSocket) {
    this.socket = socket
    socket.on('message', data => this.receive(String(data)))
    socket.on('close', () => {
      this.closed = true
      clearInterval(this.beat)
      for (const look of [...this.waiting]) look()
    })
    socket.on('error', () => {})
    this.beat = setInterval(() => {
      if (!this.silent) this.send({ hb: Date.now() })
    }, HEARTBEAT_MS)
  }

  /** Sends a message. */
  send(message: object): void {
    const text = JSON.stringify(message)
    this.transcript.push(`← ${text}`)
    this.socket.send(text)
  }

  /** Resolves with the next subscription that is asked for; undefined if none is within this time, ms. */
  subscription(patience: number): Promise<Asked | undefined> {
    return new Promise(resolve => {
      const look = (): void => {
        if (this.asked.length === 0 && !this.closed) return
        clearTimeout(timer)
        this.waiting.delete(look)
        resolve(this.asked.shift())
      }
      const timer = setTimeout(() => {
        this.waiting.delete(look)
        resolve(undefined)
      }, patience)
      this.waiting.add(look)
      look()
    })
  }

  /** Cuts the line without a word, or closes it with a code. */
  end(code?: number): void {
    if (code === undefined) this.socket.terminate()
    else this.socket.close(code)
  }

  private receive(text: string): void {
    this.transcript.push(`→ ${text}`)
    let request: { jsonrpc?: unknown; id?: unknown; method?: unknown; params?: Partial<Asked> & { channels?: unknown } }
    try {
      request = JSON.parse(text)
    } catch {
      this.faults.push(`a frame that is no JSON: ${text.slice(0, 80)}`)
      return
    }
    const { jsonrpc, id, method, params = {} } = request
    if (jsonrpc !== '2.0' || typeof method !== 'string') this.faults.push(`no request of JSON-RPC 2.0: ${text.slice(0, 80)}`)
    if (method === 'subscribe' && Array.isArray(params.channels)) {
      this.asked.push({ id, channels: params.channels, resume: params.resume ?? {}, checksum: params.checksum === true })
      for (const look of [...this.waiting]) look()
    } else if (id !== undefined) this.send({ jsonrpc: '2.0', id, result: method === 'ping' ? Date.now() : {} })
  }
}

/** Listens for one client at a time. */
export class ScriptedServer {
  private readonly server: WebSocketServer
  private readonly lines: ClientLine[] = []
  private wanted: ((line: ClientLine) => void) | undefined

  private constructor(server: WebSocketServer) {
    this.server = server
    server.on('connection', socket => {
      const line = new ClientLine(socket)
      if (this.wanted) this.wanted(line)
      else this.lines.push(line)
      this.wanted = undefined
    })
  }

  /** Listens on this machine; on a port of the system's choice if it is 0. */
  static async start(port = 0): Promise<ScriptedServer> {
    const server = new WebSocketServer({ port, host: '127.0.0.1', path: '/ws' })
    await once(server, 'listening')
    return new ScriptedServer(server)
  }

  /** `ws://127.0.0.1:PORT/ws` */
  get url(): string {
    return `ws://127.0.0.1:${(this.server.address() as AddressInfo).port}/ws`
  }

  /** Resolves with the next socket that a client opens; undefined if none is opened within this time, ms. */
  connection(patience: number): Promise<ClientLine | undefined> {
    const line = this.lines.shift()
    if (line) return Promise.resolve(line)
    return new Promise(resolve => {
      const timer = setTimeout(() => {
        this.wanted = undefined
        resolve(undefined)
      }, patience)
      this.wanted = opened => {
        clearTimeout(timer)
        resolve(opened)
      }
    })
  }

  /** Ends all sockets and listens no more. */
  close(): void {
    for (const client of this.server.clients) client.terminate()
    this.server.close()
  }
}
