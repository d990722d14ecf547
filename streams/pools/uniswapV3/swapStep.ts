import { divUp } from '../../lib/bigintMath.ts'
import { amount0Delta, amount1Delta, priceAfterInput, priceAfterOutput } from './sqrtPriceMath.ts'

/** What one range of constant liquidity takes and gives, raw. `fee` is in the token that comes in, and not part of `amountIn`. */
export interface SwapStep {
  readonly price: bigint
  readonly amountIn: bigint
  readonly amountOut: bigint
  readonly fee: bigint
}

/** All of an amount, in hundredths of a basis point. */
const PIPS = 1_000_000n

/**
 * Returns one step of a swap (`computeSwapStep` of SwapMath.sol): moves the price towards `target` for at most what remains. Above zero that
 * is to be paid in, fee included; below zero it is to be taken out. All raw; prices are √P with 96 bits behind the point.
 */
export const swapStep = (price: bigint, target: bigint, liquidity: bigint, remaining: bigint, feePips: bigint): SwapStep => {
  const zeroForOne = price >= target
  const inTo = (to: bigint): bigint => (zeroForOne ? amount0Delta : amount1Delta)(to, price, liquidity, true)
  const outTo = (to: bigint): bigint => (zeroForOne ? amount1Delta : amount0Delta)(to, price, liquidity, false)
  if (remaining >= 0n) {
    const lessFee = (remaining * (PIPS - feePips)) / PIPS
    const toTarget = inTo(target)
    if (lessFee >= toTarget) return { price: target, amountIn: toTarget, amountOut: outTo(target), fee: feeOn(toTarget, feePips) }
    const next = priceAfterInput(price, liquidity, lessFee, zeroForOne)
    // Short of the target all that is left over is fee; rounding may have reached the target nevertheless.
    const amountIn = next === target ? toTarget : inTo(next)
    return { price: next, amountIn, amountOut: outTo(next), fee: next === target ? feeOn(amountIn, feePips) : remaining - amountIn }
  }
  const wanted = -remaining
  const toTarget = outTo(target)
  const next = wanted >= toTarget ? target : priceAfterOutput(price, liquidity, wanted, zeroForOne)
  const amountIn = inTo(next)
  // Short of the target the price was rounded so that at least the wanted amount is there.
  return { price: next, amountIn, amountOut: next !== target || toTarget > wanted ? wanted : toTarget, fee: feeOn(amountIn, feePips) }
}

const feeOn = (amountIn: bigint, feePips: bigint): bigint => divUp(amountIn * feePips, PIPS - feePips)
