import { isMetric, METRICS } from '../../../streams/analytics/features/metrics.ts'
import type { MetricState, MetricsState } from '../../../streams/wire/states.ts'
import { visible } from '../../lib/plainText.ts'
import { type Column, table } from '../../lib/textTable.ts'
import { moment, plain, shown } from '../terminal/figures.ts'
import type { Space } from './state.ts'

type Row = MetricState & { readonly metric: string }

/** Returns an asset's metrics as a table, by their names: value, unit, period, since when it was known, and the source. */
export const metricsView = (state: MetricsState, { width, paint }: Space): string[] => {
  const rows = Object.entries(state)
    .map(([metric, one]): Row => ({ metric, ...one }))
    .sort((a, b) => (a.metric < b.metric ? -1 : 1))
  if (rows.length === 0) return ['nothing is known yet']
  const columns: Column<Row>[] = [
    { head: 'metric', cell: ({ metric }) => metric, left: true },
    { head: 'value', cell: ({ v }) => shown(value => plain(value, 8), v) },
    { head: 'unit', cell: ({ metric }) => (isMetric(metric) ? METRICS[metric].unit : undefined), left: true, rank: 3 },
    { head: 'of', cell: ({ metric, t }) => shown(at => periodText(metric, at), t), left: true, rank: 1 },
    { head: 'known since UTC', cell: ({ known }) => shown(at => moment(Math.floor(at / 1_000) * 1_000), known), left: true, rank: 4 },
    { head: 'source', cell: ({ src }) => visible(src ?? ''), left: true, least: 6, rank: 2 },
    { head: '', cell: ({ stale }) => (stale === true ? 'stale' : ''), left: true, paint: (_, text) => paint('yellow', text) },
  ]
  return table(rows, columns, { width, head: line => paint('bold', line) }).split('\n')
}

/** Returns the beginning of a period, to the month, the day or the minute. */
const periodText = (metric: string, t: number): string => {
  const step = isMetric(metric) ? METRICS[metric].step : 'minute'
  return moment(t).slice(0, { minute: 16, day: 10, month: 7 }[step])
}
