import type { Level } from '../market/levels.ts'
import type { Pool } from './pool.ts'

/** The levels of an order book, best first: its price in token0 a token1, and the token1 that are wanted or offered. */
export interface ShownBook {
  /** ms of event time: of the newest change of it. */
  readonly t: number
  readonly stale: boolean
  readonly bids: readonly Level[]
  readonly asks: readonly Level[]
  /** Levels that are known beyond these. */
  readonly more: { readonly bids: number; readonly asks: number }
  /** How far from the middle, as a share of it, all levels are known; everywhere if it is absent. */
  readonly reach?: { readonly bid: number; readonly ask: number }
}

/** Returns the best `most` levels a side that a pool shows; null while they are not known, undefined if it is no order book. */
export const shownBook = (pool: Pool, most: number): ShownBook | null | undefined => {
  if (pool.spec.kind !== 'orderbook') return undefined
  const { levels, figures } = pool
  if (levels === undefined) return null
  const bids = [...levels.bids].sort(([a], [b]) => b - a)
  const asks = [...levels.asks].sort(([a], [b]) => a - b)
  return {
    t: figures.eventT,
    stale: pool.silent,
    bids: bids.slice(0, most),
    asks: asks.slice(0, most),
    more: { bids: Math.max(bids.length - most, 0), asks: Math.max(asks.length - most, 0) },
    ...(levels.reach && { reach: levels.reach }),
  }
}
