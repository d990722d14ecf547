import { DAY, floorTo } from '../market/candles.ts'
import type { PortfolioPast } from './portfolioPast.ts'

/** The midnight (UTC) that a portfolio's day began with, from which the day's profit is counted. */
export class Midnight {
  /** ms: when it was; NaN before the first one that was seen. */
  t = Number.NaN
  /** All that had been gained by then, in the quote currency; NaN if unknown. */
  total = Number.NaN
  /** Asset → its price then, of those that had one. */
  prices: ReadonlyMap<string, number> = new Map()
  /** The number of the frame in which it was seen. */
  private frame = 0

  /** Whether the day has begun. */
  get seen(): boolean {
    return !Number.isNaN(this.t)
  }

  /** Says whether something has moved since, or no midnight was seen; `changedSince` says whether the portfolio changed after a frame. */
  movedSince(changedSince: (frame: number) => boolean): boolean {
    return !this.seen || changedSince(this.frame)
  }

  /** Begins the first day that is seen, that of `t` (ms): what it began with is not known yet. */
  begin(t: number): void {
    this.t = floorTo(t, DAY)
  }

  /** Begins the day of `t` (ms) in the frame numbered `frame`. */
  pass(t: number, total: number, prices: ReadonlyMap<string, number>, frame: number): void {
    this.t = floorTo(t, DAY)
    this.total = total
    this.prices = prices
    this.frame = frame
  }

  /** Takes in the midnight that is stored, unless a newer one was seen. */
  restore({ t, prices }: PortfolioPast['midnight']): void {
    if (t < this.t) return
    this.t = t
    this.prices = prices
  }

  /** Says whether something has moved since, as of the frame numbered `frame`. */
  mark(moved: boolean, frame: number): void {
    this.frame = moved ? frame - 1 : frame
  }

  /** Notes that rows were booked in the frame numbered `frame`: if it is that of the midnight, they come after it. */
  booked(frame: number): void {
    this.frame = Math.min(this.frame, frame - 1)
  }
}
