import { HOUR } from '../../../streams/market/candles.ts'
import type { InstrumentPast, MarketPast, PastTrade } from '../../../streams/market/marketPast.ts'
import type { Engine } from '../engine/engine.ts'
import { quoted } from '../engine/migrate.ts'
import { type Codec, codecOf, LAST_MS } from '../engine/rowBinary.ts'
import { select, timeOf } from '../engine/select.ts'
import { SIDE, TIME } from '../engine/tables.ts'

/** How many of a symbol's newest trades are read: as many as a source's ids are remembered. */
const NEWEST = 4096
/** Symbols of one question. */
const AT_ONCE = 100

/** Reads the market as it was at `asOf` (ms), from aggregates and the newest ticks. */
export const marketPast = async (engine: Engine, asOf: number): Promise<MarketPast> => {
  const to = Math.min(asOf, LAST_MS)
  const since = await hoursOfNewest(engine, to)
  const instruments: InstrumentPast[] = []
  const symbols = [...since.keys()]
  for (let i = 0; i < symbols.length; i += AT_ONCE) {
    const asked = symbols.slice(i, i + AT_ONCE)
    const newest = await newestTrades(engine, new Map(asked.map(symbol => [symbol, since.get(symbol)!])), to)
    for (const symbol of asked) instruments.push({ symbol, newest: newest.get(symbol) ?? [] })
  }
  return { instruments }
}

/** Returns for each symbol the beginning (ms) of an hour from which on it has NEWEST ticks, or all that there are. */
const hoursOfNewest = async (engine: Engine, to: number): Promise<Map<string, number>> => {
  const input = await select(
    engine,
    `SELECT symbol, min(open_t) FROM (
       SELECT symbol, open_t, sum(ticks) OVER (PARTITION BY symbol ORDER BY open_t DESC) - ticks AS newer
       FROM (SELECT symbol, open_t, sum(n) AS ticks FROM ${quoted(engine.database)}.candles
         WHERE span = {hour:UInt32} AND open_t <= ${timeOf('to')} GROUP BY symbol, open_t)
     ) WHERE newer < {newest:UInt32} GROUP BY symbol ORDER BY symbol`,
    { hour: HOUR, to, newest: NEWEST },
  )
  const since = new Map<string, number>()
  while (!input.ended) since.set(text.read(input), ms.read(input))
  return since
}

/** Returns the newest ticks of each symbol up to `to` (ms), in the order they came. `since` says from when on they are looked for, ms. */
const newestTrades = async (engine: Engine, since: ReadonlyMap<string, number>, to: number): Promise<Map<string, PastTrade[]>> => {
  const symbols = [...since.keys()]
  const input = await select(
    engine,
    `SELECT symbol, t, price, size, side, src, id FROM (
       SELECT * FROM ${quoted(engine.database)}.ticks FINAL
       WHERE (${symbols.map((_, i) => `symbol = {symbol${i}:String} AND t >= ${timeOf(`from${i}`)}`).join(' OR ')}) AND t <= ${timeOf('to')}
       ORDER BY t DESC, frame DESC, row DESC, src DESC, id DESC LIMIT {newest:UInt32} BY symbol
     ) ORDER BY frame, row, t, src, id`,
    {
      to,
      newest: NEWEST,
      ...Object.fromEntries(
        symbols.flatMap((symbol, i) => [
          [`symbol${i}`, symbol],
          [`from${i}`, since.get(symbol)],
        ]),
      ),
    },
  )
  const trades = new Map<string, PastTrade[]>(symbols.map(symbol => [symbol, []]))
  while (!input.ended) {
    trades
      .get(text.read(input))!
      .push({
        t: ms.read(input),
        price: number.read(input),
        size: number.read(input),
        side: code.read(input),
        src: text.read(input),
        id: text.read(input),
      })
  }
  return trades
}

const text = codecOf('String') as Codec<string>
const number = codecOf('Float64') as Codec<number>
const code = codecOf(SIDE) as Codec<number>
const ms = codecOf(TIME) as Codec<number>
