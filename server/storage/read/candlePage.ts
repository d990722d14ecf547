import { ProtocolError } from '../../../streams/wire/errors.ts'
import type { Engine } from '../engine/engine.ts'
import { quoted } from '../engine/migrate.ts'
import { type Codec, codecOf, type RowReader } from '../engine/rowBinary.ts'
import { READ_LIMITS, select, timeOf } from '../engine/select.ts'
import { TIME } from '../engine/tables.ts'
import { readCursor, writeCursor } from './cursor.ts'
import { type HistoryPage, type Placed, readPage } from './page.ts'
import type { PageQuery } from './query.ts'

/** Returns the reader of one page of the candles of `interval` ms, or of a multiple of it, put together from them. */
export const candlePage = (query: PageQuery, interval: number): ((engine: Engine) => Promise<HistoryPage>) => {
  const { id: symbol, to, step = interval, limit, cursor } = query
  if (step % interval !== 0)
    throw new ProtocolError('invalid_params', `step: found ${step}, expected a multiple of the interval, ${interval}`)
  const [from = query.from] = readCursor(cursor, 'number') ?? []
  return async engine => {
    const input = await select(
      engine,
      `SELECT
        fromUnixTimestamp64Milli(intDiv(toUnixTimestamp64Milli(open_t), {step:Int64}) * {step:Int64}, 'UTC') AS began,
        argMinMerge(o), max(h), min(l), argMaxMerge(c), toString(sum(v)), sum(n)
      FROM ${quoted(engine.database)}.candles
      WHERE symbol = {symbol:String} AND span = {interval:UInt32} AND open_t >= ${timeOf('from')} AND open_t < ${timeOf('to')}
      GROUP BY began ORDER BY began LIMIT {most:UInt32} ${READ_LIMITS}`,
      { symbol, interval, step, from, to, most: limit + 1 },
    )
    return readPage(input, limit, readCandle(step))
  }
}

const ms = codecOf(TIME) as Codec<number>
const number = codecOf('Float64') as Codec<number>
const text = codecOf('String') as Codec<string>
const count = codecOf('UInt64') as Codec<bigint>

/** The volume is an exact decimal in the table; here it becomes the nearest number. */
const readCandle =
  (step: number) =>
  (input: RowReader): Placed => {
    const open_t = ms.read(input)
    const o = number.read(input)
    const h = number.read(input)
    const l = number.read(input)
    const c = number.read(input)
    const v = Number(text.read(input))
    const n = Number(count.read(input))
    return { row: { open_t, o, h, l, c, v, n }, cursor: () => writeCursor(open_t + step) }
  }
