import { divUp } from '../../lib/bigintMath.ts'

// SqrtPriceMath.sol of Uniswap v3: amount0 = L·(√B − √A)/(√A·√B), amount1 = L·(√B − √A), and the reverse, rounded in favour of the pool as
// the contract rounds. Prices are √P with 96 bits behind the point; liquidity and amounts are raw.

const WORD = 1n << 256n
const Q96 = 1n << 96n

/** Returns token0 between two prices, in either order. Throws RangeError if one is zero. */
export const amount0Delta = (a: bigint, b: bigint, liquidity: bigint, roundUp: boolean): bigint => {
  const [low, high] = a < b ? [a, b] : [b, a]
  if (low <= 0n) throw new RangeError('price: found 0, expected one above zero')
  const numerator = (liquidity << 96n) * (high - low)
  return roundUp ? divUp(divUp(numerator, high), low) : numerator / high / low
}

/** Returns token1 between two prices, in either order. */
export const amount1Delta = (a: bigint, b: bigint, liquidity: bigint, roundUp: boolean): bigint => {
  const product = liquidity * (a < b ? b - a : a - b)
  return roundUp ? divUp(product, Q96) : product >> 96n
}

/** Returns the price after `amountIn` came in, of token0 (the price falls) if `zeroForOne`, rounded so that the pool does not lose. */
export const priceAfterInput = (price: bigint, liquidity: bigint, amountIn: bigint, zeroForOne: boolean): bigint =>
  zeroForOne ? afterAmount0(price, liquidity, amountIn) : price + (amountIn << 96n) / liquidity

/** Returns the price after `amountOut` went out, of token1 if `zeroForOne`. Throws RangeError if the liquidity does not have it. */
export const priceAfterOutput = (price: bigint, liquidity: bigint, amountOut: bigint, zeroForOne: boolean): bigint => {
  if (zeroForOne) {
    const fall = divUp(amountOut << 96n, liquidity)
    if (price <= fall) throw new RangeError(`amount: found ${amountOut} of token1, expected what the liquidity has`)
    return price - fall
  }
  if (amountOut === 0n) return price
  const numerator = liquidity << 96n
  const product = amountOut * price
  if (product >= WORD || numerator <= product) throw new RangeError(`amount: found ${amountOut} of token0, expected what the liquidity has`)
  return divUp(numerator * price, numerator - product)
}

const afterAmount0 = (price: bigint, liquidity: bigint, amount: bigint): bigint => {
  if (amount === 0n) return price
  const numerator = liquidity << 96n
  const product = amount * price
  // If the exact way does not fit into the contract's 256 bits it goes another, which rounds otherwise.
  if (product < WORD && numerator + product < WORD) return divUp(numerator * price, numerator + product)
  return divUp(numerator, numerator / price + amount)
}
