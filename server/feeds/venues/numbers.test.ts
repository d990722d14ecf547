import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decimal, idOf, isoTime, opposite, secondsTime, sideOf } from './numbers.ts'

describe('a decimal', () => {
  it('is what Number makes of it, to the last bit', () => {
    const digits = fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 1, maxLength: 20 })
    fc.assert(
      fc.property(digits, fc.option(digits), fc.boolean(), (whole, fraction, minus) => {
        const text = `${minus ? '-' : ''}${whole}${fraction === null ? '' : `.${fraction}`}`
        expect(decimal(text)).toBe(Number(text))
      }),
      { numRuns: 5_000 },
    )
  })

  it.each([
    ['1e-8', 1e-8],
    ['5.', 5],
    ['.5', 0.5],
    ['2.5E3', 2500],
    [7.25, 7.25],
  ])('%j is %d', (value, number) => {
    expect(decimal(value)).toBe(number)
  })

  it.each(['', ' ', '.', '-', '1.2.3', '0x10', '1,5', '0.-10000', 'Infinity', 'NaN', ' 1', null, undefined, true, [], {}])(
    '%j is none',
    value => {
      expect(decimal(value)).toBeNaN()
    },
  )
})

describe('a time', () => {
  it('is cut off to the millisecond', () => {
    expect(isoTime('2026-08-09T21:05:38.504999999Z')).toBe(Date.UTC(2026, 7, 9, 21, 5, 38, 504))
    expect(secondsTime('1561939201.587070')).toBe(1561939201587)
    expect(isoTime(1561939201587)).toBeNaN()
    expect(secondsTime('now')).toBeNaN()
  })

  it('of seconds with microseconds is exact', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1_230_768_000, max: 4_000_000_000 }), fc.integer({ min: 0, max: 999_999 }), (seconds, micros) => {
        const text = `${seconds}.${String(micros).padStart(6, '0')}`
        expect(secondsTime(text)).toBe(seconds * 1_000 + Math.floor(micros / 1_000))
      }),
    )
  })
})

it('reads the sides of all venues', () => {
  expect(['buy', 'Buy', 'BUY', 'b'].map(sideOf)).toEqual(['buy', 'buy', 'buy', 'buy'])
  expect(['sell', 'Sell', 'SELL', 's'].map(sideOf)).toEqual(['sell', 'sell', 'sell', 'sell'])
  expect(['', 'hold', undefined, 1, 'constructor', '__proto__'].map(sideOf)).toEqual(['', '', '', '', '', ''])
  expect([opposite('buy'), opposite('sell'), opposite('')]).toEqual(['sell', 'buy', ''])
})

it('takes ids as text or number, and nothing else', () => {
  expect([idOf('a-1'), idOf(7)]).toEqual(['a-1', '7'])
  for (const value of ['', undefined, null, {}]) expect(() => idOf(value)).toThrow(TypeError)
})
