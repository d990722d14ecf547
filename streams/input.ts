import type { SourcedFact } from './analytics/features/metricLog.ts'
import type { UsedModels } from './analytics/shownModels.ts'
import type { PublishedScoring } from './analytics/shownScores.ts'
import type { FundHoldings } from './fund/inception.ts'
import type { FundSpec } from './fund/spec.ts'
import type { RebalanceState } from './ledger/rebalanceState.ts'
import type { NumberedEvent } from './market/assetEvent.ts'
import type { DatedSupply } from './market/datedSupplies.ts'
import type { FeedState, Troubles } from './market/feedHealth.ts'
import type { BookLevels } from './market/levels.ts'
import type { ImportedCandles } from './market/marketPast.ts'
import type { Ticks } from './market/ticks.ts'
import type { Past } from './past.ts'
import type { PortfolioPasts } from './pnl/portfolioPast.ts'
import type { Transaction } from './pnl/transaction.ts'
import type { ChainEvents } from './pools/chainLog.ts'

/**
 * The input of the pure part. Everything that it ever learns comes to it as one ordered sequence of these: it asks nobody for the time and
 * joins no two streams, so the same input gives the same output, byte for byte.
 */
export type Input =
  | Ticks
  | BookLevels
  | ChainEvents
  | LedgerEvents
  | FeedChange
  | Subscriptions
  | Past
  | PortfolioPasts
  | ImportedCandles
  | Metrics
  | Scores
  | Models
  | StatusFigures
  | Clock
  | Watch

/** Time has come to the end of a frame: live by the wall, in a replay by the data. */
export interface Clock {
  readonly kind: 'clock'
  /** ms, a multiple of `frameMs`. */
  readonly t: number
}

/** A feed has come to another state. */
export interface FeedChange {
  readonly kind: 'feed'
  /** Its number: its place in `ViewOptions.feeds`. */
  readonly feed: number
  readonly state: FeedState
}

/** What has become of the symbols that a live feed asked for, as it stands. */
export interface Subscriptions {
  readonly kind: 'subscriptions'
  readonly feed: number
  /** Symbol or topic → the venue's words. */
  readonly refused: Troubles
  /** Canonical symbol → what is known of it. */
  readonly missing: Troubles
}

/** Figures of the channel `status` that rules ask for, by their paths: `sink.waiting.rows`. Each replaces all before. */
export interface StatusFigures {
  readonly kind: 'status'
  readonly figures: Readonly<Record<string, number | string | boolean>>
}

/** Somebody begins to watch a channel, or the last watcher has gone. A channel that begins is computed at the next end of a frame. */
export interface Watch {
  readonly kind: 'watch'
  readonly channel: string
  readonly on: boolean
}

/** What has become known of assets; not yet in what comes before its time. */
export interface Metrics {
  readonly kind: 'metrics'
  readonly facts: readonly SourcedFact[]
}

/** What the champion of a horizon says of the assets of a day. */
export interface Scores {
  readonly kind: 'scores'
  readonly scoring: PublishedScoring
}

/** Which models are used, as it stands. */
export interface Models {
  readonly kind: 'models'
  /** By horizon in months. */
  readonly byHorizon: ReadonlyMap<number, UsedModels>
}

/** The effect of committed entries of the journal. */
export interface LedgerEvents {
  readonly kind: 'ledger'
  /** Funds that were defined at run time. */
  readonly defined?: readonly FundSpec[]
  readonly funds: readonly FundHoldings[]
  /** Rows that came at run time, each once. */
  readonly recorded?: readonly Recorded[]
  /** Each rebalance that changed, as it stands now. */
  readonly rebalances?: readonly RebalanceState[]
  /** Circulating supplies with the times from which on they count. */
  readonly supplies?: readonly DatedSupply[]
  /** What has happened to assets, or will. */
  readonly events?: readonly NumberedEvent[]
}

/** The rows that an entry of the journal adds to a portfolio. */
export interface Recorded {
  readonly portfolio: string
  readonly transactions: readonly Transaction[]
}
