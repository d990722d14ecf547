import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { WebSocket, WebSocketServer } from 'ws'

/** Sees a frame on its way to a client, and says what becomes of it: it passes, it is lost, or the line is cut before it. */
export type Watcher = (text: string) => 'pass' | 'lose' | 'cut'

/** A place between clients and a server where the line can be cut, stopped and spoilt, frame by frame. */
export class CuttingProxy {
  /** The server's port; a later connection goes to a later one. */
  target: number
  /** Frames go nowhere, and nobody learns of it. */
  hole = false
  /** Connections are cut as soon as they are made. */
  down = false
  /** Of each frame to a client. */
  watch: Watcher = () => 'pass'
  /** Connections that were made. */
  connections = 0
  /** What clients have sent, frame by frame, also into a hole. */
  readonly asked: string[] = []
  private readonly server: WebSocketServer
  private readonly lines = new Set<{ near: WebSocket; far: WebSocket }>()

  private constructor(server: WebSocketServer, target: number) {
    this.server = server
    this.target = target
    server.on('connection', near => this.join(near))
  }

  static async start(target: number): Promise<CuttingProxy> {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false })
    await once(server, 'listening')
    return new CuttingProxy(server, target)
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.server.address() as AddressInfo).port}/ws`
  }

  /** Cuts all lines without a word. */
  cut(): void {
    for (const { near, far } of this.lines) {
      near.terminate()
      far.terminate()
    }
    this.lines.clear()
  }

  /** Says something to all clients that no server said. */
  inject(text: string): void {
    for (const { near } of this.lines) near.send(text)
  }

  async close(): Promise<void> {
    this.cut()
    this.server.close()
    await once(this.server, 'close')
  }

  private join(near: WebSocket): void {
    this.connections += 1
    near.on('error', () => {})
    if (this.down) {
      near.terminate()
      return
    }
    const far = new WebSocket(`ws://127.0.0.1:${this.target}/ws`, { perMessageDeflate: false })
    const line = { near, far }
    this.lines.add(line)
    const early: string[] = []
    far.on('error', () => {})
    far.on('open', () => {
      for (const text of early.splice(0)) far.send(text)
    })
    near.on('message', data => {
      const text = String(data)
      this.asked.push(text)
      if (this.hole) return
      if (far.readyState === WebSocket.OPEN) far.send(text)
      else early.push(text)
    })
    far.on('message', data => {
      const text = String(data)
      if (this.hole || !this.lines.has(line)) return
      const fate = this.watch(text)
      if (fate === 'pass') near.send(text)
      if (fate === 'cut') this.end(line)
    })
    near.on('close', () => this.end(line))
    far.on('close', () => this.end(line))
  }

  private end(line: { near: WebSocket; far: WebSocket }): void {
    this.lines.delete(line)
    line.near.terminate()
    line.far.terminate()
  }
}
