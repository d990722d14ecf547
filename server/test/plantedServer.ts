import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocket, WebSocketServer } from 'ws'

/** An answer by HTTP that a fault may change. */
export interface Answered {
  status: number
  type: string
  headers: Record<string, string>
  body: string
}

/** A message of the server, parsed. */
export type Message = Record<string, unknown>

/** Something that a server does wrong. */
export interface Fault {
  /** Of each message to a client: the messages that are sent in its place. `remember` keeps things of one socket. */
  readonly frame?: (message: Message, remember: Map<string, unknown>) => readonly (object | string)[]
  /** Of each request of a client: the one that the server gets in its place; undefined if it gets none. */
  readonly request?: (text: string, answer: (message: object) => void) => string | undefined
  /** Of each answer by HTTP. */
  readonly answer?: (answer: Answered, path: string, method: string) => void
}

/** A server with one fault: a real one behind a place that spoils what it says. */
export class PlantedServer {
  fault: Fault = {}
  private readonly target: number
  private readonly http: Server
  private readonly sockets: WebSocketServer

  private constructor(target: number) {
    this.target = target
    this.http = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', chunk => chunks.push(chunk))
      request.on('end', async () => {
        const { host: _, connection: __, ...headers } = request.headers as Record<string, string>
        const { method = 'GET', url = '/' } = request
        const body = method === 'GET' || method === 'HEAD' ? undefined : Buffer.concat(chunks)
        const got = await fetch(`http://127.0.0.1:${this.target}${url}`, { method, headers, ...(body && { body }) })
        const allow = got.headers.get('allow')
        const answer = {
          status: got.status,
          type: got.headers.get('content-type') ?? '',
          headers: { ...(allow !== null && { allow }) },
          body: await got.text(),
        }
        this.fault.answer?.(answer, url, method)
        response.writeHead(answer.status, { 'content-type': answer.type, ...answer.headers }).end(answer.body)
      })
    })
    this.sockets = new WebSocketServer({ server: this.http, path: '/ws', maxPayload: 1024 * 1024 })
    this.sockets.on('connection', near => this.join(near))
  }

  static async start(target: number): Promise<PlantedServer> {
    const planted = new PlantedServer(target)
    planted.http.listen(0, '127.0.0.1')
    await once(planted.http, 'listening')
    return planted
  }

  get url(): string {
    return `http://127.0.0.1:${(this.http.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    for (const client of this.sockets.clients) client.terminate()
    this.http.close()
    this.http.closeAllConnections()
    await once(this.http, 'close')
  }

  private join(near: WebSocket): void {
    const far = new WebSocket(`ws://127.0.0.1:${this.target}/ws`, { perMessageDeflate: false })
    const early: (() => void)[] = []
    const remember = new Map<string, unknown>()
    const { fault } = this
    const toClient = (message: object | string): void => near.send(typeof message === 'string' ? message : JSON.stringify(message))
    far.on('open', () => {
      for (const send of early.splice(0)) send()
    })
    far.on('message', data => {
      const message = JSON.parse(String(data)) as Message
      for (const spoilt of fault.frame?.(message, remember) ?? [String(data)]) toClient(spoilt)
    })
    near.on('message', (data, isBinary) => {
      const text = isBinary ? (data as Buffer) : (fault.request ?? (whole => whole))(String(data), toClient)
      if (text === undefined) return
      const send = (): void => far.send(text)
      if (far.readyState === WebSocket.OPEN) send()
      else early.push(send)
    })
    near.on('error', () => {})
    far.on('error', () => {})
    near.on('close', () => far.terminate())
    far.on('close', () => near.terminate())
  }
}
