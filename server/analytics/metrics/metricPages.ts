import { METRICS, type Metric } from '../../../streams/analytics/features/metrics.ts'
import type { MetricsPage } from '../../../streams/wire/answers/metrics.ts'
import type { Engine } from '../../storage/engine/engine.ts'
import { quoted } from '../../storage/engine/migrate.ts'
import { type Codec, codecOf, FIRST_MS, LAST_MS } from '../../storage/engine/rowBinary.ts'
import { READ_LIMITS, select, timeOf } from '../../storage/engine/select.ts'
import { TEXT, TIME } from '../../storage/engine/tables.ts'
import { readCursor, writeCursor } from '../../storage/read/cursor.ts'
import { openReader } from '../../storage/read/reader.ts'

/** A question about the metrics of an asset. */
export interface MetricsQuery {
  readonly asset: string
  /** All if there are none. */
  readonly metrics: readonly Metric[]
  /** `from ≤ period < to`, ms. */
  readonly from: number
  readonly to: number
  /** ms: what was known then. */
  readonly asOf: number
  /** All that was said by then, instead of the words that counted. */
  readonly revisions: boolean
  readonly limit: number
  /** `next` of the page before. */
  readonly cursor: string | undefined
}

/** The metrics of assets, as they were known at a time. */
export interface MetricPages {
  /** Returns one page, by metrics and periods, oldest first. Throws ProtocolErrors as `History.rows` does. */
  of(query: MetricsQuery): Promise<MetricsPage>
}

/** Opens the pages. They answer as soon as there is an engine. */
export const openMetricPages = (engine: Promise<Engine>): MetricPages => {
  const read = openReader(engine)
  return {
    async of(query) {
      const after = readCursor(query.cursor, 'string', 'number', 'number', 'string') ?? ['', FIRST_MS, FIRST_MS, '']
      return read(opened => pageOf(opened, query, after))
    },
  }
}

const pageOf = async (engine: Engine, query: MetricsQuery, after: readonly unknown[]): Promise<MetricsPage> => {
  const { asset, metrics, from, to, asOf, revisions, limit } = query
  const [metric, period, known, source] = after
  const input = await select(engine, `${revisions ? all(engine) : counting(engine)} LIMIT {limit:UInt32} ${READ_LIMITS}`, {
    asset,
    metrics: metrics.length === 0 ? Object.keys(METRICS) : metrics,
    from: inRange(from),
    to: inRange(to),
    asOf: inRange(asOf),
    // One more shows that there is a next page.
    limit: limit + 1,
    ...{ metric, period, known, source },
  })
  const rows: MetricsPage['rows'][number][] = []
  let next: string | undefined
  while (!input.ended) {
    if (rows.length === limit) {
      const last = rows.at(-1)!
      next = writeCursor(last.metric, last.t, last.known, last.src)
      break
    }
    const [name, t, at, src] = [text.read(input), ms.read(input), ms.read(input), text.read(input)]
    const [value, ref] = [measure.read(input), text.read(input)]
    rows.push({ metric: name, t, ...(!Number.isNaN(value) && { v: value }), known: at, src, ...(ref !== '' && { ref }) })
  }
  return { rows, ...(next !== undefined && { next }) }
}

const inRange = (t: number): number => Math.min(Math.max(t, FIRST_MS), LAST_MS)

const WHERE = `asset = {asset:String} AND metric IN {metrics:Array(String)}
  AND period >= ${timeOf('from')} AND period < ${timeOf('to')} AND available_at <= ${timeOf('asOf')}`

/** Of each period the word that counted. `argMax` passes over NULL, so the value stands in a tuple: one that was taken back lets no older one speak. */
const counting = ({ database }: Engine): string => `
  SELECT metric, period, word.1, word.2, word.3, word.4 FROM (
    SELECT metric, period, argMax(tuple(available_at, source, value, ref), tuple(available_at, source)) AS word
    FROM ${quoted(database)}.metrics
    WHERE ${WHERE} AND (metric, period) > ({metric:String}, ${timeOf('period')})
    GROUP BY metric, period)
  ORDER BY metric, period`

const all = ({ database }: Engine): string => `
  SELECT metric, period, available_at, source, value, ref FROM ${quoted(database)}.metrics FINAL
  WHERE ${WHERE} AND (metric, period, available_at, source) > ({metric:String}, ${timeOf('period')}, ${timeOf('known')}, {source:String})
  ORDER BY metric, period, available_at, source`

const text = codecOf(TEXT) as Codec<string>
const ms = codecOf(TIME) as Codec<number>
const measure = codecOf('Nullable(Float64)') as Codec<number>
