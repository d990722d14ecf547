import { formatDecimal, readDecimal } from '../lib/decimal.ts'
import { type Leg, readAmounts, readLeg, type Written, writeAmounts } from './amounts.ts'

/**
 * The entries of a fund's rebalance: it opens with its trades, one or more orders carry out each of them, and it closes when all have
 * ended. Amounts in 10⁻¹⁸. `at` is event time, ms: the journal's own time never goes back, that of a replay is long ago.
 */

/** A rebalance begins. */
export interface Rebalance {
  readonly kind: 'rebalance'
  readonly fund: string
  /** The fund's first is 1. */
  readonly id: number
  readonly at: number
  readonly reason: string
  /** The weights that the trades lead to. */
  readonly targets: Readonly<Record<string, number>>
  readonly trades: readonly TradePlan[]
}

/** One trade that a rebalance is to make. */
export interface TradePlan {
  /** `2-1` is the first of the second rebalance. */
  readonly id: string
  readonly side: 'buy' | 'sell'
  readonly asset: string
  readonly amount: bigint
  /** The price that the plan assumes, in the quote asset. */
  readonly price: number
}

/** One step of one trade: with `order` an order is about to be sent, with `fill` an exchange has traded, with neither it ends. */
export interface RebalanceTrade {
  readonly kind: 'trade'
  readonly fund: string
  readonly trade: string
  readonly at: number
  /** Of the trade, after this step. */
  readonly status: TradeStatus
  readonly order?: SentOrder
  readonly fill?: Fill
  readonly why?: string
}

/** An order to an exchange. It is written down before it is sent: whatever happens then, the exchange can be asked by its id. */
export interface SentOrder {
  /** `2-1-3` is the third order of the trade `2-1`. */
  readonly id: string
  readonly amount: bigint
  /** The worst price it takes. */
  readonly limit: bigint
  /** What custody keeps ready for it, of what it gives away. */
  readonly hold: bigint
}

/** What an exchange has traded for an order. */
export interface Fill {
  readonly order: string
  /** The exchange's own: the same one counts once. */
  readonly id: string
  readonly amount: bigint
  readonly price: bigint
  /** In the quote asset, or in the one that is traded. */
  readonly fee: Leg
}

/** A rebalance is over. */
export interface Rebalanced {
  readonly kind: 'rebalanced'
  readonly fund: string
  readonly id: number
  readonly at: number
  readonly outcome: RebalanceOutcome
  readonly targets: Readonly<Record<string, number>>
  /** Custody ÷ shares, down to 18 decimals. */
  readonly units: ReadonlyMap<string, bigint>
  /** Of the fund's level: the value of these units is divided by it. Absent if a price was missing. */
  readonly divisor?: number
}

/** Whether all trades were completed, some, or none. */
export type RebalanceOutcome = 'completed' | 'partial' | 'failed'
/** How a trade can end. */
export const ENDS = ['completed', 'failed', 'cancelled'] as const
/** One of `ENDS`. */
export type End = (typeof ENDS)[number]
/** How far a trade is. */
export type TradeStatus = 'pending' | 'submitted' | 'partially_filled' | End

/** The step of a trade: an order is about to be sent, an exchange has traded, or the trade ends. */
export type Step =
  | { readonly order: SentOrder }
  | { readonly fill: Fill }
  | { readonly end: { readonly status: End; readonly why: string } }

/** Writes the members of each kind of entry, in the order in which they stand in its text. */
export const rebalanceWriters = {
  rebalance: ({ fund, id, at, reason, targets, trades }: Rebalance) => ({
    fund,
    id,
    at,
    reason,
    targets,
    trades: trades.map(plan => ({ ...plan, amount: formatDecimal(plan.amount) })),
  }),
  trade: ({ fund, trade, at, status, order, fill, why }: RebalanceTrade) => ({
    fund,
    trade,
    at,
    status,
    ...(order && { order: writeSentOrder(order) }),
    ...(fill && { fill: writeFill(fill) }),
    ...(why && { why }),
  }),
  rebalanced: ({ fund, id, at, outcome, targets, units, divisor }: Rebalanced) => ({
    fund,
    id,
    at,
    outcome,
    targets,
    ...(divisor !== undefined && { divisor }),
    units: writeAmounts(units),
  }),
}

/** Reads each kind of entry from its JSON form. They throw TypeError if an amount is no decimal. */
export const rebalanceReaders = {
  rebalance: (json: Written<Rebalance>): Rebalance => ({
    ...json,
    trades: json.trades.map(plan => ({ ...plan, amount: readDecimal(plan.amount) })),
  }),
  trade: ({ order, fill, ...json }: Written<RebalanceTrade>): RebalanceTrade => ({
    ...json,
    ...(order && { order: readSentOrder(order) }),
    ...(fill && { fill: readFill(fill) }),
  }),
  rebalanced: (json: Written<Rebalanced>): Rebalanced => ({ ...json, units: readAmounts(json.units) }),
}

/** Returns an order in its JSON form. */
export const writeSentOrder = <T extends SentOrder>(order: T) => ({
  ...order,
  amount: formatDecimal(order.amount),
  limit: formatDecimal(order.limit),
  hold: formatDecimal(order.hold),
})
/** Reads an order from its JSON form. Throws TypeError if an amount is no decimal. */
export const readSentOrder = <T extends Written<SentOrder>>(json: T) => ({
  ...json,
  amount: readDecimal(json.amount),
  limit: readDecimal(json.limit),
  hold: readDecimal(json.hold),
})

const writeFill = ({ fee, ...fill }: Fill): Written<Fill> => ({
  ...fill,
  amount: formatDecimal(fill.amount),
  price: formatDecimal(fill.price),
  fee: { ...fee, amount: formatDecimal(fee.amount) },
})
const readFill = (json: Written<Fill>): Fill => ({
  ...json,
  amount: readDecimal(json.amount),
  price: readDecimal(json.price),
  fee: readLeg(json.fee),
})
