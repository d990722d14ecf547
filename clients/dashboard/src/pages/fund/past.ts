import type { ByAsset, RebalanceTradeState } from '../../../../driftwire-client/src/index.ts'

/** A rebalance as it went: `GET /v1/funds/{id}/rebalances`. Amounts and sums are exact, in the quote asset. */
export interface PastRebalance {
  readonly id: number
  readonly status: string
  readonly reason: string
  readonly since: number
  readonly ended?: number
  readonly targets: ByAsset<number>
  readonly trades: Readonly<
    Record<string, RebalanceTradeState & { readonly planned?: number; readonly value?: string; readonly slippage?: number }>
  >
  readonly turnover: string
  readonly fees: string
  readonly slippage: number
}

/** A page of them. */
export interface PastRebalances {
  readonly rebalances: readonly PastRebalance[]
}
