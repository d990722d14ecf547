import type { AssetEvent } from '../../../streams/market/assetEvent.ts'
import { Candle, DAY, floorTo, HOUR, MINUTE } from '../../../streams/market/candles.ts'
import type { InstrumentPast, MarketPast, PastTick } from '../../../streams/market/marketPast.ts'
import { rescalesOf } from '../../../streams/market/rescale.ts'
import { ROWS_A_TURN, yieldTurn } from '../../lib/yieldTurn.ts'
import type { Engine } from '../engine/engine.ts'
import { quoted } from '../engine/migrate.ts'
import { type Codec, codecOf, LAST_MS, type RowReader } from '../engine/rowBinary.ts'
import { select, timeOf } from '../engine/select.ts'
import { SIDE, TIME } from '../engine/tables.ts'
import { BAR, givenRows, readBar, readGiven, type SourceMinute } from './bars.ts'
import { onOneScale } from './dividedMinutes.ts'

/** How many of a symbol's newest ticks are read: as many as a source's ids are remembered. */
const NEWEST = 4096
/** Symbols of one question. */
const AT_ONCE = 100
/** Days with trades that are read. One more than is shown: the newest may hold nothing yet at the moment asked for. */
const DAYS = 3

/** What is read of a symbol, and from when on, ms. */
interface Wanted {
  /** Event time of the oldest trade. */
  readonly first: number
  /** The beginning of the oldest of the days that are read. */
  readonly days: number
  /** The beginning of an hour from which on there are enough ticks. */
  readonly newest: number
}

/** What is asked of the past of a market. */
export interface MarketPastOptions {
  /** What happens to assets, in order of time. */
  readonly events?: readonly AssetEvent[]
  /** Left out: all that are stored. */
  readonly symbols?: readonly string[]
}

/** Reads the market as it was before `asOf` (ms), from aggregates and the newest ticks, and the ticks of that very moment. */
export const marketPast = async (
  engine: Engine,
  asOf: number,
  { events = [], symbols: asked }: MarketPastOptions = {},
): Promise<MarketPast> => {
  const to = Math.min(asOf, LAST_MS)
  const wanted = await wantedOf(engine, to, asked)
  const instruments: InstrumentPast[] = []
  const symbols = [...wanted.keys()]
  for (let i = 0; i < symbols.length; i += AT_ONCE) {
    const some = new Map(symbols.slice(i, i + AT_ONCE).map(symbol => [symbol, wanted.get(symbol)!]))
    instruments.push(...(await instrumentsOf(engine, some, to, events)))
  }
  return { instruments }
}

/** Returns how many ticks a frame (ms) has that are stored: the place of those that it gets still. */
export const storedInFrame = async (engine: Engine, frame: number): Promise<number> => {
  const input = await select(
    engine,
    `SELECT toUInt32(if(count() = 0, 0, max(row) + 1)) FROM ${quoted(engine.database)}.ticks
     WHERE frame = ${timeOf('frame')} AND t BETWEEN ${timeOf('from')} AND ${timeOf('frame')}`,
    { frame, from: frame - HOUR },
  )
  return length.read(input)
}

const instrumentsOf = async (
  engine: Engine,
  wanted: ReadonlyMap<string, Wanted>,
  to: number,
  events: readonly AssetEvent[],
): Promise<InstrumentPast[]> => {
  const ticks = await newestTicks(engine, wanted, to)
  const stored = await minutesOf(engine, wanted, to)
  const given = await givenOf(engine, wanted, to)
  const missed = await gapsOf(engine, wanted, to)
  const minutes = new Map<string, readonly SourceMinute[]>()
  const gaps = new Map<string, InstrumentPast['gaps']>()
  for (const symbol of wanted.keys()) {
    const { minutes: scaled, unknown } = await onOneScale(engine, symbol, stored.get(symbol) ?? [], rescalesOf(symbol, events))
    minutes.set(symbol, scaled)
    gaps.set(symbol, [...(missed.get(symbol) ?? []), ...[...unknown].flatMap(([src, list]) => list.map(gap => ({ src, gap })))])
  }
  const until = await heardUntil(engine, wanted, to)
  const quotes = await quotesOf(engine, wanted, to)
  return [...wanted].map(([symbol, { first }]) => {
    const all = ticks.get(symbol) ?? []
    const quote = quotes.get(symbol)?.[0]
    return {
      symbol,
      first,
      newest: all.filter(({ t }) => t < to),
      last: all.filter(({ t }) => t === to),
      minutes: minutes.get(symbol) ?? [],
      given: given.get(symbol) ?? [],
      gaps: gaps.get(symbol) ?? [],
      heard: heardOf(until.get(symbol) ?? [], minutes.get(symbol) ?? []),
      ...(quote && { quote }),
    }
  })
}

/** Returns for each symbol with ticks up to `to` (ms), of those that are asked for, from when on it is read. */
const wantedOf = async (engine: Engine, to: number, asked: readonly string[] | undefined): Promise<Map<string, Wanted>> => {
  const ofAsked = asked ? 'AND symbol IN {asked:Array(String)}' : ''
  const db = quoted(engine.database)
  const ends = 'open_t + toIntervalMillisecond(span - 1)'
  const never = "toDateTime64('2299-01-01', 3, 'UTC')"
  const input = await select(
    engine,
    `SELECT symbol, min(earliest), min(days), min(hours) FROM (
       SELECT symbol, earliest,
         if(dense_rank() OVER (PARTITION BY symbol ORDER BY day DESC) <= {days:UInt32}, day, ${never}) AS days,
         if(sum(ticks) OVER (PARTITION BY symbol ORDER BY hour DESC) - ticks < {newest:UInt32}, hour, ${never}) AS hours
       FROM (
         SELECT symbol, hour, toDateTime64(toStartOfDay(hour), 3, 'UTC') AS day, sum(n) AS ticks, min(began) AS earliest FROM (
           SELECT symbol, open_t AS hour, n, first_t AS began FROM ${db}.bars WHERE span = {hour:UInt32} AND open_t <= ${timeOf('to')} ${ofAsked}
           UNION ALL
           SELECT symbol, toDateTime64(toStartOfHour(${ends}), 3, 'UTC') AS hour, toUInt64(1) AS n, open_t AS began
           FROM ${db}.given WHERE ${ends} <= ${timeOf('to')} ${ofAsked}
         ) GROUP BY symbol, hour
       )
     ) GROUP BY symbol ORDER BY symbol`,
    { hour: HOUR, to, newest: NEWEST, days: DAYS, ...(asked && { asked }) },
  )
  const wanted = new Map<string, Wanted>()
  while (!input.ended) wanted.set(text.read(input), { first: ms.read(input), days: ms.read(input), newest: ms.read(input) })
  return wanted
}

/** The columns of a tick, as `readTick` reads them. */
const TICK = 't, price, size, side, src, id, span, open, high, low'

const readTick = (input: RowReader): PastTick => ({
  t: ms.read(input),
  price: number.read(input),
  size: number.read(input),
  side: code.read(input),
  src: text.read(input),
  id: text.read(input),
  span: length.read(input),
  open: number.read(input),
  high: number.read(input),
  low: number.read(input),
})

/** A condition that is true of rows of each symbol from its own time on, and its parameters. */
const since = (wanted: ReadonlyMap<string, Wanted>, column: string, from: (of: Wanted) => number) => ({
  condition: `(${[...wanted].map((_, i) => `symbol = {symbol${i}:String} AND ${column} >= ${timeOf(`from${i}`)}`).join(' OR ')})`,
  parameters: Object.fromEntries(
    [...wanted].flatMap(([symbol, of], i) => [
      [`symbol${i}`, symbol],
      [`from${i}`, from(of)],
    ]),
  ),
})

/** Returns the newest ticks of each symbol up to `to` (ms), in the order they came; imports did not come. */
const newestTicks = async (engine: Engine, wanted: ReadonlyMap<string, Wanted>, to: number): Promise<Map<string, PastTick[]>> => {
  const { condition, parameters } = since(wanted, 't', of => of.newest)
  const input = await select(
    engine,
    `SELECT symbol, ${TICK} FROM (
       SELECT * FROM ${quoted(engine.database)}.ticks FINAL WHERE ${condition} AND t <= ${timeOf('to')} AND frame > ${timeOf('never')}
       ORDER BY t DESC, frame DESC, row DESC, src DESC, id DESC LIMIT {newest:UInt32} BY symbol
     ) ORDER BY frame, row, t, src, id`,
    { to, never: 0, newest: NEWEST, ...parameters },
  )
  return bySymbol(input, readTick)
}

/**
 * Returns what was traded of each symbol in the minutes of its days before `to` (ms), by source. The minute that `to` lies in is not over and
 * is summed of its ticks.
 */
const minutesOf = async (
  engine: Engine,
  wanted: ReadonlyMap<string, Wanted>,
  to: number,
): Promise<Map<string, InstrumentPast['minutes'][number][]>> => {
  const db = quoted(engine.database)
  const { condition, parameters } = since(wanted, 'open_t', of => of.days)
  const minute = floorTo(to, MINUTE)
  const input = await select(
    engine,
    `SELECT symbol, ${BAR}
     FROM ${db}.bars WHERE span = {minute:UInt32} AND ${condition} AND open_t < ${timeOf('to')}
     GROUP BY symbol, src, open_t ORDER BY symbol, src, open_t`,
    { minute: MINUTE, to: minute, ...parameters },
  )
  const minutes = await bySymbol(input, readBar)
  const rest = await select(
    engine,
    `SELECT symbol, ${TICK} FROM ${db}.ticks FINAL
     WHERE symbol IN {symbols:Array(String)} AND t >= ${timeOf('minute')} AND t < ${timeOf('to')} AND span = 0 ORDER BY frame, row, t, src, id`,
    { symbols: [...wanted.keys()], minute, to },
  )
  for (const [symbol, ticks] of await bySymbol(rest, readTick)) {
    for (const { src, t, price, size } of ticks) {
      const one = new Candle(minute)
      one.trade(t, price, size)
      minutes.set(symbol, [...(minutes.get(symbol) ?? []), { src, minute: one }])
    }
  }
  return minutes
}

const givenOf = async (engine: Engine, wanted: ReadonlyMap<string, Wanted>, to: number) => {
  const { condition, parameters } = since(wanted, 'open_t', of => of.days - DAY)
  const input = await givenRows(engine, `${condition} AND open_t + toIntervalMillisecond(span - 1) < ${timeOf('to')}`, {
    to,
    ...parameters,
  })
  return bySymbol(input, readGiven)
}

const gapsOf = async (engine: Engine, wanted: ReadonlyMap<string, Wanted>, to: number) => {
  const { condition, parameters } = since(wanted, 'until', of => of.days)
  const input = await select(
    engine,
    `SELECT symbol, src, t, until FROM ${quoted(engine.database)}.listening FINAL
     WHERE kind = 'missed' AND ${condition} AND t < ${timeOf('to')} AND until > t ORDER BY symbol, src, t`,
    { to, ...parameters },
  )
  return bySymbol(input, () => ({ src: text.read(input), gap: { from: ms.read(input), to: ms.read(input) } }))
}

/** Returns until when live feeds have brought each symbol, by source. */
const heardUntil = async (engine: Engine, wanted: ReadonlyMap<string, Wanted>, to: number) => {
  const input = await select(
    engine,
    `SELECT symbol, src, max(until) FROM ${quoted(engine.database)}.listening
     WHERE kind = 'heard' AND symbol IN {symbols:Array(String)} AND t < ${timeOf('to')} GROUP BY symbol, src`,
    { symbols: [...wanted.keys()], to },
  )
  return bySymbol(input, () => ({ src: text.read(input), until: ms.read(input) }))
}

/** How far each source was heard, and how far its trades reach. */
const heardOf = (
  heard: readonly { readonly src: string; readonly until: number }[],
  minutes: InstrumentPast['minutes'],
): InstrumentPast['heard'] => {
  const newest = new Map<string, number>()
  for (const { src, minute } of minutes) newest.set(src, Math.max(newest.get(src) ?? Number.NEGATIVE_INFINITY, minute.lastT))
  const until = new Map(heard.map(row => [row.src, row.until]))
  return [...new Set([...newest.keys(), ...until.keys()])].map(src => ({
    src,
    until: until.get(src) ?? Number.NaN,
    newest: newest.get(src) ?? Number.NEGATIVE_INFINITY,
  }))
}

const quotesOf = async (engine: Engine, wanted: ReadonlyMap<string, Wanted>, to: number) => {
  const input = await select(
    engine,
    `SELECT symbol, t, bid, ask FROM ${quoted(engine.database)}.quotes FINAL WHERE symbol IN {symbols:Array(String)} AND t <= ${timeOf('to')}`,
    { symbols: [...wanted.keys()], to },
  )
  return bySymbol(input, () => ({ t: ms.read(input), bid: side.read(input), ask: side.read(input) }))
}

const bySymbol = async <T>(input: RowReader, read: (input: RowReader) => T): Promise<Map<string, T[]>> => {
  const rows = new Map<string, T[]>()
  for (let n = 1; !input.ended; n++) {
    const symbol = text.read(input)
    const of = rows.get(symbol)
    const row = read(input)
    if (of) of.push(row)
    else rows.set(symbol, [row])
    if (n % ROWS_A_TURN === 0) await yieldTurn()
  }
  return rows
}

const text = codecOf('String') as Codec<string>
const number = codecOf('Float64') as Codec<number>
const length = codecOf('UInt32') as Codec<number>
const side = codecOf('Nullable(Float64)') as Codec<number>
const code = codecOf(SIDE) as Codec<number>
const ms = codecOf(TIME) as Codec<number>
