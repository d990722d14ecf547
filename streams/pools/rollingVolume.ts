import { DAY, floorTo, MINUTE } from '../market/candles.ts'

/** What moved in a pool, raw integers of the tokens; above zero is into the pool. */
export interface ReserveDelta {
  readonly amount0: bigint
  readonly amount1: bigint
}

/** What a log adds to the day of a pool. */
export interface Traded {
  readonly swap: ReserveDelta | undefined
  /** Of the swap, in the quote currency; NaN if unknown. */
  readonly worth: number
  /** Fees that no volume shows, in the quote currency: those of loans. NaN if unknown. */
  readonly fees: number
  /** It may be a swap that cannot be read. */
  readonly unread: boolean
}

/**
 * The swaps of a day. `in0` and `in1` are what was paid in, raw; `worth` and `fees` are in the quote currency, NaN if that of any is
 * unknown. `since` is the moment (ms) from which they are complete; NaN if they cover the whole day.
 */
export interface DayTotal {
  readonly n: number
  readonly in0: bigint
  readonly in1: bigint
  readonly worth: number
  readonly fees: number
  readonly since: number
}

/** The swaps of one minute. */
export interface TradedMinute {
  /** ms: when it began. */
  readonly t: number
  readonly n: number
  readonly in0: bigint
  readonly in1: bigint
  /** Of the swaps that had a price, in the quote currency; `unpriced` had none. */
  readonly worth: number
  readonly unpriced: number
  /** Of the loans whose token had a price, in the quote currency; the tokens of `unpricedFees` had none. */
  readonly fees: number
  readonly unpricedFees: number
  /** Logs that may be swaps and cannot be read. */
  readonly unread: number
}

type Minute = { -readonly [K in keyof TradedMinute]: TradedMinute[K] }

/**
 * The swaps of the running minute and the 1,439 before it, in event time. Integers are counted up and down, so a swap can be reverted;
 * what has rounding errors is summed again from the minutes.
 */
export class RollingVolume {
  private minutes: Minute[] = []
  private running = Number.NEGATIVE_INFINITY
  /** ms: all swaps from here on are counted. NaN: none are. */
  private from = Number.NaN
  private sums = { n: 0, in0: 0n, in1: 0n, unread: 0 }

  /** Says that all swaps from `t` (ms) on are counted. */
  begin(t: number): void {
    this.from = t
  }

  /** ms: from when on all swaps are counted; NaN if none are. */
  get begun(): number {
    return this.from
  }

  /** Something may have been traded in the window that cannot be read. */
  get hasUnread(): boolean {
    return this.sums.unread > 0
  }

  /** Counts what a log at `t` (ms) says. What is before the window is left out. */
  add(t: number, traded: Traded): void {
    this.advance(t)
    this.count(t, traded, 1)
  }

  /** Takes out what was added with the same arguments. */
  revert(t: number, traded: Traded): void {
    this.count(t, traded, -1)
  }

  /** The minutes that are counted, oldest first; not to be changed. */
  get counted(): readonly TradedMinute[] {
    return this.minutes
  }

  /** ms: when the window loses its oldest swaps or becomes whole; Infinity if it does neither. */
  get losesAt(): number {
    const oldest = this.minutes[0]
    const lost = oldest === undefined ? Number.POSITIVE_INFINITY : oldest.t + DAY
    const whole = this.isWhole || Number.isNaN(this.from) ? Number.POSITIVE_INFINITY : Math.ceil(this.from / MINUTE) * MINUTE + DAY - MINUTE
    return Math.min(lost, whole)
  }

  /** Takes the place of what is counted: minutes in order, of which the last one that can be known is that of `t` (ms). */
  load(minutes: readonly TradedMinute[], t: number): void {
    this.running = floorTo(t, MINUTE)
    this.minutes = minutes.filter(minute => minute.t > this.running - DAY).map(minute => ({ ...minute }))
    this.sums = { n: 0, in0: 0n, in1: 0n, unread: 0 }
    for (const minute of this.minutes) this.sum(minute, 1)
  }

  /** Lets time come to `t` (ms). Returns whether the window lost something by that, or became whole. */
  advance(t: number): boolean {
    const minute = floorTo(t, MINUTE)
    if (minute <= this.running) return false
    const wasWhole = this.isWhole
    this.running = minute
    const becameWhole = this.isWhole !== wasWhole
    let gone = 0
    for (const oldest of this.minutes) {
      if (oldest.t > minute - DAY) break
      this.sum(oldest, -1)
      gone += 1
    }
    if (gone > 0) this.minutes.splice(0, gone)
    return gone > 0 || becameWhole
  }

  /** Returns the sums over the window; undefined if they are unknown. */
  total(): DayTotal | undefined {
    if (Number.isNaN(this.from) || this.hasUnread) return undefined
    let worth = 0
    let fees = 0
    for (const minute of this.minutes) {
      worth += minute.unpriced > 0 ? Number.NaN : minute.worth
      fees += minute.unpricedFees > 0 ? Number.NaN : minute.fees
    }
    const { n, in0, in1 } = this.sums
    return { n, in0, in1, worth, fees, since: this.isWhole ? Number.NaN : this.from }
  }

  /** Whether all swaps of the window are counted. */
  private get isWhole(): boolean {
    return this.from <= this.running - DAY + MINUTE
  }

  private sum({ n, in0, in1, unread }: TradedMinute, sign: 1 | -1): void {
    this.sums.n += sign * n
    this.sums.in0 += BigInt(sign) * in0
    this.sums.in1 += BigInt(sign) * in1
    this.sums.unread += sign * unread
  }

  private count(t: number, { swap, worth, fees, unread }: Traded, sign: 1 | -1): void {
    const minute = this.minuteOf(t)
    if (minute === undefined) return
    if (unread) {
      minute.unread += sign
      this.sums.unread += sign
    }
    if (swap) {
      addSwap(minute, swap, sign)
      addSwap(this.sums, swap, sign)
      if (Number.isNaN(worth)) minute.unpriced += sign
      else minute.worth += sign * worth
    }
    if (Number.isNaN(fees)) minute.unpricedFees += sign
    else minute.fees += sign * fees
  }

  /** Returns the minute of `t`, made if there is none; undefined if it has left the window. */
  private minuteOf(t: number): Minute | undefined {
    const start = floorTo(t, MINUTE)
    if (start <= this.running - DAY) return undefined
    const newest = this.minutes.at(-1)
    if (newest?.t === start) return newest
    const at = this.minutes.findLastIndex(m => m.t <= start)
    const known = this.minutes[at]
    if (known?.t === start) return known
    const minute = { t: start, n: 0, in0: 0n, in1: 0n, worth: 0, unpriced: 0, fees: 0, unpricedFees: 0, unread: 0 }
    this.minutes.splice(at + 1, 0, minute)
    return minute
  }
}

/** Counts what a swap paid in, up or down. */
const addSwap = (sums: { n: number; in0: bigint; in1: bigint }, { amount0, amount1 }: ReserveDelta, sign: 1 | -1): void => {
  sums.n += sign
  if (amount0 > 0n) sums.in0 += sign === 1 ? amount0 : -amount0
  if (amount1 > 0n) sums.in1 += sign === 1 ? amount1 : -amount1
}
