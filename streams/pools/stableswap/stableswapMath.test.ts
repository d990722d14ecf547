import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { haveCases, worked } from '../../../server/test/cases.ts'
import { balanceFor, type Curve, exchanged, invariant, withdrawn } from './stableswapMath.ts'

const UNIT = 10n ** 18n
const amplification = fc.integer({ min: 100, max: 1_000_000 }).map(BigInt)
const balance = fc.bigInt({ min: 10n ** 15n, max: 10n ** 28n })
/** Further out of balance, the steps of D may run in a circle, as the contract's do. */
const pair = fc.tuple(balance, balance).filter(([a, b]) => a < b * 1_000n && b < a * 1_000n)
const curveOf = (amplification: bigint, fee = 4_000_000n, offpegMultiplier = 0n): Curve => ({
  amplification,
  fee,
  offpegMultiplier,
  rates: [UNIT, UNIT],
})

describe('the invariant', () => {
  it.skipIf(!haveCases)('is that of the contract’s own test', () => {
    const { input, expected } = worked<{ xp: string[]; amp: string }, { D: string }>('curve-getD')
    expect(invariant(input.xp.map(BigInt), BigInt(input.amp)).toString()).toBe(expected.D)
  })

  it('is the sum where the balances are equal, less than that elsewhere, and nothing of nothing', () => {
    fc.assert(
      fc.property(pair, amplification, ([a, b], amp) => {
        expect(Number(invariant([a, a], amp) - 2n * a)).toBeCloseTo(0, -1)
        expect(invariant([a, b], amp) <= a + b + 2n).toBe(true)
      }),
    )
    expect(invariant([0n, 0n], 100n)).toBe(0n)
  })

  it('gives back each balance from the other', () => {
    fc.assert(
      fc.property(pair, amplification, ([a, b], amp) => {
        const found = balanceFor(1, [a, b], amp, invariant([a, b], amp))
        expect(Math.abs(Number(found) / Number(b) - 1)).toBeLessThan(1e-8)
      }),
    )
  })

  it.each([
    ['one side empty', [0n, 5n]],
    ['the other side empty', [5n, 0n]],
  ])('there is none with %s', (_, xp) => expect(() => invariant(xp, 100n)).toThrow(RangeError))
})

describe('an exchange', () => {
  const amount = fc.bigInt({ min: 10n ** 12n, max: 10n ** 26n })

  it('never lowers the invariant, and there and back again costs', () => {
    fc.assert(
      fc.property(pair, amplification, amount, ([a, b], amp, paid) => {
        fc.pre(paid < a)
        const curve = curveOf(amp)
        const { amount: got, adminFee } = exchanged(0, 1, paid, [a, b], curve)
        fc.pre(got > 0n)
        const after = [a + paid, b - got - adminFee]
        expect(invariant(after, amp) >= invariant([a, b], amp) - 2n).toBe(true)
        expect(exchanged(1, 0, got, after, curve).amount < paid).toBe(true)
      }),
    )
  })

  it('of a coin of six places is the same in its own units', () => {
    const balances = [5_000_000n * UNIT, 4_000_000n * UNIT]
    const curve = curveOf(20_000n)
    const whole = exchanged(0, 1, 1_000n * UNIT, balances, curve)
    const six = exchanged(0, 1, 1_000n * UNIT, [balances[0]!, 4_000_000n * 10n ** 6n], { ...curve, rates: [UNIT, 10n ** 30n] })
    expect(six.amount).toBe(whole.amount / 10n ** 12n)
  })

  it.each([
    [0n, 4_000_000n],
    [10n ** 10n, 4_000_000n],
  ])('costs the fee near the peg and far from it with a multiplier of %s', (multiplier, fee) => {
    const balances = [9_000_000n * UNIT, 1_000_000n * UNIT]
    const free = exchanged(0, 1, UNIT, balances, curveOf(20_000n, 0n))
    const paying = exchanged(0, 1, UNIT, balances, curveOf(20_000n, fee, multiplier))
    expect(1 - Number(paying.amount) / Number(free.amount)).toBeCloseTo(Number(fee) / 1e10, 8)
    // Half of it is the owner's.
    expect(Number(paying.adminFee) / Number(free.amount)).toBeCloseTo(Number(fee) / 2e10, 8)
  })

  it('costs up to the multiplier more far from the peg', () => {
    const paidAt = (balances: bigint[]): number => {
      const [free, dear] = [curveOf(20_000n, 0n), curveOf(20_000n, 4_000_000n, 2n * 10n ** 10n)].map(c =>
        exchanged(0, 1, UNIT, balances, c),
      )
      return (1 - Number(dear!.amount) / Number(free!.amount)) / 4e-4
    }
    expect(paidAt([5_000_000n * UNIT, 5_000_000n * UNIT])).toBeCloseTo(1, 3)
    expect(paidAt([9_900_000n * UNIT, 100_000n * UNIT])).toBeGreaterThan(1.9)
    expect(paidAt([9_900_000n * UNIT, 100_000n * UNIT])).toBeLessThan(2)
  })
})

describe('a withdrawal of one coin', () => {
  it('gives less than the share of both, and costs nothing but the curve without a fee', () => {
    fc.assert(
      fc.property(pair, amplification, fc.integer({ min: 1, max: 500 }), ([a, b], amp, permille) => {
        const d = invariant([a, b], amp)
        const burnt = (d * BigInt(permille)) / 1000n
        const { amount, adminFee } = withdrawn(0, burnt, d, [a, b], curveOf(amp, 0n))
        fc.pre(amount > 10n ** 9n)
        const left = invariant([a - amount, b], amp)
        expect(Math.abs(Number(left - (d - burnt)) / Number(d))).toBeLessThan(1e-9)
        // What is not given out for rounding counts as a fee.
        expect(adminFee <= 2n).toBe(true)
        expect(withdrawn(0, burnt, d, [a, b], curveOf(amp)).amount <= amount).toBe(true)
      }),
    )
  })
})
