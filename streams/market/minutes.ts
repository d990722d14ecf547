import { Candle, floorTo, MINUTE } from './candles.ts'

/** The fields of a closed minute, side by side in one array: a busy symbol has thousands of them. */
const OPEN_T = 0
const N = 1
const VOLUME = 2
const NOTIONAL = 3
const OPEN = 4
const HIGH = 5
const LOW = 6
const CLOSE = 7
const FIRST_T = 8
const LAST_T = 9
/** What VOLUME and NOTIONAL cannot hold of their sums. */
const VOLUME_REST = 10
const NOTIONAL_REST = 11
const WIDTH = 12

/** The minutes in which something was traded, of one symbol and source, oldest first. Minutes are the atom: all that is longer is made of them. */
export class Minutes {
  /** The newest minute, which trades still go into. */
  private running = new Candle(Number.NEGATIVE_INFINITY)
  private closed = new Float64Array(8 * WIDTH)
  /** Rows in use: `from ≤ row < to`, oldest first. */
  private from = 0
  private to = 0

  /** The beginning of the newest minute, ms; -Infinity if there is none. */
  get newest(): number {
    return this.running.openT
  }

  /** The beginning of the oldest minute, ms; Infinity if there is none. */
  get oldest(): number {
    if (this.from < this.to) return this.closed[this.from * WIDTH + OPEN_T]!
    return this.running.n > 0 ? this.running.openT : Number.POSITIVE_INFINITY
  }

  /** Adds one trade. Returns whether it went into a minute before the newest. */
  trade(t: number, price: number, size: number): boolean {
    const { openT } = this.running
    if (t >= openT && t < openT + MINUTE) {
      this.running.trade(t, price, size)
      return false
    }
    const one = new Candle(floorTo(t, MINUTE))
    one.trade(t, price, size)
    return this.add(one)
  }

  /** Adds what was traded in one minute, or some of it. Returns whether that is a minute before the newest. */
  add(minute: Candle): boolean {
    const { openT } = minute
    if (openT === this.running.openT) {
      this.running.extend(minute)
      return false
    }
    if (openT > this.running.openT) {
      if (this.running.n > 0) this.insert(this.to, this.running)
      this.running = new Candle(openT)
      this.running.extend(minute)
      return false
    }
    const row = this.rowOf(openT)
    if (row < this.to && this.closed[row * WIDTH + OPEN_T] === openT) {
      const both = this.at(row)
      both.extend(minute)
      this.put(row, both)
    } else this.insert(row, minute)
    return true
  }

  /** Brings a minute to another scale if all of it was traded before `t` (ms). Returns false if some was and some was not. */
  rescale(openT: number, t: number, by: { readonly price: number; readonly size: number }): boolean {
    if (this.running.openT === openT) {
      if (this.running.lastT < t) this.running = this.running.scaled(by)
      else return this.running.n === 0 || this.running.firstT >= t
      return true
    }
    const row = this.rowOf(openT)
    if (row === this.to || this.closed[row * WIDTH + OPEN_T] !== openT) return true
    const minute = this.at(row)
    if (minute.lastT < t) this.put(row, minute.scaled(by))
    else return minute.firstT >= t
    return true
  }

  /** Adds the minutes that begin in `from ≤ t < to` (ms) to a candle. */
  sum(into: Candle, from: number, to: number): void {
    for (let row = this.rowOf(from); row < this.to && this.closed[row * WIDTH + OPEN_T]! < to; row++) this.addTo(into, row)
    if (this.running.openT >= from && this.running.openT < to) into.merge(this.running)
  }

  /** Yields the minutes that begin in `from ≤ t < to` (ms), oldest first. */
  *between(from: number, to: number): Generator<Candle> {
    for (let row = this.rowOf(from); row < this.to && this.closed[row * WIDTH + OPEN_T]! < to; row++) yield this.at(row)
    if (this.running.n > 0 && this.running.openT >= from && this.running.openT < to) yield this.running
  }

  /** Returns the beginning of the newest minute before `t` (ms); -Infinity if there is none. */
  newestBefore(t: number): number {
    if (this.running.openT < t) return this.running.openT
    const row = this.rowOf(t) - 1
    return row < this.from ? Number.NEGATIVE_INFINITY : this.closed[row * WIDTH + OPEN_T]!
  }

  /** Returns the beginning of the oldest minute from `t` on (ms); Infinity if there is none. */
  oldestFrom(t: number): number {
    const row = this.rowOf(t)
    if (row < this.to) return this.closed[row * WIDTH + OPEN_T]!
    return this.running.n > 0 && this.running.openT >= t ? this.running.openT : Number.POSITIVE_INFINITY
  }

  /** Forgets the minutes before `t` (ms). */
  forget(t: number): void {
    this.from = this.rowOf(t)
  }

  /** The first row that begins at `t` or later. */
  private rowOf(t: number): number {
    let low = this.from
    let high = this.to
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.closed[middle * WIDTH + OPEN_T]! < t) low = middle + 1
      else high = middle
    }
    return low
  }

  private at(row: number): Candle {
    const c = this.closed
    const i = row * WIDTH
    const minute = new Candle(c[i + OPEN_T]!)
    const [volume, notional] = [c[i + VOLUME]!, c[i + NOTIONAL]!]
    minute.add(c[i + FIRST_T]!, c[i + LAST_T]!, c[i + OPEN]!, c[i + HIGH]!, c[i + LOW]!, c[i + CLOSE]!, volume, notional, c[i + N]!)
    minute.volumeRest = c[i + VOLUME_REST]!
    minute.notionalRest = c[i + NOTIONAL_REST]!
    return minute
  }

  private addTo(into: Candle, row: number): void {
    const c = this.closed
    const i = row * WIDTH
    const volume = c[i + VOLUME]! + c[i + VOLUME_REST]!
    const notional = c[i + NOTIONAL]! + c[i + NOTIONAL_REST]!
    into.add(c[i + FIRST_T]!, c[i + LAST_T]!, c[i + OPEN]!, c[i + HIGH]!, c[i + LOW]!, c[i + CLOSE]!, volume, notional, c[i + N]!)
  }

  private insert(row: number, minute: Candle): void {
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
    this.put(row, minute)
  }

  private put(row: number, minute: Candle): void {
    const i = row * WIDTH
    this.closed[i + OPEN_T] = minute.openT
    this.closed[i + N] = minute.n
    this.closed[i + VOLUME] = minute.volumeSum
    this.closed[i + VOLUME_REST] = minute.volumeRest
    this.closed[i + NOTIONAL] = minute.notionalSum
    this.closed[i + NOTIONAL_REST] = minute.notionalRest
    this.closed[i + OPEN] = minute.open
    this.closed[i + HIGH] = minute.high
    this.closed[i + LOW] = minute.low
    this.closed[i + CLOSE] = minute.close
    this.closed[i + FIRST_T] = minute.firstT
    this.closed[i + LAST_T] = minute.lastT
  }
}
