import { logRatio, type Past } from './past.ts'

/** A figure of an asset at a time, from what could be known then. */
export interface Feature {
  readonly name: string
  /** How it is computed. */
  readonly definition: string
  /** How old its newest input is: what is read is known when it is read. */
  readonly lag: string
  /** Returns the figure; NaN if it is not known. */
  of(past: Past, asset: number): number
}

const LAG = 'none: of the snapshot itself'
/** Months that a statistic of 6 or 12 needs at least. */
const KNOWN_OF_6 = 4
const KNOWN_OF_12 = 8

/** The features of monthly snapshots. A new one gets its line here. */
export const SNAPSHOT_FEATURES: readonly Feature[] = [
  feature('size', 'ln market cap', (past, asset) => logRatio(past.facts(asset)?.marketCap ?? Number.NaN, 1)),
  feature('turnover', 'ln (volume of a day / market cap)', (past, asset) => turnover(past, asset, 0)),
  feature('momentum1', 'ln return of 1 month', (past, asset) => past.logReturn(asset, 1)),
  feature('momentum3', 'ln return of 3 months', (past, asset) => past.logReturn(asset, 3)),
  feature('momentum6', 'ln return of 6 months', (past, asset) => past.logReturn(asset, 6)),
  feature('momentum12', 'ln return of 12 months', (past, asset) => past.logReturn(asset, 12)),
  feature('volatility6', 'standard deviation of the last 6 monthly ln returns, at least 4 of them', (past, asset) =>
    volatility6(past, asset),
  ),
  feature('bestMonth6', 'largest of the last 6 monthly ln returns, at least 4 of them', (past, asset) => {
    const returns = knownOf(past.returns(asset, 6))
    return returns.length < KNOWN_OF_6 ? Number.NaN : returns.reduce((most, value) => Math.max(most, value))
  }),
  feature(
    'idiosyncratic12',
    "standard deviation of what the market's return leaves over of the last 12, at least 8 of them",
    (past, asset) => marketLine(past, asset).rest,
  ),
  feature(
    'beta12',
    "slope of the last 12 monthly returns on the market's (mean of the list), at least 8 of them",
    (past, asset) => marketLine(past, asset).slope,
  ),
  feature('supply1', 'ln growth of the circulating supply in 1 month', (past, asset) => supplyGrowth(past, asset, 1)),
  feature('supply3', 'ln growth of the circulating supply in 3 months', (past, asset) => supplyGrowth(past, asset, 3)),
  feature('turnoverChange1', 'change of turnover in 1 month', (past, asset) => turnover(past, asset, 0) - turnover(past, asset, 1)),
  feature('rankChange3', 'ln (rank 3 months before / rank)', (past, asset) =>
    logRatio(past.facts(asset, 3)?.rank ?? Number.NaN, past.facts(asset)?.rank ?? Number.NaN),
  ),
  feature('monthsListed', 'snapshots that had the asset so far', (past, asset) => past.monthsListed(asset)),
  feature('drawdown12', 'ln (price / highest of the last 12 snapshots), at least 4 of them', (past, asset) => {
    const falls = knownOf(Float64Array.from({ length: 12 }, (_, ago) => (ago === 0 ? 0 : past.logReturn(asset, ago))))
    return falls.length < KNOWN_OF_6 ? Number.NaN : falls.reduce((least, value) => Math.min(least, value))
  }),
  feature('change7d', 'change of the price in 7 days', (past, asset) => past.facts(asset)?.change7d ?? Number.NaN),
  feature('change1d', 'change of the price in 1 day', (past, asset) => past.facts(asset)?.change1d ?? Number.NaN),
]

function feature(name: string, definition: string, of: Feature['of']): Feature {
  return { name, definition, lag: LAG, of }
}

/** Returns the standard deviation of the last 6 monthly returns; NaN of fewer than 4. */
export function volatility6(past: Past, asset: number): number {
  const returns = knownOf(past.returns(asset, 6))
  return returns.length < KNOWN_OF_6 ? Number.NaN : deviation(returns)
}

const turnover = (past: Past, asset: number, ago: number): number => {
  const facts = past.facts(asset, ago)
  return facts === undefined ? Number.NaN : logRatio(facts.volume, facts.marketCap)
}

const supplyGrowth = (past: Past, asset: number, months: number): number =>
  logRatio(past.facts(asset)?.supply ?? Number.NaN, past.facts(asset, months)?.supply ?? Number.NaN)

const knownOf = (values: Float64Array): Float64Array => values.filter(value => !Number.isNaN(value))

const deviation = (values: Float64Array): number => {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1))
}

/** Returns the least-squares line of an asset's monthly returns on the market's. */
const marketLine = (past: Past, asset: number): { readonly slope: number; readonly rest: number } => {
  const returns = past.returns(asset, 12)
  const pairs = [...returns].flatMap((own, ago) => {
    const market = past.marketReturn(ago)
    return Number.isNaN(own) || Number.isNaN(market) ? [] : [[market, own] as const]
  })
  if (pairs.length < KNOWN_OF_12) return { slope: Number.NaN, rest: Number.NaN }
  const meanOf = (side: 0 | 1): number => pairs.reduce((sum, pair) => sum + pair[side], 0) / pairs.length
  const [marketMean, ownMean] = [meanOf(0), meanOf(1)]
  const spread = pairs.reduce((sum, [market]) => sum + (market - marketMean) ** 2, 0)
  const slope = spread > 0 ? pairs.reduce((sum, [market, own]) => sum + (market - marketMean) * (own - ownMean), 0) / spread : Number.NaN
  return { slope, rest: deviation(Float64Array.from(pairs, ([market, own]) => own - ownMean - slope * (market - marketMean))) }
}
