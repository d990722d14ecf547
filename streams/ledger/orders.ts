import { orderFee } from '../fund/tradeCost.ts'
import { fromNumber, mulDown, mulUp } from '../lib/decimal.ts'
import type { Mutable } from '../lib/mutable.ts'
import { AMOUNT_MAX } from '../wire/limits.ts'
import { type Balances, clientAccount, custodyAccount, FEES, issuedAccount, shareAsset } from './accounts.ts'
import type { Leg } from './amounts.ts'
import type { Decision, Move, OrderCommand } from './command.ts'
import { freeOf } from './decideRebalance.ts'
import type { Entry, FundTerms, Order, Rejection, Shortfall } from './entry.ts'
import type { LedgerFund, LedgerState } from './ledgerState.ts'
import { postingsOf } from './postings.ts'

/**
 * Returns what an order takes or gives: `units × amount` of each asset, rounded up on create and down on redeem, and a fee of
 * `bps × amount × nav` in the quote asset, rounded up. Without a fee, or without a net asset value to compute it from, `fee` is undefined.
 */
export const legsOf = (
  fund: LedgerFund,
  side: Order['kind'],
  amount: bigint,
  nav: number | undefined,
): { legs: Leg[]; fee: Leg | undefined } => {
  const rounded = side === 'create' ? mulUp : mulDown
  const legs: Leg[] = []
  for (const [asset, units] of fund.units) {
    const leg = { asset, amount: rounded(units, amount) }
    if (leg.amount > 0n) legs.push(leg)
  }
  const bps = feeBps(fund.terms, side)
  if (bps === 0 || nav === undefined) return { legs, fee: undefined }
  return { legs, fee: { asset: fund.terms.quote, amount: orderFee(amount, fromNumber(nav)!, bps) } }
}

/** Returns the fee of an order in basis points of its value. */
export const feeBps = (terms: FundTerms, side: Order['kind']): number => (side === 'create' ? terms.createFeeBps : terms.redeemFeeBps)

const isLarge = ({ amount }: Leg): boolean => amount >= AMOUNT_MAX

/** Decides a creation or a redemption, at `t` ms, asked for by `who`. Changes nothing. */
export const decideOrder = (
  { kind, key, fund: id, amount, nav }: OrderCommand,
  t: number,
  who: string,
  ledger: Pick<LedgerState, 'seq' | 't' | 'clients' | 'funds'> & Balances,
): Decision => {
  const fund = ledger.funds.get(id)
  if (!ledger.clients.has(who)) return { refused: 'unknown_client' }
  if (fund === undefined) return { refused: 'unknown_fund' }
  if (fund.inception === undefined) return { refused: 'not_ready' }
  if (fund.halted) return { refused: 'halted' }
  if (feeBps(fund.terms, kind) > 0 && nav === undefined) return { refused: 'stale_price' }
  const { legs, fee } = legsOf(fund, kind, amount, nav)
  if (legs.some(isLarge) || (fee !== undefined && isLarge(fee))) return { refused: 'amount_too_large' }
  // Member by member: spreading objects into one another takes longer than all the rest of an order.
  const concluded = (moves: readonly Move[], code?: Rejection, shortfall?: Shortfall): Decision => {
    const status = code === undefined ? 'settled' : 'rejected'
    const stamp = { seq: ledger.seq + 1, t: Math.max(t, ledger.t), who, postings: postingsOf(moves, ledger) }
    const entry: Mutable<Entry & Order> = { kind, key, fund: id, amount, legs, status, ...stamp }
    if (code !== undefined) entry.code = code
    if (shortfall !== undefined) entry.shortfall = shortfall
    if (fee !== undefined) {
      entry.fee = fee
      entry.nav = nav!
    }
    return { entry }
  }
  const [account, custody, issued, shares] = [clientAccount(who), custodyAccount(id), issuedAccount(id), shareAsset(id)]
  if (amount % fund.terms.creationUnit !== 0n) return concluded([], 'not_whole_units')
  const held = ledger.balance(account, shares)
  if (kind === 'redeem' && held < amount) return concluded([], 'insufficient_shares', { asset: shares, needed: amount, held })
  const shortfall = shortfallOf(account, kind, legs, fee, ledger)
  if (shortfall !== undefined) return concluded([], 'insufficient_assets', shortfall)
  // What an order at an exchange may still take is not given to anybody else.
  if (kind === 'redeem' && legs.some(leg => freeOf(fund, leg.asset, ledger) < leg.amount)) return { refused: 'not_ready' }
  // Nothing below can fail.
  const create = kind === 'create'
  const [from, to] = create ? [account, custody] : [custody, account]
  const moves: Move[] = legs.map(({ asset, amount }) => ({ from, to, asset, amount }))
  if (fee) moves.push({ from: account, to: FEES, asset: fee.asset, amount: fee.amount })
  moves.push({ from: create ? issued : account, to: create ? account : issued, asset: shares, amount })
  return concluded(moves)
}

/**
 * Returns the first asset of which an account holds less than it owes: the legs of a creation, and the fee less what a redemption brings of
 * the same asset. Returns undefined if it holds enough of each.
 */
const shortfallOf = (
  account: string,
  side: Order['kind'],
  legs: readonly Leg[],
  fee: Leg | undefined,
  balances: Balances,
): Shortfall | undefined => {
  for (const { asset, amount } of legs) {
    const needed = (side === 'create' ? amount : -amount) + (fee?.asset === asset ? fee.amount : 0n)
    const held = balances.balance(account, asset)
    if (held < needed) return { asset, needed, held }
  }
  if (fee === undefined || legs.some(({ asset }) => asset === fee.asset)) return undefined
  const held = balances.balance(account, fee.asset)
  return held < fee.amount ? { asset: fee.asset, needed: fee.amount, held } : undefined
}
