import { DAY, floorTo } from '../../../streams/market/candles.ts'
import { COINS_MAX, type CoinGecko } from '../../coingecko/coingecko.ts'
import type { Point } from '../../coingecko/hourly.ts'
import { type Asked, assetByAsset, type CollectedFact, type Collector } from './collector.ts'
import { firstDay } from './days.ts'

/** The coins that CoinGecko is asked for. */
export interface MarketOptions {
  /** Retries, and keeps to what its plan allows. */
  readonly gecko: CoinGecko
  /** By asset: CoinGecko's name for it. */
  readonly coins: Readonly<Record<string, string>>
  readonly everyMs: number
  /** Gets the circulating supplies of each day, by asset. */
  readonly onSupplies: (supplies: ReadonlyMap<string, number>) => Promise<void>
}

/** Whole days before today that every plan gives: 365 with today. */
const DAYS_MAX = 364

/** Collects price and market cap at the beginning of each day, volume by whole day, and today's supply and diluted market cap. */
export const marketCollector = ({ gecko, coins, everyMs, onSupplies }: MarketOptions): Collector => ({
  source: 'coingecko',
  everyMs,
  get figures() {
    return gecko.figures
  },
  async *collect(asked) {
    const { now, since, signal, failed } = asked
    try {
      yield* factsOfToday(gecko, coins, asked, onSupplies)
    } catch (error) {
      signal.throwIfAborted()
      for (const asset of Object.keys(coins)) failed(asset, error as Error)
    }
    yield* assetByAsset(coins, asked, async function* (asset, id) {
      const today = floorTo(now, DAY)
      if (since(asset, 'price') === today && since(asset, 'volume') === today - DAY) return
      const from = Math.max(firstDay(since(asset, 'price'), now), today - DAYS_MAX * DAY)
      const { prices, marketCaps, volumes } = await gecko.daily(id, 'usd', Math.ceil((now - from) / DAY))
      const ref = `/coins/${id}/market_chart`
      const facts = (metric: 'price' | 'marketCap' | 'volume', points: readonly Point[], before = 0): CollectedFact[] =>
        points.flatMap(([t, value]) => (t % DAY === 0 && isFigure(value) ? { asset, metric, period: t - before, value, ref } : []))
      // The volume of a point is that of the day before it.
      yield [...facts('price', prices), ...facts('marketCap', marketCaps), ...facts('volume', volumes, DAY)]
    })
  },
})

/** CoinGecko gives 0 for what it does not know. */
const isFigure = (value: number | null | undefined): value is number => typeof value === 'number' && Number.isFinite(value) && value > 0

async function* factsOfToday(
  gecko: CoinGecko,
  coins: Readonly<Record<string, string>>,
  { now, since }: Asked,
  onSupplies: MarketOptions['onSupplies'],
): AsyncGenerator<CollectedFact[]> {
  const period = floorTo(now, DAY)
  const all = Object.entries(coins).filter(([asset]) => since(asset, 'supply') !== period)
  for (let i = 0; i < all.length; i += COINS_MAX) {
    const page = all.slice(i, i + COINS_MAX)
    const found = new Map((await gecko.facts([...new Set(page.map(([, id]) => id))], 'usd')).map(coin => [coin.id, coin]))
    const supplies = new Map(
      page.flatMap(([asset, id]) => (isFigure(found.get(id)?.supply) ? [[asset, found.get(id)!.supply!] as const] : [])),
    )
    if (supplies.size > 0) await onSupplies(supplies)
    yield page.flatMap(([asset, id]) =>
      (
        [
          ['supply', found.get(id)?.supply],
          ['dilutedMarketCap', found.get(id)?.dilutedMarketCap],
        ] as const
      ).flatMap(([metric, value]) =>
        isFigure(value) && since(asset, metric) !== period ? { asset, metric, period, value, ref: `/coins/markets ${id}` } : [],
      ),
    )
  }
}
