import { ProtocolError } from '../../../streams/wire/errors.ts'
import { checked, recordIn } from '../../analytics/metrics/metricRow.ts'
import type { KeptFacts, MetricStore } from '../../analytics/metrics/metricStore.ts'
import { type Access, authorize, type Principal } from '../../identity/access.ts'
import { boundedLines } from './boundedLines.ts'

/** Metrics in one request. */
const METRICS_PER_REQUEST_MAX = 10_000

/** What became of the metrics of a request. */
export interface MetricsAnswer extends KeptFacts {
  readonly refused: readonly { readonly row: number; readonly why: string }[]
}

/** Stores metrics from outside. For operators. */
export class MetricImport {
  private readonly access: Access
  private readonly store: Pick<MetricStore, 'keep' | 'loaded'>
  private readonly now: () => number
  private ready = false

  constructor(access: Access, store: Pick<MetricStore, 'keep' | 'loaded'>, now: () => number) {
    this.access = access
    this.store = store
    this.now = now
    // Without an engine the process ends, and the code that opens it says why.
    store.loaded.then(
      () => (this.ready = true),
      () => {},
    )
  }

  /** Stores lines of JSON, each a metric. Answers when they are stored; `read` is called only if `who` may. */
  async accept(who: Principal, read: () => Promise<string>): Promise<MetricsAnswer> {
    authorize(this.access, who, { operate: 'prices' })
    if (!this.ready) throw new ProtocolError('not_ready', 'ClickHouse is starting', 1)
    const lines = boundedLines(await read(), METRICS_PER_REQUEST_MAX)
    const rows = lines.flatMap((line, i) => (line.trim() === '' ? [] : checked(i + 1, this.now(), () => recordIn(line))))
    const facts = rows.flatMap(row => ('fact' in row ? row.fact : []))
    const refused = rows.flatMap(row => ('why' in row ? { row: row.line, why: row.why } : []))
    return { ...(await this.store.keep(facts)), refused }
  }
}
