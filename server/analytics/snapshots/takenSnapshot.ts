import type { CollectedAsset } from '../../../streams/analytics/features/collectedList.ts'
import type { AssetFacts, Snapshot } from '../../../streams/analytics/features/snapshot.ts'
import type { Market } from '../../../streams/market/market.ts'
import { SIM_ASSETS } from '../../feeds/sim/market.ts'
import type { Engine } from '../../storage/engine/engine.ts'
import { ranked, type SupplyOf, simulatedSupply } from './simulatedSnapshots.ts'

/** What could be taken of the market at a time. */
export interface Taken {
  /** Lists that there were not before, in the order of time. */
  readonly lists: readonly Snapshot[]
  /** Something has not come yet: it is worth asking again soon. */
  readonly waits: boolean
  /** The assets that have no list, and why. */
  readonly lacking?: { readonly assets: readonly Pick<CollectedAsset, 'asset' | 'name'>[]; readonly why: string }
}

/** Takes lists of what is known of the market at a time (ms); `times` are those of the lists that there are, ascending. */
export type TakeLists = (engine: Engine, t: number, times: readonly number[]) => Promise<Taken>

/** What is seen of the market. */
export interface SeenMarket {
  readonly market: Pick<Market, 'has' | 'instrument'>
  readonly pastKnown: boolean
}

/**
 * Returns what takes lists of the simulated market, one in each turn of `everyMs`: its newest prices, the rolling day, and supplies that stay as they are.
 */
export const simulatedTaker =
  (view: SeenMarket, quote: string, supplyOf: SupplyOf, everyMs: number): TakeLists =>
  async (_, t, times) => {
    if ((times.at(-1) ?? 0) >= Math.floor(t / everyMs) * everyMs) return { lists: [], waits: false }
    const list = simulatedList(view, quote, supplyOf, t)
    return list === undefined ? { lists: [], waits: true } : { lists: [list], waits: false }
  }

const simulatedList = ({ market, pastKnown }: SeenMarket, quote: string, supplyOf: SupplyOf, t: number): Snapshot | undefined => {
  // Before that the rolling day is not whole.
  if (!pastKnown) return undefined
  const assets = SIM_ASSETS.flatMap(({ name }): AssetFacts[] => {
    const symbol = `${name}-${quote}`
    if (!market.has(symbol)) return []
    const { price, bars } = market.instrument(symbol)
    if (!(price > 0)) return []
    const supply = simulatedSupply(name, supplyOf)
    const day = bars.rollingDay()
    const { open = Number.NaN, notional = Number.NaN } = day?.gap ? {} : (day?.candle ?? {})
    const change1d = open > 0 ? 100 * (price / open - 1) : Number.NaN
    // Of the last week nothing is kept at hand.
    return [{ name, symbol: name, rank: 0, marketCap: price * supply, price, supply, volume: notional, change1d, change7d: Number.NaN }]
  })
  return assets.length === 0 ? undefined : { t, assets: ranked(assets) }
}
