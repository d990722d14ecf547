import type { Duplex } from 'node:stream'
import { WebSocket } from 'ws'
import type { EndOfTurn } from './endOfTurn.ts'
import { writePingPayload } from './pingPayload.ts'
import type { Topics } from './topics.ts'
import type { Socket } from './transport.ts'
import type { Batch } from './wsBatch.ts'
import { frameOf, PING, PONG, TEXT } from './wsFrame.ts'

/** Bytes from which on a batch is written at once, and not kept until the end of the turn. */
const WRITE_AT = 16 * 1024

/** What a socket needs of its transport. */
export interface SocketOwner<Data> {
  readonly maxBackpressure: number
  /** The batch of every socket that has been given nothing since its last write. */
  readonly root: Batch
  readonly topics: Topics<WsSocket<Data>>
  /** Flushes those that have been given something. */
  readonly turn: EndOfTurn
  /** `close` has been called. */
  left(socket: WsSocket<Data>, code: number): void
}

/**
 * A websocket of `ws`. Its frames go past that library straight to the TCP socket, put together to one write a turn; only the
 * closing handshake is left to it. (That keeps its order as long as nothing is compressed.)
 */
export class WsSocket<Data> implements Socket<Data> {
  readonly id: number
  readonly data: Data
  dropped = false
  readonly topics = new Set<string>()
  private readonly ws: WebSocket
  private readonly tcp: Duplex
  private readonly owner: SocketOwner<Data>
  private batch: Batch | undefined
  private over = false

  constructor(id: number, data: Data, ws: WebSocket, tcp: Duplex, owner: SocketOwner<Data>) {
    this.id = id
    this.data = data
    this.ws = ws
    this.tcp = tcp
    this.owner = owner
  }

  /** True also as soon as the peer has begun the closing handshake: nothing may follow that. */
  get closed(): boolean {
    return this.over || this.ws.readyState !== WebSocket.OPEN
  }

  send(frame: Uint8Array | string): void {
    if (!this.closed) this.give(frameOf(TEXT, frame))
  }

  subscribe(topic: string): void {
    if (!this.closed) this.owner.topics.subscribe(this, topic)
  }

  unsubscribe(topic: string): void {
    if (!this.closed) this.owner.topics.unsubscribe(this, topic)
  }

  ping(mark: number): void {
    if (!this.closed) this.give(frameOf(PING, writePingPayload(mark)))
  }

  /** Answers a ping. `ws` itself would do so without a bound, and end the socket of a slow reader. */
  pong(payload: Uint8Array): void {
    this.give(frameOf(PONG, payload))
  }

  buffered(): number {
    return this.closed ? 0 : this.waiting()
  }

  close(code: number, reason: string): void {
    if (this.closed) return
    this.flush()
    this.over = true
    this.ws.close(code, reason)
    this.owner.left(this, code)
  }

  /** Accepts a frame, which may be shared with other sockets. */
  give(frame: Buffer): void {
    if (this.closed) return
    if (this.waiting() > this.owner.maxBackpressure) {
      this.dropped = true
      return
    }
    if (!this.batch) this.owner.turn.add(this)
    this.batch = (this.batch ?? this.owner.root).with(frame)
    if (this.batch.bytes >= WRITE_AT) this.flush()
  }

  flush(): void {
    if (this.batch && !this.closed) this.tcp.write(this.batch.joined())
    this.batch = undefined
  }

  /** The peer has ended it, or broken the protocol. Returns false if it was over before. */
  end(): boolean {
    const wasOpen = !this.over
    this.over = true
    this.batch = undefined
    return wasOpen
  }

  private waiting(): number {
    return this.tcp.writableLength + (this.batch?.bytes ?? 0)
  }
}
