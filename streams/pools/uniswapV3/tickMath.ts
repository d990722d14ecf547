import { squareRoot } from '../../lib/bigintMath.ts'

// TickMath.sol of Uniswap v3: √P = 1.0001^(tick/2) with 96 bits behind the point, rounded as the contract rounds. A price is what a token0
// costs in token1, raw.

/** The lowest tick of any pool. */
export const MIN_TICK = -887272
/** The highest tick of any pool. */
export const MAX_TICK = 887272
/** √P of MIN_TICK. */
export const MIN_SQRT_RATIO = 4295128739n
/** √P of MAX_TICK; prices stay below it. */
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

/** Returns √P of a tick, rounded up. Throws RangeError beyond MIN_TICK and MAX_TICK. */
export const sqrtRatioAtTick = (tick: number): bigint => {
  if (!(Number.isInteger(tick) && tick >= MIN_TICK && tick <= MAX_TICK))
    throw new RangeError(`tick: found ${tick}, expected a whole number from ${MIN_TICK} to ${MAX_TICK}`)
  const distance = Math.abs(tick)
  let ratio = ONE
  for (let i = 0, rest = distance; rest > 0; i++, rest >>>= 1) if (rest & 1) ratio = (ratio * FACTORS[i]!) >> 128n
  if (tick > 0) ratio = ((1n << 256n) - 1n) / ratio
  return (ratio + 0xffffffffn) >> 32n
}

const HALF_LOG = Math.log(1.0001) / 2
const Q96 = 2 ** 96

/** Returns the last tick whose √P is not above this one. Throws RangeError below MIN_SQRT_RATIO and from MAX_SQRT_RATIO on. */
export const tickAtSqrtRatio = (sqrtPriceX96: bigint): number => {
  if (sqrtPriceX96 < MIN_SQRT_RATIO || sqrtPriceX96 >= MAX_SQRT_RATIO)
    throw new RangeError(`price: found ${sqrtPriceX96}, expected one from ${MIN_SQRT_RATIO} to below ${MAX_SQRT_RATIO}`)
  const estimate = Math.floor(Math.log(Number(sqrtPriceX96) / Q96) / HALF_LOG)
  let tick = Math.min(Math.max(estimate, MIN_TICK), MAX_TICK - 1)
  // The logarithm errs by less than a tick, so each loop runs once at most.
  while (sqrtRatioAtTick(tick) > sqrtPriceX96) tick -= 1
  while (sqrtRatioAtTick(tick + 1) <= sqrtPriceX96) tick += 1
  return tick
}
