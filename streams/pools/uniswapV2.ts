import type { ChainLog } from '../input.ts'
import type { Mutable } from '../mutable.ts'
import type { PoolRow } from '../rows.ts'
import { SWAP_V2, SYNC_V2, unsigned } from './abi.ts'
import type { PoolChain } from './pool.ts'
import type { Swap } from './swapDay.ts'

/** A constant-product pair: each change of its reserves is told whole by `Sync(uint112 reserve0, uint112 reserve1)`. */
export class UniswapV2 implements PoolChain {
  private reserve0: bigint | undefined
  private reserve1: bigint | undefined

  apply({ topics, data }: ChainLog): Swap | undefined {
    if (topics[0] === SYNC_V2) {
      const [reserve0, reserve1] = [unsigned(data, 0, 112), unsigned(data, 1, 112)]
      this.reserve0 = reserve0
      this.reserve1 = reserve1
    } else if (topics[0] === SWAP_V2) {
      // Swap(sender, uint amount0In, uint amount1In, uint amount0Out, uint amount1Out, to); its Sync came just before it.
      return { amount0: unsigned(data, 0) - unsigned(data, 2), amount1: unsigned(data, 1) - unsigned(data, 3) }
    }
    return undefined
  }

  describe(figures: Mutable<PoolRow>, scale: number): void {
    figures.reserve0 = this.reserve0
    figures.reserve1 = this.reserve1
    figures.partial = this.reserve0 === undefined
    figures.price = this.reserve0 && this.reserve1 ? (Number(this.reserve0) / Number(this.reserve1)) * scale : Number.NaN
  }

  revert(): void {
    this.reserve0 = undefined
    this.reserve1 = undefined
  }
}

/** What `amountIn` buys (Uniswap v2: 0.3 % of the input stays in the pool). Raw integers; 0 where a reserve is empty. */
export const amountOut = (amountIn: bigint, reserveIn: bigint, reserveOut: bigint): bigint => {
  if (reserveIn <= 0n || reserveOut <= 0n) return 0n
  const paid = amountIn * 997n
  return (paid * reserveOut) / (reserveIn * 1000n + paid)
}
