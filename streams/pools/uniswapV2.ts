import type { Mutable } from '../lib/mutable.ts'
import type { Depth } from '../market/levels.ts'
import type { PoolRow } from '../measures/rows.ts'
import { SWAP_V2, SYNC_V2, unsigned } from './abi.ts'
import type { ChainLog } from './chainLog.ts'
import type { PoolState } from './poolState.ts'
import type { ReserveDelta } from './rollingVolume.ts'

type Reserves = readonly [bigint, bigint]

/** A constant-product pair: `Sync(uint112 reserve0, uint112 reserve1)` gives its reserves whole after each change. */
export class UniswapV2 implements PoolState {
  snapshot: Reserves | undefined

  get reserves(): Reserves | undefined {
    return this.snapshot
  }

  get price(): number {
    if (this.snapshot === undefined) return Number.NaN
    const [reserve0, reserve1] = this.snapshot
    return reserve0 && reserve1 ? Number(reserve0) / Number(reserve1) : Number.NaN
  }

  apply(log: ChainLog): ReserveDelta | undefined {
    if (log.topics[0] === SYNC_V2) this.snapshot = [unsigned(log.data, 0, 112), unsigned(log.data, 1, 112)]
    return uniswapV2Swap(log)
  }

  revert(_log: ChainLog, before: Reserves | undefined): void {
    this.snapshot = before
  }

  depth(fraction: number): Depth | undefined {
    if (this.snapshot === undefined) return undefined
    const [reserve0, reserve1] = this.snapshot
    // By x·y = k the price x/y rises by f when y falls by 1 − 1/√(1 + f), and falls by f when x falls by 1 − √(1 − f).
    return { bid: Number(reserve0) * (1 - Math.sqrt(1 - fraction)), ask: Number(reserve1) * (1 - 1 / Math.sqrt(1 + fraction)) }
  }

  describe(figures: Mutable<PoolRow>): void {
    figures.partial = this.snapshot === undefined
  }
}

/** Returns the swap in a log of a pair, undefined if there is none; its Sync comes just before it. Throws as `unsigned` does. */
export const uniswapV2Swap = ({ topics, data }: ChainLog): ReserveDelta | undefined => {
  if (topics[0] !== SWAP_V2) return undefined
  // Swap(sender, uint amount0In, uint amount1In, uint amount0Out, uint amount1Out, to)
  return { amount0: unsigned(data, 0) - unsigned(data, 2), amount1: unsigned(data, 1) - unsigned(data, 3) }
}

/**
 * Returns what `amountIn` buys, raw; 0 if a reserve is empty. 0.3 % of the input stays in the pool: `getAmountOut` of
 * UniswapV2Library.sol.
 */
export const amountOut = (amountIn: bigint, reserveIn: bigint, reserveOut: bigint): bigint => {
  if (reserveIn <= 0n || reserveOut <= 0n) return 0n
  const paid = amountIn * 997n
  return (paid * reserveOut) / (reserveIn * 1000n + paid)
}

/** Returns the least that buys `amountOut`, raw; undefined if the pool cannot give it: `getAmountIn` of UniswapV2Library.sol. */
export const amountIn = (amountOut: bigint, reserveIn: bigint, reserveOut: bigint): bigint | undefined => {
  if (reserveIn <= 0n || amountOut <= 0n || amountOut >= reserveOut) return undefined
  return (reserveIn * amountOut * 1000n) / ((reserveOut - amountOut) * 997n) + 1n
}
