import type { MeasureKind } from '../../../streams/measures/rows.ts'
import { stateOf } from '../../../streams/measures/stateOf.ts'
import { emptyObject, type JsonObject } from '../../../streams/wire/mergePatch.ts'
import type { Engine } from '../engine/engine.ts'
import { type MeasureTable, measureTableOf } from '../engine/measureTables.ts'
import { quoted } from '../engine/migrate.ts'
import { type Codec, codecOf, type RowReader } from '../engine/rowBinary.ts'
import { READ_LIMITS, select, timeOf } from '../engine/select.ts'
import { columnList, TIME } from '../engine/tables.ts'
import { readCursor, writeCursor } from './cursor.ts'
import { chosen } from './fields.ts'
import { measureFields } from './measurePieces.ts'
import { type HistoryPage, readPage } from './page.ts'
import type { PageQuery } from './query.ts'
import { type Computed, computedOf, type Piece, Selection } from './selection.ts'

/** A row grows with its assets, so rows are read in pieces, and a page ends when it has become large or late. */
const PIECE = 2000
const PAGE_BYTES = 16 * 1024 * 1024
const PAGE_MS = 1500
/** Rows of single figures, which do not grow, in one piece. */
const SMALL_PIECE = 50_000

/** How rows are read: what is selected of a row, with the time as the first column, and what is made of it. */
interface Reading {
  readonly most: number
  /** Aggregates each expression of a step's rows. */
  readonly computed?: Computed
  readonly columns: string
  readonly parameters: Readonly<Record<string, string>>
  read(input: RowReader): { readonly t: number; readonly row: JsonObject }
}

/** Returns the reader of one page of a measure's states. Throws a ProtocolError if the query asks for what no state has. */
export const measurePage = (kind: MeasureKind, query: PageQuery): ((engine: Engine) => Promise<HistoryPage>) => {
  const table = measureTableOf(kind)
  const pieces = chosen(measureFields(kind), query)?.pieces
  const reading = pieces === undefined ? wholeRows(table) : someMembers(pieces, query)
  return engine => page(engine, table, reading, query)
}

const wholeRows = (table: MeasureTable): Reading => ({
  most: PIECE,
  columns: columnList(table.columns),
  parameters: {},
  read(input) {
    const row = table.read(input)
    return { t: row.t, row: stateOf(row) }
  },
})

const someMembers = (pieces: readonly Piece[], { step, agg }: PageQuery): Reading => {
  const computed = step === undefined ? undefined : computedOf(agg)
  const selection = new Selection(pieces, computed)
  const time = computed === undefined ? 't' : 'max(t) AS last_t'
  return {
    most: pieces.every(({ leaves }) => leaves.length > 0) ? SMALL_PIECE : PIECE,
    ...(computed && { computed }),
    columns: [time, ...selection.sql].join(', '),
    parameters: selection.parameters,
    read(input) {
      const t = ms.read(input)
      const row = emptyObject()
      row.t = t
      selection.read(input, row)
      return { t, row }
    },
  }
}

const page = async (engine: Engine, table: MeasureTable, reading: Reading, query: PageQuery): Promise<HistoryPage> => {
  const { limit, step } = query
  const start = performance.now()
  const rows: JsonObject[] = []
  let [from = query.from] = (readCursor(query.cursor, 'number') ?? []) as [number?]
  let bytes = 0
  for (;;) {
    const most = Math.min(reading.most, limit - rows.length)
    const input = await piece(engine, table, reading, { ...query, from }, most + 1)
    bytes += input.bytes.length
    const { rows: more, next } = await readPage(input, most, reader => {
      const { t, row } = reading.read(reader)
      return { row, cursor: () => writeCursor(step === undefined ? t + 1 : (Math.floor(t / step) + 1) * step) }
    })
    for (const row of more) rows.push(row)
    if (next === undefined) return { rows }
    if (rows.length === limit || bytes > PAGE_BYTES || performance.now() - start > PAGE_MS) return { rows, next }
    from = readCursor(next, 'number')![0] as number
  }
}

/** One row a step: its number, by the table's `t`. */
const STEP = 'intDiv(toUnixTimestamp64Milli(t), {step:Int64})'

const piece = (engine: Engine, table: MeasureTable, reading: Reading, query: PageQuery, most: number): Promise<RowReader> => {
  const { id, from, to, step, agg } = query
  const rows = `SELECT ${reading.columns} FROM ${quoted(engine.database)}.${table.name} FINAL
    WHERE id = {id:String} AND t >= ${timeOf('from')} AND t < ${timeOf('to')}`
  const order = agg === 'first' ? 't' : 't DESC'
  const some =
    step === undefined
      ? `${rows} ORDER BY t`
      : reading.computed === undefined
        ? `SELECT * FROM (${rows} ORDER BY ${order} LIMIT 1 BY ${STEP}) ORDER BY t`
        : `${rows} GROUP BY ${STEP} ORDER BY last_t`
  return select(engine, `${some} LIMIT {most:UInt32} ${READ_LIMITS}`, {
    ...reading.parameters,
    id,
    from,
    to,
    most,
    ...(step !== undefined && { step }),
  })
}

const ms = codecOf(TIME) as Codec<number>
