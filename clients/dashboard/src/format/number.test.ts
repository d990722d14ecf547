import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  ABSENT,
  amount,
  basisPoints,
  brief,
  compact,
  direction,
  fixed,
  PlacesBySymbol,
  percent,
  placesOf,
  plain,
  signed,
  signedPercent,
} from './number.ts'

describe('a number', () => {
  it.each([
    [1234567.891, 2, '1,234,567.89'],
    [0, 2, '0.00'],
    [-0.004, 2, '0.00'],
    [-1234.5, 1, '−1,234.5'],
    [999.999, 2, '1,000.00'],
    [12, 0, '12'],
    [undefined, 2, ABSENT],
    [Number.NaN, 2, ABSENT],
    [Number.POSITIVE_INFINITY, 2, ABSENT],
  ])('%s with %i places reads %s', (value, places, text) => {
    expect(fixed(value, places)).toBe(text)
  })

  it('reads as Intl writes it', () => {
    fc.assert(
      fc.property(fc.double({ min: -1e12, max: 1e12, noNaN: true }), fc.integer({ min: 0, max: 8 }), (value, places) => {
        const intl = new Intl.NumberFormat('en', { minimumFractionDigits: places, maximumFractionDigits: places, signDisplay: 'negative' })
        // Both round the binary value, but a tie may go either way.
        const [ours, theirs] = [fixed(value, places), intl.format(value).replace('-', '−')]
        const read = (text: string): number => Number(text.replaceAll(',', '').replace('−', '-'))
        expect(Math.abs(read(ours) - read(theirs))).toBeLessThanOrEqual(1.000001 * 10 ** -places)
        expect(ours.length).toBe(theirs.length)
      }),
    )
  })

  it.each([
    [1.234, '+1.23'],
    [-1.234, '−1.23'],
    [0.001, '0.00'],
    [undefined, ABSENT],
  ])('%s as a change reads %s', (value, text) => {
    expect(signed(value)).toBe(text)
  })

  it('is a share, a change, basis points', () => {
    expect([percent(0.12345), signedPercent(-0.5), basisPoints(0.00012), percent(undefined)]).toEqual([
      '12.35\u00a0%',
      '−50.00\u00a0%',
      '+1.2\u00a0bp',
      ABSENT,
    ])
  })

  it.each([
    [12_345_678, '12.35\u00a0M'],
    [-1_200_000_000, '−1.20\u00a0B'],
    [3e12, '3.00\u00a0T'],
    [999_999, '999,999.00'],
    [undefined, ABSENT],
  ])('%s is compact as %s', (value, text) => {
    expect(compact(value)).toBe(text)
  })

  it('has no direction if what is shown of it is zero', () => {
    expect([direction(0.004, 2), direction(0.006, 2), direction(-3, 2), direction(undefined, 2)]).toEqual([0, 1, -1, 0])
  })
})

describe('the places of a price', () => {
  it.each([
    [64_123.4, 2],
    [142.31, 2],
    [12.3, 3],
    [0.5, 5],
    [0.000_012_34, 9],
    [0, 2],
  ])('of %s are %i', (price, places) => {
    expect(placesOf(price)).toBe(places)
  })

  it('stay as they are while the price moves, and change when it has moved tenfold', () => {
    const places = new PlacesBySymbol()
    expect([places.of('X', 9.9), places.of('X', 10.1), places.of('X', undefined), places.of('X', 98), places.of('X', 100)]).toEqual([
      4, 4, 4, 4, 2,
    ])
    expect(places.of('Y', undefined)).toBe(2)
  })
})

describe('an amount that somebody owns', () => {
  it.each([
    ['1234567.100', 18, '1,234,567.1'],
    ['0.123456789', 4, '0.1234'],
    ['0.00000001', 4, '0'],
    ['-5', 18, '−5'],
    ['123456789012345678901234567890.000000000000000001', 18, '123,456,789,012,345,678,901,234,567,890.000000000000000001'],
    [undefined, 18, ABSENT],
  ])('%s with at most %i places reads %s', (text, places, shown) => {
    expect(amount(text, places)).toBe(shown)
  })
})

it('an amount in brief has about ten digits, and is never more than it is', () => {
  expect(['350230803.5697451', '0.0390631103610993', '12.5', '1'].map(brief)).toEqual(['350,230,803.56', '0.03906311', '12.5', '1'])
})

describe('any figure', () => {
  it.each([
    [0, '0'],
    [1, '1'],
    [-2.5, '−2.5'],
    [1234.5678, '1,234.57'],
    [64_000.4, '64,000.4'],
    [0.0001, '0.0001'],
    [0.0000123456, '0.0000123456'],
    [1e-9, '1.000e−9'],
    [123_456_789, '123.46\u00a0M'],
    [undefined, ABSENT],
    [Number.NaN, ABSENT],
  ])('%s reads %s', (value, text) => {
    expect(plain(value)).toBe(text)
  })
})
