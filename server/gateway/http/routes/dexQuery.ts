import type { Context } from 'hono'
import { formatDecimal, fromNumber } from '../../../../streams/lib/decimal.ts'
import { DAY } from '../../../../streams/market/candles.ts'
import { ProtocolError } from '../../../../streams/wire/errors.ts'
import { type Pair, parsePair } from '../../../dex/coin.ts'
import type { Dex } from '../../../dex/dex.ts'

/** What is asked for of a decentralised exchange: `{id}` is a pair, `KMD_LTC` in either order, or the id of a pool. */
export interface Asked {
  readonly pair: Pair
  /** The pool that was named. */
  readonly market: string | undefined
}

export const askedOf = (dex: Dex, id: string): Asked => {
  const ofPool = dex.pairOfPool(id)
  if (ofPool) return { pair: ofPool, market: id }
  const pair = parsePair(id)
  if (pair === undefined || pair.base === pair.quote)
    throw new ProtocolError('not_found', `found "${id.slice(0, 80)}", expected a pair such as KMD_LTC, or the id of a pool`)
  return { pair, market: undefined }
}

/** The moment that an answer is of, ms: now, or an earlier one by `at`. */
export const momentOf = (c: Context, dex: Dex): number => wholeOf(c, 'at', dex.now, 0, LAST)

/** Whether now is asked for: what lies in pools and could be traded there is known of no other moment. */
export const isNow = (c: Context): boolean => c.req.query('at') === undefined

/** The last ms that the store can tell. */
const LAST = Date.UTC(2262, 0)

/** A whole number of the query. Throws a Refusal. */
export const wholeOf = (c: Context, name: string, otherwise: number, least: number, most: number): number => {
  const text = c.req.query(name)
  if (text === undefined) return otherwise
  const value = Number(text)
  if (!/^\d{1,15}$/.test(text) || value < least || value > most)
    throw new ProtocolError('invalid_params', `${name}: found "${text.slice(0, 40)}", expected a whole number from ${least} to ${most}`)
  return value
}

/** Time from `from` to `to` (ms) of the query, a day where nothing is said. */
export const timesOf = (c: Context, dex: Dex, from: string, to: string): { from: number; to: number } => {
  const end = wholeOf(c, to, momentOf(c, dex), 0, LAST)
  const start = wholeOf(c, from, Math.max(0, end - DAY), 0, LAST)
  if (start > end) throw new ProtocolError('invalid_params', `${from}: found ${start}, expected no more than ${to} (${end})`)
  return { from: start, to: end }
}

/** A measure as these formats write numbers: a plain decimal in a text, at twelve significant digits. Undefined where it is unknown. */
export const decimalOf = (value: number): string | undefined => {
  const amount = fromNumber(Number(value.toPrecision(12)))
  return amount === undefined ? undefined : formatDecimal(amount)
}

/** An exact decimal of the store in its shortest form. */
export const shortest = (text: string): string => (text.includes('.') ? text.replace(/\.?0+$/, '') : text)

/** A measure as a JSON number; undefined, and so absent, where it is unknown. */
export const numberOf = (value: number): number | undefined => (Number.isFinite(value) ? Number(value.toPrecision(12)) : undefined)
