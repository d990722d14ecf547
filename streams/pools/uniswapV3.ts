import type { ChainLog } from '../input.ts'
import type { Mutable } from '../mutable.ts'
import type { PoolRow } from '../rows.ts'
import { BURN_V3, INITIALIZE_V3, MINT_V3, SWAP_V3, signed, signedTopic, unsigned } from './abi.ts'
import type { PoolChain } from './pool.ts'
import type { DayTotal, Swap } from './swapDay.ts'

/**
 * A concentrated-liquidity pool followed from mid-life: price, tick and active liquidity are exact from the first event on.
 * Its reserves and its depth need the map of initialised ticks, without which they stay unknown and the pool partial.
 */
export class UniswapV3 implements PoolChain {
  private sqrtPriceX96: bigint | undefined
  private tick = 0
  private liquidity: bigint | undefined

  apply({ topics, data }: ChainLog): Swap | undefined {
    switch (topics[0]) {
      case INITIALIZE_V3:
        // Initialize(uint160 sqrtPriceX96, int24 tick)
        this.moveTo(unsigned(data, 0, 160), 0n, signed(data, 1, 24))
        return undefined
      case SWAP_V3: {
        // Swap(sender, recipient, int256 amount0, int256 amount1, uint160 sqrtPriceX96, uint128 liquidity, int24 tick)
        const swap = { amount0: signed(data, 0), amount1: signed(data, 1) }
        this.moveTo(unsigned(data, 2, 160), unsigned(data, 3, 128), signed(data, 4, 24))
        return swap
      }
      case MINT_V3:
        // Mint(sender, owner, int24 tickLower, int24 tickUpper, uint128 amount, uint256 amount0, uint256 amount1)
        this.addLiquidity(topics, unsigned(data, 1, 128))
        return undefined
      case BURN_V3:
        // Burn(owner, int24 tickLower, int24 tickUpper, uint128 amount, uint256 amount0, uint256 amount1)
        this.addLiquidity(topics, -unsigned(data, 0, 128))
        return undefined
    }
    return undefined
  }

  describe(figures: Mutable<PoolRow>, scale: number, day: DayTotal): void {
    figures.partial = true
    if (this.sqrtPriceX96 === undefined || this.liquidity === undefined) {
      figures.price = Number.NaN
      delete figures.v3
      return
    }
    // √P is of token1 a token0, so the price of a token1 in token0 is 2¹⁹² ÷ sqrtPriceX96².
    const root = Number(this.sqrtPriceX96) / 2 ** 96
    figures.price = scale / (root * root)
    const { n: dayN, in0: dayIn0, in1: dayIn1 } = day
    figures.v3 = { sqrtPriceX96: this.sqrtPriceX96, tick: this.tick, liquidity: this.liquidity, dayN, dayIn0, dayIn1 }
  }

  revert(): void {
    this.sqrtPriceX96 = undefined
    this.liquidity = undefined
  }

  private addLiquidity(topics: readonly string[], amount: bigint): void {
    if (this.liquidity === undefined) return
    const lower = Number(signedTopic(topics[2]!))
    const upper = Number(signedTopic(topics[3]!))
    if (!(lower <= this.tick && this.tick < upper)) return
    if (this.liquidity + amount < 0n) throw new RangeError(`${-amount} burnt of ${this.liquidity}`)
    this.liquidity += amount
  }

  /** Takes the words of one event over, all of them or, where one could not be read, none. */
  private moveTo(sqrtPriceX96: bigint, liquidity: bigint, tick: bigint): void {
    if (sqrtPriceX96 === 0n) throw new RangeError('a price of zero')
    this.sqrtPriceX96 = sqrtPriceX96
    this.liquidity = liquidity
    this.tick = Number(tick)
  }
}
