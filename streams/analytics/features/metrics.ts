/** A kind of metric: what is counted, and when a value can be known at the earliest. */
export interface MetricKind {
  readonly unit: 'USD' | 'wei' | 'count' | 'ratio' | 'ln'
  readonly step: 'day' | 'month'
  /**
   * `start`: read at the beginning of its period, and known then. `whole`: counted over all of its period, so known when that has ended. To put the
   * price of 00:00 beside the volume of the same day is to look a day ahead.
   */
  readonly of: 'start' | 'whole'
}

/** All metrics. A new one gets its line here. */
export const METRICS = {
  price: { unit: 'USD', step: 'day', of: 'start' },
  marketCap: { unit: 'USD', step: 'day', of: 'start' },
  dilutedMarketCap: { unit: 'USD', step: 'day', of: 'start' },
  tvl: { unit: 'USD', step: 'day', of: 'start' },
  /** ln change of the TVL over a day, each token at its price of the beginning: `tvlFlow`. */
  tvlFlow: { unit: 'ln', step: 'day', of: 'whole' },
  volume: { unit: 'USD', step: 'day', of: 'whole' },
  revenue: { unit: 'USD', step: 'day', of: 'whole' },
  activeAddresses: { unit: 'count', step: 'day', of: 'whole' },
  gasPrice: { unit: 'wei', step: 'day', of: 'whole' },
  commits: { unit: 'count', step: 'month', of: 'whole' },
  authors: { unit: 'count', step: 'month', of: 'whole' },
  /** 1 in a month in which the repository was squashed, moved or started again: counts on both sides of it cannot be compared. */
  repositoryBreak: { unit: 'count', step: 'month', of: 'start' },
} as const satisfies Record<string, MetricKind>

/** A metric by its name. */
export type Metric = keyof typeof METRICS

const DAY_MS = 86_400_000

/** Returns the beginning of the period that `t` (ms, UTC) lies in, or of the one `ago` periods before. */
export const periodAt = (metric: Metric, t: number, ago = 0): number => {
  if (METRICS[metric].step === 'day') return (Math.floor(t / DAY_MS) - ago) * DAY_MS
  const date = new Date(t)
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() - ago, 1)
}

/** Returns when the value of a period can be known at the earliest, in ms. */
export const knownFrom = (metric: Metric, period: number): number =>
  METRICS[metric].of === 'start' ? period : periodAt(metric, period, -1)

/** Returns the beginning of the newest period whose value can be known at `t`. */
export const newestPeriod = (metric: Metric, t: number): number => periodAt(metric, t, METRICS[metric].of === 'start' ? 0 : 1)
