import type { FundHoldings } from './fund/inception.ts'
import type { FundSpec } from './fund/spec.ts'
import type { RebalanceState } from './ledger/rebalanceState.ts'
import type { FeedState } from './market/feedHealth.ts'
import type { BookLevels } from './market/levels.ts'
import type { Ticks } from './market/ticks.ts'
import type { Past } from './past.ts'
import type { Transaction } from './pnl/transaction.ts'
import type { ChainEvents } from './pools/chainLog.ts'

/**
 * What flows in. Everything the pure part ever learns comes to it as one ordered sequence of these: it asks nobody for the
 * time and joins no two streams, so the same input gives the same output, byte for byte.
 */
export type Input = Ticks | BookLevels | ChainEvents | LedgerEvents | FeedChange | Past | Clock | Watch

/** Time has come to `t` (ms, a multiple of `frameMs`): live by the wall, in a replay by the data. Closes the frame. */
export interface Clock {
  readonly kind: 'clock'
  readonly t: number
}

/** What a feed says of itself. */
export interface FeedChange {
  readonly kind: 'feed'
  readonly feed: number
  readonly state: FeedState
}

/** Somebody begins or ceases to listen to a channel. A channel that begins is computed at the next end of a frame. */
export interface Watch {
  readonly kind: 'watch'
  readonly channel: string
  readonly on: boolean
}

/** What committed entries of the journal have come to. */
export interface LedgerEvents {
  readonly kind: 'ledger'
  /** Funds that were defined at run time: they begin to exist. */
  readonly defined?: readonly FundSpec[]
  readonly funds: readonly FundHoldings[]
  /** Rows that came at run time, each once. */
  readonly recorded?: readonly Recorded[]
  /** Each rebalance that changed, as it stands. */
  readonly rebalances?: readonly RebalanceState[]
  /** 10⁻¹⁸ of each asset: circulating supplies from now on. */
  readonly supplies?: ReadonlyMap<string, bigint>
}

/** What an entry of the journal adds to a portfolio. */
export interface Recorded {
  readonly portfolio: string
  readonly transactions: readonly Transaction[]
}
