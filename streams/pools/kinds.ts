import { unreachable } from '../lib/unreachable.ts'
import { OrderBook } from './orderBook.ts'
import type { PoolState } from './poolState.ts'
import type { PoolKind, PoolSpec, StableswapSpec } from './spec.ts'
import { Stableswap } from './stableswap/stableswap.ts'
import { UniswapV2 } from './uniswapV2.ts'
import { UniswapV3 } from './uniswapV3/uniswapV3.ts'

/** Makes the state that a pool's logs or levels drive; undefined if nothing does. */
export const stateOf = (spec: PoolSpec, scales: readonly [number, number]): PoolState | undefined => {
  switch (spec.kind) {
    case 'uniswap-v2':
      return new UniswapV2()
    case 'uniswap-v3':
      return new UniswapV3(spec.start, spec.tickSpacing)
    case 'stableswap':
      return stableswapOf(spec)
    case 'orderbook':
      return spec.token0 && spec.token1 && new OrderBook(...scales)
    default:
      return unreachable(spec)
  }
}

const stableswapOf = ({ stableswap, token0, token1 }: StableswapSpec): Stableswap | undefined => {
  // Balances are brought to 18 places with 18 more: the contract itself has no room for a token of more places than both.
  if (stableswap === undefined || !(token0 && token0.decimals <= 36 && token1 && token1.decimals <= 36)) return undefined
  const rates = [token0, token1].map(({ decimals }) => 10n ** BigInt(36 - decimals))
  return new Stableswap({ ...stableswap, rates }, stableswap.start)
}

/** Returns the block whose end the pool's logs are followed from; undefined if they are followed from the first. */
export const startBlock = (spec: PoolSpec): number | undefined => {
  switch (spec.kind) {
    case 'uniswap-v3':
      return spec.start?.block
    case 'stableswap':
      return spec.stableswap?.start?.block
    case 'uniswap-v2':
    case 'orderbook':
      return undefined
    default:
      return unreachable(spec)
  }
}

/** Names what a pool's states follow from: a state that was stored under another name is of another pool. */
export const originOf = (spec: PoolSpec): string => {
  const of = [spec.kind, spec.address, startBlock(spec) ?? '']
  if (spec.kind === 'stableswap' && spec.stableswap) {
    const { amplification, fee, offpegMultiplier } = spec.stableswap
    of.push(String(amplification), String(fee), String(offpegMultiplier))
  }
  return of.join(' ')
}

/** Kinds in which a position over all prices loses against holding as x·y = k does. */
export const FULL_RANGE: { readonly [K in PoolKind]: boolean } = {
  'uniswap-v2': true,
  'uniswap-v3': true,
  stableswap: false,
  orderbook: false,
}
