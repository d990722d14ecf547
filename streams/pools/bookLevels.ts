import type { PoolBook } from '../wire/answers/pools.ts'
import type { Pool } from './pool.ts'

/** The levels of an order book, without the name of its pool. */
export type ShownBook = Omit<PoolBook, 'pool'>

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
