import { hasPast } from '../../../../streams/wire/channels.ts'
import { ProtocolError } from '../../../../streams/wire/errors.ts'
import type { History } from '../../../storage/read/history.ts'
import { csvOf } from '../csv.ts'
import { inQuery, LAST_TIME, timeInQuery, timeOf } from '../parameters.ts'
import { type Handler, JSON_TYPE, type Route } from '../route.ts'
import { CHANNEL } from './states.ts'

/** What the past is read from. */
export interface HistoryServices {
  readonly history: History
}

const rows: Handler<HistoryServices> = async (c, { history }) => {
  const channel = c.req.param('channel')!
  if (!hasPast(channel)) throw new ProtocolError('not_found', `"${channel}" has no history`)
  const { cursor, format = 'json', ...range } = c.req.query()
  if (format !== 'json' && format !== 'csv') throw new ProtocolError('invalid_params', `format: found "${format}", expected json or csv`)
  const from = timeOf('from', range.from, 0)
  const to = timeOf('to', range.to, LAST_TIME)
  const step = range.step === undefined ? undefined : timeOf('step', range.step, 0)
  if (step === 0) throw new ProtocolError('invalid_params', 'step: found 0, expected a number of ms above zero')
  const page = await history.rows({ channel, from, to, ...(step !== undefined && { step }), ...(cursor !== undefined && { cursor }) })
  if (format === 'json') return c.json(page)
  if (page.next !== undefined) c.header('x-next-cursor', page.next)
  return c.body(csvOf(page.rows), 200, { 'content-type': 'text/csv; charset=utf-8' })
}

/** What was stored of channels. */
export const HISTORY_ROUTES: readonly Route<HistoryServices>[] = [
  {
    method: 'get',
    path: '/v1/history/:channel',
    summary: 'What was stored of a channel, oldest first, at most 100,000 rows',
    who: { read: ({ channel }) => channel! },
    takes: {
      parameters: [
        CHANNEL,
        timeInQuery('from', 'rows from here on'),
        timeInQuery('to', 'rows before this'),
        inQuery('step', 'one row a step: the last; of candles, all together', { type: 'integer', minimum: 1, description: 'ms' }),
        inQuery('cursor', '`next` of the page before; in CSV the header x-next-cursor', { type: 'string' }),
        inQuery('format', 'json if left out', { enum: ['json', 'csv'] }),
      ],
    },
    gives: [JSON_TYPE, 'text/csv'],
    handler: rows,
  },
]
