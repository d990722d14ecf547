/** Of one request, in limits: so much is read and thrown away to be able to say 413 to a client that reads only after it has written. */
const DISCARD = 4

/** Of all requests together, in limits. */
const TOGETHER = 16

/** Bytes that every body may have without asking for room, so that large ones cannot shut small ones out. */
const FREE = 16 * 1024

export type BodyFault = 'too large' | 'no room'

/** Room for the bodies that are being received at a time, so that many large ones cannot fill the memory. */
export class BodyRoom {
  readonly limit: number
  private used = 0

  /** `limit` in bytes, of one body. */
  constructor(limit: number) {
    this.limit = limit
  }

  acquire(bytes: number): boolean {
    if (this.used + bytes > this.limit * TOGETHER) return false
    this.used += bytes
    return true
  }

  giveBack(bytes: number): void {
    this.used -= bytes
  }
}

/** The body of one request while it comes in. What goes past a limit is counted and not kept. */
export class Body {
  fault: BodyFault | undefined
  private readonly room: BodyRoom
  private chunks: Uint8Array<ArrayBuffer>[] = []
  private received = 0
  /** Of the common room. */
  private taken = 0

  constructor(room: BodyRoom) {
    this.room = room
  }

  /** A chunk that nobody else writes to. */
  add(chunk: Uint8Array<ArrayBuffer>): void {
    this.received += chunk.length
    if (this.received > this.room.limit) this.giveUp('too large')
    else if (this.fault) return
    else if (this.takeRoom()) this.chunks.push(chunk)
    else this.giveUp('no room')
  }

  /** Far too much has come, or is announced (a Content-Length): there is no point in reading on. */
  hopeless(announced = 0): boolean {
    return Math.max(this.received, announced) > this.room.limit * DISCARD
  }

  /** What has come, in one piece. */
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
    const more = Math.max(0, this.received - FREE) - this.taken
    if (!this.room.acquire(more)) return false
    this.taken += more
    return true
  }

  private giveUp(fault: BodyFault): void {
    this.fault ??= fault
    this.release()
  }
}
