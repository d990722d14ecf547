import { SIDES } from '../../../streams/market/ticks.ts'
import type { Engine } from '../engine/engine.ts'
import { quoted } from '../engine/migrate.ts'
import { type Codec, codecOf, type RowReader } from '../engine/rowBinary.ts'
import { READ_LIMITS, select, timeOf } from '../engine/select.ts'
import { SIDE, TIME } from '../engine/tables.ts'
import { readCursor, writeCursor } from './cursor.ts'
import { type HistoryPage, type Placed, readPage } from './page.ts'
import type { PageQuery } from './query.ts'

/** Rows of one time are in the order of arrival; sources that were replayed one after the other are in the order of their names. */
const ORDER = ['t', 'frame', 'row', 'src', 'id']
const NEWEST_FIRST = ORDER.map(column => `${column} DESC`).join(', ')
const MS = 'toUnixTimestamp64Milli(t)'

/** Reads one page of the trades and candles of a symbol. */
export const tickPage = async (engine: Engine, query: PageQuery): Promise<HistoryPage> => {
  const { id: symbol, step, limit, asOf } = query
  const place = readCursor(query.cursor, 'number', 'number', 'number', 'string', 'string')
  const [t, frame, row, src, id] = place ?? []
  const conditions = [`symbol = {symbol:String} AND t >= ${timeOf('from')} AND t < ${timeOf('to')}`]
  if (asOf !== undefined) conditions.push(`frame <= ${timeOf('asOf')}`)
  if (place) conditions.push(`(${ORDER.join(', ')}) > (${timeOf('t')}, ${timeOf('frame')}, {row:UInt32}, {src:String}, {id:String})`)
  const rows = `SELECT t, price, size, side, src, id, frame, row FROM ${quoted(engine.database)}.ticks FINAL WHERE ${conditions.join(' AND ')}`
  const chosen = step === undefined ? rows : `SELECT * FROM (${rows} ORDER BY ${NEWEST_FIRST} LIMIT 1 BY intDiv(${MS}, {step:Int64}))`
  const input = await select(engine, `${chosen} ORDER BY ${ORDER.join(', ')} LIMIT {most:UInt32} ${READ_LIMITS}`, {
    symbol,
    from: place ? nextFrom(t as number, step) : query.from,
    to: query.to,
    most: limit + 1,
    ...(step !== undefined && { step }),
    ...(asOf !== undefined && { asOf }),
    ...(place && { t, frame, row, src, id }),
  })
  return readPage(input, limit, readTick)
}

/** Returns the `from` after a row: the next step, since a step has one row. */
const nextFrom = (t: number, step: number | undefined): number => (step === undefined ? t : (Math.floor(t / step) + 1) * step)

const ms = codecOf(TIME) as Codec<number>
const number = codecOf('Float64') as Codec<number>
const code = codecOf(SIDE) as Codec<number>
const text = codecOf('String') as Codec<string>
const count = codecOf('UInt32') as Codec<number>

const readTick = (input: RowReader): Placed => {
  const t = ms.read(input)
  const price = number.read(input)
  const size = number.read(input)
  const side = SIDES[code.read(input)]
  const src = text.read(input)
  const id = text.read(input)
  const frame = ms.read(input)
  const row = count.read(input)
  return { row: side ? { t, price, size, side, src, id } : { t, price, size, src, id }, cursor: () => writeCursor(t, frame, row, src, id) }
}
