import type { Mutable } from '../lib/mutable.ts'
import { baseOf, type Depth, depthOf, highestBid, type Levels, lowestAsk, quoteOf, SHOWN_REACH } from '../market/levels.ts'
import type { PoolRow } from '../measures/rows.ts'
import type { NoOutcome, PoolState } from './poolState.ts'
import type { ReserveDelta } from './rollingVolume.ts'
// Books of thousands of levels are added up several times a frame: nothing is made on the way.

/**
 * An order book as a pool: token1 is the base token, token0 the quote token. Its reserves are the base tokens that are offered and the
 * quote tokens that are bid; of a followed book, those within SHOWN_REACH of the middle.
 */
export class OrderBook implements PoolState {
  snapshot: Levels | undefined
  private readonly scale0: number
  private readonly scale1: number

  /** Takes the raw units of one token0 and of one token1. */
  constructor(scale0: number, scale1: number) {
    this.scale0 = scale0
    this.scale1 = scale1
  }

  /** Takes the book as it stands now; undefined if it is no longer known. */
  replace(levels: Levels | undefined): void {
    this.snapshot = levels
  }

  get price(): number {
    const { snapshot } = this
    return snapshot === undefined ? Number.NaN : (((lowestAsk(snapshot) + highestBid(snapshot)) / 2) * this.scale0) / this.scale1
  }

  get reserves(): readonly [bigint, bigint] | undefined {
    if (this.snapshot === undefined || this.partial) return undefined
    const raw = [quoteOf(this.snapshot.bids) * this.scale0, baseOf(this.snapshot.asks) * this.scale1]
    return raw.every(Number.isFinite) ? [BigInt(Math.round(raw[0]!)), BigInt(Math.round(raw[1]!))] : undefined
  }

  /** No log says anything of it. */
  apply(): ReserveDelta | undefined {
    return undefined
  }

  revert(): void {}

  forget(): void {}

  save(): undefined {}

  load(): void {}

  depth(fraction: number): Depth | undefined {
    if (this.snapshot === undefined) return undefined
    const { bid, ask } = depthOf(this.snapshot, fraction)
    return { bid: bid * this.scale0, ask: ask * this.scale1 }
  }

  /** Levels are measures: no contract rounds them. */
  outcome(): NoOutcome {
    return 'unknown'
  }

  describe(figures: Mutable<PoolRow>): void {
    figures.partial = this.partial
  }

  /** Whether less is known than is to be shown. */
  private get partial(): boolean {
    if (this.snapshot === undefined) return true
    const { reach } = this.snapshot
    return reach !== undefined && Math.min(reach.bid, reach.ask) < SHOWN_REACH
  }
}
