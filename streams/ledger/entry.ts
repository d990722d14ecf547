import { formatDecimal, parseDecimal } from '../lib/decimal.ts'
import { readTransaction, type Transaction, type WrittenTransaction, writeTransaction } from '../pnl/transaction.ts'
import type { JsonObject } from '../wire/mergePatch.ts'
import { type Rebalance, type Rebalanced, type RebalanceTrade, readRebalanceFact, writeRebalanceFact } from './rebalanceEntry.ts'

/**
 * What the clearing house writes down: one entry is one atomic fact, all its postings or none. Amounts are held in 10⁻¹⁸ and
 * written as decimal strings; `t` is ms.
 */
export type Entry = EntryContent & {
  readonly seq: number
  readonly t: number
  /**
   * Whose word it is: the client's, `admin`, `operator:NAME`, `system` for what follows from prices and configuration, or `anybody:`
   * for who need not say who it is.
   */
  readonly who: string
  /** What moved. The amounts of each asset sum to zero. */
  readonly postings: readonly Posting[]
}

export interface Posting {
  readonly account: string
  /** An asset, or the shares of a fund as `share:FUND`. */
  readonly asset: string
  /** Positive: into the account. */
  readonly amount: bigint
  /** The account's balance with it. */
  readonly after: bigint
}

export type EntryContent =
  | Registration
  | Definition
  | Inception
  | Halt
  | Funding
  | Order
  | Transfer
  | Recording
  | Supplies
  | Rebalance
  | RebalanceTrade
  | Rebalanced

export interface Registration {
  readonly kind: 'register'
  readonly client: string
}

export interface Definition {
  readonly kind: 'define'
  readonly fund: string
  readonly terms: FundTerms
  /** The fund as whoever defined it at run time wrote it; absent where it stands in the configuration. */
  readonly definition?: JsonObject
}

/** What holds for a fund's orders. */
export interface FundTerms {
  readonly quote: string
  /** 10⁻¹⁸ shares. */
  readonly creationUnit: bigint
  readonly createFeeBps: number
  readonly redeemFeeBps: number
}

export interface Inception {
  readonly kind: 'inception'
  readonly fund: string
  /** ms of event time; where it is not told, that of the entry. */
  readonly at?: number
  /** Of each asset a share. */
  readonly units: ReadonlyMap<string, bigint>
  readonly weights: Readonly<Record<string, number>>
  /** 10⁻¹⁸ shares, to the sponsor. */
  readonly shares: bigint
}

export interface Halt {
  readonly kind: 'halt' | 'resume'
  readonly fund: string
}

/** The custodian's word that an asset came or went. */
export interface Funding extends Result {
  readonly kind: 'deposit' | 'withdrawal'
  readonly key: string
  readonly client: string
  readonly asset: string
  readonly amount: bigint
}

/** Shares for a basket, or a basket for shares. */
export interface Order extends Result {
  readonly kind: 'create' | 'redeem'
  readonly key: string
  readonly fund: string
  /** 10⁻¹⁸ shares. */
  readonly amount: bigint
  /** What is given (create) or got (redeem), without the fee. */
  readonly legs: readonly Leg[]
  readonly fee?: Leg
  /** Per share, where a fee was computed from it. */
  readonly nav?: number
}

export interface Transfer extends Result {
  readonly kind: 'transfer'
  readonly key: string
  readonly to: string
  /** An asset, or shares as `share:FUND`. */
  readonly asset: string
  readonly amount: bigint
}

/** Rows of a portfolio that came at run time. Each bears an id, and a price where there was one. */
export interface Recording {
  readonly kind: 'record'
  readonly portfolio: string
  readonly transactions: readonly Transaction[]
}

/** Circulating supplies that were told at run time, of assets for which they are news. */
export interface Supplies {
  readonly kind: 'supplies'
  /** 10⁻¹⁸ of each asset. */
  readonly supplies: ReadonlyMap<string, bigint>
}

interface Result {
  readonly status: 'settled' | 'rejected'
  readonly code?: Rejection
}

export interface Leg {
  readonly asset: string
  readonly amount: bigint
}

/** Why what was understood was not done: it is written down and uses up its key. In the order in which they are found. */
export const REJECTIONS = ['not_whole_units', 'insufficient_shares', 'insufficient_assets'] as const
export type Rejection = (typeof REJECTIONS)[number]

const SHARE = 'share:'
export const shareAsset = (fund: string): string => SHARE + fund
/** The fund whose shares these are; undefined of an asset. */
export const fundOfShares = (asset: string): string | undefined => (asset.startsWith(SHARE) ? asset.slice(SHARE.length) : undefined)

/** The client's own key of an entry; undefined where it has none. */
export const keyOf = (fact: EntryContent): string | undefined => ('key' in fact ? fact.key : undefined)

/**
 * An entry as one line of JSON. Put together by hand, for an order of ten assets has sixty amounts and writing them is most of what it
 * costs; names have no character that would have to be escaped. Of an order, `outcome` is its `outcomeText`, where that is there already.
 */
export const writeEntry = (entry: Entry, outcome?: string): string => {
  const { seq, t, who, kind, postings } = entry
  const head = `{"seq":${seq},"t":${t},"who":"${who}","kind":"${kind}",${membersOf(entry, outcome)}`
  return postings.length === 0 ? `${head}}` : `${head},"postings":[${postingsText(postings)}]}`
}

export const isOrder = (entry: EntryContent): entry is Order => entry.kind === 'create' || entry.kind === 'redeem'

const membersOf = (entry: EntryContent, outcome?: string): string => {
  if (!isOrder(entry)) return JSON.stringify(detailOf(entry)).slice(1, -1)
  const { key, fund, amount } = entry
  return `"key":${JSON.stringify(key)},"fund":"${fund}","amount":"${formatDecimal(amount)}",${outcome ?? outcomeText(entry)}`
}

/** What came of an order: `"status":"settled","legs":[…]` and, where there are, code, fee and nav. */
export const outcomeText = ({ status, code, legs, fee, nav }: Order): string => {
  let text = `"status":"${status}",`
  if (code !== undefined) text += `"code":"${code}",`
  text += `"legs":[${legs.map(legText).join(',')}]`
  if (fee !== undefined) text += `,"fee":${legText(fee)}`
  if (nav !== undefined) text += `,"nav":${nav}`
  return text
}

const legText = ({ asset, amount }: Leg): string => `{"asset":"${asset}","amount":"${formatDecimal(amount)}"}`

/** A posting is written as a row, `["account","asset","amount","after"]`: four names in each would be half of what an order writes. */
const postingsText = (postings: readonly Posting[]): string => {
  let text = ''
  let size = ''
  for (let i = 0; i < postings.length; i++) {
    const { account, asset, amount, after } = postings[i]!
    // The second of a pair takes what the first gives.
    const pair = i > 0 && postings[i - 1]!.amount === -amount
    if (!pair) size = formatDecimal(amount < 0n ? -amount : amount)
    text += `${i === 0 ? '' : ','}["${account}","${asset}","${amount < 0n ? '-' : ''}${size}","${formatDecimal(after)}"]`
  }
  return text
}

const detailOf = (entry: Exclude<EntryContent, Order>): object => {
  switch (entry.kind) {
    case 'register':
      return { client: entry.client }
    case 'define': {
      const { fund, terms, definition } = entry
      return { fund, terms: { ...terms, creationUnit: formatDecimal(terms.creationUnit) }, ...(definition && { definition }) }
    }
    case 'inception': {
      const { fund, at, units, weights, shares } = entry
      return { fund, ...(at !== undefined && { at }), units: Object.fromEntries(legsJson(units)), weights, shares: formatDecimal(shares) }
    }
    case 'halt':
    case 'resume':
      return { fund: entry.fund }
    case 'deposit':
    case 'withdrawal': {
      const { key, client, asset, amount } = entry
      return { key, client, asset, amount: formatDecimal(amount), ...resultOf(entry) }
    }
    case 'transfer': {
      const { key, to, asset, amount } = entry
      return { key, to, asset, amount: formatDecimal(amount), ...resultOf(entry) }
    }
    case 'record':
      return { portfolio: entry.portfolio, transactions: entry.transactions.map(writeTransaction) }
    case 'supplies':
      return { supplies: Object.fromEntries(legsJson(entry.supplies)) }
    case 'rebalance':
    case 'trade':
    case 'rebalanced':
      return writeRebalanceFact(entry)
  }
}

const resultOf = ({ status, code }: Result): Result => ({ status, ...(code && { code }) })
const legsJson = (units: ReadonlyMap<string, bigint>): [string, string][] =>
  [...units].map(([asset, amount]) => [asset, formatDecimal(amount)])

/** A posting as it stands in an entry's text. */
export type WrittenPosting = readonly [account: string, asset: string, amount: string, after: string]

/** Reads what `writeEntry` wrote. Throws TypeError or SyntaxError where it is something else. */
export const readEntry = (text: string): Entry => {
  const json = JSON.parse(text) as Record<string, unknown>
  const postings = ((json.postings ?? []) as WrittenPosting[]).map(([account, asset, amount, after]) => ({
    account,
    asset,
    amount: amountOf(amount),
    after: amountOf(after),
  }))
  const entry: Record<string, unknown> = { ...json, ...readRebalanceFact(json), postings }
  if (typeof json.amount === 'string') entry.amount = amountOf(json.amount)
  if (json.legs) entry.legs = (json.legs as { asset: string; amount: string }[]).map(readLeg)
  if (json.fee) entry.fee = readLeg(json.fee as { asset: string; amount: string })
  if (json.units) entry.units = readAmounts(json.units as Record<string, string>)
  if (json.supplies) entry.supplies = readAmounts(json.supplies as Record<string, string>)
  if (typeof json.shares === 'string') entry.shares = amountOf(json.shares)
  if (json.transactions) entry.transactions = (json.transactions as WrittenTransaction[]).map(readTransaction)
  if (json.terms) entry.terms = readTerms(json.terms as WrittenTerms)
  return entry as unknown as Entry
}

export type WrittenTerms = Omit<FundTerms, 'creationUnit'> & { readonly creationUnit: string }
export const readTerms = (terms: WrittenTerms): FundTerms => ({ ...terms, creationUnit: amountOf(terms.creationUnit) })
export const writeTerms = (terms: FundTerms): WrittenTerms => ({ ...terms, creationUnit: formatDecimal(terms.creationUnit) })

const readAmounts = (amounts: Readonly<Record<string, string>>): Map<string, bigint> =>
  new Map(Object.entries(amounts).map(([asset, amount]) => [asset, amountOf(amount)]))

const readLeg = ({ asset, amount }: { asset: string; amount: string }): Leg => ({ asset, amount: amountOf(amount) })

const amountOf = (text: string): bigint => {
  const amount = parseDecimal(text)
  if (amount === undefined) throw new TypeError(`found "${text}", expected a decimal`)
  return amount
}
