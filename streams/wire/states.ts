import type { Severity } from './alerts.ts'
import type { JsonObject } from './mergePatch.ts'

/**
 * The states of channels as clients see them. A figure that is not known is absent, so nearly every member is optional. Money is in the
 * quote currency unless a line says otherwise, times are ms since the epoch, amounts that somebody owns are decimal strings.
 */

/** Figures by asset. */
export type ByAsset<T> = Readonly<Record<string, T>>

/** What a state has for a bar of trades. */
export interface BarState {
  /** When it begins. */
  readonly open_t?: number
  readonly o?: number
  readonly h?: number
  readonly l?: number
  readonly c?: number
  /** Volume, in the base asset. */
  readonly v?: number
  /** Trades. */
  readonly n?: number
  /** Trades of it are missing. */
  readonly gap?: boolean
}

/** The running minute and the 1,439 before it. */
export interface DayState {
  /** Trades. */
  readonly n?: number
  /** In the base asset. */
  readonly volume?: number
  /** In the quote asset. */
  readonly notional?: number
  readonly vwap?: number
  readonly open?: number
  readonly high?: number
  readonly low?: number
  /** From when on it is complete, if it covers less than a day. */
  readonly since?: number
  /** Trades of it are missing. */
  readonly gap?: boolean
}

/** `tick:SYMBOL`: the newest trade and quote. */
export interface TickState {
  readonly price?: number
  readonly size?: number
  readonly side?: 'buy' | 'sell'
  /** The source of the newest trade. */
  readonly src?: string
  /** The time of the newest trade. */
  readonly t?: number
  readonly bid?: number
  readonly ask?: number
  readonly stale?: boolean
  readonly day?: DayState
}

/** A trade of the tape. */
export interface TradeState {
  readonly t?: number
  readonly price?: number
  readonly size?: number
  readonly side?: 'buy' | 'sell'
  readonly src?: string
}

/** `trades:SYMBOL`: the newest 100 trades by id. */
export interface TradesState {
  readonly last?: Readonly<Record<string, TradeState>>
}

/** `candle:INTERVAL:SYMBOL`: the running candle, and the last closed one. */
export interface CandleState extends BarState {
  readonly prev?: BarState
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
  /** realised + unrealised + income − expenses. */
  readonly total?: number
}

/** Figures of one asset of a portfolio. */
export interface PositionState {
  readonly qty?: number
  readonly price?: number
  /** Average cost of one. */
  readonly avg?: number
  readonly value?: number
  readonly cost?: number
  readonly unrealised?: number
  readonly realised?: number
}

/** `pnl:PORTFOLIO`. */
export interface PnlState extends PortfolioSums {
  readonly quote?: string
  readonly method?: 'fifo' | 'lifo' | 'hifo' | 'lofo' | 'average'
  /** The sums without assets that have no price; absent if all have one. */
  readonly known?: PortfolioSums
  /** Gain since 00:00 UTC. */
  readonly day?: number
  /** Time-weighted return since the first transaction, as a fraction. */
  readonly twr?: number
  readonly drawdown?: { readonly abs?: number; readonly rel?: number }
  readonly assets?: ByAsset<PositionState>
  /** Contents of each account. */
  readonly accounts?: Readonly<Record<string, ByAsset<number>>>
  /** Why an asset's worth is not known in full. */
  readonly unpriced?: ByAsset<string>
  readonly stale?: boolean
}

/** `fund:FUND`. */
export interface FundState {
  /** Net asset value of a share. */
  readonly nav?: number
  /** The value of a share at bids, middles and asks; `age` of the oldest price used, ms. */
  readonly inav?: { readonly bid?: number; readonly mid?: number; readonly ask?: number; readonly age?: number }
  /** Worth of all that the fund holds. */
  readonly aum?: number
  readonly shares?: string
  /** 100 at inception, without costs. */
  readonly level?: number
  /** What a share holds. */
  readonly units?: ByAsset<string>
  readonly prices?: ByAsset<number>
  readonly weights?: ByAsset<number>
  readonly target?: ByAsset<number>
  /** Weight − target. */
  readonly drift?: ByAsset<number>
  /** When prices older than an hour were made. */
  readonly priceT?: ByAsset<number>
  /** ½ Σ |drift|. */
  readonly totalDrift?: number
  /** The largest |drift|. */
  readonly maxDrift?: number
  readonly rebalance?: { readonly needed?: boolean; readonly reason?: string; readonly since?: number; readonly last?: number }
  /** The market's price of a share. */
  readonly market?: number
  /** market ÷ nav − 1. */
  readonly premium?: number
  /** Assets without whose price the fund cannot begin, or cannot be valued, and why. */
  readonly pending?: ByAsset<string>
  /** Members without a market. */
  readonly blocked?: ByAsset<string>
  readonly halted?: boolean
  readonly stale?: boolean
}

/** `pool:POOL`. Reserves, prices and ticks of a v3 pool are raw integers as strings. */
export interface PoolState {
  readonly kind?: 'uniswap-v2' | 'uniswap-v3' | 'stableswap' | 'orderbook'
  /** Of a token1 in token0. */
  readonly price?: number
  readonly reserves?: { readonly 0?: string; readonly 1?: string }
  readonly tvl?: number
  /** What can be sold and bought before the price has moved by 2 %. */
  readonly depth?: { readonly bid2?: number; readonly ask2?: number }
  readonly volume24h?: number
  readonly fees24h?: number
  readonly trades24h?: number
  /** From when on these are complete, if they cover less than 24 hours. */
  readonly since?: number
  /** The newest event. */
  readonly t?: number
  readonly partial?: boolean
  readonly stale?: boolean
  /** Impermanent loss since 00:00 UTC, as a fraction. */
  readonly il?: number
  readonly sqrtPriceX96?: string
  readonly tick?: number
  readonly liquidity?: string
  readonly day?: { readonly n?: number; readonly in0?: string; readonly in1?: string }
}

/** A trade of a rebalance. */
export interface RebalanceTradeState {
  readonly side?: 'buy' | 'sell'
  readonly asset?: string
  readonly amount?: string
  readonly price?: number
  readonly filled?: string
  readonly fee?: string
  readonly status?: 'proposed' | 'pending' | 'submitted' | 'partially_filled' | 'completed' | 'failed' | 'cancelled'
  readonly why?: string
}

/** `rebalances:FUND`: the running rebalance or the last one, or the trades that are proposed. */
export interface RebalancesState {
  readonly mode?: 'off' | 'propose' | 'execute'
  /** Drifts beyond which the fund is rebalanced, as fractions: of one asset, of one relative to its target, of all (½ Σ). */
  readonly thresholds?: { readonly asset?: number; readonly relative?: number; readonly total?: number }
  readonly status?: 'proposed' | 'running' | 'completed' | 'partial' | 'failed'
  readonly id?: number
  readonly reason?: string
  readonly since?: number
  readonly ended?: number
  readonly targets?: ByAsset<number>
  readonly trades?: Readonly<Record<string, RebalanceTradeState>>
}

/** An asset that changes hands. */
export interface Leg {
  readonly asset: string
  readonly amount: string
}

/** An order or a transfer as the server reports it. */
export interface Order {
  readonly key: string
  readonly side: 'create' | 'redeem' | 'transfer'
  readonly fund?: string
  /** Of a transfer of an asset. */
  readonly asset?: string
  /** The receiver of a transfer. */
  readonly to?: string
  readonly amount: string
  readonly status: 'settled' | 'rejected'
  /** Why it was rejected. */
  readonly code?: string
  /** What was lacking. */
  readonly shortfall?: { readonly asset: string; readonly needed: string; readonly held: string }
  readonly legs: readonly Leg[]
  readonly fee?: Leg
  readonly nav?: number
  /** Its number in the journal. */
  readonly seq: number
  readonly t: number
}

/** `orders`: the newest 100 of the client, by key. */
export type OrdersState = Readonly<Record<string, Order>>

/** `holdings`: what the client owns at the clearing house. */
export interface HoldingsState {
  readonly assets?: ByAsset<string>
  readonly shares?: Readonly<Record<string, string>>
}

/** The newest value of a metric. */
export interface MetricState {
  /** In the metric's unit; absent if the source says that it does not know. */
  readonly v?: number
  /** Beginning of the period that it is of. */
  readonly t?: number
  /** Since when it was known. */
  readonly known?: number
  /** Who says it. */
  readonly src?: string
  /** A newer one is overdue. */
  readonly stale?: boolean
}

/** `metrics:ASSET`: the newest values, by metric. */
export type MetricsState = Readonly<Record<string, MetricState>>

/** A score of one horizon: how an asset will do beside the others, and nothing of where the market goes. Or the reason why there is none. */
export interface HorizonScore {
  /** Percentile among the assets that were scored, 0 to 100. */
  readonly score?: number
  /** P(return above the median). */
  readonly p?: number
  /** P(return among the worst third). */
  readonly worst?: number
  /** Interval that should hold 80 of 100 returns, as simple return above that of the median asset. */
  readonly lo?: number
  readonly hi?: number
  /** The place, from 1 for the best. */
  readonly rank?: number
  readonly of?: number
  /** Percentile that the models expect: `base` and all parts of `why`. */
  readonly expected?: number
  readonly base?: number
  readonly why?: Readonly<Record<string, number>>
  /** Of the model. */
  readonly version?: string
  /** ms: of the list of assets that was scored. */
  readonly t?: number
  /** Why there is no score. */
  readonly reason?: string
  /** Of the simulated market. */
  readonly simulated?: boolean
}

/** `score:ASSET`: its scores by horizon, such as `1m`. */
export interface ScoreState {
  readonly horizon?: Readonly<Record<string, HorizonScore>>
  /** A newer one is overdue. */
  readonly stale?: boolean
}

/** A mean, and the interval that holds the true one in 95 of 100 cases. */
export interface EstimateState {
  readonly mean?: number
  readonly low?: number
  readonly high?: number
}

/** A model that is used. */
export interface ModelState {
  readonly version?: string
  /** ms: since when, by whom and why it is what it is. */
  readonly since?: number
  readonly who?: string
  readonly why?: string
  /** ms: the newest list that it learnt from. */
  readonly trainedTo?: number
  /** Rank correlation of score and outcome out of sample. */
  readonly ic?: EstimateState
  /** The same of its scores since then. */
  readonly live?: { readonly ic?: number; readonly days?: number }
  readonly simulated?: boolean
}

/** `models`: which models are used, by horizon. */
export interface ModelsState {
  readonly horizon?: Readonly<
    Record<
      string,
      {
        readonly champion?: ModelState
        readonly challenger?: ModelState
        /** The challenger's IC less the champion's, on the days that both have scored. */
        readonly comparison?: EstimateState & { readonly verdict?: 'none' | 'challenger' | 'champion'; readonly days?: number }
      }
    >
  >
}

/** A feed, as `status` shows it. */
export interface FeedState {
  readonly state?: 'connecting' | 'live' | 'ended' | 'down'
  readonly ticks?: number
  readonly messages?: number
  readonly late?: number
  readonly lag?: number
  readonly silent?: boolean
  /** What was left out, by kind. */
  readonly bad?: Readonly<Record<string, number>>
  readonly passed?: Readonly<Record<string, number>>
  readonly refused?: Readonly<Record<string, string>>
  readonly missing?: Readonly<Record<string, string>>
}

/** `status`: the server itself. docs/operations.md has every figure. */
export interface StatusState {
  readonly feeds?: Readonly<Record<string, FeedState>>
  readonly parts?: Readonly<Record<string, { readonly state?: 'ready' | 'degraded' | 'waiting'; readonly why?: string }>>
  readonly disk?: JsonObject
  readonly rates?: { readonly ticks?: number; readonly frames?: number }
  readonly clients?: JsonObject
  readonly limits?: JsonObject
  readonly tls?: JsonObject
  readonly frames?: JsonObject
  readonly followed?: JsonObject
  readonly sink?: JsonObject
  readonly rebalances?: JsonObject
  readonly journal?: JsonObject
  readonly accounts?: JsonObject
  readonly dex?: JsonObject
  readonly marketNotes?: JsonObject
  readonly assetMetrics?: JsonObject
  readonly scores?: JsonObject
  readonly recorder?: JsonObject
  readonly nodes?: JsonObject
  readonly replicas?: JsonObject
  readonly traces?: JsonObject
  readonly sql?: JsonObject
  readonly backtests?: JsonObject
  readonly alerts?: JsonObject
  readonly contracts?: JsonObject
}

/** What a rule has found. */
export interface AlertState {
  readonly rule?: string
  /** That it is about; of a market alert what its rule is about: `metrics:*`. */
  readonly channel?: string
  readonly figure?: string
  /** The channel that the figure is held against. */
  readonly against?: string
  readonly severity?: Severity
  /** When it fired. */
  readonly since?: number
  /** It has lasted as long as its rule asks. */
  readonly confirmed?: boolean
  /** How often its rule has fired since. */
  readonly times?: number
  /** What it rests on: `value`, `bound` and others. */
  readonly evidence?: Readonly<Record<string, number | string | boolean>>
  /** When it cleared, and why. */
  readonly cleared?: number
  readonly why?: 'back' | 'new level' | 'no rule'
  /** The market alert that it is part of. */
  readonly market?: string
  /** Of a market alert: its channels. */
  readonly members?: readonly string[]
}

/** `alerts`, `allalerts`. */
export interface AlertsState {
  /** Open ones. */
  readonly count?: number
  /** The newest 500 by id. */
  readonly open?: Readonly<Record<string, AlertState>>
  /** The newest 50 by id. */
  readonly over?: Readonly<Record<string, AlertState>>
}

/** The state of a channel by its name; a JSON object for names that are not known here, or not before the program runs. */
export type StateOf<Channel extends string> = Channel extends `tick:${string}`
  ? TickState
  : Channel extends `trades:${string}`
    ? TradesState
    : Channel extends `candle:${string}`
      ? CandleState
      : Channel extends `pnl:${string}`
        ? PnlState
        : Channel extends `fund:${string}`
          ? FundState
          : Channel extends `pool:${string}`
            ? PoolState
            : Channel extends `rebalances:${string}`
              ? RebalancesState
              : Channel extends `metrics:${string}`
                ? MetricsState
                : Channel extends `score:${string}`
                  ? ScoreState
                  : Channel extends 'models'
                    ? ModelsState
                    : Channel extends 'alerts' | 'allalerts'
                      ? AlertsState
                      : Channel extends 'orders'
                        ? OrdersState
                        : Channel extends 'holdings'
                          ? HoldingsState
                          : Channel extends 'status'
                            ? StatusState
                            : JsonObject

/**
 * The paths of a state's members: `nav`, `inav`, `inav.mid`, `weights.BTC`. Of a map any name is one.
 */
export type PathOf<State> = State extends readonly unknown[]
  ? never
  : string extends keyof State
    ? string
    : State extends object
      ? { [K in keyof State & (string | number)]: `${K}` | `${K}.${PathOf<NonNullable<State[K]>>}` }[keyof State & (string | number)]
      : never
