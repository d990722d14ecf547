import fc from 'fast-check'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { divDown, formatDecimal, fromNumber, mulDown, mulUp, ONE, parseDecimal, parseNumber, toNumber } from './decimal.ts'

const amounts = fc.bigInt({ min: -(10n ** 36n), max: 10n ** 36n })

describe('decimal', () => {
  it('reads back every amount it prints', () => {
    fc.assert(
      fc.property(amounts, a => {
        expect(parseDecimal(formatDecimal(a))).toBe(a)
      }),
    )
  })

  it.each([
    ['1', ONE],
    ['-0.5', -ONE / 2n],
    ['+2.50', (ONE * 5n) / 2n],
    ['0.000000000000000001', 1n],
    ['1.0000000000000000000000', ONE],
  ])('reads %s', (text, amount) => expect(parseDecimal(text)).toBe(amount))

  it.each(['', ' 1', '1e3', '.5', '5.', '0x10', '1_000', 'NaN', 'Infinity', '0.0000000000000000001', '--1', '1,5'])('refuses "%s"', text =>
    expect(parseDecimal(text)).toBeUndefined(),
  )

  it.each([
    ['1', ONE],
    ['.5', ONE / 2n],
    ['-5.', -5n * ONE],
    ['1e-05', 10n ** 13n],
    ['8.5E-6', 85n * 10n ** 11n],
    ['0E-8', 0n],
    ['0e-999', 0n],
    ['+1.25e2', 125n * ONE],
    ['10e-19', 1n],
    ['1e60', 10n ** 78n],
  ])('reads %s as programs write it', (text, amount) => expect(parseNumber(text)).toBe(amount))

  it.each(['', '.', 'e5', '1e', '1e5.5', '1e-19', '1e61', '1e9999', '1,5', ' 1', '--1', 'NaN', '9'.repeat(101)])(
    'takes "%s" for no number',
    text => expect(parseNumber(text)).toBeUndefined(),
  )

  it('refuses too many digits before it makes a number of them', () => {
    const made = vi.spyOn(globalThis, 'BigInt')
    onTestFinished(() => made.mockRestore())
    const read = [parseDecimal, parseNumber].flatMap(parse => [1_001, 5_000_000].map(length => parse('9'.repeat(length))))
    expect(read).toEqual([undefined, undefined, undefined, undefined])
    expect(made).not.toHaveBeenCalled()
    expect(parseDecimal('9'.repeat(1_000))).toBe((10n ** 1_000n - 1n) * ONE)
    expect(made).toHaveBeenCalled()
  })

  it('rounds products and quotients the way they are named, within one unit of the last place', () => {
    fc.assert(
      fc.property(amounts, amounts, (a, b) => {
        const down = mulDown(a, b)
        const up = mulUp(a, b)
        expect(down * ONE <= a * b && a * b < (down + 1n) * ONE).toBe(true)
        expect(up - down).toBe((a * b) % ONE === 0n ? 0n : 1n)
        if (b > 0n) {
          const q = divDown(a, b)
          expect(q * b <= a * ONE && a * ONE < (q + 1n) * b).toBe(true)
        }
      }),
    )
  })

  it('takes a double as the decimal it prints, cut at 18 places', () => {
    expect(fromNumber(0.1)).toBe(ONE / 10n)
    expect(fromNumber(1e21)).toBe(10n ** 39n)
    expect(fromNumber(1.5e-7)).toBe(150000000000n)
    expect(fromNumber(-1e-19)).toBe(0n)
    expect(fromNumber(Number.NaN)).toBeUndefined()
    fc.assert(
      fc.property(fc.double({ min: 1, max: 1e15, noNaN: true }), x => {
        expect(toNumber(fromNumber(x)!)).toBe(x)
      }),
      { examples: [[61837.63]] },
    )
  })
})
