import type { MeasureKind } from '../../../streams/measures/rows.ts'
import type { JsonObject } from '../../../streams/wire/mergePatch.ts'
import type { Engine } from '../engine/engine.ts'
import { type MeasureTable, measureTableOf } from '../engine/measureTables.ts'
import { quoted } from '../engine/migrate.ts'
import type { RowReader } from '../engine/rowBinary.ts'
import { READ_LIMITS, select, timeOf } from '../engine/select.ts'
import { columnList } from '../engine/tables.ts'
import { readCursor, writeCursor } from './cursor.ts'
import { type HistoryPage, readPage } from './page.ts'
import type { PageQuery } from './query.ts'
import { stateOf } from './stateOf.ts'

/** A row grows with its assets, so rows are read in pieces, and a page ends when it has become large or late. */
const PIECE = 2000
const PAGE_BYTES = 16 * 1024 * 1024
const PAGE_MS = 1500

/** Reads one page of a measure's states. */
export const measurePage = async (engine: Engine, kind: MeasureKind, query: PageQuery): Promise<HistoryPage> => {
  const { limit } = query
  const table = measureTableOf(kind)
  const start = performance.now()
  const rows: JsonObject[] = []
  let [from = query.from] = (readCursor(query.cursor, 'number') ?? []) as [number?]
  let bytes = 0
  for (;;) {
    const most = Math.min(PIECE, limit - rows.length)
    const input = await piece(engine, table, { ...query, from }, most + 1)
    bytes += input.bytes.length
    const { rows: more, next } = await readPage(input, most, placed(table, query.step))
    for (const row of more) rows.push(row)
    if (next === undefined) return { rows }
    if (rows.length === limit || bytes > PAGE_BYTES || performance.now() - start > PAGE_MS) return { rows, next }
    from = readCursor(next, 'number')![0] as number
  }
}

const piece = (engine: Engine, table: MeasureTable, query: PageQuery, most: number): Promise<RowReader> => {
  const { id, from, to, step } = query
  const rows = `SELECT ${columnList(table.columns)} FROM ${quoted(engine.database)}.${table.name} FINAL
    WHERE id = {id:String} AND t >= ${timeOf('from')} AND t < ${timeOf('to')}`
  const chosen =
    step === undefined ? rows : `SELECT * FROM (${rows} ORDER BY t DESC LIMIT 1 BY intDiv(toUnixTimestamp64Milli(t), {step:Int64}))`
  return select(engine, `${chosen} ORDER BY t LIMIT {most:UInt32} ${READ_LIMITS}`, {
    id,
    from,
    to,
    most,
    ...(step !== undefined && { step }),
  })
}

const placed = (table: MeasureTable, step: number | undefined) => (input: RowReader) => {
  const row = table.read(input)
  return { row: stateOf(row), cursor: () => writeCursor(step === undefined ? row.t + 1 : (Math.floor(row.t / step) + 1) * step) }
}
