import type { Mutable } from '../lib/mutable.ts'
import { Candle, floorTo, MINUTE } from './candles.ts'
import { commonGaps, type Gap, hasGap, withoutSpan } from './gaps.ts'
import { type GivenCandle, lastMinute } from './givenCandle.ts'
import type { Minutes } from './minutes.ts'
import { dividing, factorOfAll, type Rescale } from './rescale.ts'

/** The trades of one source, and when they were not heard. */
export interface Lane {
  readonly source: number
  readonly minutes: Minutes
  readonly gaps: readonly Gap[]
}

/** What a stretch of time is composed of: lanes and given candles each in the order in which sources count. */
export interface Sources {
  readonly lanes: readonly Lane[]
  readonly given: readonly GivenCandle[]
}

/** What is wanted of a stretch. */
export interface Wanted {
  /** Candles longer than this (ms) say nothing of it. */
  readonly longest: number
  /** What is missing before (ms) is not missed; all of it is if this is left out. */
  readonly missedFrom?: number
  /** What has happened to the symbol's assets, in order of time: the stretch is composed on the scale of after it. */
  readonly rescales?: readonly Rescale[]
}

/** A candle and what is to be said of it. */
export interface Composed {
  readonly candle: Candle
  /** Trades of the stretch are missing. */
  readonly gap: boolean
  readonly pieces: readonly Piece[]
}

/** A part of the stretch, counted once: a minute of trades, or a given candle. */
export interface Piece {
  readonly openT: number
  /** ms; of trades a minute. */
  readonly length: number
  /** The number of the source. */
  readonly source: number
  /** The length of a given candle, ms; 0 of trades. */
  readonly span: number
  /** On the scale of what has happened by now. */
  readonly bar: Candle
  /** Something happened to an asset within a given candle: of its numbers nobody knows the scale. */
  readonly divided: boolean
}

/**
 * Composes `from ≤ t < to` (ms), each part of it counted once: trades before candles, shorter candles before longer ones, sources in their
 * order. A source is passed over for the next if it is known to lack something that the next has. See docs/decisions/0011-sources.md.
 */
export const composed = (sources: Sources, from: number, to: number, { longest, missedFrom = from, rescales = NONE }: Wanted): Composed => {
  const { lanes, given } = sources
  const counted = given.filter(candle => candle.span <= longest && lastMinute(candle) >= from && lastMinute(candle) < to)
  // A longer candle may begin before the stretch that it ends in.
  const begin = counted.reduce((least, { openT }) => Math.min(least, openT), from)
  let pieces = minutesOf(lanes, counted, begin, to, rescales)
  const longer = counted.filter(({ span }) => span > MINUTE).sort((a, b) => a.span - b.span)
  for (const candle of longer) pieces = withLonger(pieces, candle, lanes, rescales)
  let inside = pieces.filter(piece => lastOf(piece) >= from)
  if (rescales.length > 0)
    inside = inside.map(piece => ({ ...piece, bar: scaledTo(Number.POSITIVE_INFINITY, piece.bar, piece.openT + piece.length, rescales) }))
  const candle = new Candle(from)
  for (const { bar } of inside) candle.merge(bar)
  return { candle, gap: inside.some(({ divided }) => divided) || lacks(inside, lanes, missedFrom, to), pieces: inside }
}

const NONE: readonly Rescale[] = []

/** Returns a bar that ended at `end` (ms) on the scale of what has happened before `t` (ms). */
const scaledTo = (t: number, bar: Candle, end: number, rescales: readonly Rescale[]): Candle =>
  rescales.length === 0 ? bar : bar.scaled(factorOfAll(rescales.filter(({ event }) => event.t >= end && event.t < t)))

const divides = ({ openT, span }: GivenCandle, rescales: readonly Rescale[]): boolean => dividing(rescales, openT, openT + span).length > 0

const lastOf = ({ openT, length }: Piece): number => floorTo(openT + length - 1, MINUTE)

const gapsOf = (lanes: readonly Lane[], source: number): readonly Gap[] => lanes.find(lane => lane.source === source)?.gaps ?? []

/** Chooses a source for each minute: the first that has something there and lacks nothing, else the first. */
const minutesOf = (
  lanes: readonly Lane[],
  given: readonly GivenCandle[],
  from: number,
  to: number,
  rescales: readonly Rescale[],
): Piece[] => {
  const chosen = new Map<number, Piece & { lacks: boolean }>()
  const offer = (piece: Piece, lacks: boolean): void => {
    const before = chosen.get(piece.openT)
    if (before === undefined || (before.lacks && !lacks)) chosen.set(piece.openT, { ...piece, lacks })
  }
  for (const { source, minutes, gaps } of lanes) {
    for (const bar of minutes.between(from, to)) {
      const { openT } = bar
      offer({ openT, length: MINUTE, source, span: 0, bar, divided: false }, hasGap(gaps, openT, openT + MINUTE))
    }
  }
  for (const piece of shortCandles(given, rescales)) offer(piece, piece.divided)
  return [...chosen.values()].sort((a, b) => a.openT - b.openT)
}

/** Candles of a minute, and shorter ones put together to minutes: each length and source for itself, shortest first. */
const shortCandles = (given: readonly GivenCandle[], rescales: readonly Rescale[]): Piece[] => {
  const pieces = new Map<string, Mutable<Piece>>()
  for (const candle of given) {
    const { openT, span, source, bar } = candle
    if (span > MINUTE) continue
    const minute = floorTo(openT + span - 1, MINUTE)
    const key = `${span} ${source} ${minute}`
    let piece = pieces.get(key)
    if (piece === undefined) {
      piece = { openT: minute, length: MINUTE, source, span, bar: new Candle(minute), divided: false }
      pieces.set(key, piece)
    }
    piece.bar.merge(scaledTo(minute + MINUTE, bar, openT + span, rescales))
    piece.divided ||= divides(candle, rescales)
  }
  return [...pieces.values()].sort((a, b) => a.span - b.span)
}

/** Puts a longer candle in the place of what it covers if that is nothing, or is known to lack something. */
const withLonger = (pieces: readonly Piece[], candle: GivenCandle, lanes: readonly Lane[], rescales: readonly Rescale[]): Piece[] => {
  const { openT, span, source, bar } = candle
  const divided = divides(candle, rescales)
  const end = openT + span
  const isCovered = (piece: Piece): boolean => lastOf(piece) >= openT && lastOf(piece) < end
  const covered = pieces.filter(isCovered)
  if (!isIncomplete(covered, openT, span, lanes)) return [...pieces]
  const rest = pieces.filter(piece => !isCovered(piece))
  return [...rest, { openT, length: span, source, span, bar, divided }].sort((a, b) => lastOf(a) - lastOf(b))
}

const isIncomplete = (covered: readonly Piece[], openT: number, span: number, lanes: readonly Lane[]): boolean => {
  // Another source of the same length.
  if (covered.some(piece => piece.span === span)) return false
  if (covered.some(piece => piece.span === 0)) return lacks(covered, lanes, openT, openT + span)
  return covered.reduce((sum, { length }) => sum + length, 0) < span
}

/** Says whether there is a time in which none of the sources was heard that have something here, and that no given candle covers. */
const lacks = (pieces: readonly Piece[], lanes: readonly Lane[], from: number, to: number): boolean => {
  const traded = new Set(pieces.filter(({ span }) => span === 0).map(({ source }) => source))
  if (traded.size === 0) return false
  let gaps: Gap[] = [{ from, to }]
  for (const source of traded) gaps = commonGaps(gaps, gapsOf(lanes, source))
  if (gaps.length === 0) return false
  for (const { openT, length, span } of pieces) if (span > 0) gaps = withoutSpan(gaps, openT, openT + length)
  return gaps.length > 0
}
