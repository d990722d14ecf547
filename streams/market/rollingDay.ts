import { Candle, DAY, floorTo, MINUTE } from './candles.ts'

/** The fields of a closed minute, side by side in one array: a busy symbol has 1,440 of them. */
const OPEN_T = 0
const N = 1
const VOLUME = 2
const NOTIONAL = 3
const OPEN = 4
const HIGH = 5
const LOW = 6
const FIRST_T = 7
const WIDTH = 8

/**
 * The rolling day: the running minute and the 1,439 before it, in event time. Closed minutes that hold trades are kept and summed again
 * when one is added or falls out, so nothing is ever subtracted and no rounding error can pile up.
 */
export class RollingDay {
  private minute = Number.NEGATIVE_INFINITY
  private running = new Candle(0)
  private closed = new Float64Array(8 * WIDTH)
  /** Rows in use: `from ≤ row < to`, oldest first. */
  private from = 0
  private to = 0
  private sum: Candle | undefined

  /** Adds a candle, at its last trade's time. One before the window is left out. */
  add(bar: Candle): void {
    const minute = floorTo(bar.lastT, MINUTE)
    this.advance(minute)
    if (minute === this.minute) this.running.merge(bar)
    else if (minute > this.minute - DAY) this.addPast(minute, bar)
  }

  /** Adds one trade. One before the window is left out. */
  trade(t: number, price: number, size: number): void {
    if (t >= this.minute && t < this.minute + MINUTE) {
      this.running.trade(t, price, size)
      return
    }
    const one = new Candle(t)
    one.trade(t, price, size)
    this.add(one)
  }

  /** ms: when the window loses its oldest trades; Infinity if it holds none. */
  get losesAt(): number {
    if (this.from < this.to) return this.closed[this.from * WIDTH + OPEN_T]! + DAY
    return this.running.n > 0 ? this.minute + DAY : Number.POSITIVE_INFINITY
  }

  /** Lets time come to `t` (ms). Returns whether the window lost something by that. */
  advance(t: number): boolean {
    const minute = floorTo(t, MINUTE)
    if (minute <= this.minute) return false
    if (this.running.n > 0) this.insert(this.to, this.minute, this.running)
    this.minute = minute
    this.running = new Candle(minute)
    const before = this.from
    while (this.from < this.to && this.closed[this.from * WIDTH + OPEN_T]! <= minute - DAY) this.from += 1
    if (this.from > before) this.sum = undefined
    return this.from > before
  }

  /** Returns all that was traded in the window, as one candle without a close; undefined if nothing was. */
  total(): Candle | undefined {
    this.sum ??= this.summed()
    const total = new Candle(this.sum.openT)
    total.merge(this.sum)
    total.merge(this.running)
    return total.n > 0 ? total : undefined
  }

  private summed(): Candle {
    const sum = new Candle(0)
    for (let row = this.from; row < this.to; row++) this.mergeInto(sum, row)
    return sum
  }

  private mergeInto(bar: Candle, row: number): void {
    const c = this.closed
    const i = row * WIDTH
    bar.add(
      c[i + FIRST_T]!,
      c[i + FIRST_T]!,
      c[i + OPEN]!,
      c[i + HIGH]!,
      c[i + LOW]!,
      c[i + OPEN]!,
      c[i + VOLUME]!,
      c[i + NOTIONAL]!,
      c[i + N]!,
    )
  }

  private addPast(minute: number, bar: Candle): void {
    let row = this.to
    while (row > this.from && this.closed[(row - 1) * WIDTH + OPEN_T]! > minute) row -= 1
    if (row > this.from && this.closed[(row - 1) * WIDTH + OPEN_T] === minute) {
      const both = new Candle(minute)
      this.mergeInto(both, row - 1)
      both.merge(bar)
      this.put(row - 1, minute, both)
    } else {
      this.insert(row, minute, bar)
    }
  }

  private insert(row: number, minute: number, bar: Candle): void {
    if ((this.to + 1) * WIDTH > this.closed.length) {
      const used = this.closed.subarray(this.from * WIDTH, this.to * WIDTH)
      const next = new Float64Array(Math.max(this.closed.length, used.length * 2))
      next.set(used)
      this.closed = next
      row -= this.from
      this.to -= this.from
      this.from = 0
    }
    this.closed.copyWithin((row + 1) * WIDTH, row * WIDTH, this.to * WIDTH)
    this.to += 1
    this.put(row, minute, bar)
  }

  private put(row: number, minute: number, bar: Candle): void {
    const i = row * WIDTH
    this.closed[i + OPEN_T] = minute
    this.closed[i + N] = bar.n
    this.closed[i + VOLUME] = bar.volume
    this.closed[i + NOTIONAL] = bar.notional
    this.closed[i + OPEN] = bar.open
    this.closed[i + HIGH] = bar.high
    this.closed[i + LOW] = bar.low
    this.closed[i + FIRST_T] = bar.firstT
    this.sum = undefined
  }
}
