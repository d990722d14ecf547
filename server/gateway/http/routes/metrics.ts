import { isMetric, METRICS } from '../../../../streams/analytics/features/metrics.ts'
import { METRICS_PAGE } from '../../../../streams/wire/answers/metrics.ts'
import { ProtocolError } from '../../../../streams/wire/errors.ts'
import type { MetricPages } from '../../../analytics/metrics/metricPages.ts'
import { CURSOR, inPath, inQuery, LAST_TIME, limitInQuery, timeInQuery, timeOf, wholeOf } from '../parameters.ts'
import { answer, type Handler, type Route } from '../route.ts'

/** What the metrics of assets are read from. */
export interface MetricServices {
  readonly metricPages: MetricPages
}

/** Rows of one answer, if nothing is asked for, and at most. */
const ROWS = 1_000
const ROWS_MAX = 100_000

const metrics: Handler<MetricServices> = async (c, { metricPages }) => {
  const { from, to, asOf, revisions = 'false', cursor } = c.req.query()
  const named = [...new Set(c.req.queries('metric'))]
  const asked = named.filter(isMetric)
  const unknown = named.find(name => !isMetric(name))
  if (unknown !== undefined)
    throw new ProtocolError('invalid_params', `metric: found "${unknown.slice(0, 40)}", expected one of ${Object.keys(METRICS).join(', ')}`)
  if (revisions !== 'true' && revisions !== 'false')
    throw new ProtocolError('invalid_params', `revisions: found "${revisions}", expected true or false`)
  const query = {
    asset: c.req.param('asset')!,
    metrics: asked,
    from: timeOf('from', from, 0),
    to: timeOf('to', to, LAST_TIME),
    asOf: timeOf('asOf', asOf, LAST_TIME),
    revisions: revisions === 'true',
    limit: wholeOf(c, 'limit', ROWS, 1, ROWS_MAX),
    cursor,
  }
  return c.json(await metricPages.of(query))
}

/** What is known of assets. */
export const METRIC_ROUTES: readonly Route<MetricServices>[] = [
  {
    method: 'get',
    path: '/v1/metrics/:asset',
    summary: 'The metrics of an asset as they were known at a time, by metrics and periods, with their sources',
    who: { read: ({ asset }) => `metrics:${asset}` },
    takes: {
      parameters: [
        inPath('asset', 'such as ETH'),
        inQuery('metric', 'only these; may be given several times', { type: 'array', items: { enum: Object.keys(METRICS) } }),
        timeInQuery('from', 'periods that begin here or later'),
        timeInQuery('to', 'periods that begin before this'),
        timeInQuery('asOf', 'as it was known then; as it is known now if left out'),
        inQuery('revisions', 'true: all that was said by then, instead of what counted', { type: 'boolean' }),
        limitInQuery(ROWS, ROWS_MAX),
        CURSOR,
      ],
    },
    gives: answer('Metrics', METRICS_PAGE),
    handler: metrics,
  },
]
