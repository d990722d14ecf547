import { fromNumber } from '../../streams/lib/decimal.ts'
import { FIRST_TIME } from '../../streams/market/ticks.ts'
import { AMOUNT_MAX } from '../../streams/wire/limits.ts'
import { isTestCoin, tickerOf } from './coin.ts'

/** One trade. The maker gives what the taker gets. */
export interface AtomicSwap {
  readonly id: string
  /** Of the rows of one id the one with the highest version counts. */
  readonly version: bigint
  /** The pool; '' for a swap between two people. */
  readonly market: string
  /** When it was completed, ms. */
  readonly t: number
  /** When it began, ms. */
  readonly started: number
  /** As named, with their platforms. */
  readonly makerCoin: string
  readonly takerCoin: string
  /** 10⁻¹⁸. */
  readonly makerAmount: bigint
  readonly takerAmount: bigint
  /** The price of a unit at that time; NaN if it is unknown. */
  readonly makerUsd: number
  readonly takerUsd: number
}

/** A row of `stats_swaps`: values by the names of its columns. */
export type SwapRecord = Readonly<Record<string, unknown>>

/** Why a row does not count although nothing is wrong with it. */
export type LeftOut = 'not completed' | 'test coin'

/** A row that cannot be read. The message is one line: member, found, expected. */
export class BadSwap extends Error {}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** Reads a row of `stats_swaps` from SQLite, CSV or JSON. Throws BadSwap. */
export const readSwap = (record: SwapRecord): AtomicSwap | LeftOut => {
  const id = textOf(record.uuid).toLowerCase()
  if (!UUID.test(id)) throw new BadSwap(`uuid: found "${id}", expected a UUID`)
  const [makerCoin, takerCoin] = [coinOf('maker_coin', record), coinOf('taker_coin', record)]
  if (record.is_success !== undefined && !['1', 'true'].includes(textOf(record.is_success).toLowerCase())) return 'not completed'
  if (isTestCoin(tickerOf(makerCoin)!) || isTestCoin(tickerOf(takerCoin)!)) return 'test coin'
  const [started, t] = [timeOf('started_at', record), timeOf('finished_at', record)]
  const [makerAmount, takerAmount] = [amountOf('maker_amount', record), amountOf('taker_amount', record)]
  const [makerUsd, takerUsd] = [priceOf('maker_coin_usd_price', record), priceOf('taker_coin_usd_price', record)]
  // Two sources may know of the same swap: the row that knows more prices wins, then the one that was completed later.
  const known = [makerUsd, takerUsd].filter(price => !Number.isNaN(price)).length
  const version = (BigInt(known) << 48n) | BigInt(t / 1000)
  return { id, version, market: '', t, started, makerCoin, takerCoin, makerAmount, takerAmount, makerUsd, takerUsd }
}

const textOf = (value: unknown): string => (value === null || value === undefined ? '' : String(value).trim())

const coinOf = (member: string, record: SwapRecord): string => {
  const coin = textOf(record[member])
  if (tickerOf(coin) === undefined) throw new BadSwap(`${member}: found "${coin.slice(0, 60)}", expected a coin such as KMD or USDC-PLG20`)
  return coin
}

const timeOf = (member: string, record: SwapRecord): number => {
  const text = textOf(record[member])
  const t = Number(text) * 1000
  if (!/^\d{1,11}$/.test(text) || t < FIRST_TIME) throw new BadSwap(`${member}: found "${text}", expected seconds since 1970`)
  return t
}

const DECIMAL = /^(\d{1,30})(?:\.(\d+))?$/

/** Reads an amount; digits beyond 10⁻¹⁸ are cut off. */
const amountOf = (member: string, record: SwapRecord): bigint => {
  const text = textOf(record[member])
  const [, whole, fraction = ''] = DECIMAL.exec(text) ?? []
  // SQLite may have it as a number, which prints with an exponent if it is very small.
  const amount =
    whole === undefined ? (/e/i.test(text) ? fromNumber(Number(text)) : undefined) : BigInt(whole + fraction.slice(0, 18).padEnd(18, '0'))
  if (amount === undefined || amount <= 0n || amount >= AMOUNT_MAX)
    throw new BadSwap(`${member}: found "${text}", expected an amount above zero`)
  return amount
}

/** Reads a price. Sources write zero if they do not know it. */
const priceOf = (member: string, record: SwapRecord): number => {
  const text = textOf(record[member])
  if (text === '') return Number.NaN
  const price = Number(text)
  if (!(price >= 0) || price === Number.POSITIVE_INFINITY) throw new BadSwap(`${member}: found "${text}", expected a price`)
  return price === 0 ? Number.NaN : price
}
