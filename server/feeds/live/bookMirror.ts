import { EDGE_TOLERANCE, type Levels as KnownLevels, SHOWN_REACH, type Level as ShownLevel } from '../../../streams/market/levels.ts'

/** Levels of the two sides, as venues send them: `[price, size, …]`. */
export interface Levels {
  readonly bids: Iterable<Level>
  readonly asks: Iterable<Level>
}

/** A price and the size at it: 0 if the level is gone, NaN if the size cannot be read. */
export type Level = readonly [price: number, size: number]

/** Levels a side; several times what any venue's whole book has. */
const LEVELS_PER_SIDE_MAX = 200_000
/** Levels a side that are shown. */
const SHOWN_LEVELS_MAX = 5_000

/** An order book, kept to know its best bid and ask; its sizes are kept only if all of it is shown. */
export class BookMirror {
  private readonly bids: Ladder
  private readonly asks: Ladder

  /** `depth`: levels a side that the venue sends, if it does not send all; it does not say when one falls out of them. */
  constructor(depth = LEVELS_PER_SIDE_MAX, sized = false) {
    const levels = depth > 0 && depth < LEVELS_PER_SIDE_MAX ? depth : LEVELS_PER_SIDE_MAX
    this.bids = new Ladder(1, levels, sized)
    this.asks = new Ladder(-1, levels, sized)
  }

  /** Puts a whole book in place of what was known. */
  replace({ bids, asks }: Levels): void {
    this.bids.replace(bids)
    this.asks.replace(asks)
  }

  /** Applies the changes of one message. Only then what is too deep falls out: a message may name a new level before the one that makes room for it. */
  update({ bids, asks }: Levels): void {
    for (const [price, size] of bids) this.bids.set(price, size)
    for (const [price, size] of asks) this.asks.set(price, size)
    this.bids.trim()
    this.asks.trim()
  }

  /** The highest bid; undefined if there is none. */
  get bid(): number | undefined {
    return this.bids.best
  }

  get ask(): number | undefined {
    return this.asks.best
  }

  /**
   * Of a book with sizes the levels up to SHOWN_REACH from its middle, and how far all of them are known. `onCut` is called with how many were too
   * many. Undefined if the book has no middle, or an impossible one.
   */
  levels(onCut: (levels: number) => void): KnownLevels | undefined {
    const { bid, ask } = this
    if (bid === undefined || ask === undefined || bid > ask) return undefined
    const middle = (bid + ask) / 2
    const bids = this.bids.within((middle * (1 - SHOWN_REACH)) / EDGE_TOLERANCE)
    const asks = this.asks.within(middle * (1 + SHOWN_REACH) * EDGE_TOLERANCE)
    if (bids.cut + asks.cut > 0) onCut(bids.cut + asks.cut)
    const reach = ({ last }: Near): number => (last === undefined ? SHOWN_REACH : Math.min(SHOWN_REACH, Math.abs(middle - last) / middle))
    return { bids: bids.levels, asks: asks.levels, reach: { bid: reach(bids), ask: reach(asks) } }
  }
}

/** The levels of a side that lie near enough. */
interface Near {
  readonly levels: readonly ShownLevel[]
  /** Near enough, and too many. */
  readonly cut: number
  /** The price of the last level that the venue sends, if nothing is known behind it. */
  readonly last: number | undefined
}

/** Sorted from the worst price to the best, so that what happens near the best, as nearly all does, moves few entries. */
class Ladder {
  private readonly sign: 1 | -1
  private readonly depth: number
  private keys: number[] = []
  /** The size at each key; undefined if sizes are not kept. */
  private sizes: number[] | undefined
  /** Levels have fallen out, or may have: behind the worst nothing is known. */
  private full = false

  constructor(sign: 1 | -1, depth: number, sized: boolean) {
    this.sign = sign
    this.depth = depth
    this.sizes = sized ? [] : undefined
  }

  replace(levels: Iterable<Level>): void {
    const keys: number[] = []
    const sizeAt = new Map<number, number>()
    for (const [price, size] of levels) {
      if (!(size > 0 && price > 0)) continue
      keys.push(price * this.sign)
      if (this.sizes) sizeAt.set(price * this.sign, size)
    }
    keys.sort((a, b) => a - b)
    this.keys = keys.slice(-this.depth)
    if (this.sizes) this.sizes = this.keys.map(key => sizeAt.get(key)!)
    this.full = this.keys.length === this.depth
  }

  set(price: number, size: number): void {
    if (!(price > 0) || !(size >= 0)) return
    const { keys, sizes } = this
    const key = price * this.sign
    const i = this.place(key)
    const stands = keys[i] === key
    if (size > 0 === stands) {
      if (stands && sizes) sizes[i] = size
      return
    }
    if (stands) {
      keys.splice(i, 1)
      sizes?.splice(i, 1)
    } else {
      keys.splice(i, 0, key)
      sizes?.splice(i, 0, size)
    }
  }

  /** Drops the worst levels, down to the depth. */
  trim(): void {
    const over = this.keys.length - this.depth
    if (over < 0) return
    this.full = true
    if (over === 0) return
    this.keys.splice(0, over)
    this.sizes?.splice(0, over)
  }

  get best(): number | undefined {
    const key = this.keys.at(-1)
    return key === undefined ? undefined : key * this.sign
  }

  /** Returns the levels at `limit` and better, the best of them if they are too many. */
  within(limit: number): Near {
    const { keys, sizes, sign } = this
    const near = this.place(limit * sign)
    const from = Math.max(near, keys.length - SHOWN_LEVELS_MAX)
    const levels: ShownLevel[] = []
    for (let i = from; i < keys.length; i++) levels.push([keys[i]! * sign, sizes?.[i] ?? Number.NaN])
    const ends = from > near || (this.full && from === 0)
    return { levels, cut: from - near, last: ends ? keys[from]! * sign : undefined }
  }

  /** Returns the index at which `key` is, or would be. */
  private place(key: number): number {
    let low = 0
    let high = this.keys.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.keys[middle]! < key) low = middle + 1
      else high = middle
    }
    return low
  }
}
