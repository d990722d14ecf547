import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { divUp, squareRoot } from './bigintMath.ts'

describe('integers', () => {
  const any = fc.oneof(
    fc.bigInt({ min: 0n, max: 1n << 64n }),
    fc.bigInt({ min: 0n, max: 1n << 512n }),
    fc.bigInt({ min: 0n, max: 1n << 1100n }),
  )
  it('the square root is the largest whose square is not above', () => {
    fc.assert(
      fc.property(any, n => {
        const root = squareRoot(n)
        return root * root <= n && (root + 1n) * (root + 1n) > n
      }),
      { numRuns: 1000 },
    )
  })

  it('the square root of a square, and of its neighbours', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 2n, max: 1n << 520n }), n => {
        expect([squareRoot(n * n - 1n), squareRoot(n * n), squareRoot(n * n + 1n)]).toEqual([n - 1n, n, n])
      }),
    )
  })

  it('division rounds up where something is left', () => {
    fc.assert(fc.property(any, fc.bigInt({ min: 1n, max: 1n << 256n }), (a, b) => divUp(a, b) === a / b + (a % b === 0n ? 0n : 1n)))
  })
})
