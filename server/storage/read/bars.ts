import { Candle } from '../../../streams/market/candles.ts'
import { givenCandle } from '../../../streams/market/givenCandle.ts'
import type { Engine } from '../engine/engine.ts'
import { quoted } from '../engine/migrate.ts'
import { type Codec, codecOf, type RowReader } from '../engine/rowBinary.ts'
import { select } from '../engine/select.ts'
import { TIME } from '../engine/tables.ts'

/** The columns of a row of `bars`, grouped by source and beginning, as `readBar` reads them. */
export const BAR =
  'src, open_t, min(first_t), max(last_t), argMinMerge(o), max(h), min(l), argMaxMerge(c), sum(volume), sum(notional), sum(n)'

/** What was traded of one source in one minute. */
export interface SourceMinute {
  readonly src: string
  readonly minute: Candle
}

/** Reads what was traded of one source in one interval. */
export const readBar = (input: RowReader): SourceMinute => {
  const src = text.read(input)
  const minute = new Candle(ms.read(input))
  const [firstT, lastT] = [ms.read(input), ms.read(input)]
  const [open, high, low, close] = [number.read(input), number.read(input), number.read(input), number.read(input)]
  const [volume, volumeRest] = parts(whole.read(input))
  const [notional, notionalRest] = parts(whole.read(input))
  minute.add(firstT, lastT, open, high, low, close, volume, notional, Number(count.read(input)))
  minute.volumeRest += volumeRest
  minute.notionalRest += notionalRest
  return { src, minute }
}

/** Runs a SELECT of given candles, as `readGiven` reads them behind their symbol. */
export const givenRows = (engine: Engine, condition: string, parameters: Readonly<Record<string, unknown>>): Promise<RowReader> =>
  select(
    engine,
    `SELECT symbol, src, open_t, span, o, h, l, c, v FROM ${quoted(engine.database)}.given FINAL WHERE ${condition}
     ORDER BY symbol, open_t, span, src`,
    parameters,
  )

/** Reads a candle as it was given. */
export const readGiven = (input: RowReader): { src: string; openT: number; span: number; bar: Candle } => {
  const src = text.read(input)
  const openT = ms.read(input)
  const span = length.read(input)
  const prices = { open: number.read(input), high: number.read(input), low: number.read(input), close: number.read(input) }
  const { bar } = givenCandle(openT, span, 0, prices, number.read(input))
  return { src, openT, span, bar }
}

/** A sum in 2^-100 as the nearest number, and what that lacks. */
const parts = (sum: bigint): [number: number, rest: number] => {
  const nearest = Number(sum)
  return [nearest * UNIT, Number(sum - BigInt(nearest)) * UNIT]
}
const UNIT = 2 ** -100

const text = codecOf('String') as Codec<string>
const number = codecOf('Float64') as Codec<number>
const length = codecOf('UInt32') as Codec<number>
const whole = codecOf('Int256') as Codec<bigint>
const count = codecOf('UInt64') as Codec<bigint>
const ms = codecOf(TIME) as Codec<number>
