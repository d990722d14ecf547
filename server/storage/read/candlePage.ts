import type { SourceOrder } from '../../../streams/market/sourceOrder.ts'
import { ProtocolError } from '../../../streams/wire/errors.ts'
import type { Engine } from '../engine/engine.ts'
import { quoted } from '../engine/migrate.ts'
import { type Codec, codecOf, type RowReader } from '../engine/rowBinary.ts'
import { READ_LIMITS, select, timeOf } from '../engine/select.ts'
import { TIME } from '../engine/tables.ts'
import { type CandleRange, composedCandles } from './composedCandles.ts'
import { readCursor, writeCursor } from './cursor.ts'
import { gapsOf } from './gaps.ts'
import { type HistoryPage, type Placed, readPage } from './page.ts'
import type { PageQuery } from './query.ts'

/** Returns the reader of one page of the candles of `interval` ms, or of a multiple of it, put together from them. */
export const candlePage = (query: PageQuery, interval: number, order: SourceOrder<string>): ((engine: Engine) => Promise<HistoryPage>) => {
  const { id: symbol, to, step = interval, limit, cursor } = query
  if (step % interval !== 0)
    throw new ProtocolError('invalid_params', `step: found ${step}, expected a multiple of the interval, ${interval}`)
  const [from = query.from] = (readCursor(cursor, 'number') ?? []) as [number?]
  const range = { from, to, interval, step }
  return async engine => {
    const gaps = await gapsOf(engine, symbol, from, to)
    if (gaps.size === 0 && !(await isShared(engine, symbol, range))) return plainPage(engine, symbol, range, limit)
    const candles = await composedCandles(engine, { symbol, order, gaps }, range, limit + 1)
    const rows = candles.slice(0, limit)
    return candles.length > limit ? { rows, next: writeCursor((rows.at(-1)!.open_t as number) + step) } : { rows }
  }
}

/** Says whether more than one source speaks of a time, so that it has to be chosen which counts. */
const isShared = async (engine: Engine, symbol: string, { from, to, interval }: CandleRange): Promise<boolean> => {
  const db = quoted(engine.database)
  const input = await select(
    engine,
    `SELECT count() > 1 FROM (
       SELECT DISTINCT src, toUInt32(0) AS own FROM ${db}.bars
       WHERE symbol = {symbol:String} AND span = {interval:UInt32} AND open_t >= ${timeOf('from')} AND open_t < ${timeOf('to')}
       UNION ALL
       SELECT DISTINCT src, span AS own FROM ${db}.given
       WHERE symbol = {symbol:String} AND span <= {interval:UInt32}
         AND open_t >= ${timeOf('from')} - toIntervalMillisecond(span) AND open_t < ${timeOf('to')}
     ) ${READ_LIMITS}`,
    { symbol, interval, from, to },
  )
  return flag.read(input)
}

/** Reads the candles of the one source that there is. */
const plainPage = async (engine: Engine, symbol: string, range: CandleRange, limit: number): Promise<HistoryPage> => {
  const { from, to, interval, step } = range
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

const flag = codecOf('Bool') as Codec<boolean>
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
