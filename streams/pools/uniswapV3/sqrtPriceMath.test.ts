import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { amount0Delta, amount1Delta, priceAfterInput, priceAfterOutput } from './sqrtPriceMath.ts'
import { swapStep } from './swapStep.ts'
import { MAX_SQRT_RATIO, MIN_SQRT_RATIO } from './tickMath.ts'

const price = fc.bigInt({ min: MIN_SQRT_RATIO, max: MAX_SQRT_RATIO })
const liquidity = fc.bigInt({ min: 1n, max: (1n << 128n) - 1n })
const amount = fc.bigInt({ min: 0n, max: (1n << 128n) - 1n })

describe('amounts between two prices', () => {
  it('are the same from either side, and rounded up are one more at most', () => {
    fc.assert(
      fc.property(price, price, liquidity, (a, b, l) => {
        for (const delta of [amount0Delta, amount1Delta]) {
          expect(delta(a, b, l, false)).toBe(delta(b, a, l, false))
          const gap = delta(a, b, l, true) - delta(a, b, l, false)
          expect(gap >= 0n && gap <= 2n).toBe(true)
        }
      }),
    )
  })

  it('of token0 there are none at a price of zero', () => {
    expect(() => amount0Delta(0n, 5n, 1n, false)).toThrow(RangeError)
  })
})

describe('the price after a payment', () => {
  it('is never one for which less would do', () => {
    fc.assert(
      fc.property(price, liquidity, amount, fc.boolean(), (p, l, paid, zeroForOne) => {
        const next = priceAfterInput(p, l, paid, zeroForOne)
        expect(zeroForOne ? next <= p : next >= p).toBe(true)
        expect((zeroForOne ? amount0Delta : amount1Delta)(next, p, l, true) <= paid).toBe(true)
      }),
      { numRuns: 1000 },
    )
  })

  it('where the product is larger than the contract’s word goes by its other way', () => {
    // numerator/price = 2^96·L/p, so the price falls to L·2^96/(L·2^96/p + amount).
    const [p, l, paid] = [MAX_SQRT_RATIO - 1n, 1n, (1n << 128n) - 1n]
    expect(p * paid >= 1n << 256n).toBe(true)
    expect(priceAfterInput(p, l, paid, true)).toBe(1n)
  })
})

describe('the price after a withdrawal', () => {
  it('gives at least as much as was taken', () => {
    fc.assert(
      fc.property(price, liquidity, amount, fc.boolean(), (p, l, taken, zeroForOne) => {
        let next: bigint
        try {
          next = priceAfterOutput(p, l, taken, zeroForOne)
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError)
          return
        }
        expect((zeroForOne ? amount1Delta : amount0Delta)(next, p, l, false) >= taken).toBe(true)
      }),
      { numRuns: 1000 },
    )
  })

  it.each([
    ['all of token0', 4n, 1n << 96n, 4n, false],
    ['more of token1 than there is', 5n, 1n << 96n, 4n, true],
  ])('of %s is refused', (_, taken, p, l, zeroForOne) => {
    expect(() => priceAfterOutput(p, l, taken, zeroForOne)).toThrow(RangeError)
  })
})

describe('a step of a swap', () => {
  it('takes no more than there is, gives no more than was asked for, and stays between the price and its target', () => {
    const remaining = fc.bigInt({ min: -(1n << 120n), max: 1n << 120n }).filter(r => r !== 0n)
    fc.assert(
      fc.property(price, price, liquidity, remaining, fc.bigInt({ min: 0n, max: 999_999n }), (p, target, l, left, fee) => {
        const step = swapStep(p, target, l, left, fee)
        const [low, high] = p < target ? [p, target] : [target, p]
        expect(step.price >= low && step.price <= high).toBe(true)
        if (left > 0n) {
          expect(step.amountIn + step.fee <= left).toBe(true)
          if (step.price !== target) expect(step.amountIn + step.fee).toBe(left)
        } else {
          expect(step.amountOut <= -left).toBe(true)
          if (step.price !== target) expect(step.amountOut).toBe(-left)
        }
      }),
      { numRuns: 1000 },
    )
  })
})
