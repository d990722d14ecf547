import { periodAt } from '../../../streams/analytics/features/metrics.ts'
import { MINUTE } from '../../../streams/market/candles.ts'
import type { CollectedFact, Collector } from './collector.ts'

/** What this server sees itself. */
export interface OwnOptions {
  /** Assets whose prices are noted. */
  readonly prices: readonly string[]
  /** Returns the price of an asset, USD; NaN if it is unknown or no longer known. */
  readonly priceOf: (asset: string) => number
  /** Pools, each an asset of its own, whose TVL is noted. */
  readonly pools: readonly string[]
  /** Returns what lies in a pool, USD; NaN if it is unknown or no longer known. */
  readonly tvlOf: (pool: string) => number
}

/** A price of later is not that of the beginning of the day. */
const LATEST_MS = 10 * MINUTE

/** Notes prices and TVL of its own market and pools at the beginning of each day. */
export const ownCollector = ({ prices, priceOf, pools, tvlOf }: OwnOptions): Collector => ({
  source: 'own',
  everyMs: MINUTE,
  figures: { requests: 0, retries: 0 },
  async *collect({ now, since }) {
    const period = periodAt('price', now)
    if (now - period > LATEST_MS) return
    const fact = (metric: 'price' | 'tvl', asset: string, value: number, ref: string): CollectedFact[] =>
      since(asset, metric) === period || !(value > 0 && Number.isFinite(value)) ? [] : [{ asset, metric, period, value, ref }]
    yield [
      ...prices.flatMap(asset => fact('price', asset, priceOf(asset), 'market')),
      ...pools.flatMap(pool => fact('tvl', pool, tvlOf(pool), 'pool')),
    ]
  },
})
