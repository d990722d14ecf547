import type { StableswapStart } from './stableswap/stableswap.ts'
import type { Curve } from './stableswap/stableswapMath.ts'
import type { V3Snapshot } from './uniswapV3/v3Snapshot.ts'

export const POOL_KINDS = ['uniswap-v2', 'uniswap-v3', 'stableswap', 'orderbook'] as const

export type PoolKind = (typeof POOL_KINDS)[number]

export interface TokenSpec {
  readonly symbol: string
  readonly decimals: number
  /** The asset whose price it has: of WETH that is ETH. */
  readonly asset: string
}

export interface PoolSpec {
  readonly id: string
  readonly kind: PoolKind
  readonly quote: string
  /** Lower case, '' where the pool is named by nothing else. */
  readonly address: string
  /** Hundredths of a basis point. */
  readonly feePips: number
  /** Undefined: nothing is said of its amounts but the raw integers. */
  readonly token0: TokenSpec | undefined
  readonly token1: TokenSpec | undefined
  /** Where a v3 pool is followed from, if not from its beginning. */
  readonly start?: V3Snapshot
  /** Of a stableswap pool; its logs are not read without. */
  readonly stableswap?: Omit<Curve, 'rates'> & { readonly start?: StableswapStart }
  /** Of an order book: the symbol whose levels it shows. */
  readonly symbol?: string
}
