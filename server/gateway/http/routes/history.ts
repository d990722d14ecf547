import { HISTORY_PAGE } from '../../../../streams/wire/answers/history.ts'
import { hasPast } from '../../../../streams/wire/channels.ts'
import { ProtocolError } from '../../../../streams/wire/errors.ts'
import { checked } from '../../../../streams/wire/explain.ts'
import { AGGREGATES, HISTORY, type Params } from '../../../../streams/wire/requests.ts'
import type { History } from '../../../storage/read/history.ts'
import { csvOf } from '../csv.ts'
import { inQuery, LAST_TIME, timeInQuery, timeOf } from '../parameters.ts'
import { answer, type Handler, type Route } from '../route.ts'
import { CHANNEL } from './states.ts'

/** What the past is read from. */
export interface HistoryServices {
  readonly history: History
}

/** Reads the query of a request. Throws a ProtocolError. */
const queryOf = (channel: string, { columns, cursor, fields, ...query }: Record<string, string>): Params<'history'> => {
  const step = query.step === undefined ? undefined : timeOf('step', query.step, 0)
  if (step === 0) throw new ProtocolError('invalid_params', 'step: found 0, expected a number of ms above zero')
  return checked(
    HISTORY,
    {
      channel,
      from: timeOf('from', query.from, 0),
      to: timeOf('to', query.to, LAST_TIME),
      step,
      cursor,
      agg: query.agg,
      fields: fields?.split(','),
      columns: columns === undefined ? undefined : flagOf('columns', columns),
    },
    '',
  )
}

const flagOf = (name: string, text: string): boolean => {
  if (text !== 'true' && text !== 'false') throw new ProtocolError('invalid_params', `${name}: found "${text}", expected true or false`)
  return text === 'true'
}

const past: Handler<HistoryServices> = async (c, { history }) => {
  const channel = c.req.param('channel')!
  if (!hasPast(channel)) throw new ProtocolError('not_found', `"${channel}" has no history`)
  const { format = 'json', ...rest } = c.req.query()
  if (format !== 'json' && format !== 'csv') throw new ProtocolError('invalid_params', `format: found "${format}", expected json or csv`)
  const { columns: byColumns, ...query } = queryOf(channel, rest)
  if (format === 'json') return c.json(await (byColumns ? history.columns(query) : history.rows(query)))
  const { columns, next } = await history.columns(query)
  if (next !== undefined) c.header('x-next-cursor', next)
  return c.body(csvOf(columns), 200, { 'content-type': 'text/csv; charset=utf-8' })
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
        inQuery('agg', 'what a step becomes: its last row if left out; candles are then put together', { enum: AGGREGATES }),
        inQuery('fields', 'only these members, with commas between them, such as `nav,inav.mid,weights.BTC`', { type: 'string' }),
        inQuery('columns', 'true: `{columns: {t: […], …}, next?}`, null where a row does not have the member', { type: 'boolean' }),
        inQuery('cursor', '`next` of the page before; in CSV the header x-next-cursor', { type: 'string' }),
        inQuery('format', 'json if left out', { enum: ['json', 'csv'] }),
      ],
    },
    gives: answer('History', HISTORY_PAGE, 'text/csv'),
    handler: past,
  },
]
