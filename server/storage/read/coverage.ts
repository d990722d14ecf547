import { DAY, floorTo, MINUTE } from '../../../streams/market/candles.ts'
import { composed } from '../../../streams/market/composed.ts'
import { hasGap } from '../../../streams/market/gaps.ts'
import { lastMinute } from '../../../streams/market/givenCandle.ts'
import { orderOfNames } from '../../../streams/market/sourceOrder.ts'
import { ProtocolError } from '../../../streams/wire/errors.ts'
import { yieldTurn } from '../../lib/yieldTurn.ts'
import type { Engine } from '../engine/engine.ts'
import { quoted } from '../engine/migrate.ts'
import { type Codec, codecOf, FIRST_MS, LAST_MS } from '../engine/rowBinary.ts'
import { READ_LIMITS, select, timeOf } from '../engine/select.ts'
import { TEXT, TIME } from '../engine/tables.ts'
import { readSources } from './composedCandles.ts'
import { gapsOf } from './gaps.ts'
import { openReader } from './reader.ts'

/** A stretch of a symbol's time, `from ≤ t < to` (ms), and what counts in it. */
export interface Covered {
  readonly from: number
  readonly to: number
  readonly source: string
  /** The length of the candles that it is made of, ms; 0 of trades. */
  readonly span: number
  /** Trades of it are missing. */
  readonly gap?: true
}

/** What covers the time of symbols. */
export interface Coverages {
  /** Returns the stretches of a symbol's time, oldest first. Throws ProtocolErrors. */
  of(symbol: string, from: number, to: number): Promise<readonly Covered[]>
}

/** Days that several sources speak of, in one answer: each is composed of its minutes. */
const MIXED_DAYS_MAX = 366
/** ms without a trade after which a stretch of trades is taken for ended. */
const PAUSE_MS = 3_600_000

/** Opens the coverages. `sourceOrder` names the sources that count before others. */
export const openCoverages = (engine: Promise<Engine>, sourceOrder: readonly string[]): Coverages => {
  const order = orderOfNames(sourceOrder)
  const read = openReader(engine)
  return {
    async of(symbol, from, to) {
      const [first, last] = [Math.max(from, FIRST_MS), Math.min(to, LAST_MS)]
      return read(opened => coverageOf(opened, { symbol, order, from: first, to: last }))
    },
  }
}

interface Asked {
  readonly symbol: string
  readonly order: (a: string, b: string) => number
  readonly from: number
  readonly to: number
}

const coverageOf = async (engine: Engine, { symbol, order, from, to }: Asked): Promise<readonly Covered[]> => {
  const days = await daysOf(engine, symbol, from, to)
  const gaps = await gapsOf(engine, symbol, from, to)
  const parts: Covered[] = []
  let mixed = 0
  for (const [day, rows] of days) {
    const [only] = rows
    const isAlone = rows.length === 1 && (only!.span > 0 || !hasGap(gaps.get(only!.source) ?? [], only!.from, only!.to))
    if (isAlone && only!.from >= from && only!.to <= to) {
      parts.push(only!)
      continue
    }
    mixed += 1
    if (mixed > MIXED_DAYS_MAX) throw new ProtocolError('too_much', 'the answer takes too long: ask for a shorter time')
    parts.push(...(await composedDay(engine, { symbol, order, from: Math.max(day, from), to: Math.min(day + DAY, to) }, gaps)))
    await yieldTurn()
  }
  return joined(parts)
}

const composedDay = async (
  engine: Engine,
  { symbol, order, from, to }: Asked,
  gaps: Awaited<ReturnType<typeof gapsOf>>,
): Promise<Covered[]> => {
  const { lanes, given, names } = await readSources(
    engine,
    { symbol, order, gaps, rescales: [] },
    { from: floorTo(from, MINUTE), to, interval: DAY },
  )
  const { pieces } = composed({ lanes, given: given.filter(candle => lastMinute(candle) < to) }, floorTo(from, MINUTE), to, {
    longest: DAY,
  })
  return pieces.map(({ openT, length, source, span }) => {
    const lane = lanes.find(each => each.source === source)
    const lacks = span === 0 && lane !== undefined && hasGap(lane.gaps, openT, openT + length)
    return { from: openT, to: openT + length, source: names[source]!, span, ...(lacks && { gap: true as const }) }
  })
}

/** Puts what follows upon each other, and is of one kind, together. */
const joined = (parts: readonly Covered[]): Covered[] => {
  const stretches: Covered[] = []
  for (const part of parts) {
    const before = stretches.at(-1)
    const pause = part.from - (before?.to ?? Number.NEGATIVE_INFINITY)
    const isSame = before?.source === part.source && before.span === part.span && before.gap === part.gap
    if (isSame && pause <= (part.span === 0 ? PAUSE_MS : 0)) stretches[stretches.length - 1] = { ...before, to: part.to }
    else stretches.push(part)
  }
  return stretches
}

/** What each source has in each day, from its first minute to its last. */
const daysOf = async (engine: Engine, symbol: string, from: number, to: number): Promise<Map<number, Covered[]>> => {
  const db = quoted(engine.database)
  const ends = 'open_t + toIntervalMillisecond(span)'
  const input = await select(
    engine,
    `SELECT * FROM (
       SELECT toDateTime64(open_t, 3, 'UTC') AS day, src, toUInt32(0) AS own,
         toDateTime64(toStartOfMinute(min(first_t)), 3, 'UTC') AS began,
         toDateTime64(toStartOfMinute(max(last_t)) + toIntervalMinute(1), 3, 'UTC') AS ended
       FROM ${db}.bars WHERE symbol = {symbol:String} AND span = {day:UInt32}
         AND open_t > ${timeOf('from')} - toIntervalDay(1) AND open_t < ${timeOf('to')}
       GROUP BY open_t, src
       UNION ALL
       SELECT toDateTime64(toStartOfDay(${ends} - toIntervalMillisecond(1)), 3, 'UTC') AS day, src, span AS own,
         min(open_t) AS began, max(${ends}) AS ended
       FROM ${db}.given WHERE symbol = {symbol:String} AND span <= {day:UInt32} AND ${ends} > ${timeOf('from')} AND open_t < ${timeOf('to')}
       GROUP BY day, src, own
     ) ORDER BY day, own, src ${READ_LIMITS}`,
    { symbol, from, to, day: DAY },
  )
  const days = new Map<number, Covered[]>()
  while (!input.ended) {
    const day = ms.read(input)
    const [source, span] = [text.read(input), length.read(input)]
    const row = { source, span, from: ms.read(input), to: ms.read(input) }
    days.set(day, [...(days.get(day) ?? []), row])
  }
  return days
}

const text = codecOf(TEXT) as Codec<string>
const length = codecOf('UInt32') as Codec<number>
const ms = codecOf(TIME) as Codec<number>
