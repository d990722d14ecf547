import type { Mutable } from '../mutable.ts'
import type { PoolRow } from '../rows.ts'
import type { Depth, PoolChain } from './chain.ts'
import type { Swap } from './swapDay.ts'

/** Of a level the price, in the quote token a base token, and the base tokens wanted or offered at it. */
export type Level = readonly [price: number, base: number]

/** In any order. */
export interface Levels {
  readonly bids: readonly Level[]
  readonly asks: readonly Level[]
}

/** NaN where that side is empty. */
export const lowestAsk = ({ asks }: Levels): number => best(asks, Math.min)
export const highestBid = ({ bids }: Levels): number => best(bids, Math.max)

const best = (levels: readonly Level[], better: (a: number, b: number) => number): number =>
  levels.map(([price]) => price).reduce((a, b) => better(a, b), levels[0]?.[0] ?? Number.NaN)

/** The same book seen from the other token: who bids for the one asks for the other. */
export const inverted = ({ bids, asks }: Levels): Levels => {
  const turned = (levels: readonly Level[]): Level[] => levels.map(([price, base]) => [1 / price, price * base])
  return { bids: turned(asks), asks: turned(bids) }
}

const baseOf = (levels: readonly Level[]): number => levels.reduce((sum, [, base]) => sum + base, 0)
const quoteOf = (levels: readonly Level[]): number => levels.reduce((sum, [price, base]) => sum + price * base, 0)

/** A level at the very edge counts, whatever the rounding of the edge. */
const EDGE = 1 + 1e-12

/** Base tokens offered up to so far above the middle of the best bid and ask, quote tokens bid down to so far below; the edges count. */
export const depthOf = (levels: Levels, fraction: number): Depth => {
  const mid = (lowestAsk(levels) + highestBid(levels)) / 2
  if (Number.isNaN(mid)) return { bid: Number.NaN, ask: Number.NaN }
  return {
    bid: quoteOf(levels.bids.filter(([price]) => price * EDGE >= mid * (1 - fraction))),
    ask: baseOf(levels.asks.filter(([price]) => price <= mid * (1 + fraction) * EDGE)),
  }
}

/**
 * An order book as a pool: token1 is the base token, token0 the quote token. What lies in it are the base tokens that are offered and
 * the quote tokens that are bid.
 */
export class OrderBook implements PoolChain {
  known: Levels | undefined
  private readonly scale0: number
  private readonly scale1: number

  /** Raw units a token. */
  constructor(scale0: number, scale1: number) {
    this.scale0 = scale0
    this.scale1 = scale1
  }

  /** Takes the book as it stands now. */
  take(levels: Levels): void {
    this.known = levels
  }

  get price(): number {
    const { known } = this
    return known === undefined ? Number.NaN : (((lowestAsk(known) + highestBid(known)) / 2) * this.scale0) / this.scale1
  }

  get reserves(): readonly [bigint, bigint] | undefined {
    if (this.known === undefined) return undefined
    const raw = [quoteOf(this.known.bids) * this.scale0, baseOf(this.known.asks) * this.scale1]
    return raw.every(Number.isFinite) ? [BigInt(Math.round(raw[0]!)), BigInt(Math.round(raw[1]!))] : undefined
  }

  /** No log tells anything of it. */
  apply(): Swap | undefined {
    return undefined
  }

  takeBack(): void {}

  depth(fraction: number): Depth | undefined {
    if (this.known === undefined) return undefined
    const { bid, ask } = depthOf(this.known, fraction)
    return { bid: bid * this.scale0, ask: ask * this.scale1 }
  }

  describe(figures: Mutable<PoolRow>): void {
    figures.partial = this.known === undefined
  }
}
