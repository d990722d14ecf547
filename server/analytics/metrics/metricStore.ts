import type { Logger } from 'pino'
import { ReplaySubject } from 'rxjs'
import { freshFacts } from '../../../streams/analytics/features/freshFacts.ts'
import { MetricLog, type MetricsAsOf, type SourcedFact } from '../../../streams/analytics/features/metricLog.ts'
import type { Metric } from '../../../streams/analytics/features/metrics.ts'
import type { Metrics } from '../../../streams/input.ts'
import { retrying } from '../../lib/retrying.ts'
import type { Engine } from '../../storage/engine/engine.ts'
import { lateAt, lateFrom } from './keptFacts.ts'
import type { MetricSink } from './metricSink.ts'
import { addAll, everyFact, factsAfter, factsAsOf, insertFacts, newestFacts, newestPeriods, saidOf } from './metricTable.ts'

/** What the store needs. */
export interface MetricStoreOptions {
  readonly engine: Promise<Engine>
  /** Puts into the ordered input. */
  readonly put: (input: Metrics) => void
  /** The wall clock, ms. */
  readonly now: () => number
  /** Ends the reading of what is stored. */
  readonly signal: AbortSignal
  readonly log: Logger
}

/** What became of facts. */
export interface KeptFacts {
  /** Those that say something new. */
  readonly accepted: number
  /** Those that say what was said already. */
  readonly known: number
}

/** Facts in memory. */
const FACTS_MAX = 1_000_000
/** By how much less is kept if there are more. */
const LESS = 0.75
/** Facts that become known while a replay runs: more than a view lets wait, so that it counts what it drops. */
const WAITING_MAX = 200_000

/**
 * Stores facts in ClickHouse and returns those that are new, dated as they are stored; `now` in ms. Each is stored once however often it comes. Two calls
 * at once may both take a fact for new, so one waits for the other. Rejects with a RangeError if one is no fact; then none is stored.
 */
export const storeFacts = async (engine: Engine, facts: readonly SourcedFact[], now: number): Promise<SourcedFact[]> => {
  const fresh = freshFacts(facts, await saidOf(engine, facts), now)
  await insertFacts(engine, fresh)
  return fresh
}

/** All metrics: in ClickHouse all that was ever said, in memory what was said of late. What is new goes into the ordered input. */
export class MetricStore implements MetricSink {
  /** What was said of late: at most a million facts, those of the newest periods. Complete once `loaded` has resolved. */
  readonly log = new MetricLog()
  /** Each asset of which something is known, as soon as that is so; also those of before the subscription. */
  readonly assets$ = new ReplaySubject<string>()
  /** Resolves when what is stored has been read. */
  readonly loaded: Promise<void>
  private readonly options: MetricStoreOptions
  /** Asset and metric → source → the beginning of the newest period that it gave. */
  private readonly periods = new Map<string, Map<string, number>>()
  private readonly assets = new Set<string>()
  private before: Promise<unknown>
  private readonly counts = { accepted: 0, known: 0, refused: 0, failures: 0, dropped: 0 }

  constructor(options: MetricStoreOptions) {
    const { engine, signal, log } = options
    this.options = options
    const failed = (): void => {
      this.counts.failures += 1
    }
    const warn = ({ message: error }: Error): void => log.warn({ error }, 'stored metrics cannot be read; retrying')
    this.loaded = engine.then(opened => retrying(() => this.load(opened), { signal, failed, warn }))
    this.before = this.loaded.catch(() => {})
  }

  async add(facts: readonly SourcedFact[]): Promise<void> {
    await this.keep(facts)
  }

  /** Does what `add` does, and returns what became of the facts. */
  async keep(facts: readonly SourcedFact[]): Promise<KeptFacts> {
    const { engine, put, now } = this.options
    const storing = this.before.then(async () => storeFacts(await engine, facts, now()))
    this.before = storing.catch(() => {})
    try {
      const fresh = await storing
      this.remember(fresh)
      if (fresh.length > 0) put({ kind: 'metrics', facts: fresh })
      const [accepted, known] = [fresh.length, facts.length - fresh.length]
      this.counts.accepted += accepted
      this.counts.known += known
      return { accepted, known }
    } catch (error) {
      if (error instanceof RangeError) this.counts.refused += facts.length
      else this.counts.failures += 1
      throw error
    }
  }

  newest(asset: string, metric: Metric, source: string): number | undefined {
    return this.periods.get(`${asset} ${metric}`)?.get(source)
  }

  /** Returns what was known at `t` (ms), with as much of the past as `log` has now. Read from ClickHouse, so `t` may lie long ago. */
  async asOf(t: number): Promise<MetricsAsOf> {
    const log = new MetricLog()
    await addAll(log, await factsAsOf(await this.options.engine, t, lateAt(t)))
    return log.asOf(t)
  }

  /** Returns the newest facts as they were known at `t` (ms), and in their order those that become known later. */
  async shownAt(engine: Engine, t: number): Promise<SourcedFact[]> {
    const until = Math.min(t, this.options.now())
    return [...(await newestFacts(engine, until)), ...(await factsAfter(engine, until, WAITING_MAX))]
  }

  /** Figures for `status`. */
  get figures() {
    return { facts: this.log.size, assets: this.assets.size, ...this.counts }
  }

  private async load(engine: Engine): Promise<void> {
    for (const newest of await newestPeriods(engine)) this.note(newest)
    await addAll(this.log, await everyFact(engine, lateAt(this.options.now()), FACTS_MAX))
  }

  private remember(fresh: readonly SourcedFact[]): void {
    const now = this.options.now()
    for (const fact of fresh) {
      this.note(fact)
      this.log.add(fact)
    }
    this.log.forget(metric => lateFrom(metric, now))
    for (let share = LESS; this.log.size > FACTS_MAX; share *= LESS)
      this.counts.dropped += this.log.forget(metric => lateFrom(metric, now, share))
  }

  /** Notes the period of a fact, and its asset. */
  private note({ asset, metric, source, period }: Pick<SourcedFact, 'asset' | 'metric' | 'source' | 'period'>): void {
    const periods = this.periodsOf(asset, metric)
    periods.set(source, Math.max(periods.get(source) ?? period, period))
    if (this.assets.has(asset)) return
    this.assets.add(asset)
    this.assets$.next(asset)
  }

  private periodsOf(asset: string, metric: Metric): Map<string, number> {
    const key = `${asset} ${metric}`
    const periods = this.periods.get(key) ?? new Map<string, number>()
    this.periods.set(key, periods)
    return periods
  }
}
