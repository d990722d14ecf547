import type { Mutable } from '../lib/mutable.ts'
import type { PoolRow } from '../measures/rows.ts'
import type { Depth, PoolState } from './poolState.ts'
import type { ReserveDelta } from './rollingVolume.ts'

/** Of a level the price, in the quote token a base token, and the base tokens wanted or offered at it. */
export type Level = readonly [price: number, base: number]

/** In any order. */
export interface Levels {
  readonly bids: readonly Level[]
  readonly asks: readonly Level[]
  /** How far from the middle, as a share of it, all levels of a side are known; everywhere where it is left out. */
  readonly reach?: Depth
}

/** A book that is followed is known so far from its middle, as a share of it, unless its venue tells less. */
export const SHOWN = 0.1

/** NaN where that side is empty. */
export const lowestAsk = ({ asks }: Levels): number => asks.reduce((low, level) => Math.min(low, level[0]), asks[0]?.[0] ?? Number.NaN)
export const highestBid = ({ bids }: Levels): number => bids.reduce((high, level) => Math.max(high, level[0]), bids[0]?.[0] ?? Number.NaN)

/** The same book seen from the other token: who bids for the one asks for the other. */
export const inverted = ({ bids, asks }: Levels): Levels => {
  const turned = (levels: readonly Level[]): Level[] => levels.map(([price, base]) => [1 / price, price * base])
  return { bids: turned(asks), asks: turned(bids) }
}

// Books of thousands of levels are added up several times a frame: nothing is made on the way.
const baseOf = (levels: readonly Level[], most = Number.POSITIVE_INFINITY): number =>
  levels.reduce((sum, level) => (level[0] <= most ? sum + level[1] : sum), 0)
const quoteOf = (levels: readonly Level[], least = 0): number =>
  levels.reduce((sum, level) => (level[0] >= least ? sum + level[0] * level[1] : sum), 0)

/** A level at the very edge counts, whatever the rounding of the edge. */
export const EDGE = 1 + 1e-12

/**
 * Base tokens offered up to so far above the middle of the best bid and ask, quote tokens bid down to so far below; the edges count. NaN
 * for a side whose levels are not all known so far.
 */
export const depthOf = (levels: Levels, fraction: number): Depth => {
  const mid = (lowestAsk(levels) + highestBid(levels)) / 2
  const reaches = (side: keyof Depth): boolean => !Number.isNaN(mid) && (levels.reach === undefined || fraction <= levels.reach[side])
  return {
    bid: reaches('bid') ? quoteOf(levels.bids, (mid * (1 - fraction)) / EDGE) : Number.NaN,
    ask: reaches('ask') ? baseOf(levels.asks, mid * (1 + fraction) * EDGE) : Number.NaN,
  }
}

/**
 * An order book as a pool: token1 is the base token, token0 the quote token. What lies in it are the base tokens that are offered and
 * the quote tokens that are bid, of a book that is followed those within SHOWN of the middle.
 */
export class OrderBook implements PoolState {
  snapshot: Levels | undefined
  private readonly scale0: number
  private readonly scale1: number

  /** Raw units a token. */
  constructor(scale0: number, scale1: number) {
    this.scale0 = scale0
    this.scale1 = scale1
  }

  /** Takes the book as it stands now; undefined where it is not known any more. */
  replace(levels: Levels | undefined): void {
    this.snapshot = levels
  }

  get price(): number {
    const { snapshot: known } = this
    return known === undefined ? Number.NaN : (((lowestAsk(known) + highestBid(known)) / 2) * this.scale0) / this.scale1
  }

  get reserves(): readonly [bigint, bigint] | undefined {
    if (this.snapshot === undefined || this.partial) return undefined
    const raw = [quoteOf(this.snapshot.bids) * this.scale0, baseOf(this.snapshot.asks) * this.scale1]
    return raw.every(Number.isFinite) ? [BigInt(Math.round(raw[0]!)), BigInt(Math.round(raw[1]!))] : undefined
  }

  /** No log tells anything of it. */
  apply(): ReserveDelta | undefined {
    return undefined
  }

  revert(): void {}

  depth(fraction: number): Depth | undefined {
    if (this.snapshot === undefined) return undefined
    const { bid, ask } = depthOf(this.snapshot, fraction)
    return { bid: bid * this.scale0, ask: ask * this.scale1 }
  }

  describe(figures: Mutable<PoolRow>): void {
    figures.partial = this.partial
  }

  /** Less is known than what is to be shown. */
  private get partial(): boolean {
    if (this.snapshot === undefined) return true
    const { reach } = this.snapshot
    return reach !== undefined && Math.min(reach.bid, reach.ask) < SHOWN
  }
}
