/** Bytes that may wait. */
const HELD_BYTES = 1024 * 1024

interface Held {
  /** Undefined stands for a binary frame. */
  readonly text: string | undefined
  readonly isTooMuch: boolean
}

/** Requests of one socket that wait for the answer to one before them. */
export class HeldRequests {
  readonly all: Held[] = []
  private bytes = 0

  /** Lets a request wait. Returns false if there is no room for it. */
  add(text: string | undefined, isTooMuch: boolean): boolean {
    this.bytes += text?.length ?? 0
    if (this.bytes > HELD_BYTES) return false
    this.all.push({ text, isTooMuch })
    return true
  }
}
