import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'

/** A venue on this machine that does as a test tells it. */
export class FakeVenue {
  readonly sockets = new WebSocketServer({ noServer: true })
  readonly http: Server = createServer()
  private readonly waiting: ((socket: WebSocket) => void)[] = []
  private readonly connected: WebSocket[] = []
  private readonly tcp = new Set<Socket>()
  /** Answers to the next handshakes: a status refuses one, 'silent' lets it hang. */
  readonly refuse: (number | 'silent')[] = []
  readonly urls: string[] = []
  /** Called with each connection before anything is heard of it. */
  onConnection: (socket: WebSocket) => void = () => {}
  /** Addresses asked for over HTTP. */
  readonly asked: string[] = []
  /** Answers over HTTP: a status and a body, and how many seconds to wait. */
  answer: (url: URL) => { status: number; body: unknown; retryAfter?: number } = () => ({ status: 404, body: '' })

  async listen(): Promise<string> {
    this.http.on('connection', socket => this.tcp.add(socket))
    this.http.on('request', (request, response) => {
      this.asked.push(request.url!)
      const { status, body, retryAfter } = this.answer(new URL(request.url!, 'http://venue'))
      response.writeHead(status, retryAfter === undefined ? {} : { 'Retry-After': String(retryAfter) })
      response.end(typeof body === 'string' ? body : JSON.stringify(body))
    })
    this.http.on('upgrade', (request, socket, head) => {
      this.urls.push(request.url!)
      const refusal = this.refuse.shift()
      if (refusal === 'silent') return
      if (refusal !== undefined) socket.end(`HTTP/1.1 ${refusal} Refused\r\nConnection: close\r\n\r\n`)
      else
        this.sockets.handleUpgrade(request, socket, head, ws => {
          this.onConnection(ws)
          const waiting = this.waiting.shift()
          if (waiting) waiting(ws)
          else this.connected.push(ws)
        })
    })
    this.http.listen(0, '127.0.0.1')
    await once(this.http, 'listening')
    return `ws://127.0.0.1:${(this.http.address() as AddressInfo).port}`
  }

  /** The next connection that is made. */
  connection(): Promise<WebSocket> {
    const made = this.connected.shift()
    return made ? Promise.resolve(made) : new Promise(resolve => this.waiting.push(resolve))
  }

  async close(): Promise<void> {
    for (const socket of this.tcp) socket.destroy()
    await new Promise(resolve => this.http.close(resolve))
  }
}
