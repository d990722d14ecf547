/** The states of channels as the page reads them; docs/protocol.md says what each member means. What is absent is not known. */

/** Figures by asset. */
export type ByAsset<T = number> = Readonly<Record<string, T>>

/** `tick:SYMBOL` */
export interface TickState {
  readonly price?: number
  readonly size?: number
  readonly side?: 'buy' | 'sell'
  readonly src?: string
  readonly t?: number
  readonly bid?: number
  readonly ask?: number
  readonly stale?: boolean
  readonly day?: {
    readonly n?: number
    readonly volume?: number
    readonly notional?: number
    readonly vwap?: number
    readonly open?: number
    readonly high?: number
    readonly low?: number
    readonly since?: number
    readonly gap?: boolean
  }
}

/** `fund:FUND` */
export interface FundState {
  readonly nav?: number
  readonly inav?: { readonly bid?: number; readonly mid?: number; readonly ask?: number; readonly age?: number }
  readonly aum?: number
  readonly shares?: string
  readonly level?: number
  readonly units?: ByAsset<string>
  readonly prices?: ByAsset
  readonly priceT?: ByAsset
  readonly weights?: ByAsset
  readonly target?: ByAsset
  readonly drift?: ByAsset
  readonly totalDrift?: number
  readonly maxDrift?: number
  readonly rebalance?: { readonly needed?: boolean; readonly reason?: string; readonly since?: number; readonly last?: number }
  readonly market?: number
  readonly premium?: number
  readonly pending?: ByAsset<string>
  readonly blocked?: ByAsset<string>
  readonly halted?: boolean
  readonly stale?: boolean
}

/** An asset of a portfolio. */
export interface PositionState {
  readonly qty?: number
  readonly price?: number
  readonly avg?: number
  readonly value?: number
  readonly cost?: number
  readonly unrealised?: number
  readonly realised?: number
}

/** The sums of a portfolio. */
export interface PortfolioSums {
  readonly value?: number
  readonly cost?: number
  readonly unrealised?: number
  readonly realised?: number
  readonly income?: number
  readonly expenses?: number
  readonly fees?: number
  readonly flows?: number
  readonly total?: number
}

/** `pnl:PORTFOLIO` */
export interface PnlState extends PortfolioSums {
  readonly quote?: string
  readonly method?: string
  readonly known?: PortfolioSums
  readonly day?: number
  readonly twr?: number
  readonly drawdown?: { readonly abs?: number; readonly rel?: number }
  readonly assets?: ByAsset<PositionState>
  readonly accounts?: Readonly<Record<string, ByAsset<number | string>>>
  readonly unpriced?: ByAsset<string>
  readonly stale?: boolean
}

/** `pool:POOL` */
export interface PoolState {
  readonly kind?: string
  readonly price?: number
  readonly reserves?: Readonly<Record<'0' | '1', string>>
  readonly tvl?: number
  readonly depth?: { readonly bid2?: number; readonly ask2?: number }
  readonly volume24h?: number
  readonly fees24h?: number
  readonly trades24h?: number
  readonly since?: number
  readonly t?: number
  readonly il?: number
  readonly sqrtPriceX96?: string
  readonly tick?: number
  readonly liquidity?: string
  readonly partial?: boolean
  readonly stale?: boolean
}

/** Any state, as far as its marks go. */
export interface Marked {
  readonly stale?: boolean
  readonly halted?: boolean
  readonly partial?: boolean
  readonly pending?: ByAsset<string>
  readonly blocked?: ByAsset<string>
  readonly unpriced?: ByAsset<string>
}

/** Returns why figures of a state are absent or not to be trusted, for a person; empty if there is nothing to say. */
export const marksOf = (state: Marked | undefined): string[] => {
  if (state === undefined) return []
  const list = (of: ByAsset<string>): string =>
    Object.entries(of)
      .map(([asset, why]) => `${asset}: ${why}`)
      .join(', ')
  const marks: string[] = []
  if (state.stale) marks.push('stale: no feed of one of its inputs is heard')
  if (state.halted) marks.push('halted: takes no orders')
  if (state.partial) marks.push('partial: not all of the pool is known')
  if (state.pending) marks.push(`pending: ${list(state.pending)}`)
  if (state.unpriced) marks.push(`unpriced: ${list(state.unpriced)}`)
  if (state.blocked) marks.push(`no market: ${list(state.blocked)}`)
  return marks
}

/** A trade of a rebalance. */
export interface RebalanceTradeState {
  readonly side?: 'buy' | 'sell'
  readonly asset?: string
  readonly amount?: string
  readonly price?: number
  readonly filled?: string
  readonly fee?: string
  readonly status?: string
  readonly why?: string
}

/** `rebalances:FUND` */
export interface RebalancesState {
  readonly mode?: 'off' | 'propose' | 'execute'
  readonly status?: string
  readonly id?: string
  readonly reason?: string
  readonly since?: number
  readonly ended?: number
  readonly targets?: ByAsset
  readonly trades?: Readonly<Record<string, RebalanceTradeState>>
}

/** An asset and how much of it. */
export interface Leg {
  readonly asset: string
  readonly amount: string
}

/** An order, or what `quote` says of one. */
export interface Order {
  readonly key?: string
  readonly side?: string
  readonly fund?: string
  readonly asset?: string
  readonly to?: string
  readonly amount?: string
  readonly status?: string
  readonly code?: string
  readonly legs?: readonly Leg[]
  readonly fee?: Leg
  readonly nav?: number
  readonly seq?: number
  readonly t?: number
  readonly shortfall?: { readonly asset: string; readonly needed: string; readonly held: string }
}

/** `holdings` */
export interface HoldingsState {
  readonly assets?: ByAsset<string>
  readonly shares?: ByAsset<string>
}
