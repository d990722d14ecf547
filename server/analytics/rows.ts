import type { Engine } from '../storage/engine/engine.ts'
import { quoted } from '../storage/engine/migrate.ts'

/** Rows of the tables of analytics: few, and each of one statement. */

/** A value of a row. */
export type Cell = string | number | boolean | null | readonly string[] | readonly number[]

/** Inserts rows into a table; the same row may come again. */
export const insertRows = async (
  { client, database }: Engine,
  table: string,
  rows: readonly Readonly<Record<string, Cell>>[],
): Promise<void> => {
  if (rows.length === 0) return
  await client.insert({
    table: `${quoted(database)}.${table}`,
    values: rows,
    format: 'JSONEachRow',
    clickhouse_settings: { async_insert: 0, max_partitions_per_insert_block: '0' },
  })
}

/** Returns the rows of a SELECT, in which `{db}` is the database. Values go as `parameters`, never in the text. */
export const selectRows = async <Row>(
  { client, database }: Engine,
  query: string,
  parameters: Readonly<Record<string, Cell>> = {},
): Promise<Row[]> => {
  const answer = await client.query({ query: query.replaceAll('{db}', quoted(database)), query_params: parameters, format: 'JSONEachRow' })
  return answer.json<Row>()
}

/** Returns a time (ms) as ClickHouse reads it. */
export const timeText = (t: number): string => new Date(t).toISOString().slice(0, -1).replace('T', ' ')

/** Returns a column of times as ms; a text, because JSON may quote it or not. */
export const millis = (column: string): string => `toString(toUnixTimestamp64Milli(${column}))`

/** Returns NULL for what is not known. */
export const cell = (value: number): number | null => (Number.isFinite(value) ? value : null)
