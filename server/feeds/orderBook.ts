/** Levels of the two sides, as venues send them: `[price, size, …]`. */
export interface Levels {
  readonly bids: Iterable<Level>
  readonly asks: Iterable<Level>
}

/** A price and what stands at it: 0 where nothing does any more, NaN where it cannot be told. */
export type Level = readonly [price: number, size: number]

/** Levels a side; several times what any venue's whole book has. */
const MOST = 200_000

/** The prices of an order book, kept to know its best bid and ask. Sizes are not kept: nothing asks for them. */
export class OrderBook {
  private readonly bids: Ladder
  private readonly asks: Ladder

  /** `depth`: levels a side that the venue speaks of, where it does not speak of all; it does not say when one falls out of them. */
  constructor(depth = MOST) {
    const levels = depth > 0 && depth < MOST ? depth : MOST
    this.bids = new Ladder(1, levels)
    this.asks = new Ladder(-1, levels)
  }

  /** Puts a whole book in place of what was known. */
  replace({ bids, asks }: Levels): void {
    this.bids.replace(bids)
    this.asks.replace(asks)
  }

  update({ bids, asks }: Levels): void {
    for (const [price, size] of bids) this.bids.set(price, size)
    for (const [price, size] of asks) this.asks.set(price, size)
  }

  /** Undefined where nobody bids. */
  get bid(): number | undefined {
    return this.bids.best
  }

  get ask(): number | undefined {
    return this.asks.best
  }
}

/** Sorted from the worst price to the best, so that what happens near the best, as nearly all does, moves few entries. */
class Ladder {
  private readonly sign: 1 | -1
  private readonly depth: number
  private keys: number[] = []

  constructor(sign: 1 | -1, depth: number) {
    this.sign = sign
    this.depth = depth
  }

  replace(levels: Iterable<Level>): void {
    const keys: number[] = []
    for (const [price, size] of levels) if (size > 0 && price > 0) keys.push(price * this.sign)
    keys.sort((a, b) => a - b)
    this.keys = keys.slice(-this.depth)
  }

  set(price: number, size: number): void {
    if (!(price > 0) || !(size >= 0)) return
    const key = price * this.sign
    const i = this.place(key)
    const stands = this.keys[i] === key
    if (size > 0 === stands) return
    if (stands) this.keys.splice(i, 1)
    else this.keys.splice(i, 0, key)
    if (this.keys.length > this.depth) this.keys.shift()
  }

  get best(): number | undefined {
    const key = this.keys.at(-1)
    return key === undefined ? undefined : key * this.sign
  }

  /** Where `key` stands, or would. */
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
