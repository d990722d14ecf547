export type MeasureRow = PnlRow | FundRow | PoolRow

export interface PnlRow {
  readonly kind: 'pnl'
  readonly id: string
  readonly t: number
  readonly quote: string
  readonly method: string
  readonly value: number
  readonly cost: number
  readonly unrealised: number
  readonly realised: number
  readonly income: number
  readonly expenses: number
  readonly fees: number
  readonly flows: number
  readonly total: number
  readonly day: number
  readonly drawdownAbs: number
  readonly drawdownRel: number
  readonly stale: boolean
  readonly assets: readonly AssetPnl[]
  /** Asset → why its value is not in the sums. */
  readonly unpriced: readonly (readonly [asset: string, why: string])[]
}

/** What a portfolio shows: its row, and what is not stored. */
export interface PnlFigures extends PnlRow {
  /** Time-weighted return since the first transaction, as a share. */
  readonly twr: number
  /** What lies in its accounts, where they have names. */
  readonly accounts: readonly AccountBalances[]
}

export interface AccountBalances {
  readonly account: string
  readonly balances: readonly (readonly [asset: string, qty: number])[]
}

export interface AssetPnl {
  readonly asset: string
  readonly qty: number
  readonly price: number
  readonly avg: number
  readonly value: number
  readonly cost: number
  readonly unrealised: number
  readonly realised: number
}

export interface FundRow {
  readonly kind: 'fund'
  readonly id: string
  readonly t: number
  readonly nav: number
  readonly aum: number
  /** 10⁻¹⁸ shares; undefined before inception. */
  readonly shares: bigint | undefined
  readonly level: number
  readonly inavBid: number
  readonly inavMid: number
  readonly inavAsk: number
  /** ms between the frame and the oldest price used. */
  readonly inavAge: number
  readonly totalDrift: number
  readonly maxDrift: number
  readonly rebalanceNeeded: boolean
  /** '' where none is needed. */
  readonly rebalanceReason: string
  /** ms; NaN where none is needed. */
  readonly rebalanceSince: number
  /** ms; NaN before the first. */
  readonly rebalanceLast: number
  readonly market: number
  readonly premium: number
  /** Assets without whose price the fund cannot begin, or cannot be valued. */
  readonly pending: readonly string[]
  readonly halted: boolean
  readonly stale: boolean
  readonly constituents: readonly Constituent[]
}

export interface Constituent {
  readonly asset: string
  /** 10⁻¹⁸ units of the asset a share holds; undefined before inception. */
  readonly units: bigint | undefined
  readonly price: number
  readonly weight: number
  readonly target: number
  readonly drift: number
}

export interface PoolRow {
  readonly kind: 'pool'
  readonly id: string
  readonly t: number
  readonly pool: string
  readonly price: number
  /** Raw integers of the tokens; undefined where unknown. */
  readonly reserve0: bigint | undefined
  readonly reserve1: bigint | undefined
  readonly tvl: number
  readonly depthBid2: number
  readonly depthAsk2: number
  readonly volume24h: number
  readonly fees24h: number
  readonly trades24h: number
  /** ms: the newest event. */
  readonly eventT: number
  readonly partial: boolean
  readonly stale: boolean
  readonly v3?: V3Row
}

/** What a pool shows: its row, and what is not stored. */
export interface PoolFigures extends PoolRow {
  /** Impermanent loss since the UTC day began, as a fraction; NaN or absent where unknown. */
  readonly il?: number
}

export interface V3Row {
  readonly sqrtPriceX96: bigint
  readonly tick: number
  readonly liquidity: bigint
  readonly dayN: number
  readonly dayIn0: bigint
  readonly dayIn1: bigint
}
