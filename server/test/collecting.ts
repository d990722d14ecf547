import type { SourcedFact } from '../../streams/analytics/features/metricLog.ts'
import type { Metric } from '../../streams/analytics/features/metrics.ts'
import type { CollectedFact, Collector } from '../analytics/collectors/collector.ts'
import type { MetricSink } from '../analytics/metrics/metricSink.ts'

/** Lets a collector collect once, and returns the facts, those whose values are of `metric` by period, and what failed. */
export const collected = async (
  collector: Collector,
  now: number,
  since: (asset: string, metric: Metric) => number | undefined = () => undefined,
) => {
  const facts: CollectedFact[] = []
  const failed: Record<string, string> = {}
  const { signal } = new AbortController()
  const report = (asset: string, { message }: Error): void => {
    failed[asset] = message
  }
  for await (const some of collector.collect({ since, now, signal, failed: report })) facts.push(...some)
  const of = (asset: string, metric: Metric) =>
    Object.fromEntries(
      facts
        .filter(fact => fact.asset === asset && fact.metric === metric)
        .map(({ period, value }) => [new Date(period).toISOString().replace('T00:00:00.000Z', ''), value]),
    )
  return { facts, failed, of }
}

/** Keeps facts as they are given, in memory. */
export class MemorySink implements MetricSink {
  readonly facts: SourcedFact[] = []
  /** Rejects what is added. */
  broken: Error | undefined

  async add(facts: readonly SourcedFact[]): Promise<void> {
    if (this.broken) throw this.broken
    this.facts.push(...facts)
  }

  newest(asset: string, metric: Metric, source: string): number | undefined {
    const periods = this.facts.filter(fact => fact.asset === asset && fact.metric === metric && fact.source === source)
    return periods.length === 0 ? undefined : Math.max(...periods.map(({ period }) => period))
  }
}
