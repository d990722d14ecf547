import { squareRoot } from '../../lib/bigintMath.ts'

/**
 * Ticks and square roots of prices: √P = 1.0001^(tick/2), as 96 bits behind the point, rounded as the contract does it. A price is
 * what a token0 costs in token1, raw.
 */

export const MIN_TICK = -887272
export const MAX_TICK = 887272
export const MIN_SQRT_RATIO = 4295128739n
export const MAX_SQRT_RATIO = 1461446703485210103287273052203988822378723970342n

const ONE = 1n << 128n

/** 1.0001^(−2ⁱ/2) for each bit of a tick, 128 bits behind the point, to the nearest. */
const FACTORS: readonly bigint[] = (() => {
  const factors: bigint[] = []
  const bits = 512n
  let factor = squareRoot((10_000n << (2n * bits)) / 10_001n)
  for (let i = 0; i < 20; i++) {
    factors.push(((factor >> (bits - 129n)) + 1n) >> 1n)
    factor = (factor * factor) >> bits
  }
  return factors
})()

/** √P of a tick, rounded up. Throws RangeError beyond MIN_TICK and MAX_TICK. */
export const sqrtRatioAtTick = (tick: number): bigint => {
  if (!(Number.isInteger(tick) && tick >= MIN_TICK && tick <= MAX_TICK)) throw new RangeError(`${tick} is no tick`)
  const distance = Math.abs(tick)
  let ratio = ONE
  for (let i = 0, rest = distance; rest > 0; i++, rest >>>= 1) if (rest & 1) ratio = (ratio * FACTORS[i]!) >> 128n
  if (tick > 0) ratio = ((1n << 256n) - 1n) / ratio
  return (ratio + 0xffffffffn) >> 32n
}

const HALF_LOG = Math.log(1.0001) / 2
const Q96 = 2 ** 96

/** The last tick whose √P is not above this one. Throws RangeError below MIN_SQRT_RATIO and from MAX_SQRT_RATIO on. */
export const tickAtSqrtRatio = (sqrtPriceX96: bigint): number => {
  if (sqrtPriceX96 < MIN_SQRT_RATIO || sqrtPriceX96 >= MAX_SQRT_RATIO) throw new RangeError(`${sqrtPriceX96} is no price of a tick`)
  const estimate = Math.floor(Math.log(Number(sqrtPriceX96) / Q96) / HALF_LOG)
  let tick = Math.min(Math.max(estimate, MIN_TICK), MAX_TICK - 1)
  // The logarithm errs by less than a tick, so this asks twice at most.
  while (sqrtRatioAtTick(tick) > sqrtPriceX96) tick -= 1
  while (sqrtRatioAtTick(tick + 1) <= sqrtPriceX96) tick += 1
  return tick
}
