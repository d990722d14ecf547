import type { ChainLog } from './chainLog.ts'
import type { ReserveDelta } from './rollingVolume.ts'
import type { PoolKind } from './spec.ts'
import { stableswapSwap } from './stableswap/stableswap.ts'
import { uniswapV2Swap } from './uniswapV2.ts'
import { uniswapV3Swap } from './uniswapV3/uniswapV3.ts'

const SWAP: { readonly [K in PoolKind]: (log: ChainLog) => ReserveDelta | undefined } = {
  'uniswap-v2': uniswapV2Swap,
  'uniswap-v3': uniswapV3Swap,
  stableswap: stableswapSwap,
  orderbook: () => undefined,
}

/**
 * Returns what the swap in a log moved into a pool of this kind, raw; undefined if the log is of something else. It needs no state, so
 * it also reads logs that a reorganisation removes. Throws RangeError or SyntaxError if the data cannot be read.
 */
export const swapOf = (kind: PoolKind, log: ChainLog): ReserveDelta | undefined => SWAP[kind](log)
