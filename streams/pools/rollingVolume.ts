import { DAY, floorTo, MINUTE } from '../market/candles.ts'

/** What moved in a pool, raw integers of the tokens; above zero is into the pool. */
export interface ReserveDelta {
  readonly amount0: bigint
  readonly amount1: bigint
}

/** The swaps of a day. `in0` and `in1` are what was paid in, raw; `worth` is in the quote currency, NaN if that of any swap is unknown. */
export interface DayTotal {
  readonly n: number
  readonly in0: bigint
  readonly in1: bigint
  readonly worth: number
}

interface Minute {
  readonly t: number
  n: number
  in0: bigint
  in1: bigint
  /** Of the swaps that had a price, in the quote currency. */
  worth: number
  unpriced: number
}

/**
 * The swaps of the running minute and the 1,439 before it, in event time. Integers are counted up and down, so a swap can be reverted;
 * what has rounding errors is summed again from the minutes.
 */
export class RollingVolume {
  private minutes: Minute[] = []
  private running = Number.NEGATIVE_INFINITY
  private readonly sums = { n: 0, in0: 0n, in1: 0n }

  /** Counts a swap at `t` (ms); `worth` is NaN if no side has a price. A swap before the window is left out. */
  add(t: number, swap: ReserveDelta, worth: number): void {
    this.advance(t)
    this.count(t, swap, worth, 1)
  }

  /** Takes a swap out that was added with the same arguments. */
  revert(t: number, swap: ReserveDelta, worth: number): void {
    this.count(t, swap, worth, -1)
  }

  /** ms: when the window loses its oldest swaps; Infinity if it holds none. */
  get losesAt(): number {
    const oldest = this.minutes[0]
    return oldest === undefined ? Number.POSITIVE_INFINITY : oldest.t + DAY
  }

  /** Lets time come to `t` (ms). Returns whether the window lost something by that. */
  advance(t: number): boolean {
    const minute = floorTo(t, MINUTE)
    if (minute <= this.running) return false
    this.running = minute
    const gone = this.minutes.filter(m => m.t <= minute - DAY)
    if (gone.length === 0) return false
    this.minutes = this.minutes.slice(gone.length)
    for (const { n, in0, in1 } of gone) {
      this.sums.n -= n
      this.sums.in0 -= in0
      this.sums.in1 -= in1
    }
    return true
  }

  /** Returns the sums over the window. */
  total(): DayTotal {
    let worth = 0
    for (const minute of this.minutes) worth += minute.unpriced > 0 ? Number.NaN : minute.worth
    return { ...this.sums, worth }
  }

  private count(t: number, { amount0, amount1 }: ReserveDelta, worth: number, sign: 1 | -1): void {
    const minute = this.minuteOf(t)
    if (minute === undefined) return
    const in0 = amount0 > 0n ? BigInt(sign) * amount0 : 0n
    const in1 = amount1 > 0n ? BigInt(sign) * amount1 : 0n
    for (const sums of [minute, this.sums]) {
      sums.n += sign
      sums.in0 += in0
      sums.in1 += in1
    }
    if (Number.isNaN(worth)) minute.unpriced += sign
    else minute.worth += sign * worth
  }

  /** Returns the minute of `t`, made if there is none; undefined if it has left the window. */
  private minuteOf(t: number): Minute | undefined {
    const start = floorTo(t, MINUTE)
    if (start <= this.running - DAY) return undefined
    const at = this.minutes.findLastIndex(m => m.t <= start)
    const known = this.minutes[at]
    if (known?.t === start) return known
    const minute = { t: start, n: 0, in0: 0n, in1: 0n, worth: 0, unpriced: 0 }
    this.minutes.splice(at + 1, 0, minute)
    return minute
  }
}
