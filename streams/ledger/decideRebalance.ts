import { divDown } from '../lib/decimal.ts'
import { custodyAccount, MARKET } from './accounts.ts'
import type { LedgerFund, Move, RefusedBefore } from './ledger.ts'
import {
  held,
  isOver,
  outcomeOf,
  type Rebalance,
  type Rebalanced,
  type RebalanceTrade,
  type Step,
  statusWith,
  type TradePlan,
  type TradeState,
  worthOf,
} from './rebalanceEntry.ts'

/** What is asked for of a rebalance, checked for its form. */
export type RebalanceCommand = Opening | TradeStep | Closing
type Opening = Omit<Rebalance, 'trades'> & { readonly trades: readonly Omit<TradePlan, 'id'>[] }
type TradeStep = Pick<RebalanceTrade, 'kind' | 'fund' | 'trade' | 'at'> & { readonly step: Step }
type Closing = Pick<Rebalanced, 'kind' | 'fund' | 'id' | 'at' | 'divisor'>

/** The fact it comes to and what that moves; or why there will be none. */
export type RebalanceDecision =
  | { readonly fact: Rebalance | RebalanceTrade | Rebalanced; readonly moves: readonly Move[] }
  | { readonly refused: RefusedBefore }
  | { readonly nothing: true }

/** What of the ledger a rebalance is decided by, amounts in 10⁻¹⁸. */
export interface Balances {
  balance(account: string, asset: string): bigint
  holdings(account: string): ReadonlyMap<string, bigint>
  /** Outstanding. */
  shares(fund: string): bigint
}

export const decideRebalance = (command: RebalanceCommand, fund: LedgerFund | undefined, books: Balances): RebalanceDecision => {
  if (fund === undefined) return { refused: 'unknown_fund' }
  switch (command.kind) {
    case 'rebalance':
      return opening(command, fund, books)
    case 'trade':
      return tradeStep(command, fund, books)
    case 'rebalanced':
      return closing(command, fund, books)
  }
}

/** Whether an entry is a step of what is known of the fund. */
export const followsRebalance = (entry: Rebalance | RebalanceTrade | Rebalanced, fund: LedgerFund | undefined): boolean => {
  switch (entry.kind) {
    case 'rebalance':
      return fund !== undefined
    case 'trade':
      return fund?.rebalance?.trades.some(({ id }) => id === entry.trade) ?? false
    case 'rebalanced':
      return fund?.rebalance?.id === entry.id
  }
}

/** The weights that are meant to be: of the last inception or rebalance. Of what is held and not meant to be, that is zero. */
export const targetsOf = ({ inception, rebalanced, units }: LedgerFund): Readonly<Record<string, number>> => {
  if (rebalanced === undefined) return inception?.weights ?? {}
  return { ...Object.fromEntries([...units.keys()].map(asset => [asset, 0])), ...rebalanced.targets }
}

/** Of an asset in the fund's custody, what no order at the exchange may take. */
export const freeOf = ({ id, terms, rebalance }: LedgerFund, asset: string, books: Balances): bigint => {
  const balance = books.balance(custodyAccount(id), asset)
  return rebalance ? balance - held(rebalance, asset, terms.quote) : balance
}

/**
 * What a share stands for after a trade: custody ÷ shares, down to 18 decimals, so that no basket is ever more than there is. Members
 * that are not held are among it with nothing. Without shares it stays what it was.
 */
export const unitsNow = (fund: LedgerFund, books: Balances, members = targetsOf(fund)): ReadonlyMap<string, bigint> => {
  const shares = books.shares(fund.id)
  if (shares === 0n) return fund.units
  const custody = books.holdings(custodyAccount(fund.id))
  const now: Record<string, bigint> = {}
  for (const asset of [...fund.units.keys(), ...custody.keys(), ...Object.keys(members)]) {
    const perShare = divDown(custody.get(asset) ?? 0n, shares)
    if (perShare > 0n || (members[asset] ?? 0) > 0) now[asset] = perShare
  }
  // In the order in which they are read again.
  return new Map(Object.entries(now))
}

/** One at a time; asked for again, there is nothing to write. */
const opening = (command: Opening, fund: LedgerFund, books: Balances): RebalanceDecision => {
  if (fund.inception === undefined || books.shares(fund.id) === 0n) return { refused: 'not_ready' }
  if (fund.halted) return { refused: 'halted' }
  const { rebalance } = fund
  if (command.id !== (rebalance?.id ?? 0) + 1 || (rebalance && !rebalance.ended)) return { nothing: true }
  const trades = command.trades.map((plan, i) => ({ id: `${command.id}-${i + 1}`, ...plan }))
  return { fact: { ...command, trades }, moves: [] }
}

const tradeStep = ({ step, ...command }: TradeStep, fund: LedgerFund, books: Balances): RebalanceDecision => {
  const trade = fund.rebalance?.trades.find(({ id }) => id === command.trade)
  if (trade === undefined) return { refused: 'unknown_order' }
  const status = statusWith(trade, step)
  if ('fill' in step) {
    const { fill } = step
    if (trade.fills.includes(fill.id)) return { nothing: true }
    if (!isOrderOf(trade, fill.order)) return { refused: 'unknown_order' }
    // Whatever the exchange says: nothing goes below zero, and every fee has a value.
    if (fill.fee.asset !== trade.asset && fill.fee.asset !== fund.terms.quote) return { refused: 'not_ready' }
    const moves = movesOf(fund, trade, step)
    for (const [asset, amount] of takenBy(moves, custodyAccount(fund.id)))
      if (books.balance(custodyAccount(fund.id), asset) < amount) return { refused: 'not_ready' }
    return { fact: { ...command, status, fill }, moves }
  }
  if (isOver(trade)) return { nothing: true }
  if ('end' in step) {
    if (step.end.status === 'completed' && trade.filled === 0n) return { refused: 'not_ready' }
    return { fact: { ...command, status, why: step.end.why }, moves: [] }
  }
  const { order } = step
  if (order.id !== `${trade.id}-${trade.orders + 1}`) return { nothing: true }
  if (fund.halted) return { refused: 'halted' }
  const asset = trade.side === 'sell' ? trade.asset : fund.terms.quote
  // What the order before it held is free with this one.
  const others = { ...fund.rebalance!, trades: fund.rebalance!.trades.filter(({ id }) => id !== trade.id) }
  if (books.balance(custodyAccount(fund.id), asset) - held(others, asset, fund.terms.quote) < order.hold) return { refused: 'not_ready' }
  return { fact: { ...command, status, order }, moves: [] }
}

const closing = (command: Closing, fund: LedgerFund, books: Balances): RebalanceDecision => {
  const { rebalance } = fund
  if (rebalance === undefined || rebalance.id !== command.id || rebalance.ended) return { nothing: true }
  if (!rebalance.trades.every(isOver)) return { refused: 'not_ready' }
  const { targets } = rebalance
  return { fact: { ...command, outcome: outcomeOf(rebalance), targets, units: unitsNow(fund, books, targets) }, moves: [] }
}

/** `2-1-3` is an order of `2-1`, and was sent. */
const isOrderOf = ({ id, orders }: TradeState, order: string): boolean => {
  const number = order.startsWith(`${id}-`) ? Number(order.slice(id.length + 1)) : 0
  return Number.isInteger(number) && number >= 1 && number <= orders
}

/** A fill moves the asset against the quote asset, and its fee; custody gets before it gives. */
const movesOf = ({ id, terms }: LedgerFund, { side, asset }: TradeState, { fill }: Extract<Step, { fill: unknown }>): Move[] => {
  const custody = custodyAccount(id)
  const value = worthOf(side, fill)
  const sold = side === 'sell' ? { asset, amount: fill.amount } : { asset: terms.quote, amount: value }
  const bought = side === 'sell' ? { asset: terms.quote, amount: value } : { asset, amount: fill.amount }
  return [
    { from: MARKET, to: custody, ...bought },
    { from: custody, to: MARKET, ...sold },
    { from: custody, to: MARKET, ...fill.fee },
  ]
}

/** What moves take out of an account, less what they bring in, where that is more than nothing. */
const takenBy = (moves: readonly Move[], account: string): Map<string, bigint> => {
  const taken = new Map<string, bigint>()
  for (const { from, to, asset, amount } of moves) {
    if (from === account) taken.set(asset, (taken.get(asset) ?? 0n) + amount)
    if (to === account) taken.set(asset, (taken.get(asset) ?? 0n) - amount)
  }
  return taken
}
