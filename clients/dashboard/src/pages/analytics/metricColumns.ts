import { computed } from '@preact/signals'
import { isMetric, METRICS, type MetricKind } from '../../../../../streams/analytics/features/metrics.ts'
import type { MetricState, MetricsState } from '../../../../driftwire-client/src/index.ts'
import { ABSENT, compact, fixed, percent, placesOf, plain, signed } from '../../format/number.ts'
import { age, day, minute, moment, month } from '../../format/time.ts'
import { newest } from '../../live/line.ts'
import type { Column } from '../../parts/columns.ts'
import type { Text } from '../../parts/figure.tsx'

type MetricColumn = Column<string, MetricsState>

const kindOf = (metric: string): MetricKind | undefined => (isMetric(metric) ? METRICS[metric] : undefined)

const VALUES: { readonly [U in MetricKind['unit']]: (value: number) => string } = {
  USD: value => (Math.abs(value) >= 1e6 ? compact(value) : fixed(value, placesOf(value))),
  wei: value => plain(value),
  count: value => plain(value),
  ratio: value => percent(value),
  ln: value => signed(value, 4),
}
const PERIODS: { readonly [S in MetricKind['step']]: (t: number) => string } = { minute, day, month }

const periodText = (metric: string, { t }: MetricState): string =>
  t === undefined ? ABSENT : (PERIODS[kindOf(metric)?.step ?? 'minute'] ?? minute)(t)

/** Returns a metric's value as text; of an absent one why. One that is overdue is marked. */
const valueText = (metric: string, state: MetricsState | undefined): Text => {
  const at = state?.[metric]
  const kind = kindOf(metric)
  if (at === undefined) return { text: ABSENT, why: state === undefined ? 'nothing has come yet' : 'no source has said it' }
  if (at.v === undefined) return { text: ABSENT, why: `${at.src ?? 'its source'} does not know it`, stale: at.stale }
  const why = `${kind?.definition ?? metric}: ${at.v} ${kind?.unit ?? ''} of ${periodText(metric, at)}${at.stale ? '; a newer one is overdue' : ''}`
  return { text: kind ? VALUES[kind.unit](at.v) : plain(at.v), why, stale: at.stale }
}

/** The time of the newest frame, in whole seconds: ages need not be redrawn more often. */
const second = computed(() => Math.floor(newest.value / 1_000) * 1_000)

/** Returns how long ago a metric became known. */
const ageText = (known: number | undefined): string => (known === undefined || second.value === 0 ? ABSENT : age(second.value - known))

const name: MetricColumn = {
  key: 'metric',
  head: 'Metric',
  width: 128,
  align: 'left',
  heading: true,
  show: metric => ({ text: metric, why: kindOf(metric)?.definition }),
  order: metric => metric,
}

/** Columns of an asset's metrics: a row is a metric. */
export const METRIC_COLUMNS: readonly MetricColumn[] = [
  name,
  { key: 'value', head: 'Value', width: 112, show: valueText, raw: (metric, state) => state?.[metric]?.v },
  { key: 'unit', head: 'Unit', width: 64, align: 'left', show: metric => ({ text: kindOf(metric)?.unit ?? ABSENT, tone: 'quiet' }) },
  {
    key: 'period',
    head: 'Of',
    width: 144,
    align: 'left',
    show: (metric, state) => periodText(metric, state?.[metric] ?? {}),
    order: (metric, state) => state?.[metric]?.t,
  },
  {
    key: 'known',
    head: 'Known since (UTC)',
    width: 152,
    align: 'left',
    show: (metric, state) => {
      const known = state?.[metric]?.known
      return known === undefined ? ABSENT : { text: minute(known), why: `${moment(known, true)} UTC` }
    },
    order: (metric, state) => state?.[metric]?.known,
  },
  {
    key: 'age',
    head: 'Age',
    width: 96,
    show: (metric, state) => ageText(state?.[metric]?.known),
    order: (metric, state) => state?.[metric]?.known,
    raw: (metric, state) => state?.[metric]?.known,
  },
  {
    key: 'source',
    head: 'Source',
    width: 112,
    align: 'left',
    show: (metric, state) => state?.[metric]?.src ?? ABSENT,
    order: (metric, state) => state?.[metric]?.src,
  },
  {
    key: 'notes',
    head: 'Notes',
    width: 80,
    align: 'left',
    show: (metric, state) => (state?.[metric]?.stale ? { text: 'stale', tone: 'warn', why: 'a newer one is overdue' } : ''),
  },
]

/** Metrics by which assets are held beside each other. */
const COMPARED = ['price', 'marketCap', 'volume', 'tvl', 'fees', 'revenue', 'activeAddresses', 'transfers', 'commits'] as const

/** Columns of metrics of several assets: a row is an asset. */
export const COMPARED_COLUMNS: readonly MetricColumn[] = [
  {
    key: 'asset',
    head: 'Asset',
    width: 112,
    align: 'left',
    heading: true,
    show: id => ({ text: id, href: `/analytics/${encodeURIComponent(id)}` }),
    order: id => id,
  },
  ...COMPARED.map(
    (metric): MetricColumn => ({
      key: metric,
      head: metric,
      width: 112,
      show: (_, state) => valueText(metric, state),
      order: (_, state) => state?.[metric]?.v,
      raw: (_, state) => state?.[metric]?.v,
    }),
  ),
]
