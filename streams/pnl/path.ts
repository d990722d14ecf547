import type { Mutable } from '../lib/mutable.ts'

/** A portfolio at one moment, in the quote currency; NaN is unknown. */
export interface PathPoint {
  /** All gains since the beginning. */
  readonly total: number
  /** The value of what is held. */
  readonly worth: number
}

/** How deep a fall is: `abs` in money, `rel` as a share of one; `rel` is NaN if more is owed than is held. */
export interface Depth {
  readonly abs: number
  readonly rel: number
}

/** All that a path has come to, as it can be stored. NaN is unknown. */
export interface PathState {
  /** What a unit of money invested at the beginning had grown to at the last flow, and what was held after it. */
  readonly growth: number
  readonly base: number
  /** The highest total, and the highest growth. */
  readonly peak: number
  readonly highest: number
  /** The deepest falls. */
  readonly abs: number
  readonly rel: number
}

const BEGINNING: PathState = { growth: 1, base: 0, peak: 0, highest: 1, abs: 0, rel: 0 }
/** A path of which nothing is known. */
export const LOST: PathState = {
  growth: Number.NaN,
  base: Number.NaN,
  peak: Number.NaN,
  highest: Number.NaN,
  abs: Number.NaN,
  rel: Number.NaN,
}

/**
 * The way a portfolio has gone: the deepest fall below its highest point before, `abs` of its total, `rel` of what a unit of money invested
 * at the beginning has grown to. That growth is time-weighted (Π worth before a flow ÷ worth after the one before it), so that money
 * put in or taken out is neither growth nor fall. Both begin with nothing gained.
 */
export class Path {
  private state: Mutable<PathState> = { ...BEGINNING }

  /** Whether nothing of it was missed. */
  get known(): boolean {
    return !Number.isNaN(this.state.growth)
  }

  /** Forgets everything: a part of the way was not seen. Nothing is known until `state` is set. */
  lose(): void {
    this.state = { ...LOST }
  }

  /** Forgets the falls: a part of the way was not seen, but no money came or went in it. */
  loseDepth(): void {
    this.state = { ...LOST, growth: this.state.growth, base: this.state.base }
  }

  /** Returns what the path has come to. */
  write(): PathState {
    return { ...this.state }
  }

  /** Goes on from what was written. */
  read(state: PathState): void {
    this.state = { ...state }
  }

  /** Returns the depth as of a moment; only what is remembered lasts. */
  at({ total, worth }: PathPoint): Depth {
    const { abs, rel, peak } = this.state
    const growth = this.growthAt(worth)
    return { abs: Math.max(abs, Math.max(peak, total) - total), rel: Math.max(rel, 1 - growth / this.highestAt(growth)) }
  }

  /** Makes a moment part of the path. An unknown one is none. */
  remember(point: PathPoint): void {
    const { state } = this
    if (Number.isNaN(point.total)) return
    const { abs, rel } = this.at(point)
    const growth = this.growthAt(point.worth)
    state.peak = Math.max(state.peak, point.total)
    state.abs = abs
    if (Number.isNaN(growth)) return
    state.rel = rel
    state.highest = this.highestAt(growth)
  }

  /** Notes that holdings changed at one moment from `before` to `after` in value, by bookings that brought in `flow` (took out, if negative). */
  booked(before: number, after: number, flow: number): void {
    // Money comes at the beginning of its moment and goes at the end, so that there is always something that grows.
    const invested = before + Math.max(flow, 0)
    const grown = this.growthAt(before) * (invested > 0 ? (after - Math.min(flow, 0)) / invested : 1)
    if (!Number.isNaN(grown)) this.state.growth = grown
    this.state.base = after
  }

  /**
   * Notes that all rows were booked again with others of the past: what is held was worth `before` and is worth `after`, and all gains are more
   * by `gained`. That is neither growth nor fall: it counts as if it had been there all along.
   */
  restated(before: number, after: number, gained: number): void {
    this.state.peak += gained
    this.booked(before, after, after - before)
  }

  /** Returns the time-weighted return as of a moment, a share of one; NaN if more is owed than is held. */
  returned({ worth }: PathPoint): number {
    return this.growthAt(worth) - 1
  }

  private growthAt(worth: number): number {
    const { base, growth } = this.state
    if (base === 0) return growth
    return base > 0 ? (growth * worth) / base : Number.NaN
  }

  private highestAt(growth: number): number {
    return Math.max(this.state.highest, growth)
  }
}
