import fc from 'fast-check'
import Papa from 'papaparse'
import { describe, expect, it } from 'vitest'
import { csvOf } from './csv.ts'
import { decimalOf, isMultiple, minus, rawOf, unitsOf, wholeOf } from './decimal.ts'
import { age, clock, dayStart, moment, month, stamp } from './time.ts'

describe('a time', () => {
  const t = Date.UTC(2026, 10, 30, 14, 3, 22, 20)

  it('reads in UTC', () => {
    expect([clock(t), clock(t, true), moment(t), month(t), stamp(t)]).toEqual([
      '14:03:22',
      '14:03:22.020',
      '2026-11-30 14:03:22',
      'Nov 2026',
      '20261130-140322',
    ])
  })

  it('has a day that begins at midnight', () => {
    expect([dayStart(t), dayStart(-1)]).toEqual([Date.UTC(2026, 10, 30), -86_400_000])
  })

  it.each([
    [-5, '0.0 s'],
    [400, '0.4 s'],
    [12_300, '12 s'],
    [180_000, '3 min'],
    [7_500_000, '2 h 5 min'],
    [400_000_000, '4 d'],
  ])('%i ms are %s', (ms, text) => {
    expect(age(ms)).toBe(text)
  })
})

describe('a file', () => {
  it('gives back what went in', () => {
    const text = fc.string().filter(s => !/^[=+@\t]/.test(s) && s !== '')
    fc.assert(
      fc.property(fc.array(fc.tuple(text, fc.integer()), { minLength: 1 }), rows => {
        const { data } = Papa.parse<string[]>(csvOf(['a', 'b'], rows), { skipEmptyLines: true, newline: '\r\n', delimiter: ',' })
        expect(data).toEqual([['a', 'b'], ...rows.map(row => row.map(String))])
      }),
    )
  })

  it('has nothing where a figure is unknown, and no formulas', () => {
    expect(
      csvOf(
        ['x', 'y'],
        [
          [undefined, Number.NaN],
          ['=1+1', -5],
        ],
      ),
    ).toBe("x,y\r\n,\r\n'=1+1,-5\r\n")
  })
})

describe('a decimal', () => {
  it('is exact to 18 places', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }), units => {
        expect(unitsOf(decimalOf(units))).toBe(units)
      }),
    )
    expect(minus('0.3', '0.1')).toBe('0.2')
    expect(unitsOf('1e5')).toBeUndefined()
  })

  it.each([
    ['300', '100', true],
    ['150', '100', false],
    ['0', '100', false],
    ['0.3', '0.1', true],
    ['', '100', false],
    ['-100', '100', false],
  ])('%s is a whole multiple of %s: %s', (amount, unit, is) => {
    expect(isMultiple(amount, unit)).toBe(is)
  })
})

describe('amounts of tokens', () => {
  it('come back from their smallest units as they were', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 10n ** 40n }), fc.integer({ min: 0, max: 30 }), (units, decimals) => {
        expect(rawOf(wholeOf(String(units), decimals), decimals)).toBe(String(units))
      }),
    )
  })

  it.each([
    ['1.5', 6, '1500000'],
    ['0.000001', 6, '1'],
    ['0.0000001', 6, undefined],
    ['0', 6, undefined],
    ['1,000', 6, undefined],
    ['12', 0, '12'],
    ['', 6, undefined],
  ])('%s of %i decimals are %s', (text, decimals, raw) => {
    expect(rawOf(text, decimals)).toBe(raw)
  })
})
