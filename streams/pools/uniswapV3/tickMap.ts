import { amount0Delta, amount1Delta } from './sqrtPriceMath.ts'
import { MAX_TICK, MIN_TICK, sqrtRatioAtTick } from './tickMath.ts'

/** A tick at which positions begin or end; liquidity is raw. */
export interface Tick {
  readonly tick: number
  /** The liquidity of all positions that begin or end here. */
  readonly gross: bigint
  /** What the active liquidity gains if the price rises over it. */
  readonly net: bigint
}

/** The tick that a swap goes to next; with `net` and √P if it is initialised. */
export interface NextTick {
  readonly tick: number
  readonly net?: bigint
  readonly price?: bigint
}

/**
 * The initialised ticks of a pool, in order, and the liquidity of the range between each two of them. The tokens between two prices
 * are differences of sums that are kept: a change drops the sums of its range and above, a question adds up those it needs.
 */
export class TickMap {
  private readonly ticks: number[] = []
  private readonly gross: bigint[] = []
  private readonly net: bigint[] = []
  /** Active liquidity from tick i to tick i + 1. */
  private readonly above: bigint[] = []
  /** √P of tick i, 96 bits behind the point. */
  private readonly prices: bigint[] = []
  /** Of both tokens, what all ranges below tick i hold, each rounded down. */
  private sums0: bigint[] = [0n]
  private sums1: bigint[] = [0n]

  /** The number of initialised ticks. */
  get size(): number {
    return this.ticks.length
  }

  /** Yields the ticks in order. */
  *entries(): Iterable<Tick> {
    for (let i = 0; i < this.ticks.length; i++) yield { tick: this.ticks[i]!, gross: this.gross[i]!, net: this.net[i]! }
  }

  /** Fills an empty map with ticks in order, whose nets add up to zero. */
  load(ticks: readonly Tick[]): void {
    let active = 0n
    for (const { tick, gross, net } of ticks) {
      active += net
      this.ticks.push(tick)
      this.gross.push(gross)
      this.net.push(net)
      this.above.push(active)
      this.prices.push(sqrtRatioAtTick(tick))
    }
  }

  /**
   * Adds a position's liquidity to its range, or takes it away if below zero. Throws RangeError, and has changed nothing, if the range is
   * none or holds less than is taken.
   */
  add(lower: number, upper: number, amount: bigint): void {
    if (!(lower < upper && lower >= MIN_TICK && upper <= MAX_TICK))
      throw new RangeError(`range: found ${lower} to ${upper}, expected two ticks in order`)
    if (amount < 0n && !this.holds(lower, upper, -amount))
      throw new RangeError(`burn: found ${-amount} from ${lower} to ${upper}, expected what is there`)
    this.change(lower, upper, amount)
  }

  /** Does what `add` does, unchecked: while logs are reverted in any order, the map may be wrong between two of them. */
  change(lower: number, upper: number, amount: bigint): void {
    if (amount === 0n) return
    const from = this.placeOf(lower)
    const to = this.placeOf(upper)
    this.gross[from]! += amount
    this.net[from]! += amount
    this.gross[to]! += amount
    this.net[to]! -= amount
    for (let i = from; i < to; i++) this.above[i]! += amount
    this.forget(from)
    this.drop(to)
    this.drop(from)
  }

  /** Returns the liquidity that is active at a tick. */
  activeAt(tick: number): bigint {
    const i = this.lastAtOrBelow(tick)
    return i < 0 ? 0n : this.above[i]!
  }

  /**
   * Returns the next initialised tick: at or below `tick` if the price falls, above it if the price rises. Returns the end of the word of
   * 256 that the contract looks at in one step, if that comes first. Ticks are multiples of `spacing`.
   */
  nextInWord(tick: number, spacing: number, falling: boolean): NextTick {
    const compressed = Math.floor(tick / spacing)
    if (falling) {
      const end = Math.floor(compressed / 256) * 256 * spacing
      const i = this.lastAtOrBelow(tick)
      return i >= 0 && this.ticks[i]! >= end ? this.at(i) : { tick: end }
    }
    const end = (Math.floor((compressed + 1) / 256) * 256 + 255) * spacing
    const i = this.lastAtOrBelow(tick) + 1
    return i < this.ticks.length && this.ticks[i]! <= end ? this.at(i) : { tick: end }
  }

  /** Returns token0 between two prices `low ≤ high` (√P), raw, rounded down in each range. */
  amount0Between(low: bigint, high: bigint): bigint {
    return this.between(low, high, amount0Delta, 0)
  }

  /** Returns token1 between two prices `low ≤ high` (√P), raw, rounded down in each range. */
  amount1Between(low: bigint, high: bigint): bigint {
    return this.between(low, high, amount1Delta, 1)
  }

  private at(i: number): NextTick {
    return { tick: this.ticks[i]!, net: this.net[i]!, price: this.prices[i]! }
  }

  private between(low: bigint, high: bigint, delta: typeof amount0Delta, token: 0 | 1): bigint {
    const a = this.rangeOf(low)
    const b = this.rangeOf(high)
    const partly = (i: number, from: bigint, to: bigint): bigint => (i < 0 ? 0n : delta(from, to, this.above[i]!, false))
    if (a === b) return partly(a, low, high)
    this.sumUpTo(b)
    const sums = token === 0 ? this.sums0 : this.sums1
    return partly(a, low, this.prices[a + 1]!) + sums[b]! - sums[a + 1]! + partly(b, this.prices[b]!, high)
  }

  private sumUpTo(end: number): void {
    for (let i = this.sums0.length - 1; i < end; i++) {
      const [low, high, liquidity] = [this.prices[i]!, this.prices[i + 1]!, this.above[i]!]
      this.sums0.push(this.sums0[i]! + amount0Delta(low, high, liquidity, false))
      this.sums1.push(this.sums1[i]! + amount1Delta(low, high, liquidity, false))
    }
  }

  /** Drops the sums over range `i` and those above it. */
  private forget(i: number): void {
    this.sums0.length = Math.min(this.sums0.length, i + 1)
    this.sums1.length = Math.min(this.sums1.length, i + 1)
  }

  private holds(lower: number, upper: number, amount: bigint): boolean {
    const from = this.lastAtOrBelow(lower)
    const to = this.lastAtOrBelow(upper)
    if (this.ticks[from] !== lower || this.ticks[to] !== upper) return false
    if (this.gross[from]! < amount || this.gross[to]! < amount) return false
    for (let i = from; i < to; i++) if (this.above[i]! < amount) return false
    return true
  }

  /** Returns the index of a tick, which is made if it is not there. */
  private placeOf(tick: number): number {
    const below = this.lastAtOrBelow(tick)
    if (this.ticks[below] === tick) return below
    const i = below + 1
    this.ticks.splice(i, 0, tick)
    this.gross.splice(i, 0, 0n)
    this.net.splice(i, 0, 0n)
    this.above.splice(i, 0, below < 0 ? 0n : this.above[below]!)
    this.prices.splice(i, 0, sqrtRatioAtTick(tick))
    this.forget(Math.max(below, 0))
    return i
  }

  /** Removes tick `i` if no position begins or ends there. */
  private drop(i: number): void {
    if (this.gross[i] !== 0n || this.net[i] !== 0n) return
    for (const column of [this.ticks, this.gross, this.net, this.above, this.prices]) column.splice(i, 1)
    this.forget(Math.max(i - 1, 0))
  }

  /** Returns −1 if there is none. */
  private lastAtOrBelow(tick: number): number {
    return lastNotAbove(this.ticks, tick)
  }

  /** Returns the range that a price lies in; −1 below all. */
  private rangeOf(price: bigint): number {
    return lastNotAbove(this.prices, price)
  }
}

const lastNotAbove = <T extends number | bigint>(sorted: readonly T[], value: T): number => {
  let from = 0
  let to = sorted.length
  while (from < to) {
    const middle = (from + to) >>> 1
    if (sorted[middle]! <= value) from = middle + 1
    else to = middle
  }
  return from - 1
}
