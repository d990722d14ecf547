import type { Mutable } from '../lib/mutable.ts'
import type { Depth } from '../market/levels.ts'
import type { PoolRow } from '../measures/rows.ts'
import { SWAP_V2, SYNC_V2, unsigned } from './abi.ts'
import type { ChainLog } from './chainLog.ts'
import type { PoolState } from './poolState.ts'
import type { ReserveDelta } from './rollingVolume.ts'

type Reserves = readonly [bigint, bigint]

/** A constant-product pair: each change of its reserves is told whole by `Sync(uint112 reserve0, uint112 reserve1)`. */
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

  apply({ topics, data }: ChainLog): ReserveDelta | undefined {
    if (topics[0] === SYNC_V2) this.snapshot = [unsigned(data, 0, 112), unsigned(data, 1, 112)]
    else if (topics[0] === SWAP_V2) {
      // Swap(sender, uint amount0In, uint amount1In, uint amount0Out, uint amount1Out, to); its Sync came just before it.
      return { amount0: unsigned(data, 0) - unsigned(data, 2), amount1: unsigned(data, 1) - unsigned(data, 3) }
    }
    return undefined
  }

  revert(_log: ChainLog, known: Reserves | undefined): void {
    this.snapshot = known
  }

  depth(fraction: number): Depth | undefined {
    if (this.snapshot === undefined) return undefined
    const [reserve0, reserve1] = this.snapshot
    // x·y = k: the price x/y rises by f when y falls by 1 − 1/√(1 + f), and falls by f when x falls by 1 − √(1 − f).
    return { bid: Number(reserve0) * (1 - Math.sqrt(1 - fraction)), ask: Number(reserve1) * (1 - 1 / Math.sqrt(1 + fraction)) }
  }

  describe(figures: Mutable<PoolRow>): void {
    figures.partial = this.snapshot === undefined
  }
}

/** What `amountIn` buys (Uniswap v2: 0.3 % of the input stays in the pool). Raw integers; 0 where a reserve is empty. */
export const amountOut = (amountIn: bigint, reserveIn: bigint, reserveOut: bigint): bigint => {
  if (reserveIn <= 0n || reserveOut <= 0n) return 0n
  const paid = amountIn * 997n
  return (paid * reserveOut) / (reserveIn * 1000n + paid)
}

/** The least that buys `amountOut`; undefined where the pool does not have it to give. */
export const amountIn = (amountOut: bigint, reserveIn: bigint, reserveOut: bigint): bigint | undefined => {
  if (reserveIn <= 0n || amountOut <= 0n || amountOut >= reserveOut) return undefined
  return (reserveIn * amountOut * 1000n) / ((reserveOut - amountOut) * 997n) + 1n
}
