import type { Transaction } from '../pnl/transaction.ts'
import type { JsonObject } from '../wire/mergePatch.ts'
import type { Leg } from './amounts.ts'
import type { AssetFact, Conversion } from './assetEntry.ts'
import type { Rebalance, Rebalanced, RebalanceTrade } from './rebalanceEntry.ts'

/**
 * What the clearing house writes down: one entry is one atomic fact, with all its postings or not at all. Amounts are held in 10⁻¹⁸ and
 * written as decimal strings; `t` is ms.
 */
export type Entry = EntryContent & EntryStamp

/** The members that every entry has, whatever its kind. */
export interface EntryStamp {
  /** The first entry is 1. */
  readonly seq: number
  /** ms; it never goes back. */
  readonly t: number
  /**
   * Who asked for it: a client by name, `admin`, `operator:NAME`, `system` for what follows from prices and configuration, or
   * `anybody:NAME` where no login was needed.
   */
  readonly who: string
  /** What moved. The amounts of each asset sum to zero. */
  readonly postings: readonly Posting[]
}

/** A change of one balance. */
export interface Posting {
  readonly account: string
  /** An asset, or the shares of a fund as `share:FUND`. */
  readonly asset: string
  /** Positive: into the account. */
  readonly amount: bigint
  /** The account's balance after it. */
  readonly after: bigint
}

/** The kinds of entries. A new one is added here; then the compiler names every place that has to know it. */
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
  | AssetFact
  | Conversion
  | Rebalance
  | RebalanceTrade
  | Rebalanced

/** The name of an entry's kind. */
export type EntryKind = EntryContent['kind']
/** The content of entries of one kind. */
export type ContentOf<K extends EntryKind> = EntryContent & { readonly kind: K }

/** A client begins to exist. */
export interface Registration {
  readonly kind: 'register'
  readonly client: string
}

/** A fund begins to exist, or its terms change. */
export interface Definition {
  readonly kind: 'define'
  readonly fund: string
  readonly terms: FundTerms
  /** The fund as it was defined at run time; absent if it stands in the configuration. */
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

/** A fund gets its first assets and issues its first shares. */
export interface Inception {
  readonly kind: 'inception'
  readonly fund: string
  /** ms of event time; if absent, the time of the entry. */
  readonly at?: number
  /** 10⁻¹⁸ of each asset a share. */
  readonly units: ReadonlyMap<string, bigint>
  readonly weights: Readonly<Record<string, number>>
  /** 10⁻¹⁸ shares, to the sponsor. */
  readonly shares: bigint
}

/** A fund stops taking orders, or takes them again. */
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
  /** Net asset value of a share, if a fee was computed from it. */
  readonly nav?: number
}

/** A client gives assets or shares to another. */
export interface Transfer extends Result {
  readonly kind: 'transfer'
  readonly key: string
  readonly to: string
  /** An asset, or shares as `share:FUND`. */
  readonly asset: string
  readonly amount: bigint
}

/** Rows of a portfolio that came at run time. Each has an id, and a price if there was one. */
export interface Recording {
  readonly kind: 'record'
  readonly portfolio: string
  readonly transactions: readonly Transaction[]
}

/** Circulating supplies that came at run time and differ from those before. */
export interface Supplies {
  readonly kind: 'supplies'
  /** ms of event time from which on they count; if absent, from the beginning. */
  readonly at?: number
  /** 10⁻¹⁸ of each asset. */
  readonly supplies: ReadonlyMap<string, bigint>
}

/** How an order ended. */
export interface Result {
  readonly status: 'settled' | 'rejected'
  /** Present if it was rejected. */
  readonly code?: Rejection
  /** Present if it was rejected because the account holds too little. */
  readonly shortfall?: Shortfall
}

/** The first asset, or shares as `share:FUND`, of which an account holds less than an order takes, in 10⁻¹⁸. */
export interface Shortfall {
  readonly asset: string
  readonly needed: bigint
  readonly held: bigint
}

/** Why an order that was understood was not done: this is written down and uses up its key. In the order in which they are found. */
export const REJECTIONS = ['not_whole_units', 'insufficient_shares', 'insufficient_assets'] as const
/** One of `REJECTIONS`. */
export type Rejection = (typeof REJECTIONS)[number]

/** Whether an entry is a creation or a redemption. */
export const isOrder = (entry: EntryContent): entry is Order => entry.kind === 'create' || entry.kind === 'redeem'
