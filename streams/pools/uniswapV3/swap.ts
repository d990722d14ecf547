import { swapStep } from './swapStep.ts'
import type { TickMap } from './tickMap.ts'
import { MAX_SQRT_RATIO, MAX_TICK, MIN_SQRT_RATIO, MIN_TICK, sqrtRatioAtTick, tickAtSqrtRatio } from './tickMath.ts'

/** The price of a pool, and the liquidity that is active there, raw. */
export interface PoolPrice {
  /** √P, 96 bits behind the point. */
  readonly sqrtPriceX96: bigint
  readonly tick: number
  readonly liquidity: bigint
}

/** What a pool's swaps go by. */
export interface SwapTerms {
  /** Hundredths of a basis point. */
  readonly feePips: number
  readonly tickSpacing: number
}

/** What a swap moves, and the price after it. */
export interface SwapResult extends PoolPrice {
  /** Raw, above zero: into the pool. */
  readonly amount0: bigint
  readonly amount1: bigint
  /** In the token that was paid in, and part of its amount. */
  readonly fee: bigint
  /** Initialised ticks that the price crossed. */
  readonly crossed: number
}

/**
 * Returns what the contract would do, to the last unit (`swap` of UniswapV3Pool.sol), and changes nothing. An `amount` above zero is paid
 * in, fee included; below zero it is taken out. Token0 is paid for token1 if `zeroForOne`, until the amount is spent or the price is at
 * `limit`. Throws RangeError if the amount is zero or the limit lies behind the price.
 */
export const swapped = (
  start: PoolPrice,
  ticks: TickMap,
  { feePips, tickSpacing }: SwapTerms,
  zeroForOne: boolean,
  amount: bigint,
  limit: bigint = zeroForOne ? MIN_SQRT_RATIO + 1n : MAX_SQRT_RATIO - 1n,
): SwapResult => {
  const ahead = zeroForOne ? limit < start.sqrtPriceX96 && limit > MIN_SQRT_RATIO : limit > start.sqrtPriceX96 && limit < MAX_SQRT_RATIO
  if (!ahead) throw new RangeError(`limit: found ${limit}, expected one that the swap reaches from ${start.sqrtPriceX96}`)
  if (amount === 0n) throw new RangeError('amount: found 0, expected another amount')
  const fee = BigInt(feePips)
  let { sqrtPriceX96, tick, liquidity } = start
  let remaining = amount
  let other = 0n
  let fees = 0n
  let crossed = 0
  while (remaining !== 0n && sqrtPriceX96 !== limit) {
    const next = ticks.nextInWord(tick, tickSpacing, zeroForOne)
    const end = Math.min(Math.max(next.tick, MIN_TICK), MAX_TICK)
    const endPrice = next.price ?? sqrtRatioAtTick(end)
    const target = (zeroForOne ? endPrice < limit : endPrice > limit) ? limit : endPrice
    const step = swapStep(sqrtPriceX96, target, liquidity, remaining, fee)
    fees += step.fee
    if (amount > 0n) {
      remaining -= step.amountIn + step.fee
      other -= step.amountOut
    } else {
      remaining += step.amountOut
      other += step.amountIn + step.fee
    }
    if (step.price === endPrice) {
      if (next.net !== undefined) {
        liquidity += zeroForOne ? -next.net : next.net
        crossed += 1
      }
      tick = zeroForOne ? end - 1 : end
    } else if (step.price !== sqrtPriceX96) tick = tickAtSqrtRatio(step.price)
    sqrtPriceX96 = step.price
  }
  const [amount0, amount1] = zeroForOne === amount > 0n ? [amount - remaining, other] : [other, amount - remaining]
  return { sqrtPriceX96, tick, liquidity, amount0, amount1, fee: fees, crossed }
}
