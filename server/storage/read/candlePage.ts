import type { AssetEvent } from '../../../streams/market/assetEvent.ts'
import { floorTo } from '../../../streams/market/candles.ts'
import { dividing, rescalesOf } from '../../../streams/market/rescale.ts'
import type { SourceOrder } from '../../../streams/market/sourceOrder.ts'
import { ProtocolError } from '../../../streams/wire/errors.ts'
import type { JsonObject } from '../../../streams/wire/mergePatch.ts'
import { projected } from '../../../streams/wire/statePath.ts'
import type { Engine } from '../engine/engine.ts'
import { quoted } from '../engine/migrate.ts'
import { type Codec, codecOf } from '../engine/rowBinary.ts'
import { READ_LIMITS, select, timeOf } from '../engine/select.ts'
import { TIME } from '../engine/tables.ts'
import { type CandleRange, composedCandles } from './composedCandles.ts'
import { readCursor, writeCursor } from './cursor.ts'
import { type Chosen, chosen, type Known, leavesOf } from './fields.ts'
import { folded } from './folded.ts'
import { gapsOf } from './gaps.ts'
import { type HistoryPage, readPage } from './page.ts'
import type { PageQuery } from './query.ts'
import { NOTHING, type Piece, Selection } from './selection.ts'

/** By what candles are put together. */
export interface CandleRules {
  /** Which source counts before which. */
  readonly order: SourceOrder<string>
  /** Returns what has happened to assets, in order of time. */
  readonly events: () => readonly AssetEvent[]
}

const member = (name: string, sql: string, type: string): [string, Piece] => [
  name,
  {
    leaves: [name],
    isNumber: true,
    expressions: [{ sql, type }],
    // The volume is an exact decimal in the table, and the count has 64 bits; here both become the nearest number.
    put(row, [value]) {
      row[name] = Number(value)
    },
  },
]

const MEMBERS = new Map([
  member('o', 'argMinMerge(o)', 'Float64'),
  member('h', 'max(h)', 'Float64'),
  member('l', 'min(l)', 'Float64'),
  member('c', 'argMaxMerge(c)', 'Float64'),
  member('v', 'toString(sum(v))', 'String'),
  member('n', 'sum(n)', 'UInt64'),
])
/** Of one source there is no gap. */
const GAP: Piece = { ...NOTHING, leaves: ['gap'] }

/** What can be asked of candles. */
export const CANDLE_FIELDS: Known = {
  time: 'open_t',
  piece: name => (name === 'gap' ? GAP : MEMBERS.get(name)),
  names: () => [...MEMBERS.keys(), 'gap'],
  numbers: () => [...MEMBERS.keys()],
}

/**
 * Returns the reader of one page of the candles of `interval` ms, or of a multiple of it, put together from them. Throws a ProtocolError if
 * the query does not fit.
 */
export const candlePage = (query: PageQuery, interval: number, rules: CandleRules): ((engine: Engine) => Promise<HistoryPage>) => {
  const { step = interval, agg = 'last' } = query
  if (step % interval !== 0)
    throw new ProtocolError('invalid_params', `step: found ${step}, expected a multiple of the interval, ${interval}`)
  const wanted = chosen(CANDLE_FIELDS, query)
  if (agg === 'last') return candles(query, { interval, step }, rules, wanted)
  const each = { interval, step: interval }
  return folded(part => candles(part, each, rules, wanted), query, CANDLE_FIELDS, step, leavesOf(wanted))
}

const candles = (
  query: PageQuery,
  lengths: Pick<CandleRange, 'interval' | 'step'>,
  { order, events }: CandleRules,
  wanted: Chosen | undefined,
): ((engine: Engine) => Promise<HistoryPage>) => {
  const { id: symbol, to, limit, cursor } = query
  const [from = query.from] = (readCursor(cursor, 'number') ?? []) as [number?]
  const range = { from, to, ...lengths }
  return async engine => {
    const gaps = await gapsOf(engine, symbol, from, to)
    const { step } = range
    const rescales = dividing(rescalesOf(symbol, events()), floorTo(from, step), floorTo(to, step) + step)
    if (gaps.size === 0 && rescales.length === 0 && !(await isShared(engine, symbol, range)))
      return plainPage(engine, symbol, range, limit, wanted?.pieces ?? [...MEMBERS.values()])
    const composed = await composedCandles(engine, { symbol, order, gaps, rescales }, range, limit + 1)
    const rows = composed.slice(0, limit)
    const shown = wanted === undefined ? rows : rows.map(row => projected(row, ['open_t', ...wanted.names]))
    return composed.length > limit ? { rows: shown, next: writeCursor((rows.at(-1)!.open_t as number) + step) } : { rows: shown }
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
const plainPage = async (
  engine: Engine,
  symbol: string,
  range: CandleRange,
  limit: number,
  pieces: readonly Piece[],
): Promise<HistoryPage> => {
  const { from, to, interval, step } = range
  const selection = new Selection(pieces)
  const input = await select(
    engine,
    `SELECT ${["fromUnixTimestamp64Milli(intDiv(toUnixTimestamp64Milli(open_t), {step:Int64}) * {step:Int64}, 'UTC') AS began", ...selection.sql].join(', ')}
      FROM ${quoted(engine.database)}.candles
      WHERE symbol = {symbol:String} AND span = {interval:UInt32} AND open_t >= ${timeOf('from')} AND open_t < ${timeOf('to')}
      GROUP BY began ORDER BY began LIMIT {most:UInt32} ${READ_LIMITS}`,
    { symbol, interval, step, from, to, most: limit + 1 },
  )
  return readPage(input, limit, reader => {
    const open_t = ms.read(reader)
    const row: JsonObject = { open_t }
    selection.read(reader, row)
    return { row, cursor: () => writeCursor(open_t + step) }
  })
}

const flag = codecOf('Bool') as Codec<boolean>
const ms = codecOf(TIME) as Codec<number>
