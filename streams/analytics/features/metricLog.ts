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
  /** Who says it: `coingecko`, `github`, the name of a file that was imported. */
  readonly source: string
  /** Where in the source it stands: a block, a row, the path of a request without its keys; '' if nothing more can be said. */
  readonly ref: string
}

interface Revision {
  readonly availableAt: number
  readonly value: number
}

/** All that was ever said of metrics. A revision stands beside what it revises, and does not replace it. */
export class MetricLog {
  private readonly revisions = new Map<string, Revision[]>()

  /**
   * Adds a fact. Throws a RangeError if the period is not the beginning of one, or if the fact was known before its period had shown it: a source's last
   * point is often of the day that is still going on.
   */
  add({ asset, metric, period, availableAt, value }: MetricFact): void {
    const where = `${asset} ${metric}`
    if (periodAt(metric, period) !== period)
      throw new RangeError(`${where}: found ${period}, expected the beginning of a ${METRICS[metric].step}`)
    const earliest = knownFrom(metric, period)
    if (availableAt < earliest)
      throw new RangeError(`${where} of ${day(period)}: found it known at ${availableAt}, expected ${earliest} at the earliest`)
    const key = keyOf(asset, metric, period)
    const revisions = this.revisions.get(key) ?? []
    // Of one moment the last word counts.
    const place = revisions.findLastIndex(revision => revision.availableAt <= availableAt) + 1
    revisions.splice(place, 0, { availableAt, value: value ?? Number.NaN })
    this.revisions.set(key, revisions)
  }

  /** Returns what was known at `t`. */
  asOf(t: number): MetricsAsOf {
    return new MetricsAsOf(this, t)
  }

  /** Returns the value of a period as it was known at `t`; NaN if it was not. */
  value(asset: string, metric: Metric, period: number, t: number): number {
    return this.revisions.get(keyOf(asset, metric, period))?.findLast(({ availableAt }) => availableAt <= t)?.value ?? Number.NaN
  }
}

const keyOf = (asset: string, metric: Metric, period: number): string => `${metric} ${period} ${asset}`
const day = (t: number): string => new Date(t).toISOString().slice(0, 10)

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
