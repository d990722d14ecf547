import type { MetricsAsOf } from './metricLog.ts'
import { METRICS, type Metric } from './metrics.ts'
import { logRatio } from './past.ts'

/** A figure of an asset from metrics as they were known. */
export interface MetricFeature {
  readonly name: string
  readonly definition: string
  /** How old its newest input is at least. */
  readonly lag: string
  readonly metrics: readonly Metric[]
  /** Returns the figure; NaN if it is not known. */
  of(known: MetricsAsOf, asset: string): number
}

/** Of 7 days, how many have to be known for their mean. */
const KNOWN_OF_7 = 5
/** Of 30 daily returns. */
const KNOWN_OF_30 = 20
const YEAR_DAYS = 365

type Series = (metric: Metric, count: number) => Float64Array

const feature = (name: string, metrics: readonly Metric[], definition: string, of: (series: Series) => number): MetricFeature => ({
  name,
  definition,
  lag: lagOf(metrics),
  metrics,
  of: (known, asset) => of((metric, count) => known.series(asset, metric, count)),
})

const lagOf = (metrics: readonly Metric[]): string => {
  const kinds = metrics.map(metric => METRICS[metric])
  if (kinds.some(({ step, of }) => step === 'month' && of === 'whole')) return 'the last whole month'
  return kinds.some(({ of }) => of === 'whole') ? 'the last whole day' : 'the beginning of the day'
}

/** The features of metrics. A new one gets its line here. */
export const METRIC_FEATURES: readonly MetricFeature[] = [
  feature('tvlChange30', ['tvl'], 'ln (TVL / TVL 30 days before), in USD: prices move it too', series => change(series('tvl', 31), 30)),
  feature('tvlFlow30', ['tvlFlow'], 'sum of 30 daily ln changes of the TVL at constant prices, all of them known', series =>
    total(series('tvlFlow', 30)),
  ),
  feature('volumeChange30', ['volume'], 'ln (mean volume of 7 days / that of 30 days before)', series =>
    weekChange(series('volume', 37), 30),
  ),
  feature('addressesChange30', ['activeAddresses'], 'ln (mean active addresses of 7 days / those of 30 days before)', series =>
    weekChange(series('activeAddresses', 37), 30),
  ),
  feature('gasChange30', ['gasPrice'], 'ln (mean gas price of 7 days / that of 30 days before), of a chain', series =>
    weekChange(series('gasPrice', 37), 30),
  ),
  feature('momentum30', ['price'], 'ln return of 30 days', series => change(series('price', 31), 30)),
  feature('momentum90', ['price'], 'ln return of 90 days', series => change(series('price', 91), 90)),
  feature('volatility30', ['price'], 'standard deviation of 30 daily ln returns, at least 20 of them', series =>
    volatility(series('price', 31)),
  ),
  feature('drawdown90', ['price'], 'ln (price / highest of the last 90 days)', series => drawdown(series('price', 90))),
  feature('capToTvl', ['marketCap', 'tvl'], 'ln (market cap / TVL)', series => logRatio(series('marketCap', 1)[0]!, series('tvl', 1)[0]!)),
  feature('volumeToCap', ['volume', 'marketCap'], 'ln (mean volume of 7 days / market cap)', series =>
    logRatio(weekMean(series('volume', 7), 0), series('marketCap', 1)[0]!),
  ),
  feature('capToSales', ['marketCap', 'revenue'], 'ln (market cap / revenue of 30 days × 365 / 30), all of them known', series =>
    logRatio(series('marketCap', 1)[0]!, (total(series('revenue', 30)) * YEAR_DAYS) / 30),
  ),
  feature('circulating', ['marketCap', 'dilutedMarketCap'], 'ln (market cap / fully diluted market cap)', series =>
    logRatio(series('marketCap', 1)[0]!, series('dilutedMarketCap', 1)[0]!),
  ),
  feature(
    'commitsChange3',
    ['commits', 'repositoryBreak'],
    'ln ((commits of 3 months + 1) / (of the 3 before + 1)); not known across a break of the repository',
    series =>
      series('repositoryBreak', 7).includes(1)
        ? Number.NaN
        : logRatio(total(series('commits', 3)) + 1, total(series('commits', 6).subarray(3)) + 1),
  ),
  feature(
    'authors3',
    ['authors', 'repositoryBreak'],
    'ln (mean authors of 3 months + 1); not known across a break of the repository',
    series => (series('repositoryBreak', 4).includes(1) ? Number.NaN : logRatio(total(series('authors', 3)) / 3 + 1, 1)),
  ),
]

const change = (series: Float64Array, ago: number): number => logRatio(series[0]!, series[ago]!)

/** NaN if one of them is. */
const total = (series: Float64Array): number => series.reduce((sum, value) => sum + value, 0)

const weekMean = (series: Float64Array, ago: number): number => {
  const known = series.subarray(ago, ago + 7).filter(value => !Number.isNaN(value))
  return known.length < KNOWN_OF_7 ? Number.NaN : total(known) / known.length
}

const weekChange = (series: Float64Array, ago: number): number => logRatio(weekMean(series, 0), weekMean(series, ago))

const volatility = (prices: Float64Array): number => {
  const returns = prices
    .subarray(1)
    .map((before, i) => logRatio(prices[i]!, before))
    .filter(value => !Number.isNaN(value))
  if (returns.length < KNOWN_OF_30) return Number.NaN
  const mean = total(returns) / returns.length
  return Math.sqrt(returns.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (returns.length - 1))
}

const drawdown = (prices: Float64Array): number => {
  const highest = prices.reduce((most, price) => (Number.isNaN(price) ? most : Math.max(most, price)), 0)
  return logRatio(prices[0]!, highest)
}
