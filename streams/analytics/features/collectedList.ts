import type { MetricLog } from './metricLog.ts'
import { type Metric, periodAt } from './metrics.ts'
import { logRatio } from './past.ts'
import type { AssetFacts, Snapshot } from './snapshot.ts'

/** The metrics that a list of assets is made of. */
export const LIST_METRICS: readonly Metric[] = ['price', 'marketCap', 'supply', 'volume']

/** Days before its own that a list looks back on: the volume is that of the day before, and a week's change has one week. */
export const LOOKS_BACK = 7

/** An asset of which metrics are collected. */
export interface CollectedAsset {
  readonly asset: string
  readonly name: string
  /** Units in circulation now, for when no metric says; NaN if that is not known. */
  readonly supply: number
}

/**
 * Returns the list of the day that begins at `day` (ms), by what was known at `known` (ms): price, market cap and supply of its beginning, the volume of the
 * whole day before, the largest first. A market cap of which no source speaks is price × supply, and a supply market cap / price. `isToday`: the supplies that the
 * assets have now are those of that day. An asset without a price stays in the list for a week: that it was not collected does not mean that it is gone.
 */
export const collectedList = (
  log: MetricLog,
  day: number,
  known: number,
  assets: readonly CollectedAsset[],
  isToday: boolean,
): Snapshot => {
  const listed = assets.flatMap(({ asset, name, supply: now }): AssetFacts[] => {
    const at = (metric: Metric, ago = 0): number => log.value(asset, metric, periodAt(metric, day, ago), known)
    const price = at('price')
    const wasKnown = Array.from({ length: LOOKS_BACK + 1 }, (_, ago) => at('price', ago)).some(value => value > 0)
    if (!wasKnown) return []
    const said = at('marketCap')
    const counted = firstOf(at('supply'), isToday ? now : Number.NaN)
    const marketCap = firstOf(said, price * counted)
    return [
      {
        ...{ name, symbol: asset, rank: Number.NaN, price, marketCap },
        supply: firstOf(counted, said / price),
        volume: at('volume', 1),
        change1d: changeOf(price, at('price', 1)),
        change7d: changeOf(price, at('price', LOOKS_BACK)),
      },
    ]
  })
  const size = ({ marketCap }: AssetFacts): number => (marketCap > 0 ? marketCap : 0)
  const sorted = listed.sort((a, b) => size(b) - size(a) || (a.name < b.name ? -1 : 1))
  return { t: day, assets: sorted.map((facts, i) => (facts.marketCap > 0 ? { ...facts, rank: i + 1 } : facts)) }
}

/** Returns the assets of a list of which price and market cap are known: the others have no score. */
export const knownIn = ({ assets }: Snapshot): number => assets.filter(({ price, marketCap }) => price > 0 && marketCap > 0).length

const firstOf = (a: number, b: number): number => (a > 0 ? a : b > 0 ? b : Number.NaN)

/** Returns the change of a price, in percent. */
const changeOf = (now: number, before: number): number => (Number.isNaN(logRatio(now, before)) ? Number.NaN : 100 * (now / before - 1))
