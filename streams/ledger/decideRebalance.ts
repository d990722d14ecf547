import { divDown } from '../lib/decimal.ts'
import { type Balances, custodyAccount, MARKET } from './accounts.ts'
import { inJsonOrder } from './amounts.ts'
import type { Closing, Move, NoEntry, Opening, RebalanceCommand, TradeStep } from './command.ts'
import type { LedgerFund } from './ledgerState.ts'
import type { Rebalance, Rebalanced, RebalanceTrade, Step } from './rebalanceEntry.ts'
import { held, isOver, outcomeOf, statusWith, type TradeState, worthOf } from './rebalanceState.ts'

/** The content of the entry that a command comes to, with what it moves; or why there is none. */
export type RebalanceDecision = { readonly content: Rebalance | RebalanceTrade | Rebalanced; readonly moves: readonly Move[] } | NoEntry

/** Decides a command about the rebalance of a fund, which is undefined if there is none of that name. Changes nothing. */
export const decideRebalance = (command: RebalanceCommand, fund: LedgerFund | undefined, balances: Balances): RebalanceDecision => {
  if (fund === undefined) return { refused: 'unknown_fund' }
  switch (command.kind) {
    case 'rebalance':
      return opening(command, fund, balances)
    case 'trade':
      return tradeStep(command, fund, balances)
    case 'rebalanced':
      return closing(command, fund, balances)
  }
}

/** Whether an entry follows from what the ledger knows of the fund. */
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

/** Returns the target weights of a fund: those of its last inception or rebalance, and zero for what is held besides. */
export const targetsOf = ({ inception, rebalanced, units }: LedgerFund): Readonly<Record<string, number>> => {
  if (rebalanced === undefined) return inception?.weights ?? {}
  return { ...Object.fromEntries([...units.keys()].map(asset => [asset, 0])), ...rebalanced.targets }
}

/** Returns how much of an asset in the fund's custody no order at an exchange may take. */
export const freeOf = ({ id, terms, rebalance }: LedgerFund, asset: string, balances: Balances): bigint => {
  const balance = balances.balance(custodyAccount(id), asset)
  return rebalance ? balance - held(rebalance, asset, terms.quote) : balance
}

/**
 * Returns the units of a share after a trade: custody ÷ shares, down to 18 decimals, so that no basket is ever more than there is. A member
 * that is not held has zero units. Without shares the units stay what they were.
 */
export const unitsNow = (fund: LedgerFund, balances: Balances, members = targetsOf(fund)): ReadonlyMap<string, bigint> => {
  const shares = balances.shares(fund.id)
  if (shares === 0n) return fund.units
  const custody = balances.holdings(custodyAccount(fund.id))
  const now: Record<string, bigint> = {}
  for (const asset of [...fund.units.keys(), ...custody.keys(), ...Object.keys(members)]) {
    const perShare = divDown(custody.get(asset) ?? 0n, shares)
    if (perShare > 0n || (members[asset] ?? 0) > 0) now[asset] = perShare
  }
  return inJsonOrder(Object.entries(now))
}

/** One rebalance runs at a time; if it is asked for again there is nothing to write. */
const opening = (command: Opening, fund: LedgerFund, balances: Balances): RebalanceDecision => {
  if (fund.inception === undefined || balances.shares(fund.id) === 0n) return { refused: 'not_ready' }
  if (fund.halted) return { refused: 'halted' }
  const { rebalance } = fund
  if (command.id !== (rebalance?.id ?? 0) + 1 || (rebalance && !rebalance.ended)) return { nothing: true }
  const trades = command.trades.map((plan, i) => ({ id: `${command.id}-${i + 1}`, ...plan }))
  return { content: { ...command, trades }, moves: [] }
}

const tradeStep = ({ step, ...command }: TradeStep, fund: LedgerFund, balances: Balances): RebalanceDecision => {
  const trade = fund.rebalance?.trades.find(({ id }) => id === command.trade)
  if (trade === undefined) return { refused: 'unknown_order' }
  const status = statusWith(trade, step)
  if ('fill' in step) {
    const { fill } = step
    if (trade.fills.includes(fill.id)) return { nothing: true }
    if (!isOrderOf(trade, fill.order)) return { refused: 'unknown_order' }
    // Whatever the exchange says, nothing goes below zero and every fee has a value.
    if (fill.fee.asset !== trade.asset && fill.fee.asset !== fund.terms.quote) return { refused: 'not_ready' }
    const moves = movesOf(fund, trade, step)
    for (const [asset, amount] of takenBy(moves, custodyAccount(fund.id)))
      if (balances.balance(custodyAccount(fund.id), asset) < amount) return { refused: 'not_ready' }
    return { content: { ...command, status, fill }, moves }
  }
  if (isOver(trade)) return { nothing: true }
  if ('end' in step) {
    if (step.end.status === 'completed' && trade.filled === 0n) return { refused: 'not_ready' }
    return { content: { ...command, status, why: step.end.why }, moves: [] }
  }
  const { order } = step
  if (order.id !== `${trade.id}-${trade.orders + 1}`) return { nothing: true }
  if (fund.halted) return { refused: 'halted' }
  const asset = trade.side === 'sell' ? trade.asset : fund.terms.quote
  // This order frees what the trade's order before it held.
  const others = { ...fund.rebalance!, trades: fund.rebalance!.trades.filter(({ id }) => id !== trade.id) }
  if (balances.balance(custodyAccount(fund.id), asset) - held(others, asset, fund.terms.quote) < order.hold) return { refused: 'not_ready' }
  return { content: { ...command, status, order }, moves: [] }
}

const closing = (command: Closing, fund: LedgerFund, balances: Balances): RebalanceDecision => {
  const { rebalance } = fund
  if (rebalance === undefined || rebalance.id !== command.id || rebalance.ended) return { nothing: true }
  if (!rebalance.trades.every(isOver)) return { refused: 'not_ready' }
  const { targets } = rebalance
  return { content: { ...command, outcome: outcomeOf(rebalance), targets, units: unitsNow(fund, balances, targets) }, moves: [] }
}

/** Whether an order was sent for a trade: `2-1-3` is an order of `2-1`. */
const isOrderOf = ({ id, orders }: TradeState, order: string): boolean => {
  const number = order.startsWith(`${id}-`) ? Number(order.slice(id.length + 1)) : 0
  return Number.isInteger(number) && number >= 1 && number <= orders
}

/** Returns what a fill moves: the asset against the quote asset, and the fee. Custody gets before it gives. */
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

/** Returns what moves take out of an account less what they bring in, by asset. */
const takenBy = (moves: readonly Move[], account: string): Map<string, bigint> => {
  const taken = new Map<string, bigint>()
  for (const { from, to, asset, amount } of moves) {
    if (from === account) taken.set(asset, (taken.get(asset) ?? 0n) + amount)
    if (to === account) taken.set(asset, (taken.get(asset) ?? 0n) - amount)
  }
  return taken
}
