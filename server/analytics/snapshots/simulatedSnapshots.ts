import type { AssetFacts, Snapshot } from '../../../streams/analytics/features/snapshot.ts'
import { monthsFrom } from '../../../streams/analytics/scoring/months.ts'
import { nice, SIM_ASSETS, YEAR_MS } from '../../feeds/sim/market.ts'
import { type SeededRandom, seededRandom, seedOf } from '../../lib/seededRandom.ts'

/** Months of the simulated past, and those in which an asset may first be listed. */
const MONTHS = 48
const LISTED_WITHIN = 24
/** Market cap of the largest asset, USD, and how fast those behind it become smaller. */
const LARGEST_CAP = 1.2e12
const CAP_FALL = 2
/** Growth of supply a year, at most. */
const GROWTH_MAX = 0.08
/** What is traded in a day, as a share of the market cap. */
const TURNOVER = 0.03
const DAY_MS = 86_400_000

/** Returns the circulating supply of an asset; NaN if it is not known. */
export type SupplyOf = (asset: string) => number

/** Returns the circulating supply that an asset of the simulated market has now: the known one, else one that makes it smaller than those before it. */
export const simulatedSupply = (asset: string, supplyOf: SupplyOf): number => {
  const known = supplyOf(asset)
  if (known > 0) return known
  const place = SIM_ASSETS.findIndex(({ name }) => name === asset)
  return nice(LARGEST_CAP / (place + 1) ** CAP_FALL / SIM_ASSETS[place]!.price)
}

/**
 * Returns lists of the simulated market's assets, a month apart, of which the last is of `to` (ms) and has the prices that the market begins with. Prices are
 * geometric Brownian motions with one common factor and no drift, as those of the market: whatever can be known of their future is what follows from
 * that. The same seed and end give the same lists.
 */
export const simulatedSnapshots = (seed: number, to: number, supplyOf: SupplyOf): Snapshot[] => {
  const shared = seededRandom(seed)
  const common = Array.from({ length: MONTHS }, () => shared.normal())
  const assets = SIM_ASSETS.map(asset =>
    pastOf(asset, simulatedSupply(asset.name, supplyOf), seededRandom(seedOf(`${seed} ${asset.name} months`)), common),
  )
  return Array.from({ length: MONTHS }, (_, ago) => ({
    t: monthsFrom(to, -ago),
    assets: ranked(assets.flatMap(past => past[ago] ?? [])),
  })).reverse()
}

/** Returns an asset's facts, newest first, as far back as it is listed. */
const pastOf = (
  { name, price, volatility, share }: (typeof SIM_ASSETS)[number],
  supplyNow: number,
  random: SeededRandom,
  common: readonly number[],
): AssetFacts[] => {
  const listed = MONTHS - Math.floor(LISTED_WITHIN * random.uniform())
  const growth = GROWTH_MAX * random.uniform()
  const busy = TURNOVER * Math.exp(0.5 * random.normal())
  const month = volatility * Math.sqrt(1 / 12)
  let log = Math.log(price)
  return common.slice(0, listed).map((factor, ago) => {
    const now = nice(Math.exp(log))
    const supply = nice(supplyNow / (1 + growth) ** (ago / 12))
    const change = (days: number): number => 100 * (Math.exp(volatility * Math.sqrt((days * DAY_MS) / YEAR_MS) * random.normal()) - 1)
    const facts = {
      ...{ name, symbol: name, rank: Number.NaN, price: now, supply, marketCap: now * supply },
      volume: nice(now * supply * busy * Math.exp(0.4 * random.normal())),
      change1d: change(1),
      change7d: change(7),
    }
    // Its mean of simple returns is zero, so that of logarithms is below.
    log -= month * (share * factor + Math.sqrt(1 - share * share) * random.normal()) - month ** 2 / 2
    return facts
  })
}

/** Returns facts with their ranks by market cap. */
export const ranked = (assets: readonly AssetFacts[]): AssetFacts[] =>
  [...assets].sort((a, b) => b.marketCap - a.marketCap).map((asset, i) => ({ ...asset, rank: i + 1 }))
