import { FactSeries, type Said } from './factSeries.ts'
import { knownFrom, METRICS, type Metric, newestPeriod, periodAt } from './metrics.ts'

/** A value of a metric, with two times: the period that it is of, and when it was known. */
export interface MetricFact {
  readonly asset: string
  readonly metric: Metric
  /** Beginning of the period, in ms. */
  readonly period: number
  /** When it was known, in ms. */
  readonly availableAt: number
  /** `null` if the source says that it does not know, or no longer. */
  readonly value: number | null
}

/** A fact, and where it comes from. */
export interface SourcedFact extends MetricFact {
  /** Who says it: `coingecko`, `github`, whatever a file names. */
  readonly source: string
  /** Where in the source it stands: a block, a row, the path of a request without its keys; '' if nothing more can be said. */
  readonly ref: string
}

/** How far clocks may be apart, ms. */
const CLOCKS_MS = 60_000

/**
 * Returns why a fact cannot be one, at the time `now` (ms) if that matters; `undefined` if it can. Its period has to be a whole one, and it cannot have been
 * known before its period had shown it: a source's last point is often of the day that is still going on.
 */
export const faultOf = ({ asset, metric, period, availableAt, value }: MetricFact, now = Number.POSITIVE_INFINITY): string | undefined => {
  const where = `${asset} ${metric}`
  if (periodAt(metric, period) !== period) return `${where}: found ${period}, expected the beginning of a ${METRICS[metric].step}`
  const earliest = knownFrom(metric, period)
  if (!(availableAt >= earliest))
    return `${where} of ${day(period)}: found it known at ${availableAt}, expected ${earliest} at the earliest`
  if (availableAt > now + CLOCKS_MS)
    return `${where} of ${day(period)}: found it known at ${availableAt}, expected now, ${now}, at the latest`
  if (value !== null && !Number.isFinite(value))
    return `${where} of ${day(period)}: found ${value}, expected a number, or null if it is not known`
  return undefined
}

/** All that was ever said of metrics. A revision stands beside what it revises, and does not replace it; so do the words of several sources. */
export class MetricLog {
  private readonly byAsset = new Map<string, Map<Metric, FactSeries>>()
  /** The number of facts. */
  size = 0

  /** Adds a fact; one of no source has the source ''. Throws a RangeError that says why it cannot be one. */
  add(fact: MetricFact & { readonly source?: string }): void {
    const fault = faultOf(fact)
    if (fault !== undefined) throw new RangeError(fault)
    const { asset, metric, period, availableAt, value, source = '' } = fact
    const metrics = this.byAsset.get(asset) ?? new Map<Metric, FactSeries>()
    const series = metrics.get(metric) ?? new FactSeries()
    const before = series.size
    series.put(period, availableAt, source, value ?? Number.NaN)
    this.size += series.size - before
    metrics.set(metric, series)
    this.byAsset.set(asset, metrics)
  }

  /** The assets of which something was said. */
  get assets(): Iterable<string> {
    return this.byAsset.keys()
  }

  /** Returns what was known at `t`. */
  asOf(t: number): MetricsAsOf {
    return new MetricsAsOf(this, t)
  }

  /** Returns the value of a period as it was known at `t`, by the newest word of any source; NaN if it was not. */
  value(asset: string, metric: Metric, period: number, t: number): number {
    return this.byAsset.get(asset)?.get(metric)?.value(period, t) ?? Number.NaN
  }

  /** Returns all that the source of a fact said of the same asset, metric and period, in the order in which it was known. */
  wordsOf({ asset, metric, period, source }: SourcedFact): readonly Said[] {
    return this.byAsset.get(asset)?.get(metric)?.wordsOf(source, period) ?? []
  }

  /** Forgets the periods that began before the time (ms) that `before` gives for a metric. Returns how many facts went. */
  forget(before: (metric: Metric) => number): number {
    let gone = 0
    for (const metrics of this.byAsset.values()) for (const [metric, series] of metrics) gone += series.forget(before(metric))
    this.size -= gone
    return gone
  }
}

const day = (t: number): string => (Number.isFinite(t) ? new Date(t).toISOString().slice(0, 10) : `${t}`)

/** Metrics as they were known at one time. */
export class MetricsAsOf {
  readonly t: number
  private readonly log: MetricLog

  constructor(log: MetricLog, t: number) {
    this.log = log
    this.t = t
  }

  /** Returns the last `count` values, newest first, from the newest period that could be known; NaN where nothing was. */
  series(asset: string, metric: Metric, count: number): Float64Array {
    const newest = newestPeriod(metric, this.t)
    return Float64Array.from({ length: count }, (_, ago) => this.log.value(asset, metric, periodAt(metric, newest, ago), this.t))
  }
}
