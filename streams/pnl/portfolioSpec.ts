import type { AssetEvent } from '../market/assetEvent.ts'
import type { Method } from './lots.ts'
import type { Transaction } from './transaction.ts'

/** A portfolio as the configuration describes it. */
export interface PortfolioSpec {
  readonly id: string
  /** The currency that everything of it is counted in. */
  readonly quote: string
  readonly method: Method
  readonly feesInCost: boolean
  /** Assets that are no part of the sums. */
  readonly ignore?: ReadonlySet<string>
  /** Sorted by time. */
  readonly transactions: readonly Transaction[]
}

/** A portfolio with all that its past is computed from. */
export interface PortfolioHistory extends PortfolioSpec {
  /** What happens to its assets, in order of time. */
  readonly events?: readonly AssetEvent[]
}
