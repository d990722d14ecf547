import { formatDecimal, mulDown, mulUp, readDecimal } from '../lib/decimal.ts'
import type { Written } from './amounts.ts'
import {
  ENDS,
  type Fill,
  type Rebalance,
  type RebalanceOutcome,
  type RebalanceTrade,
  readSentOrder,
  type SentOrder,
  type Step,
  type TradePlan,
  type TradeStatus,
  writeSentOrder,
} from './rebalanceEntry.ts'

/** A rebalance as it stands: the running one of a fund, or its last. */
export interface RebalanceState {
  readonly fund: string
  readonly id: number
  readonly reason: string
  /** ms: when it was opened. */
  readonly since: number
  readonly targets: Readonly<Record<string, number>>
  readonly trades: readonly TradeState[]
  readonly ended?: { readonly t: number; readonly outcome: RebalanceOutcome }
}

/** A trade as it stands. */
export interface TradeState extends TradePlan {
  readonly status: TradeStatus
  /** How many orders were written down for it. */
  readonly orders: number
  /** The last of them, and how much of it was filled. */
  readonly order?: SentOrder & { readonly filled: bigint }
  /** Of all its orders. */
  readonly filled: bigint
  /** What was paid or got for that, in the quote asset, without fees. */
  readonly value: bigint
  /** In the quote asset; a fee in the traded asset counts at the price of its fill. */
  readonly fee: bigint
  /** Ids of the fills that have counted. */
  readonly fills: readonly string[]
  readonly why?: string
}

/** Whether a trade has ended. */
export const isOver = ({ status }: TradeState): boolean => (ENDS as readonly string[]).includes(status)

/** Returns the state of a rebalance that has just begun. */
export const opened = (entry: Rebalance): RebalanceState => ({
  fund: entry.fund,
  id: entry.id,
  reason: entry.reason,
  since: entry.at,
  targets: entry.targets,
  trades: entry.trades.map(plan => ({ ...plan, status: 'pending', orders: 0, filled: 0n, value: 0n, fee: 0n, fills: [] })),
})

/** Returns the rebalance after a step of one of its trades. */
export const stepped = (state: RebalanceState, entry: RebalanceTrade): RebalanceState => ({
  ...state,
  trades: state.trades.map(trade => (trade.id === entry.trade ? tradeStepped(trade, entry) : trade)),
})

const tradeStepped = (trade: TradeState, { status, order, fill, why }: RebalanceTrade): TradeState => {
  if (order) return { ...trade, status, orders: trade.orders + 1, order: { ...order, filled: 0n } }
  if (fill === undefined) return { ...trade, status, ...(why !== undefined && { why }) }
  const { filled, value, fee, fills } = trade
  const current = trade.order?.id === fill.order ? { ...trade.order, filled: trade.order.filled + fill.amount } : trade.order
  return {
    ...trade,
    status,
    ...(current && { order: current }),
    filled: filled + fill.amount,
    value: value + worthOf(trade.side, fill),
    fills: [...fills, fill.id],
    fee: fee + (fill.fee.asset === trade.asset ? mulUp(fill.fee.amount, fill.price) : fill.fee.amount),
  }
}

/** Returns the status of the trade after the next step. A trade that is over stays so, however late a fill comes. */
export const statusWith = (trade: TradeState, step: Step): TradeStatus => {
  if ('end' in step) return step.end.status
  if (isOver(trade)) return trade.status
  const filled = trade.filled + ('fill' in step ? step.fill.amount : 0n)
  return filled >= trade.amount ? 'completed' : filled > 0n ? 'partially_filled' : 'submitted'
}

/** Returns the worth of a fill in the quote asset, rounded against the fund. */
export const worthOf = (side: TradePlan['side'], { amount, price }: Fill): bigint =>
  side === 'sell' ? mulDown(amount, price) : mulUp(amount, price)

/**
 * Returns how much of an asset custody must keep because an order may still take it. An order holds it until the trade's next order or
 * end is written down: until then only the exchange knows whether the order is over.
 */
export const held = ({ trades }: RebalanceState, asset: string, quote: string): bigint =>
  trades.reduce((sum, trade) => {
    const { order } = trade
    if (order === undefined || isOver(trade) || (trade.side === 'sell' ? trade.asset : quote) !== asset) return sum
    const left = order.amount - order.filled
    return left <= 0n ? sum : sum + (order.hold * left + order.amount - 1n) / order.amount
  }, 0n)

/** Returns the outcome of a rebalance whose trades have all ended. */
export const outcomeOf = ({ trades }: RebalanceState): RebalanceOutcome => {
  if (trades.every(({ status }) => status === 'completed')) return 'completed'
  return trades.some(({ filled }) => filled > 0n) ? 'partial' : 'failed'
}

/** Returns a rebalance in its JSON form. */
export const writeRebalance = (state: RebalanceState): Written<RebalanceState> => ({
  ...state,
  trades: state.trades.map(({ order, ...trade }) => ({
    ...trade,
    amount: formatDecimal(trade.amount),
    filled: formatDecimal(trade.filled),
    value: formatDecimal(trade.value),
    fee: formatDecimal(trade.fee),
    ...(order && { order: { ...writeSentOrder(order), filled: formatDecimal(order.filled) } }),
  })),
})

/** Reads what `writeRebalance` wrote. Throws TypeError if an amount is no decimal. */
export const readRebalance = (json: Written<RebalanceState>): RebalanceState => ({
  ...json,
  trades: json.trades.map(({ order, ...trade }) => ({
    ...trade,
    amount: readDecimal(trade.amount),
    filled: readDecimal(trade.filled),
    value: readDecimal(trade.value),
    fee: readDecimal(trade.fee),
    ...(order && { order: { ...readSentOrder(order), filled: readDecimal(order.filled) } }),
  })),
})
