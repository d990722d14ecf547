/** Number of trades that `trades:SYMBOL` shows. */
export const TAPE_LENGTH = 100

/** A trade on the tape. `side` is one of NO_SIDE, BUY and SELL, `source` an index into the pipeline's sources. */
export interface TapeTrade {
  readonly id: string
  readonly t: number
  readonly price: number
  readonly size: number
  readonly side: number
  readonly source: number
}

/**
 * The newest trades of a symbol, in the order they came. While somebody follows it, none is skipped: `fresh` returns what came since the
 * last call, even if that is more than the tape holds.
 */
export class Tape {
  private readonly id: string[] = []
  private readonly t = new Float64Array(TAPE_LENGTH)
  private readonly price = new Float64Array(TAPE_LENGTH)
  private readonly size = new Float64Array(TAPE_LENGTH)
  private readonly side = new Uint8Array(TAPE_LENGTH)
  private readonly source = new Uint32Array(TAPE_LENGTH)
  private head = 0
  private unseen: TapeTrade[] | undefined

  /** Adds a trade. */
  push(id: string, t: number, price: number, size: number, side: number, source: number): void {
    const i = this.head
    this.id[i] = id
    this.t[i] = t
    this.price[i] = price
    this.size[i] = size
    this.side[i] = side
    this.source[i] = source
    this.head = i + 1 === TAPE_LENGTH ? 0 : i + 1
    if (this.unseen) this.unseen.push({ id, t, price, size, side, source })
  }

  /** Puts `older` trades in front of those that the tape holds, oldest first. */
  restore(older: readonly TapeTrade[]): void {
    const newer = this.newest()
    const following = this.unseen !== undefined
    this.unseen = undefined
    this.id.length = 0
    this.head = 0
    for (const { id, t, price, size, side, source } of [...older, ...newer].slice(-TAPE_LENGTH)) this.push(id, t, price, size, side, source)
    if (following) this.follow(true)
  }

  /** Begins or ends to collect for a follower, at first with what the tape holds. */
  follow(on: boolean): void {
    this.unseen = on ? this.newest() : undefined
  }

  /** Returns the trades since the last call, oldest first; none while nobody follows. */
  fresh(): readonly TapeTrade[] {
    const fresh = this.unseen ?? []
    if (this.unseen) this.unseen = []
    return fresh
  }

  /** Oldest first. */
  private newest(): TapeTrade[] {
    const size = this.id.length
    const start = size < TAPE_LENGTH ? 0 : this.head
    return Array.from({ length: size }, (_, k) => {
      const i = (start + k) % TAPE_LENGTH
      return { id: this.id[i]!, t: this.t[i]!, price: this.price[i]!, size: this.size[i]!, side: this.side[i]!, source: this.source[i]! }
    })
  }
}
