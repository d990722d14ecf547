import type { AssetEvent } from '../../../streams/market/assetEvent.ts'
import { DAY, HOUR, MINUTE } from '../../../streams/market/candles.ts'
import { dividing, factorOfAll, rescalesOf } from '../../../streams/market/rescale.ts'
import type { Engine } from '../engine/engine.ts'
import { quoted } from '../engine/migrate.ts'
import { type Codec, codecOf } from '../engine/rowBinary.ts'
import { READ_LIMITS, select, timeOf } from '../engine/select.ts'
import { TIME } from '../engine/tables.ts'

/** ms before a moment in which the newest tick is looked for; farther back the closes of candles will do. */
const NEAR = 10 * MINUTE

/**
 * Returns the price of each symbol as it was at the end of the frame `t` (ms): of its newest tick then or, farther back, the close of the
 * newest candle that had ended. It is on the scale of `t`, by what happens to assets: `events`, in order of time. Symbols without one in the day
 * before are missing.
 */
export const pricesAt = async (
  engine: Engine,
  symbols: readonly string[],
  t: number,
  events: readonly AssetEvent[] = [],
): Promise<Map<string, number>> => {
  if (symbols.length === 0) return new Map()
  const db = quoted(engine.database)
  const parameters = { symbols, t, day: t - DAY, near: t - NEAR, spans: [MINUTE, HOUR], hour: HOUR }
  const input = await select(
    engine,
    `SELECT symbol, argMax(price, (at, frame, row)), max(at) FROM (
      SELECT toString(symbol) AS symbol, t AS at, frame, row, price FROM ${db}.ticks
      WHERE symbol IN {symbols:Array(String)} AND t > ${timeOf('near')} AND t <= ${timeOf('t')} AND frame <= ${timeOf('t')}
      UNION ALL
      SELECT toString(symbol) AS symbol, max(last_t) AS at, at AS frame, toUInt32(0) AS row, argMaxMerge(c) AS price
      FROM ${db}.bars
      WHERE symbol IN {symbols:Array(String)} AND span IN {spans:Array(UInt32)} AND open_t >= ${timeOf('day')}
        AND open_t + toIntervalMillisecond(span) <= ${timeOf('t')}
      GROUP BY symbol, src, span, open_t
      UNION ALL
      SELECT toString(symbol) AS symbol, open_t + toIntervalMillisecond(span - 1) AS at, at AS frame, toUInt32(0) AS row, c AS price
      FROM ${db}.given
      WHERE symbol IN {symbols:Array(String)} AND span <= {hour:UInt32} AND open_t >= ${timeOf('day')}
        AND open_t + toIntervalMillisecond(span) <= ${timeOf('t')}
    ) GROUP BY symbol ${READ_LIMITS}`,
    parameters,
  )
  const prices = new Map<string, number>()
  while (!input.ended) {
    const [symbol, price, at] = [text.read(input), double.read(input), ms.read(input)]
    prices.set(symbol, price * factorOfAll(dividing(rescalesOf(symbol, events), at, t + 1)).price)
  }
  return prices
}

/** Returns since when (ms) each symbol has prices; those that never had one are missing. */
export const pricedSince = async (engine: Engine, symbols: readonly string[]): Promise<Map<string, number>> => {
  if (symbols.length === 0) return new Map()
  const db = quoted(engine.database)
  const input = await select(
    engine,
    `SELECT symbol, min(since) FROM (
      SELECT toString(symbol) AS symbol, min(first_t) AS since FROM ${db}.bars
      WHERE symbol IN {symbols:Array(String)} AND span = {hour:UInt32} GROUP BY symbol
      UNION ALL
      SELECT toString(symbol) AS symbol, min(open_t) AS since FROM ${db}.given WHERE symbol IN {symbols:Array(String)} GROUP BY symbol
    ) GROUP BY symbol ${READ_LIMITS}`,
    { symbols, hour: HOUR },
  )
  const since = new Map<string, number>()
  while (!input.ended) since.set(text.read(input), ms.read(input))
  return since
}

const text = codecOf('String') as Codec<string>
const double = codecOf('Float64') as Codec<number>
const ms = codecOf(TIME) as Codec<number>
