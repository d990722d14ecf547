import { writePingPayload } from './pingPayload.ts'
import type { Socket } from './transport.ts'
import type { WebSocket } from './uwsLibrary.ts'

/** What is attached to a websocket of the library: the data it was accepted with and, once open, its socket. */
export interface Attached<Data> {
  readonly accepted: Data
  socket?: UwsSocket<Data>
}

/** Time in which a peer must take what was sent before the close, ms. */
const LAST_WORDS_MS = 5_000

/** A websocket of uWebSockets.js. The library's own object must not be touched once it has closed: then `native` is undefined. */
export class UwsSocket<Data> implements Socket<Data> {
  readonly id: number
  readonly data: Data
  closed = false
  dropped = false
  private native: WebSocket<Attached<Data>> | undefined
  private lastWords: { readonly code: number; readonly reason: string; readonly timer: NodeJS.Timeout } | undefined
  private readonly left: (code: number) => void

  /** `left` is called from inside `close`. */
  constructor(id: number, native: WebSocket<Attached<Data>>, left: (code: number) => void) {
    this.id = id
    this.data = native.getUserData().accepted
    this.native = native
    this.left = left
  }

  send(frame: Uint8Array | string): void {
    if (!this.closed) this.native!.send(frame, false)
  }

  subscribe(topic: string): void {
    if (!this.closed) this.native!.subscribe(topic)
  }

  unsubscribe(topic: string): void {
    if (!this.closed) this.native!.unsubscribe(topic)
  }

  ping(mark: number): void {
    if (!this.closed) this.native!.ping(writePingPayload(mark))
  }

  buffered(): number {
    return this.closed ? 0 : this.native!.getBufferedAmount()
  }

  close(code: number, reason: string): void {
    if (this.closed) return
    this.closed = true
    const native = this.native!
    if (native.getBufferedAmount() === 0) native.end(code, reason)
    else {
      // If it were ended now, its peer could keep it for ever: the library sets no time limit while something is left to send.
      for (const topic of native.getTopics()) native.unsubscribe(topic)
      this.lastWords = { code, reason, timer: setTimeout(() => this.native?.close(), LAST_WORDS_MS) }
    }
    this.left(code)
  }

  /** Whether it was closed by us and its peer has not taken all that was sent before. */
  get ending(): boolean {
    return this.closed && this.native !== undefined
  }

  /** Something that was buffered has been taken. */
  drained(): void {
    if (this.lastWords && this.native!.getBufferedAmount() === 0) this.native!.end(this.lastWords.code, this.lastWords.reason)
  }

  /** The library has closed it: from now on its object is dead. */
  gone(): void {
    this.closed = true
    this.native = undefined
    clearTimeout(this.lastWords?.timer)
  }
}
