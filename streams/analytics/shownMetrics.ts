import { type Changes, Source } from '../lib/dependencies.ts'
import type { SourcedFact } from './features/metricLog.ts'
import { type Metric, staleFrom } from './features/metrics.ts'

/** The newest value of a metric, and whether a newer one should have come. */
export interface ShownMetric {
  readonly fact: SourcedFact
  readonly stale: boolean
}

/** The newest values of one asset's metrics. */
export class AssetMetrics extends Source {
  readonly newest = new Map<Metric, ShownMetric>()
  /** When the next of them becomes stale, ms. */
  staleAt = Number.POSITIVE_INFINITY

  /** Takes a fact that is known by `t` (ms). Returns false if a newer one is shown. */
  take(fact: SourcedFact, t: number): boolean {
    const shown = this.newest.get(fact.metric)
    if (shown !== undefined && isBefore(fact, shown.fact)) return false
    this.newest.set(fact.metric, { fact, stale: staleFrom(fact.metric, fact.period) <= t })
    this.schedule()
    return true
  }

  /** Lets time come to `t` (ms): what is overdue by then is stale. */
  age(t: number): void {
    for (const [metric, { fact, stale }] of this.newest)
      if (!stale && staleFrom(metric, fact.period) <= t) this.newest.set(metric, { fact, stale: true })
    this.schedule()
  }

  private schedule(): void {
    this.staleAt = Number.POSITIVE_INFINITY
    for (const [metric, { fact, stale }] of this.newest) if (!stale) this.staleAt = Math.min(this.staleAt, staleFrom(metric, fact.period))
  }
}

/** Whether a fact is older news than another of its metric: of an earlier period, or known earlier; of one moment the names of sources decide. */
const isBefore = (a: SourcedFact, b: SourcedFact): boolean =>
  a.period !== b.period ? a.period < b.period : a.availableAt !== b.availableAt ? a.availableAt < b.availableAt : a.source < b.source

/** Facts that wait for their time: those that become known last are dropped. */
const WAITING_MAX = 100_000

/** The newest metrics of all assets, as they are known at the moment of the view. A fact that becomes known later waits until then. */
export class ShownMetrics {
  /** When time alone changes something next, ms. */
  dueAt = Number.POSITIVE_INFINITY
  /** Facts that were not taken in because too many waited for their time. */
  dropped = 0
  /** Called with each asset as it turns up. */
  made: (asset: string) => void = () => {}
  private readonly assets = new Map<string, AssetMetrics>()
  /** Facts that are not known yet, in the order in which they will be. */
  private waiting: SourcedFact[] = []
  private readonly changes: Changes

  constructor(changes: Changes) {
    this.changes = changes
  }

  /** The assets that facts have come of, or that somebody has asked for. */
  get names(): Iterable<string> {
    return this.assets.keys()
  }

  /** Facts that wait for their time. */
  get waitingCount(): number {
    return this.waiting.length
  }

  /** Returns the metrics of an asset, which may have none yet. */
  of(asset: string): AssetMetrics {
    const known = this.assets.get(asset)
    if (known) return known
    const metrics = new AssetMetrics()
    this.assets.set(asset, metrics)
    this.made(asset)
    return metrics
  }

  /** Takes facts in, at the time `t` (ms) of the view. */
  absorb(facts: readonly SourcedFact[], t: number): void {
    const later: SourcedFact[] = []
    for (const fact of facts) {
      if (fact.availableAt <= t) this.show(fact, t)
      else later.push(fact)
    }
    if (later.length > 0) this.wait(later)
    this.schedule()
  }

  /** Lets time come to `t` (ms). */
  advance(t: number): void {
    const known = this.waiting.findIndex(({ availableAt }) => availableAt > t)
    for (const fact of this.waiting.splice(0, known < 0 ? this.waiting.length : known)) this.show(fact, t)
    for (const metrics of this.assets.values()) {
      if (metrics.staleAt > t) continue
      metrics.age(t)
      metrics.touch(this.changes)
    }
    this.schedule()
  }

  private wait(later: readonly SourcedFact[]): void {
    this.waiting = [...this.waiting, ...later].sort((a, b) => a.availableAt - b.availableAt)
    this.dropped += this.waiting.splice(WAITING_MAX).length
  }

  private show(fact: SourcedFact, t: number): void {
    const metrics = this.of(fact.asset)
    if (metrics.take(fact, t)) metrics.touch(this.changes)
  }

  private schedule(): void {
    this.dueAt = this.waiting[0]?.availableAt ?? Number.POSITIVE_INFINITY
    for (const { staleAt } of this.assets.values()) this.dueAt = Math.min(this.dueAt, staleAt)
  }
}
