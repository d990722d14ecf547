import type { Logger } from 'pino'
import { faultOf, type SourcedFact } from '../../../streams/analytics/features/metricLog.ts'
import { knownFrom, periodAt } from '../../../streams/analytics/features/metrics.ts'
import { delay, type Environment } from '../../feeds/environment.ts'
import type { Figures } from '../../lib/figures.ts'
import type { MetricSink } from '../metrics/metricSink.ts'
import type { CollectedFact, Collector } from './collector.ts'

/** Where facts go, and the surroundings. */
export interface ScheduleOptions {
  readonly sink: MetricSink
  readonly environment: Environment
  readonly log: Logger
  readonly signal: AbortSignal
}

/** ms after a collection that failed: the first of the waits, each of the next is twice as long, up to the ordinary one. */
const RETRY_MS = 60_000
/** Assets whose failures are shown. */
const SHOWN_MAX = 20
/** A source is stale if its last complete collection is older than this number of intervals. */
const STALE_AFTER = 3

/** Collects from one source again and again, and stores what it gives as known from now on. */
export class ScheduledCollector {
  private readonly collector: Collector
  private readonly options: ScheduleOptions
  private readonly startedAt: number
  private readonly counts = { runs: 0, failures: 0, facts: 0, early: 0, bad: 0 }
  private state: 'waiting' | 'collecting' = 'waiting'
  /** ms: when all of its assets could last be collected. */
  private lastGood: number | undefined
  /** In a row. */
  private failed = 0
  /** Why, by asset; undefined if it is over. */
  private failing: Readonly<Record<string, string | undefined>> = {}

  constructor(collector: Collector, options: ScheduleOptions) {
    this.collector = collector
    this.options = options
    this.startedAt = options.environment.now()
  }

  /** Whether it has not given all that it is asked for in the time of three collections. */
  get stale(): boolean {
    const { environment } = this.options
    return environment.now() - (this.lastGood ?? this.startedAt) > STALE_AFTER * this.collector.everyMs
  }

  /** What became of it, for `status`. */
  get figures(): Figures {
    const { requests, retries, unchanged = 0 } = this.collector.figures
    const { state, stale, failing, lastGood } = this
    // Not known is not a number, and of a figure that becomes one `status` has to know that from the beginning.
    const ageMs = this.options.environment.now() - (lastGood ?? Number.NaN)
    return { state, stale, ...this.counts, requests, retries, unchanged, ageMs, failing }
  }

  /** Collects on schedule until the signal aborts. */
  async run(): Promise<void> {
    const { environment, signal } = this.options
    const { everyMs } = this.collector
    while (!signal.aborted) {
      await this.collect()
      const { failed } = this
      const wait = failed === 0 ? everyMs : Math.min(everyMs, RETRY_MS * 2 ** Math.min(failed - 1, 20))
      await delay(environment, wait * (1 + environment.random() / 20), signal).catch(() => {})
    }
  }

  /** Collects once. */
  async collect(): Promise<void> {
    const { sink, environment, log, signal } = this.options
    const { source } = this.collector
    const failing: Record<string, string> = {}
    const report = (asset: string, { message }: Error): void => {
      failing[asset] = message
    }
    this.state = 'collecting'
    this.counts.runs += 1
    const now = environment.now()
    try {
      const since = (asset: string, metric: SourcedFact['metric']): number | undefined => sink.newest(asset, metric, source)
      for await (const found of this.collector.collect({ since, now, signal, failed: report })) {
        const facts = this.dated(found)
        if (facts.length > 0) await sink.add(facts)
        this.counts.facts += facts.length
      }
    } catch (error) {
      if (signal.aborted) return
      report('*', error as Error)
    } finally {
      this.state = 'waiting'
    }
    this.ended(failing, now, log)
  }

  /** Returns facts with the moment from which they are known; those are left out whose period is not one, or is not over. */
  private dated(found: readonly CollectedFact[]): SourcedFact[] {
    const availableAt = this.options.environment.now()
    return found.flatMap(fact => {
      const dated = { ...fact, availableAt, source: this.collector.source }
      if (faultOf(dated) === undefined) return dated
      const early = periodAt(fact.metric, fact.period) === fact.period && availableAt < knownFrom(fact.metric, fact.period)
      this.counts[early ? 'early' : 'bad'] += 1
      return []
    })
  }

  private ended(failing: Record<string, string>, now: number, log: Logger): void {
    const { source } = this.collector
    const whys = Object.entries(failing)
    const over = Object.keys(this.failing).map(asset => [asset, undefined])
    this.failing = { ...Object.fromEntries(over), ...Object.fromEntries(whys.slice(0, SHOWN_MAX)) }
    if (whys.length === 0) {
      if (this.failed > 0) log.info({ source }, 'a source of metrics answers again')
      this.failed = 0
      this.lastGood = now
      return
    }
    this.counts.failures += 1
    this.failed += 1
    // Once a trouble: a source may be away for days.
    if (this.failed === 1)
      log.warn({ source, assets: whys.map(([asset]) => asset), why: whys[0]![1] }, 'a source of metrics fails; retrying')
  }
}
