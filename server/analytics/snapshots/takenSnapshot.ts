import type { AssetFacts, Snapshot } from '../../../streams/analytics/features/snapshot.ts'
import type { Market } from '../../../streams/market/market.ts'
import { SIM_ASSETS } from '../../feeds/sim/market.ts'
import { ranked, type SupplyOf, simulatedSupply } from './simulatedSnapshots.ts'

/** Returns a list of what is known of the market at a time (ms); `undefined` if nothing is. */
export type TakeSnapshot = (t: number) => Snapshot | undefined

/** What is seen of the market. */
export interface SeenMarket {
  readonly market: Pick<Market, 'has' | 'instrument'>
  readonly pastKnown: boolean
}

/** Returns what takes lists of the simulated market: its newest prices, the rolling day, and supplies that stay as they are. */
export const simulatedTaker =
  (view: SeenMarket, quote: string, supplyOf: SupplyOf): TakeSnapshot =>
  t => {
    const { market, pastKnown } = view
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
