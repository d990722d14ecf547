import { type Candle, MINUTE } from '../../../streams/market/candles.ts'
import { composed, type Lane } from '../../../streams/market/composed.ts'
import type { Gap } from '../../../streams/market/gaps.ts'
import { type GivenCandle, lastMinute } from '../../../streams/market/givenCandle.ts'
import { Minutes } from '../../../streams/market/minutes.ts'
import { dividing, factorOfAll, type Rescale } from '../../../streams/market/rescale.ts'
import type { SourceOrder } from '../../../streams/market/sourceOrder.ts'
import type { JsonObject } from '../../../streams/wire/mergePatch.ts'
import { ROWS_A_TURN, yieldTurn } from '../../lib/yieldTurn.ts'
import type { Engine } from '../engine/engine.ts'
import { quoted } from '../engine/migrate.ts'
import { type Codec, codecOf } from '../engine/rowBinary.ts'
import { READ_LIMITS, select, timeOf } from '../engine/select.ts'
import { TIME } from '../engine/tables.ts'
import { BAR, givenRows, readBar, readGiven, type SourceMinute } from './bars.ts'
import { onOneScale } from './dividedMinutes.ts'

/** What a symbol's time is covered by. */
export interface Coverage {
  readonly symbol: string
  readonly order: SourceOrder<string>
  /** By source, when its trades were not heard. */
  readonly gaps: ReadonlyMap<string, readonly Gap[]>
  /** What has happened to its assets, in order of time. */
  readonly rescales: readonly Rescale[]
}

/** Candles that are asked for. Times in ms. */
export interface CandleRange {
  readonly from: number
  readonly to: number
  /** The candles that are put together, and the length of what they are put together to. */
  readonly interval: number
  readonly step: number
}

/** Rows of one source in one step. */
interface LaneRow {
  readonly open_t: number
  readonly src: string
  /** The length of given candles, ms; 0 of trades. */
  readonly span: number
  readonly o: number
  readonly h: number
  readonly l: number
  readonly c: number
  readonly v: number
  readonly n: number
}

/** Rows of minutes that are read at once. */
const PIECE = 100_000

/**
 * Returns the candles of a symbol that more than one source speaks of, each part of time counted once, as in the live view: at most `most`,
 * oldest first. A step that one source alone speaks of, or fills with candles, is read as it is; the others are composed of minutes. One in
 * which something happened to an asset is on the scale of its end.
 */
export const composedCandles = async (engine: Engine, coverage: Coverage, range: CandleRange, most: number): Promise<JsonObject[]> => {
  const steps = new Map<number, LaneRow[]>()
  for (const row of await lanesOf(engine, coverage, range, most)) {
    const rows = steps.get(row.open_t)
    if (rows) rows.push(row)
    else steps.set(row.open_t, [row])
  }
  const candles = new Map<number, JsonObject | undefined>()
  const mixed: number[] = []
  for (const [t, rows] of steps) {
    const row = alone(rows, t, coverage, range)
    if (row === undefined) mixed.push(t)
    // Keeps the place of those that are composed.
    candles.set(t, row && { open_t: t, o: row.o, h: row.h, l: row.l, c: row.c, v: row.v, n: row.n })
  }
  for (const some of pieces(mixed, range.step)) await compose(engine, coverage, range, some, candles)
  return [...candles.values()].filter(candle => candle !== undefined)
}

/** The row that says all of a step; undefined if several say something of it. */
const alone = (rows: readonly LaneRow[], t: number, { order, gaps, rescales }: Coverage, { step }: CandleRange): LaneRow | undefined => {
  if (dividing(rescales, t, t + step).length > 0) return undefined
  const hasGap = (src: string): boolean => gaps.get(src)?.some(gap => gap.from < t + step && gap.to > t) ?? false
  const [first] = [...rows].sort((a, b) => a.span - b.span || order(a.src, b.src))
  if (first!.span === 0) return rows.length === 1 && !hasGap(first!.src) ? first : undefined
  return rows.length === 1 || first!.n * first!.span === step ? first : undefined
}

/** Steps in pieces whose minutes can be read at once. */
const pieces = function* (steps: readonly number[], step: number): Generator<number[]> {
  let piece: number[] = []
  for (const t of steps) {
    if (piece.length > 0 && (t + step - piece[0]!) / MINUTE > PIECE) {
      yield piece
      piece = []
    }
    piece.push(t)
  }
  if (piece.length > 0) yield piece
}

/** What is asked of both tables, with the step that a row counts in. */
const STEP = `fromUnixTimestamp64Milli(intDiv(toUnixTimestamp64Milli(counts_t), {step:Int64}) * {step:Int64}, 'UTC')`

const lanesOf = async (engine: Engine, { symbol }: Coverage, range: CandleRange, most: number): Promise<LaneRow[]> => {
  const { from, to, interval, step } = range
  const db = quoted(engine.database)
  const input = await select(
    engine,
    `SELECT * FROM (
       SELECT ${STEP} AS began, src, toUInt32(0) AS span, argMinMerge(o), max(h), min(l), argMaxMerge(c), toString(sum(v)), sum(n)
       FROM (SELECT *, open_t AS counts_t FROM ${db}.bars
         WHERE symbol = {symbol:String} AND bars.span = {interval:UInt32} AND open_t >= ${timeOf('from')} AND open_t < ${timeOf('to')})
       GROUP BY began, src
       UNION ALL
       SELECT ${STEP} AS began, src, own AS span, argMin(o, open_t), max(h), min(l), argMax(c, open_t), toString(sum(toDecimal256(toString(v), 18))), count()
       FROM (SELECT src, span AS own, open_t, o, h, l, c, v,
           open_t + toIntervalMillisecond(span - 1) AS counts_t,
           fromUnixTimestamp64Milli(intDiv(toUnixTimestamp64Milli(counts_t), {interval:Int64}) * {interval:Int64}, 'UTC') AS interval_t
         FROM ${db}.given FINAL
         WHERE symbol = {symbol:String} AND span <= {interval:UInt32} AND open_t >= ${timeOf('from')} - toIntervalMillisecond(span)
           AND interval_t >= ${timeOf('from')} AND interval_t < ${timeOf('to')})
       GROUP BY began, src, own
     ) QUALIFY dense_rank() OVER (ORDER BY began) <= {most:UInt32} ORDER BY began, span, src ${READ_LIMITS}`,
    { symbol, interval, step, from, to, most },
  )
  const rows: LaneRow[] = []
  while (!input.ended) {
    rows.push({
      open_t: ms.read(input),
      src: text.read(input),
      span: length.read(input),
      o: number.read(input),
      h: number.read(input),
      l: number.read(input),
      c: number.read(input),
      v: Number(text.read(input)),
      n: Number(count.read(input)),
    })
    if (rows.length % ROWS_A_TURN === 0) await yieldTurn()
  }
  return rows
}

/** Composes some steps of minutes and given candles, and puts them in. */
const compose = async (
  engine: Engine,
  coverage: Coverage,
  range: CandleRange,
  steps: readonly number[],
  into: Map<number, JsonObject | undefined>,
): Promise<void> => {
  const { step, interval } = range
  const { lanes, given } = await readSources(engine, coverage, { ...range, from: steps[0]!, to: steps.at(-1)! + step })
  let next = 0
  for (const [i, t] of steps.entries()) {
    while (next < given.length && lastMinute(given[next]!) < t) next += 1
    let end = next
    while (end < given.length && lastMinute(given[end]!) < t + step) end += 1
    const rescales = dividing(coverage.rescales, t, t + step)
    const { candle, gap } = composed({ lanes, given: given.slice(next, end) }, t, t + step, { longest: interval, rescales })
    if (candle.n > 0) into.set(t, stateOf(t, candle, gap))
    if (i % STEPS_A_TURN === 0) await yieldTurn()
  }
}

/** Steps that are composed before others get their turn. */
const STEPS_A_TURN = 64

const stateOf = (open_t: number, { open, high, low, close, volume, n }: Candle, gap: boolean): JsonObject => ({
  open_t,
  o: open,
  h: high,
  l: low,
  c: close,
  v: volume,
  n,
  ...(gap && { gap }),
})

/** Reads the minutes of all sources in a time, and the candles that were given for it, as `composed` wants them. `names` are those of the sources. */
export const readSources = async (
  engine: Engine,
  coverage: Coverage,
  range: Omit<CandleRange, 'step'>,
): Promise<{ lanes: Lane[]; given: GivenCandle[]; names: string[] }> => {
  const { symbol, order, rescales } = coverage
  const { from, to, interval } = range
  const input = await select(
    engine,
    `SELECT ${BAR} FROM ${quoted(engine.database)}.bars
     WHERE symbol = {symbol:String} AND span = {minute:UInt32} AND open_t >= ${timeOf('from')} AND open_t < ${timeOf('to')}
     GROUP BY src, open_t ORDER BY open_t ${READ_LIMITS}`,
    { symbol, minute: MINUTE, from, to },
  )
  const bars: SourceMinute[] = []
  while (!input.ended) {
    bars.push(readBar(input))
    if (bars.length % ROWS_A_TURN === 0) await yieldTurn()
  }
  const whole = await onOneScale(engine, symbol, bars, rescales)
  const minutes = new Map<string, Minutes>()
  for (const { src, minute } of whole.minutes) {
    const of = minutes.get(src) ?? new Minutes()
    minutes.set(src, of)
    of.add(minute.scaled(factorOfAll(dividing(rescales, minute.lastT, minute.openT + MINUTE))))
  }
  const gaps = (src: string): Gap[] =>
    [...(coverage.gaps.get(src) ?? []), ...(whole.unknown.get(src) ?? [])].sort((a, b) => a.from - b.from)
  const rows = await readGivenOf(engine, symbol, from, to, interval)
  const names = [...new Set([...minutes.keys(), ...rows.map(({ src }) => src)])].sort(order)
  const lanes = names.flatMap((src, source) => {
    const of = minutes.get(src)
    return of ? [{ source, minutes: of, gaps: gaps(src) }] : []
  })
  const given = rows.map(({ src, openT, span, bar }) => ({ source: names.indexOf(src), openT, span, bar }))
  return { lanes, names, given: given.sort((a, b) => lastMinute(a) - lastMinute(b) || a.source - b.source) }
}

const readGivenOf = async (engine: Engine, symbol: string, from: number, to: number, longest: number) => {
  const ends = 'toUnixTimestamp64Milli(open_t) + span - 1'
  const input = await givenRows(
    engine,
    `symbol = {symbol:String} AND span <= {longest:UInt32} AND open_t >= ${timeOf('from')} - toIntervalMillisecond(span)
     AND ${ends} >= {from:Int64} AND ${ends} < {to:Int64}`,
    { symbol, longest, from, to },
  )
  const rows: ReturnType<typeof readGiven>[] = []
  while (!input.ended) {
    text.skip(input)
    rows.push(readGiven(input))
    if (rows.length % ROWS_A_TURN === 0) await yieldTurn()
  }
  return rows
}

const text = codecOf('String') as Codec<string>
const number = codecOf('Float64') as Codec<number>
const length = codecOf('UInt32') as Codec<number>
const count = codecOf('UInt64') as Codec<bigint>
const ms = codecOf(TIME) as Codec<number>
