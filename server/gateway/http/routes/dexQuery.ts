import type { Context } from 'hono'
import { formatDecimal, fromNumber } from '../../../../streams/lib/decimal.ts'
import { DAY } from '../../../../streams/market/candles.ts'
import { ProtocolError } from '../../../../streams/wire/errors.ts'
import { type Pair, parsePair } from '../../../dex/coin.ts'
import type { Dex } from '../../../dex/dex.ts'
import { inPath, timeInQuery, wholeOf } from '../parameters.ts'
import type { Parameter } from '../route.ts'

/** What routes of decentralised markets answer from. */
export interface DexServices {
  readonly dex: Dex
}

/** A market that a path names: a pair, `KMD_LTC` in either order, or the id of a pool. */
export interface Asked {
  readonly pair: Pair
  /** The pool, if one was named. */
  readonly market: string | undefined
}

/** Describes the parameter of the path that names a market. */
export const marketInPath = (name: string): Parameter => inPath(name, 'a pair such as `KMD_LTC`, in either order, or the id of a pool')

/** Describes the moment that an answer is of. */
export const AT = timeInQuery('at', 'the moment that the answer is of; now if left out')

/** Reads what a path names. Throws a ProtocolError. */
export const askedOf = (dex: Dex, id: string): Asked => {
  const ofPool = dex.pairOfPool(id)
  if (ofPool) return { pair: ofPool, market: id }
  const pair = parsePair(id)
  if (pair === undefined || pair.base === pair.quote)
    throw new ProtocolError('not_found', `found "${id.slice(0, 80)}", expected a pair such as KMD_LTC, or the id of a pool`)
  return { pair, market: undefined }
}

/** Returns the moment that an answer is of, ms: now, or an earlier one by `at`. Throws a ProtocolError. */
export const momentOf = (c: Context, dex: Dex): number => wholeOf(c, 'at', dex.now, 0, LAST)

/** Returns whether now is asked for: what lies in pools and could be traded there is known of no other moment. */
export const isNow = (c: Context): boolean => c.req.query('at') === undefined

/** The last ms that the store can hold. */
const LAST = Date.UTC(2262, 0)

/** Reads one of a few words of the query. Throws a ProtocolError. */
export const oneOf = <W extends string>(c: Context, name: string, words: readonly W[], otherwise: W): W => {
  const text = c.req.query(name) ?? otherwise
  const word = words.find(known => known === text)
  if (word === undefined) throw new ProtocolError('invalid_params', `${name}: found "${text.slice(0, 40)}", expected ${words.join(', ')}`)
  return word
}

/** Reads a time from `from` to `to` (ms) of the query; the last day if nothing is said. Throws a ProtocolError. */
export const timesOf = (c: Context, dex: Dex, from: string, to: string): { from: number; to: number } => {
  const end = wholeOf(c, to, momentOf(c, dex), 0, LAST)
  const start = wholeOf(c, from, Math.max(0, end - DAY), 0, LAST)
  if (start > end) throw new ProtocolError('invalid_params', `${from}: found ${start}, expected no more than ${to} (${end})`)
  return { from: start, to: end }
}

/** Returns a measure as the aggregators' formats write numbers: a plain decimal at twelve significant digits; undefined if it is unknown. */
export const decimalOf = (value: number): string | undefined => {
  const amount = fromNumber(Number(value.toPrecision(12)))
  return amount === undefined ? undefined : formatDecimal(amount)
}

/** Returns an exact decimal of the store in its shortest form. */
export const shortest = (text: string): string => (text.includes('.') ? text.replace(/\.?0+$/, '') : text)

/** Returns a measure as a JSON number; undefined, and so absent, if it is unknown. */
export const numberOf = (value: number): number | undefined => (Number.isFinite(value) ? Number(value.toPrecision(12)) : undefined)
