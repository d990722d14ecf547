/** A portfolio at one moment, in the quote currency. */
export interface DrawdownPoint {
  /** All gains since the beginning. */
  readonly total: number
  /** The value of what is held; an asset without a price yet counts at its cost. */
  readonly worth: number
  /** The part of the total that came by prices that were the first of their assets since the moment remembered last. */
  readonly unseen: number
}

/** How deep a fall is: `abs` in money, `rel` as a share of one; `rel` is NaN if more is owed than is held. */
export interface Depth {
  readonly abs: number
  readonly rel: number
}

/**
 * The deepest fall of a portfolio below its highest point before: `abs` of its total, `rel` of what a unit of money invested at
 * the beginning has grown to. That growth is time-weighted (Π worth before a flow ÷ worth after the one before it), so that money
 * put in or taken out is neither growth nor fall. Both paths begin with nothing gained; what an asset had gained before its first price
 * came counts as if it had been there all along.
 */
export class Drawdown {
  private deepest: Depth = { abs: 0, rel: 0 }
  private peak = 0
  private highest = 1
  /** At the last flow: what the unit had grown to, and what was held after it. */
  private growth = 1
  private base = 0

  /** Returns the depth as of a moment; only what is remembered lasts. */
  at({ total, worth, unseen }: DrawdownPoint): Depth {
    const growth = this.growthAt(worth)
    return {
      abs: Math.max(this.deepest.abs, this.peakAt(total, unseen) - total),
      rel: Math.max(this.deepest.rel, 1 - growth / this.highestAt(growth, unseen)),
    }
  }

  /** Makes a moment part of the path. */
  remember(moment: DrawdownPoint): void {
    const { abs, rel } = this.at(moment)
    const growth = this.growthAt(moment.worth)
    this.peak = this.peakAt(moment.total, moment.unseen)
    if (Number.isNaN(growth)) this.deepest = { abs, rel: this.deepest.rel }
    else {
      this.deepest = { abs, rel }
      this.highest = this.highestAt(growth, moment.unseen)
    }
  }

  /** Notes that holdings changed at one moment from `before` to `after` in value, by bookings that brought in `flow` (took out, if negative). */
  booked(before: number, after: number, flow: number): void {
    // Money comes at the beginning of its moment and goes at the end, so that there is always something that grows.
    const invested = before + Math.max(flow, 0)
    const grown = this.growthAt(before) * (invested > 0 ? (after - Math.min(flow, 0)) / invested : 1)
    if (!Number.isNaN(grown)) this.growth = grown
    this.base = after
  }

  /**
   * Notes that all rows were booked again with others of the past: what is held was worth `before` and is worth `after`, and all gains are more
   * by `gained`. That is neither growth nor fall: it counts as if it had been there all along.
   */
  restated(before: number, after: number, gained: number): void {
    this.peak += gained
    this.booked(before, after, after - before)
  }

  /** Returns the time-weighted return as of a moment, a share of one; NaN if more is owed than is held. */
  returned({ worth }: DrawdownPoint): number {
    return this.growthAt(worth) - 1
  }

  private growthAt(worth: number): number {
    if (this.base === 0) return this.growth
    return this.base > 0 ? (this.growth * worth) / this.base : Number.NaN
  }

  private peakAt(total: number, unseen: number): number {
    return Math.max(0, total, this.peak + unseen)
  }

  private highestAt(growth: number, unseen: number): number {
    return Math.max(1, growth, this.highest + (this.base > 0 ? (this.growth * unseen) / this.base : 0))
  }
}
