import { converted, convertedUp, converts } from '../market/assetEvent.ts'
import { insertion } from '../market/conversionPath.ts'
import { type Balances, custodyAccount, OUTSIDE } from './accounts.ts'
import { type Conversion, type KnownEvent, sameEvent } from './assetEntry.ts'
import type { ConversionCommand, Move, NoEntry } from './command.ts'
import type { LedgerFund } from './ledgerState.ts'
import { isOver } from './rebalanceState.ts'

/** What a conversion is decided on. */
export interface ConversionState extends Balances {
  readonly events: readonly KnownEvent[]
  readonly funds: ReadonlyMap<string, LedgerFund>
  /** The names of all accounts. */
  readonly accounts: Iterable<string>
}

/** The content of the entry, with what it moves; or why there is none. */
export type ConversionDecision = { readonly content: Conversion; readonly moves: readonly Move[] } | NoEntry

/**
 * Decides which accounts an event whose time has come converts, each once. A fund's custody counts units of before as long as the fund
 * does: it is converted whole if the fund began before the event, rounded up. Of any other account, what deposits brought since the event counts as new
 * units. The other side of each move is `outside`, so the amounts of each asset go on adding up to zero. Changes nothing.
 */
export const decideConversion = (command: ConversionCommand, state: ConversionState): ConversionDecision => {
  const known = state.events.find(({ event }) => sameEvent(event, command.event))
  if (known === undefined || !converts(known.event)) return { nothing: true }
  const moves: Move[] = []
  const funds: string[] = []
  for (const fund of state.funds.values()) {
    if (!concerns(known, fund)) continue
    const { from, to } = insertionOf(known, state.events, fund.converted)
    // An order at an exchange is in units of before, and its fills may still come.
    if (fund.rebalance?.trades.some(trade => trade.asset === from && !isOver(trade))) return { refused: 'not_ready' }
    funds.push(fund.id)
    const account = custodyAccount(fund.id)
    // Units of a share are rounded down, so what all shares have needs custody to be rounded up.
    moves.push(...movesOf(account, from, state.balance(account, from), to.asset, amount => convertedUp(amount, to.ratio)))
  }
  let accounts = false
  if (!known.converted) {
    const done = new Set(state.events.flatMap(({ seq, converted: over }) => (over ? [seq] : [])))
    const { from, to } = insertionOf(known, state.events, done)
    const custodies = new Set([...state.funds.keys()].map(custodyAccount))
    for (const account of state.accounts) {
      const balance = state.balance(account, from)
      if (balance === 0n || account === OUTSIDE || custodies.has(account)) continue
      accounts = true
      const since = command.since?.get(account) ?? 0n
      const old = since <= 0n ? balance : balance > since ? balance - since : 0n
      moves.push(...movesOf(account, from, old, to.asset, amount => converted(amount, to.ratio)))
    }
  }
  return funds.length > 0 || accounts ? { content: { kind: 'conversion', event: known.seq, funds, accounts }, moves } : { nothing: true }
}

/** Returns whether a fund still counts units of before an event. */
const concerns = ({ seq, event }: KnownEvent, { inception, converted: done }: LedgerFund): boolean =>
  inception !== undefined && inception.t < event.t && !done.has(seq)

/** Returns how to bring an event into amounts in which the events numbered `done` have counted. */
export const insertionOf = ({ event }: KnownEvent, events: readonly KnownEvent[], done: ReadonlySet<number>) =>
  insertion(
    event,
    events.flatMap(other => (done.has(other.seq) ? [other.event] : [])),
  )

const movesOf = (account: string, from: string, old: bigint, to: string, become: (amount: bigint) => bigint): Move[] => {
  const after = become(old)
  const given = from === to ? old - after : old
  const got = from === to ? 0n : after
  return [...move(account, OUTSIDE, from, given), ...move(OUTSIDE, account, to, got)]
}

/** Moves of a negative amount go the other way. */
const move = (from: string, to: string, asset: string, amount: bigint): Move[] => {
  if (amount === 0n) return []
  return amount > 0n ? [{ from, to, asset, amount }] : [{ from: to, to: from, asset, amount: -amount }]
}
