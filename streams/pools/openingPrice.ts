import { DAY, floorTo } from '../market/candles.ts'
import type { Priced } from './poolState.ts'

/** The price, of a token1 in token0, both raw, that a UTC day began with: that of 00:00 if one was known, else the first after it. */
export interface DayPrice {
  /** ms: when the day began. */
  readonly day: number
  readonly price: number
}

/** The opening price of the running UTC day, by the clock of the logs and of the frames. */
export class OpeningPrice {
  private opening: DayPrice | undefined
  /** ms: the UTC day that time has come to. */
  private today = Number.NEGATIVE_INFINITY

  /** The price that the day began with; undefined if none was known yet. */
  get current(): DayPrice | undefined {
    return this.opening
  }

  /** Begins the UTC day of `t` (ms) with the price of the pool, unless it has begun or there is none. Returns whether it begins with another price. */
  open(t: number, pool: Priced): boolean {
    this.today = Math.max(this.today, floorTo(t, DAY))
    if (this.opening?.day === this.today) return false
    const { price } = pool
    const before = this.opening?.price
    this.opening = price > 0 ? { day: this.today, price } : undefined
    return this.opening !== undefined && price !== before
  }

  /** Goes back to the opening price after an older log, to which the pool has been reverted. The day goes on. */
  revert(opening: DayPrice | undefined, pool: Priced): void {
    this.opening = opening
    this.open(this.today, pool)
  }

  /** Takes the place of what is known, as of `t` (ms). */
  load(opening: DayPrice | undefined, t: number): void {
    this.opening = opening
    this.today = floorTo(t, DAY)
  }

  /** Returns when (ms) the next day begins with another price if that of the pool stands until then; Infinity if it does not. */
  changesAt({ price }: Priced): number {
    return price > 0 && price !== this.opening?.price ? this.today + DAY : Number.POSITIVE_INFINITY
  }
}
