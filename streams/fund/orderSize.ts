import type { End } from '../ledger/rebalanceEntry.ts'
import type { TradeState } from '../ledger/rebalanceState.ts'
import { divDown, fromNumber, mulUp, ONE } from '../lib/decimal.ts'
import type { PlanRules } from './tradePlan.ts'

/** A price worse than that of the moment by this share is not taken. */
const SLIPPAGE = 0.005
/** Basis points kept beside the fee: a venue rounds prices and fees to its own places. */
const ROUNDING_BPS = 1
/** Percent. A trade that lacks no more of what was planned is complete if it ends early: prices have moved meanwhile. */
const UNFILLED_PERCENT_MAX = 2n
/** If cash or assets are short, an order for less than this part of its trade is not worth sending. */
const SMALLEST_PART = 1_000n
/** Orders that a trade gets; then it has failed. */
export const ORDERS_PER_TRADE_MAX = 5

/** An order to be sent. All in 10⁻¹⁸. */
export interface NextOrder {
  /** Of the asset. */
  readonly amount: bigint
  /** Of the quote asset a unit: the worst price that is taken. */
  readonly limit: bigint
  /** What is set aside until the order is over: of the asset for a sale, of the quote asset for a purchase. */
  readonly hold: bigint
}

/** How a trade ends without another order. */
export interface TradeEnd {
  readonly status: End
  readonly why: string
}

/** What a trade has come to: planned and filled amounts in 10⁻¹⁸ of the asset, and the number of its orders. */
export type OpenTrade = Pick<TradeState, 'side' | 'asset' | 'amount' | 'filled' | 'orders'>

/**
 * Returns the next order of a trade, or how the trade ends if there is none to be sent.
 *
 * `price` is that of the moment, in the quote asset; undefined if it may not be traded on. `available` is what the custody has of the asset
 * for a sale, of the quote asset for a purchase (10⁻¹⁸). `lastWhy` says why the order before brought nothing, '' if it did.
 *
 * limit = price × (1 ± SLIPPAGE). The amount is what is left of the trade, but no more than `available` covers at the limit with the fee,
 * rounded down to whole lots. An order of less than `minTrade` is not sent, and none of a tiny part of a trade that is short of cover.
 */
export const nextOrder = (
  { side, asset, amount: planned, filled, orders }: OpenTrade,
  price: number | undefined,
  available: bigint,
  { feeBps, minTrade, lots }: PlanRules,
  lastWhy: string,
): { readonly order: NextOrder } | { readonly end: TradeEnd } => {
  const limit = price === undefined ? undefined : fromNumber(side === 'buy' ? price * (1 + SLIPPAGE) : price * (1 - SLIPPAGE))
  if (price === undefined || !limit) return { end: { status: 'cancelled', why: 'stale_price' } }
  const left = planned - filled
  const nearlyFilled = filled > 0n && left * 100n <= planned * UNFILLED_PERCENT_MAX
  if (orders >= ORDERS_PER_TRADE_MAX) return { end: { status: nearlyFilled ? 'completed' : 'failed', why: lastWhy || 'not_filled' } }
  const withFee = fromNumber(1 + (feeBps + ROUNDING_BPS) / 10_000)!
  const covered = side === 'sell' ? available : divDown(available, mulUp(limit, withFee))
  const lot = lots.get(asset) ?? 1n
  const amount = (least(left, covered) / lot) * lot
  const small = amount * fromNumber(price)! < minTrade * ONE || (covered < left && amount * SMALLEST_PART < planned)
  if (amount <= 0n || small) {
    const why = covered >= left ? 'too_small' : side === 'buy' ? 'no_cash' : 'no_assets'
    const completed = nearlyFilled || (filled > 0n && why === 'too_small')
    return { end: { status: completed ? 'completed' : 'cancelled', why } }
  }
  const hold = side === 'sell' ? amount : mulUp(mulUp(amount, limit), withFee)
  return { order: { amount, limit, hold: least(hold, available) } }
}

const least = (a: bigint, b: bigint): bigint => (a < b ? a : b)
