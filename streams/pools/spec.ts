import type { StableswapStart } from './stableswap/stableswap.ts'
import type { Curve } from './stableswap/stableswapMath.ts'
import type { V3Snapshot } from './uniswapV3/v3Snapshot.ts'

/** A token of a pool. */
export interface TokenSpec {
  readonly symbol: string
  /** Places of its raw integers: 10^decimals of them are one token. */
  readonly decimals: number
  /** The asset whose price it has: of WETH that is ETH. */
  readonly asset: string
}

interface PoolCommon {
  readonly id: string
  /** The currency that its measures are counted in. */
  readonly quote: string
  /** Lower case; '' if the pool has no contract, or its file has no other pool. */
  readonly address: string
  /** Hundredths of a basis point; NaN if unknown. */
  readonly feePips: number
  /** Undefined: only raw integers are known of its amounts. */
  readonly token0: TokenSpec | undefined
  readonly token1: TokenSpec | undefined
}

/** A constant-product pair of Uniswap v2. */
export interface UniswapV2Spec extends PoolCommon {
  readonly kind: 'uniswap-v2'
}

/** A concentrated-liquidity pool of Uniswap v3. */
export interface UniswapV3Spec extends PoolCommon {
  readonly kind: 'uniswap-v3'
  /** Ticks are multiples of it; undefined if it is not known. */
  readonly tickSpacing?: number
  /** The state that its logs are followed from; its initialisation if left out. */
  readonly start?: V3Snapshot
}

/** A pool of two coins on the StableSwap curve. */
export interface StableswapSpec extends PoolCommon {
  readonly kind: 'stableswap'
  /** Its curve, and the balances that its logs are followed from; without a curve no log is read. */
  readonly stableswap?: Omit<Curve, 'rates'> & { readonly start?: StableswapStart }
}

/** A venue's order book, shown as a pool. */
export interface OrderBookSpec extends PoolCommon {
  readonly kind: 'orderbook'
  /** The symbol whose levels it shows; without one it stays empty. */
  readonly symbol?: string
}

/** A pool as the configuration describes it. */
export type PoolSpec = UniswapV2Spec | UniswapV3Spec | StableswapSpec | OrderBookSpec

/** Returns the symbol whose levels a pool shows; undefined if it shows none. */
export const levelsSymbol = (spec: PoolSpec): string | undefined => (spec.kind === 'orderbook' ? spec.symbol : undefined)

/** What a pool can be. */
export type PoolKind = PoolSpec['kind']

/** Every kind of pool, in the order in which the configuration names them. */
export const POOL_KINDS = ['uniswap-v2', 'uniswap-v3', 'stableswap', 'orderbook'] as const satisfies readonly PoolKind[]
