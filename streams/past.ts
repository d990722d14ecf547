import type { Alert, RuleSamples } from './alerts/alert.ts'
import type { SourcedFact } from './analytics/features/metricLog.ts'
import type { MarketPast } from './market/marketPast.ts'
import type { FundRow } from './measures/rows.ts'
import type { PortfolioPast } from './pnl/portfolioPast.ts'
import type { PoolPast } from './pools/poolPast.ts'

/**
 * The time before this start, as the store knows it: put in once, when the store has answered, and merged with the events that have come
 * since. Until then a figure that depends on it is unknown and therefore absent.
 */
export interface Past {
  readonly kind: 'past'
  /** It holds what happened up to this event time, ms; Infinity if everything stored is the past of this run. */
  readonly asOf: number
  /** The end (ms) of the frame that a former run of the same replay ended with: this one goes on from there. */
  readonly resumedAt?: number
  /** Prices and trades; undefined if none are stored. */
  readonly market?: MarketPast
  /** What is stored of pools, by their ids. */
  readonly pools?: ReadonlyMap<string, PoolPast>
  /** The newest stored states of funds. */
  readonly funds?: readonly FundRow[]
  /** Portfolios; undefined if nothing is known of their past. */
  readonly portfolios?: readonly PortfolioPast[]
  /** The newest metrics, and those that become known after `asOf`. */
  readonly metrics?: readonly SourcedFact[]
  /** Alerts that were open, and what rules knew of the time before. */
  readonly alerts?: readonly Alert[]
  readonly ruleSamples?: readonly RuleSamples[]
}
