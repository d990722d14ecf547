import { type RawData, WebSocket } from 'ws'
import type { Environment } from '../environment.ts'

/** Receives a notification of a subscription: a new head, a log. */
export type Notify = (result: unknown) => void

/** The node answered, and refused. */
export class RpcRefusal extends Error {
  readonly code: number

  constructor(code: number, message: string) {
    super(message)
    this.name = 'RpcRefusal'
    this.code = code
  }
}

/** The address of a node, and how long to wait for it. */
export interface RpcSocketOptions {
  readonly url: string
  /** ms until the socket must be open, and until a question must be answered. */
  readonly connectMs: number
  readonly answerMs: number
  readonly environment: Environment
}

interface Asked {
  readonly resolve: (result: unknown) => void
  readonly reject: (error: Error) => void
  readonly callOff: () => void
}

/** Bytes of one answer. */
const MAX_MESSAGE = 64 * 1024 * 1024

/** JSON-RPC over one websocket, until it breaks: then every question that is open is rejected, and it stays broken. */
export class RpcSocket {
  private readonly socket: WebSocket
  private readonly options: RpcSocketOptions
  private readonly asked = new Map<number, Asked>()
  private readonly subscriptions = new Map<string, Notify>()
  private broken: Error | undefined
  private nextId = 1
  private onLost = (): void => {}

  private constructor(options: RpcSocketOptions) {
    this.options = options
    this.socket = new WebSocket(options.url, { perMessageDeflate: false, maxPayload: MAX_MESSAGE })
  }

  /** Opens the socket. Rejects if it cannot be opened in time. */
  static async open(options: RpcSocketOptions): Promise<RpcSocket> {
    const line = new RpcSocket(options)
    const { socket } = line
    let why = 'the connection was closed'
    const opened = new Promise<void>((resolve, reject) => {
      const callOff = options.environment.after(options.connectMs, () => {
        why = `not open within ${options.connectMs} ms`
        socket.terminate()
      })
      socket.on('error', error => {
        why = error.message || (error as NodeJS.ErrnoException).code || why
      })
      socket.on('open', () => {
        callOff()
        resolve()
      })
      socket.on('close', code => {
        callOff()
        const error = new Error(code === 1006 || code === 1005 ? why : `${why} (${code})`)
        reject(error)
        line.lost(error)
      })
      socket.on('message', data => line.heard(data))
    })
    await opened
    return line
  }

  /** Why it is broken; undefined while it is not. */
  get lostBy(): Error | undefined {
    return this.broken
  }

  /** Runs once when it breaks. */
  whenLost(run: () => void): void {
    this.onLost = run
  }

  async request(method: string, params: unknown): Promise<unknown> {
    if (this.broken) throw this.broken
    const id = this.nextId++
    return new Promise((resolve, reject) => {
      const callOff = this.options.environment.after(this.options.answerMs, () => {
        this.asked.delete(id)
        reject(new Error(`${method}: no answer within ${this.options.answerMs} ms`))
      })
      this.asked.set(id, { resolve, reject, callOff })
      this.socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }))
    })
  }

  /** Subscribes. Rejects if the node refuses. */
  async subscribe(params: readonly unknown[], notify: Notify): Promise<void> {
    const id = await this.request('eth_subscribe', params)
    this.subscriptions.set(String(id), notify)
  }

  close(): void {
    this.socket.terminate()
    this.lost(new Error('the connection was closed'))
  }

  private heard(data: RawData): void {
    let message: Partial<Record<'id' | 'result' | 'error' | 'method' | 'params', unknown>>
    try {
      message = Object(JSON.parse(data.toString()))
    } catch {
      // A peer that does not send JSON is no node.
      this.socket.terminate()
      return
    }
    if (message.method === 'eth_subscription') {
      const { subscription, result } = Object(message.params) as { subscription?: unknown; result?: unknown }
      this.subscriptions.get(String(subscription))?.(result)
      return
    }
    const asked = this.asked.get(message.id as number)
    if (asked === undefined) return
    this.asked.delete(message.id as number)
    asked.callOff()
    if (message.error === undefined || message.error === null) asked.resolve(message.result)
    else {
      const { code, message: text } = Object(message.error) as { code?: unknown; message?: unknown }
      asked.reject(new RpcRefusal(Number(code), String(text)))
    }
  }

  private lost(error: Error): void {
    if (this.broken) return
    this.broken = error
    this.subscriptions.clear()
    for (const { reject, callOff } of this.asked.values()) {
      callOff()
      reject(error)
    }
    this.asked.clear()
    this.onLost()
  }
}
