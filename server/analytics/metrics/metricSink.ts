import type { SourcedFact } from '../../../streams/analytics/features/metricLog.ts'
import type { Metric } from '../../../streams/analytics/features/metrics.ts'

/** Where collected metrics go. Of all that keeps and shows metrics, those who collect them know the MetricSink and nothing else. */
export interface MetricSink {
  /**
   * Stores facts, each once however often it comes, and puts them into the ordered input. Resolves when they are stored. Rejects with a RangeError if one cannot be: it is of
   * no whole period, or was known before its period had shown it; then none is.
   */
  add(facts: readonly SourcedFact[]): Promise<void>
  /** Returns the beginning (ms) of the newest period that a source has given of a metric; `undefined` if it has given none: where a collector goes on. */
  newest(asset: string, metric: Metric, source: string): number | undefined
}
