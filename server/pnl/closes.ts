import type { AssetEvent } from '../../streams/market/assetEvent.ts'
import { floorTo, HOUR, MINUTE } from '../../streams/market/candles.ts'
import { dividing, factorOfAll, type Rescale, rescalesOf } from '../../streams/market/rescale.ts'
import type { Checkpoint } from '../../streams/pnl/hours.ts'
import type { Engine } from '../storage/engine/engine.ts'
import { quoted } from '../storage/engine/migrate.ts'
import { type Codec, codecOf } from '../storage/engine/rowBinary.ts'
import { READ_LIMITS, select, timeOf } from '../storage/engine/select.ts'
import { TIME } from '../storage/engine/tables.ts'

/**
 * The origin of some candles: how many ticks they hold, and when the newest of them was stored, ms. A tick that is stored later for
 * an hour long past changes it. A candle that was changed by hand, with the same count and time, does not.
 */
export interface CandleFingerprint {
  readonly ticks: number
  readonly newest: number
}

/** The fingerprint of no candles. */
export const NO_FINGERPRINT: CandleFingerprint = { ticks: 0, newest: 0 }

/** Returns the fingerprint of two sets of candles together. */
export const combined = (a: CandleFingerprint, b: CandleFingerprint): CandleFingerprint => ({
  ticks: a.ticks + b.ticks,
  newest: Math.max(a.newest, b.newest),
})

/** The fingerprint of the candles of an asset in a month. */
export interface MonthFingerprint {
  readonly asset: string
  /** ms: beginning of the month. */
  readonly month: number
  /** Whether these are the candles that opened at the split or later. */
  readonly after: boolean
  readonly candles: CandleFingerprint
}

/** Asset → length of the candles that its closes are read from, ms: an hour, or a minute if it has none of an hour. */
export type Spans = ReadonlyMap<string, number>

/** Reads the fingerprints of each asset's candles up to `to` (ms), by months, those that opened before and after `split` apart. */
export const readFingerprints = async (
  engine: Engine,
  quote: string,
  assets: readonly string[],
  to: number,
  split: number,
): Promise<{ spans: Spans; fingerprints: readonly MonthFingerprint[] }> => {
  const hourly = await fingerprintsOf(engine, quote, assets, HOUR, to, split)
  const spans = new Map(hourly.map(({ asset }) => [asset, HOUR]))
  const others = assets.filter(asset => !spans.has(asset))
  const byMinutes = await fingerprintsOf(engine, quote, others, MINUTE, to, split)
  for (const asset of others) spans.set(asset, MINUTE)
  return { spans, fingerprints: [...hourly, ...byMinutes] }
}

const fingerprintsOf = async (
  engine: Engine,
  quote: string,
  assets: readonly string[],
  span: number,
  to: number,
  split: number,
): Promise<MonthFingerprint[]> => {
  if (assets.length === 0) return []
  const { symbols, assetOf } = symbolsOf(assets, quote)
  const input = await select(
    engine,
    `SELECT toString(symbol), toYYYYMM(open_t) AS month, open_t >= ${timeOf('split')} AS after, sum(n), max(stored)
    FROM ${quoted(engine.database)}.candles
    WHERE symbol IN {symbols:Array(String)} AND span = {span:UInt32} AND open_t < ${timeOf('to')}
    GROUP BY symbol, month, after ${READ_LIMITS}`,
    { symbols, span, to, split },
  )
  const fingerprints: MonthFingerprint[] = []
  while (!input.ended) {
    const asset = assetOf.get(text.read(input))!
    const month = number.read(input)
    const after = flag.read(input)
    const candles = { ticks: Number(count.read(input)), newest: ms.read(input) }
    fingerprints.push({ asset, month: Date.UTC(Math.floor(month / 100), (month % 100) - 1), after, candles })
  }
  return fingerprints
}

/**
 * Reads the closes of the hours that end after `from`, up to `to` (ms); NaN if an asset had no candle. Each is on the scale of its hour's end,
 * by what happens to assets: `events`, in order of time.
 */
export const readCloses = async (
  engine: Engine,
  quote: string,
  spans: Spans,
  from: number,
  to: number,
  events: readonly AssetEvent[] = [],
): Promise<{ closes: ReadonlyMap<string, Float64Array>; candles: CandleFingerprint }> => {
  const closes = new Map([...spans.keys()].map(asset => [asset, new Float64Array((to - from) / HOUR).fill(Number.NaN)]))
  let candles = NO_FINGERPRINT
  for (const [span, assets] of bySpan(spans)) {
    const { symbols, assetOf } = symbolsOf(assets, quote)
    const input = await select(
      engine,
      `SELECT toString(symbol), toUInt32(intDiv(toUnixTimestamp64Milli(open_t) - {from:Int64}, {hour:Int64})) AS i, argMaxMerge(c), sum(n), max(stored)
      FROM ${quoted(engine.database)}.candles
      WHERE symbol IN {symbols:Array(String)} AND span = {span:UInt32} AND open_t >= ${timeOf('from')} AND open_t < ${timeOf('to')}
      GROUP BY symbol, i ${READ_LIMITS}`,
      { symbols, span, from, to, hour: HOUR },
    )
    while (!input.ended) {
      const series = closes.get(assetOf.get(text.read(input))!)!
      series[number.read(input)] = double.read(input)
      candles = combined(candles, { ticks: Number(count.read(input)), newest: ms.read(input) })
    }
  }
  for (const [asset, series] of closes) {
    const symbol = `${asset}-${quote}`
    const rescales = dividing(rescalesOf(symbol, events), from, to)
    for (const hour of new Set(rescales.map(({ event }) => floorTo(event.t, HOUR))))
      series[(hour - from) / HOUR]! *= await settled(engine, symbol, hour, rescales)
  }
  return { closes, candles }
}

/** Returns by what the close of an hour changes by what happened after its last trade. */
const settled = async (engine: Engine, symbol: string, hour: number, rescales: readonly Rescale[]): Promise<number> => {
  const within = dividing(rescales, hour, hour + HOUR)
  if (within.length === 0) return 1
  const db = quoted(engine.database)
  const ends = 'open_t + toIntervalMillisecond(span - 1)'
  const input = await select(
    engine,
    `SELECT max(at) FROM (
       SELECT last_t AS at FROM ${db}.bars WHERE symbol = {symbol:String} AND span = {span:UInt32} AND open_t = ${timeOf('hour')}
       UNION ALL
       SELECT ${ends} AS at FROM ${db}.given WHERE symbol = {symbol:String} AND span <= {span:UInt32}
         AND open_t > ${timeOf('hour')} - toIntervalMillisecond(span) AND ${ends} < ${timeOf('hour')} + toIntervalMillisecond({span:UInt32})
     ) ${READ_LIMITS}`,
    { symbol, hour, span: HOUR },
  )
  return factorOfAll(dividing(within, ms.read(input), hour + HOUR)).price
}

/**
 * Reads the last close of each asset before `t` (ms), when its hour ended, and the fingerprint of all its candles up to there. A close is on
 * the scale of its hour's end.
 */
export const readLastCloses = async (
  engine: Engine,
  quote: string,
  spans: Spans,
  t: number,
  events: readonly AssetEvent[] = [],
): Promise<{ prices: Checkpoint['prices']; candles: CandleFingerprint }> => {
  const prices: [asset: string, price: number, since: number][] = []
  let candles = NO_FINGERPRINT
  for (const [span, assets] of bySpan(spans)) {
    const { symbols, assetOf } = symbolsOf(assets, quote)
    const input = await select(
      engine,
      `SELECT toString(symbol), argMaxMerge(c), max(open_t), sum(n), max(stored)
      FROM ${quoted(engine.database)}.candles
      WHERE symbol IN {symbols:Array(String)} AND span = {span:UInt32} AND open_t < ${timeOf('t')}
      GROUP BY symbol ${READ_LIMITS}`,
      { symbols, span, t },
    )
    while (!input.ended) {
      const asset = assetOf.get(text.read(input))!
      const close = double.read(input)
      const hour = floorTo(ms.read(input), HOUR)
      const symbol = `${asset}-${quote}`
      const price = close * (await settled(engine, symbol, hour, rescalesOf(symbol, events)))
      prices.push([asset, price, hour + HOUR])
      candles = combined(candles, { ticks: Number(count.read(input)), newest: ms.read(input) })
    }
  }
  return { prices, candles }
}

const bySpan = (spans: Spans): [span: number, assets: string[]][] =>
  [HOUR, MINUTE]
    .map((span): [number, string[]] => [span, [...spans.keys()].filter(asset => spans.get(asset) === span)])
    .filter(([, assets]) => assets.length > 0)

const symbolsOf = (assets: readonly string[], quote: string) => {
  const assetOf = new Map(assets.map(asset => [`${asset}-${quote}`, asset]))
  return { symbols: [...assetOf.keys()], assetOf }
}

const text = codecOf('String') as Codec<string>
const number = codecOf('UInt32') as Codec<number>
const double = codecOf('Float64') as Codec<number>
const count = codecOf('UInt64') as Codec<bigint>
const flag = codecOf('Bool') as Codec<boolean>
const ms = codecOf(TIME) as Codec<number>
