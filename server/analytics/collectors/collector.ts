import type { SourcedFact } from '../../../streams/analytics/features/metricLog.ts'
import type { Metric } from '../../../streams/analytics/features/metrics.ts'
import type { RequestFigures } from './sourceClient.ts'

/**
 * A fact as a collector finds it. When it was known is not for the collector to say: it is known from when it was collected, also if it is of a past that is
 * read later. Otherwise a score of then would be another one when it is computed again.
 */
export type CollectedFact = Omit<SourcedFact, 'availableAt' | 'source'>

/** What a collector is asked. */
export interface Asked {
  /** Returns the beginning (ms) of the newest period of which this source's value is stored; `undefined` if there is none. */
  since(asset: string, metric: Metric): number | undefined
  /** ms. */
  readonly now: number
  readonly signal: AbortSignal
  /** Reports that nothing could be collected of an asset; the others go on. */
  failed(asset: string, error: Error): void
}

/** A source of metrics. */
export interface Collector {
  /** Its name in facts, errors and figures. */
  readonly source: string
  /** ms from one collection to the next. */
  readonly everyMs: number
  /** What was asked of the source since the start. */
  readonly figures: RequestFigures
  /** Gives what is new, in batches that are stored one after another: what was given is not asked for again after a stop. */
  collect(asked: Asked): AsyncIterable<readonly CollectedFact[]>
}

/** Collects of one asset after another; one that fails is reported, and the next has its turn. */
export async function* assetByAsset<T>(
  assets: Readonly<Record<string, T>>,
  { signal, failed }: Asked,
  of: (asset: string, asked: T) => AsyncIterable<readonly CollectedFact[]>,
): AsyncIterable<readonly CollectedFact[]> {
  for (const [asset, asked] of Object.entries(assets)) {
    try {
      yield* of(asset, asked)
    } catch (error) {
      signal.throwIfAborted()
      failed(asset, error as Error)
    }
  }
}
