import { z } from 'zod'
import { ProtocolError } from '../../../../streams/wire/errors.ts'
import { SQL_FORMS, type SqlForm } from '../../../storage/read/sql.ts'
import type { SqlRuns } from '../../api/sqlRuns.ts'
import { bodyText, TEXT } from '../body.ts'
import { inQuery } from '../parameters.ts'
import { answer, type Handler, JSON_TYPE, type Route } from '../route.ts'

/** What runs statements. */
export interface SqlServices {
  readonly sqlRuns: SqlRuns
}

const TYPES: Readonly<Record<SqlForm, string>> = { json: JSON_TYPE, csv: 'text/csv; charset=utf-8', table: 'text/plain; charset=utf-8' }

/** Bytes of a statement: to guard it takes the time of the event loop. */
const STATEMENT_MAX = 64 * 1024

/** The answer of a statement. Numbers are as the engine writes them; decimals are texts. */
const TABLE = z.strictObject({
  columns: z.array(z.strictObject({ name: z.string(), type: z.string().describe('as ClickHouse names it') })),
  rows: z.array(z.record(z.string(), z.unknown())),
})

const sql: Handler<SqlServices> = async (c, { sqlRuns }) => {
  const { format = 'json', width } = c.req.query()
  const form = SQL_FORMS.find(one => one === format)
  if (form === undefined) throw new ProtocolError('invalid_params', `format: found "${format}", expected json, csv or table`)
  if (width !== undefined && !/^[1-9]\d{0,3}$/.test(width))
    throw new ProtocolError('invalid_params', `width: found "${width}", expected a number of columns`)
  const wish = { form, ...(width !== undefined && { width: Number(width) }) }
  return c.body(await sqlRuns.run(c.get('who'), await bodyText(c, STATEMENT_MAX), wish), 200, { 'content-type': TYPES[form] })
}

/** Questions to the store, in its own language. */
export const SQL_ROUTES: readonly Route<SqlServices>[] = [
  {
    method: 'post',
    path: '/v1/admin/sql',
    summary: 'Runs a statement that reads the stored tables: at most 10 s and 100,000 rows, two at a time',
    who: { operate: 'sql' },
    takes: {
      body: { 'text/plain': TEXT.describe('the statement, in the language of ClickHouse') },
      parameters: [
        inQuery('format', 'json `{columns: [{name, type}], rows: [{…}]}`, if left out', { enum: [...SQL_FORMS] }),
        inQuery('width', 'of a table: columns of the terminal', { type: 'integer', minimum: 1, maximum: 9_999 }),
      ],
    },
    gives: answer('Table', TABLE, 'text/csv', 'text/plain'),
    handler: sql,
  },
]
