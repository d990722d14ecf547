import { divUp } from '../../lib/bigintMath.ts'

/**
 * What moving the price means in amounts, and the reverse: amount0 = L·(√B − √A)/(√A·√B), amount1 = L·(√B − √A), rounded as the
 * contract does it, for the pool. Prices are √P with 96 bits behind the point, liquidity and amounts raw.
 */

const WORD = 1n << 256n
const Q96 = 1n << 96n

/** Token0 between two prices, in either order. */
export const amount0Delta = (a: bigint, b: bigint, liquidity: bigint, roundUp: boolean): bigint => {
  const [low, high] = a < b ? [a, b] : [b, a]
  if (low <= 0n) throw new RangeError('a price of zero')
  const numerator = (liquidity << 96n) * (high - low)
  return roundUp ? divUp(divUp(numerator, high), low) : numerator / high / low
}

/** Token1 between two prices, in either order. */
export const amount1Delta = (a: bigint, b: bigint, liquidity: bigint, roundUp: boolean): bigint => {
  const product = liquidity * (a < b ? b - a : a - b)
  return roundUp ? divUp(product, Q96) : product >> 96n
}

/** The price after so much came in, of token0 where the price falls by it, rounded so that the pool does not lose. */
export const priceAfterInput = (price: bigint, liquidity: bigint, amountIn: bigint, zeroForOne: boolean): bigint =>
  zeroForOne ? afterAmount0(price, liquidity, amountIn) : price + (amountIn << 96n) / liquidity

/** The price after so much went out. Throws RangeError where the liquidity does not have it. */
export const priceAfterOutput = (price: bigint, liquidity: bigint, amountOut: bigint, zeroForOne: boolean): bigint => {
  if (zeroForOne) {
    const fall = divUp(amountOut << 96n, liquidity)
    if (price <= fall) throw new RangeError(`${amountOut} of token1 are not there`)
    return price - fall
  }
  if (amountOut === 0n) return price
  const numerator = liquidity << 96n
  const product = amountOut * price
  if (product >= WORD || numerator <= product) throw new RangeError(`${amountOut} of token0 are not there`)
  return divUp(numerator * price, numerator - product)
}

const afterAmount0 = (price: bigint, liquidity: bigint, amount: bigint): bigint => {
  if (amount === 0n) return price
  const numerator = liquidity << 96n
  const product = amount * price
  // Where the exact way does not fit into the contract's 256 bits it goes another, which rounds otherwise.
  if (product < WORD && numerator + product < WORD) return divUp(numerator * price, numerator + product)
  return divUp(numerator, numerator / price + amount)
}
