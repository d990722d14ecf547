import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MAX_SQRT_RATIO, MAX_TICK, MIN_SQRT_RATIO, MIN_TICK, sqrtRatioAtTick, tickAtSqrtRatio } from './tickMath.ts'

const tick = fc.oneof(fc.integer({ min: MIN_TICK, max: MAX_TICK }), fc.integer({ min: -100, max: 100 }))

describe('the price of a tick', () => {
  it('is 1.0001 to its half power', () => {
    fc.assert(
      fc.property(tick, t => {
        const found = Math.log(Number(sqrtRatioAtTick(t)) / 2 ** 96)
        expect(Math.abs(found - (t / 2) * Math.log(1.0001))).toBeLessThan(1e-9)
      }),
    )
  })

  it('has its ends where the contract has them', () => {
    expect([sqrtRatioAtTick(MIN_TICK), sqrtRatioAtTick(MAX_TICK)]).toEqual([MIN_SQRT_RATIO, MAX_SQRT_RATIO])
  })

  it.each([MIN_TICK - 1, MAX_TICK + 1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])('there is none of %d', t => {
    expect(() => sqrtRatioAtTick(t)).toThrow(RangeError)
  })
})

describe('the tick of a price', () => {
  it('is the last whose price is not above', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: MIN_SQRT_RATIO, max: MAX_SQRT_RATIO - 1n }), price => {
        const t = tickAtSqrtRatio(price)
        return sqrtRatioAtTick(t) <= price && price < sqrtRatioAtTick(t + 1)
      }),
    )
  })

  it('changes exactly at the price of a tick', () => {
    fc.assert(
      fc.property(
        tick.filter(t => t > MIN_TICK && t < MAX_TICK),
        t => {
          const price = sqrtRatioAtTick(t)
          expect([tickAtSqrtRatio(price - 1n), tickAtSqrtRatio(price)]).toEqual([t - 1, t])
        },
      ),
      { numRuns: 1000 },
    )
  })

  it.each([MIN_SQRT_RATIO - 1n, MAX_SQRT_RATIO, 0n, -1n])('there is none of %s', price => {
    expect(() => tickAtSqrtRatio(price)).toThrow(RangeError)
  })
})
