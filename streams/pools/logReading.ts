import type { ChainLog } from './chainLog.ts'
import type { LogReading } from './poolState.ts'
import type { PoolKind } from './spec.ts'
import { stableswapReading } from './stableswap/stableswap.ts'
import { uniswapV2Reading } from './uniswapV2.ts'
import { uniswapV3Reading } from './uniswapV3/uniswapV3.ts'

const READING: { readonly [K in PoolKind]: (log: ChainLog) => LogReading } = {
  'uniswap-v2': uniswapV2Reading,
  'uniswap-v3': uniswapV3Reading,
  stableswap: stableswapReading,
  orderbook: () => NOTHING,
}

/** A log of something else. */
const NOTHING: LogReading = {}
/** All logs of a block are missing. */
const LOST: LogReading = { unread: 'swap' }

/**
 * Returns what a log of a pool of this kind says of trading. It needs no state, so it also reads logs that a reorganisation removes. Throws
 * RangeError or SyntaxError if the data cannot be read.
 */
export const readLog = (kind: PoolKind, log: ChainLog): LogReading => (log.lost ? LOST : READING[kind](log))
