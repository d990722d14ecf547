/** Of one body, in multiples of the limit: read and thrown away so that a client that writes before it reads gets its 413. */
const DISCARDED_LIMITS = 4

/** Of all bodies together, in multiples of the limit. */
const TOGETHER_LIMITS = 16

/** Bytes that every body may have without asking for room, so that large ones cannot shut small ones out. */
const FREE_BYTES = 16 * 1024

/** Why a body is not kept: longer than the limit, or too much is being received at the same time. */
export type BodyFault = 'too large' | 'no room'

/** Room for the bodies that are being received at a time, so that many large ones cannot fill the memory. */
export class BodyRoom {
  readonly limit: number
  private used = 0

  /** `limit`: the most bytes of one body. */
  constructor(limit: number) {
    this.limit = limit
  }

  /** Takes room. Returns whether there was enough. */
  acquire(bytes: number): boolean {
    if (this.used + bytes > this.limit * TOGETHER_LIMITS) return false
    this.used += bytes
    return true
  }

  /** Gives room back. */
  giveBack(bytes: number): void {
    this.used -= bytes
  }
}

/** The body of one request while it comes in. Bytes beyond the limit are counted and not kept. */
export class Body {
  fault: BodyFault | undefined
  private readonly room: BodyRoom
  private chunks: Uint8Array<ArrayBuffer>[] = []
  private received = 0
  /** Bytes taken of the common room. */
  private taken = 0

  constructor(room: BodyRoom) {
    this.room = room
  }

  /** Accepts a chunk that nobody else writes to. */
  add(chunk: Uint8Array<ArrayBuffer>): void {
    this.received += chunk.length
    if (this.received > this.room.limit) this.giveUp('too large')
    else if (this.fault) return
    else if (this.takeRoom()) this.chunks.push(chunk)
    else this.giveUp('no room')
  }

  /** Whether so much has come, or is announced by a Content-Length, that there is no point in reading on. */
  hopeless(announced = 0): boolean {
    return Math.max(this.received, announced) > this.room.limit * DISCARDED_LIMITS
  }

  /** Returns what has come, in one piece. */
  whole(): Uint8Array<ArrayBuffer> {
    return this.chunks.length === 1 ? this.chunks[0]! : Buffer.concat(this.chunks)
  }

  /** Gives the room back; the request is over. */
  release(): void {
    this.room.giveBack(this.taken)
    this.taken = 0
    this.chunks = []
  }

  private takeRoom(): boolean {
    const more = Math.max(0, this.received - FREE_BYTES) - this.taken
    if (!this.room.acquire(more)) return false
    this.taken += more
    return true
  }

  private giveUp(fault: BodyFault): void {
    this.fault ??= fault
    this.release()
  }
}
