import { formatDecimal, mulDown, mulUp, parseDecimal } from '../lib/decimal.ts'
import type { Leg } from './entry.ts'

/**
 * A fund's rebalance as the journal tells it: opened with its trades, each of them carried out by one or more orders, closed when all
 * have come to an end. Amounts in 10⁻¹⁸. `at` is event time, ms: the journal's own time never goes back, that of a replay is long ago.
 */

/** A rebalance begins: what is to be traded so that the weights become `targets`. */
export interface Rebalance {
  readonly kind: 'rebalance'
  readonly fund: string
  /** The fund's first is 1. */
  readonly id: number
  readonly at: number
  readonly reason: string
  readonly targets: Readonly<Record<string, number>>
  readonly trades: readonly TradePlan[]
}

export interface TradePlan {
  /** `2-1` is the first of the second rebalance. */
  readonly id: string
  readonly side: 'buy' | 'sell'
  readonly asset: string
  readonly amount: bigint
  /** What the plan reckoned with, in the quote asset. */
  readonly price: number
}

/** One step of one trade. It bears `order` where one is about to be sent, `fill` where an exchange has traded, else the end. */
export interface RebalanceTrade {
  readonly kind: 'trade'
  readonly fund: string
  readonly trade: string
  readonly at: number
  /** Of the trade, with this step. */
  readonly status: TradeStatus
  readonly order?: SentOrder
  readonly fill?: Fill
  readonly why?: string
}

/** It is written down before it is sent: whatever happens then, an exchange can be asked by its id. */
export interface SentOrder {
  /** `2-1-3` is the third order of the trade `2-1`. */
  readonly id: string
  readonly amount: bigint
  /** The worst price it takes. */
  readonly limit: bigint
  /** What custody keeps ready for it, of what it gives away. */
  readonly hold: bigint
}

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
  /** Whether all trades were completed, some, or none. */
  readonly outcome: RebalanceOutcome
  readonly targets: Readonly<Record<string, number>>
  /** Custody ÷ shares, down to 18 decimals. */
  readonly units: ReadonlyMap<string, bigint>
  /** Of the fund's level: what the value of these units is divided by. Absent where a price was missing. */
  readonly divisor?: number
}

export type RebalanceOutcome = 'completed' | 'partial' | 'failed'
export const ENDS = ['completed', 'failed', 'cancelled'] as const
export type End = (typeof ENDS)[number]
export type TradeStatus = 'pending' | 'submitted' | 'partially_filled' | End

/** What may be asked for of a trade. */
export type Step =
  | { readonly order: SentOrder }
  | { readonly fill: Fill }
  | { readonly end: { readonly status: End; readonly why: string } }

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

export interface TradeState extends TradePlan {
  readonly status: TradeStatus
  /** How many orders were written down for it. */
  readonly orders: number
  /** The last of them, and what of it was filled. */
  readonly order?: SentOrder & { readonly filled: bigint }
  /** Of all its orders. */
  readonly filled: bigint
  /** What was paid or got for that, in the quote asset, without fees. */
  readonly value: bigint
  /** In the quote asset; one taken in kind at the price of its fill. */
  readonly fee: bigint
  /** Ids of the fills that have counted. */
  readonly fills: readonly string[]
  readonly why?: string
}

export const isOver = ({ status }: TradeState): boolean => (ENDS as readonly string[]).includes(status)

export const opened = (entry: Rebalance): RebalanceState => ({
  fund: entry.fund,
  id: entry.id,
  reason: entry.reason,
  since: entry.at,
  targets: entry.targets,
  trades: entry.trades.map(plan => ({ ...plan, status: 'pending', orders: 0, filled: 0n, value: 0n, fee: 0n, fills: [] })),
})

/** The rebalance with this step of a trade of it. */
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

/** The status of the trade with the next step; one that is over stays so, whatever comes late. */
export const statusWith = (trade: TradeState, step: Step): TradeStatus => {
  if ('end' in step) return step.end.status
  if (isOver(trade)) return trade.status
  const filled = trade.filled + ('fill' in step ? step.fill.amount : 0n)
  return filled >= trade.amount ? 'completed' : filled > 0n ? 'partially_filled' : 'submitted'
}

/** What a fill is worth in the quote asset, rounded against the fund. */
export const worthOf = (side: TradePlan['side'], { amount, price }: Fill): bigint =>
  side === 'sell' ? mulDown(amount, price) : mulUp(amount, price)

/**
 * What custody must keep of an asset, because an order may still take it. An order holds until the trade's next order or end is written
 * down: that it is over is the exchange's knowledge until then.
 */
export const held = ({ trades }: RebalanceState, asset: string, quote: string): bigint =>
  trades.reduce((sum, trade) => {
    const { order } = trade
    if (order === undefined || isOver(trade) || (trade.side === 'sell' ? trade.asset : quote) !== asset) return sum
    const left = order.amount - order.filled
    return left <= 0n ? sum : sum + (order.hold * left + order.amount - 1n) / order.amount
  }, 0n)

export const outcomeOf = ({ trades }: RebalanceState): RebalanceOutcome => {
  if (trades.every(({ status }) => status === 'completed')) return 'completed'
  return trades.some(({ filled }) => filled > 0n) ? 'partial' : 'failed'
}

// ---- As JSON

export type Written = Readonly<Record<string, unknown>>

export const writeRebalanceFact = (entry: Rebalance | RebalanceTrade | Rebalanced): object => {
  switch (entry.kind) {
    case 'rebalance': {
      const { fund, id, at, reason, targets, trades } = entry
      return { fund, id, at, reason, targets, trades: trades.map(plan => ({ ...plan, amount: formatDecimal(plan.amount) })) }
    }
    case 'trade': {
      const { fund, trade, at, status, order, fill, why } = entry
      return {
        fund,
        trade,
        at,
        status,
        ...(order && { order: decimals(order) }),
        ...(fill && { fill: writeFill(fill) }),
        ...(why && { why }),
      }
    }
    case 'rebalanced': {
      const { fund, id, at, outcome, targets, units, divisor } = entry
      return {
        fund,
        id,
        at,
        outcome,
        targets,
        ...(divisor !== undefined && { divisor }),
        units: Object.fromEntries([...units].map(([asset, n]) => [asset, formatDecimal(n)])),
      }
    }
  }
}

/** The members of such an entry that JSON has no form for. */
export const readRebalanceFact = (json: Written): Written => ({
  ...(json.kind === 'rebalance' && { trades: (json.trades as Written[]).map(plan => amounts(plan, 'amount')) }),
  ...(json.kind === 'trade' && json.order !== undefined && { order: amounts(json.order as Written, 'amount', 'limit', 'hold') }),
  ...(json.kind === 'trade' && json.fill !== undefined && { fill: readFill(json.fill as Written) }),
})

export const writeRebalance = (state: RebalanceState): object => ({
  ...state,
  trades: state.trades.map(({ order, ...trade }) => ({ ...decimals(trade), ...(order && { order: decimals(order) }) })),
})

export const readRebalance = (json: Written): RebalanceState =>
  ({
    ...json,
    trades: (json.trades as Written[]).map(trade => ({
      ...amounts(trade, 'amount', 'filled', 'value', 'fee'),
      ...(trade.order !== undefined && { order: amounts(trade.order as Written, 'amount', 'limit', 'hold', 'filled') }),
    })),
  }) as unknown as RebalanceState

const writeFill = ({ fee, ...fill }: Fill): object => ({ ...decimals(fill), fee: decimals(fee) })
const readFill = (json: Written): Written => ({ ...amounts(json, 'amount', 'price'), fee: amounts(json.fee as Written, 'amount') })

const decimals = (object: object): object =>
  Object.fromEntries(Object.entries(object).map(([name, value]) => [name, typeof value === 'bigint' ? formatDecimal(value) : value]))

const amounts = (json: Written, ...names: readonly string[]): Written => ({
  ...json,
  ...Object.fromEntries(names.map(name => [name, amountOf(json[name])])),
})

const amountOf = (text: unknown): bigint => {
  const amount = typeof text === 'string' ? parseDecimal(text) : undefined
  if (amount === undefined) throw new TypeError(`found ${JSON.stringify(text)}, expected a decimal`)
  return amount
}
