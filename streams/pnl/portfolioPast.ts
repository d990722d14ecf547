import type { PathState } from './path.ts'
import type { Transaction } from './transaction.ts'

/** What is stored of a portfolio's past: what the rows that it knows do not say. Times in ms. */
export interface PortfolioPast {
  readonly id: string
  /** It is of the time up to here. */
  readonly t: number
  /** How many rows it was computed from: with others it does not count. */
  readonly rows: number
  /** Prices of the time of the file's rows that have none, 10⁻¹⁸. */
  readonly rowPrices: ReadonlyMap<Transaction, bigint>
  /** The last midnight (UTC) before `t`, and the price of each asset then, if it is known. */
  readonly midnight: { readonly t: number; readonly prices: ReadonlyMap<string, number> }
  /** Whether a state of it was stored. */
  readonly stored: boolean
  /** Since when former runs listened to prices for it; Infinity if rows of before this run have to be looked up in the store. */
  readonly listenedFrom: number
  /** What its path has come to. */
  readonly path: PathState
}

/** The past of portfolios, read again because rows or prices of it have come. */
export interface PortfolioPasts {
  readonly kind: 'portfolios'
  readonly pasts: readonly PortfolioPast[]
}
