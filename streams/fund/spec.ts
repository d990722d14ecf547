import type { Concentration } from './concentration.ts'
import type { PlanRules } from './tradePlan.ts'

/** A fund as its definition says it. */
export interface FundSpec {
  readonly id: string
  readonly name: string
  /** The currency that everything of the fund is counted in. */
  readonly quote: string
  readonly weighting: Weighting
  /** Asset → circulating supply in units, of all that the fund may choose from. */
  readonly supplies: ReadonlyMap<string, number>
  /** 10⁻¹⁸ of the quote currency: what a share costs at inception. */
  readonly initialPrice: bigint
  /** 10⁻¹⁸ shares, issued to the sponsor at inception. */
  readonly initialShares: bigint
  /** ms without a trade after which an asset has no market; if absent, every price is good for ever. */
  readonly delistAfterMs?: number
  /** ms that an inception waits for missing prices, from the first price on. */
  readonly inceptionTimeoutMs: number
  /** Whether `target` stays as it was set by the inception or the last rebalance, or follows the prices. */
  readonly targets: 'frozen' | 'live'
  readonly rebalance: RebalanceRules
  /** Basis points of the net asset value of what is created. */
  readonly createFeeBps: number
  /** Basis points of the net asset value of what is redeemed. */
  readonly redeemFeeBps: number
  /** The symbol its shares trade under. */
  readonly market: string | undefined
}

/** How a fund chooses and weighs its members. Caps and weights are shares of one; units are 10⁻¹⁸ a share of the fund. */
export type Weighting =
  | { readonly scheme: 'market-cap'; readonly count: number; readonly cap: number; readonly rules?: Concentration }
  | { readonly scheme: 'equal'; readonly assets: readonly string[]; readonly cap: number }
  | { readonly scheme: 'fixed'; readonly weights: ReadonlyMap<string, number>; readonly cap: number }
  | { readonly scheme: 'units'; readonly units: ReadonlyMap<string, bigint> }

/** When a fund needs a rebalance, and what then happens. Thresholds are shares of one, each strictly exceeded. */
export interface RebalanceRules {
  /** On |weight − target| of any asset. */
  readonly assetThreshold: number
  /** On |weight − target| ÷ target of any asset that has a target. */
  readonly relativeThreshold?: number
  /** On ½ Σ |weight − target|. */
  readonly totalThreshold: number
  /** ms since the last one, or since the inception. */
  readonly maxIntervalMs: number
  /** Whether a rebalance that is needed is only reported, shown with its trades, or carried out; `off` if left out. */
  readonly mode?: 'off' | 'propose' | 'execute'
  /** ms since the last one before which there is no other. */
  readonly coolOffMs?: number
  /** How trades are planned. */
  readonly trades?: PlanRules
}
