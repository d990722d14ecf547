import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { haveCases, worked } from '../../server/test/cases.ts'
import type { Allocated } from '../wire/answers/funds.ts'
import { ProtocolError } from '../wire/errors.ts'
import { checked } from '../wire/explain.ts'
import { ALLOCATION, allocate } from './allocation.ts'

const allocated = (body: unknown): readonly Allocated[] => allocate(checked(ALLOCATION, body, 'body'), 'body')
const asset = (symbol: string, market_cap: unknown, price: unknown = 1): object => ({ symbol, market_cap, price })

describe('an allocation', () => {
  const figure = fc.double({ min: 1e-6, max: 1e12, noNaN: true })
  const scene = fc
    .record({
      sizes: fc.array(fc.tuple(figure, figure), { minLength: 1, maxLength: 40 }),
      more: fc.double({ min: 0, max: 1, noNaN: true }),
      capital: figure,
    })
    .map(({ sizes, more, capital }) => ({
      assets: sizes.map(([market_cap, price], i) => ({ symbol: `A${i}`, market_cap, price })),
      cap: Math.min(1, 1 / sizes.length + more),
      capital,
    }))

  it('spends the capital, gives no asset more than the cap, and amounts at their prices', () => {
    fc.assert(
      fc.property(scene, body => {
        const all = allocated(body)
        const spent = all.reduce((sum, { value }) => sum + value, 0)
        expect(Math.abs(spent / body.capital - 1)).toBeLessThan(1e-12)
        expect(new Set(all.map(({ symbol }) => symbol)).size).toBe(body.assets.length)
        for (const { symbol, weight, value, amount } of all) {
          expect(weight > 0 && weight <= body.cap).toBe(true)
          expect(value / (weight * body.capital)).toBeCloseTo(1, 12)
          expect((amount * body.assets.find(other => other.symbol === symbol)!.price) / value).toBeCloseTo(1, 12)
        }
      }),
    )
  })

  it('of one asset is all of it, and takes decimal strings for numbers', () => {
    const only = [{ symbol: 'BTC', weight: 1, value: 1000, amount: 20 }]
    expect(allocated({ assets: [asset('BTC', 7, 50)], cap: 1, capital: 1000 })).toEqual(only)
    expect(allocated({ assets: [asset('BTC', '7', '50')], cap: '1', capital: '1000' })).toEqual(only)
  })

  const two = [asset('A', 2), asset('B', 1)]
  it.each<[says: string, body: unknown]>([
    ['body.assets: found nothing, expected array', { cap: 1, capital: 1 }],
    ['body.assets: found [], expected', { assets: [], cap: 1, capital: 1 }],
    ['body.assets.0.market_cap: found nothing', { assets: [{ symbol: 'A', price: 1 }], cap: 1, capital: 1 }],
    ['body.assets.1.market_cap: found 0, expected a number above zero', { assets: [asset('A', 1), asset('B', 0)], cap: 1, capital: 1 }],
    ['body.assets.0.market_cap: found -5, expected a number above zero', { assets: [asset('A', -5)], cap: 1, capital: 1 }],
    ['body.assets.0.market_cap: found null, expected a number above zero', { assets: [asset('A', null)], cap: 1, capital: 1 }],
    ['body.assets.0.market_cap: found "-1", expected a number above zero', { assets: [asset('A', '-1')], cap: 1, capital: 1 }],
    ['body.assets.0.market_cap: found 1e+300, expected a number above zero', { assets: [asset('A', 1e300)], cap: 1, capital: 1 }],
    ['body.assets.0.price: found 0, expected a number above zero', { assets: [asset('A', 1, 0)], cap: 1, capital: 1 }],
    ['body.assets.1.symbol: found "A" a second time', { assets: [asset('A', 1), asset('A', 2)], cap: 1, capital: 1 }],
    ['body.cap: found 0.4, expected at least 1/2', { assets: two, cap: 0.4, capital: 1 }],
    ['body.cap: found 0.5, expected at least 1/1', { assets: [asset('A', 1)], cap: 0.5, capital: 1 }],
    ['body.cap: found 1.5, expected a share of one', { assets: two, cap: 1.5, capital: 1 }],
    ['body.cap: found 0, expected', { assets: two, cap: 0, capital: 1 }],
    ['body.capital: found 0, expected a number above zero', { assets: two, cap: 1, capital: 0 }],
    ['body: found "rules", which is not known here', { assets: two, cap: 1, capital: 1, rules: 1 }],
  ])('is refused with "%s"', (says, body) => {
    let refusal: unknown
    try {
      allocated(body)
    } catch (error) {
      refusal = error
    }
    expect(refusal).toBeInstanceOf(ProtocolError)
    expect(refusal).toMatchObject({ code: 'invalid_params', message: expect.stringContaining(says) })
  })
})

describe.skipIf(!haveCases)('the worked example (they stand beside the project; skipped where they do not)', () => {
  it('index-cap-balancer', () => {
    interface Input {
      market_caps: Record<string, string>
      cap_pct: string
      capital: string
    }
    const { input, expected, tolerance } = worked<Input, Record<string, string>>('index-cap-balancer')
    const assets = Object.entries(input.market_caps).map(([symbol, size]) => asset(symbol, size, 4))
    const all = allocated({ assets, cap: Number(input.cap_pct) / 100, capital: input.capital })
    expect(all).toHaveLength(3)
    for (const { symbol, value, amount } of all) {
      expect(Math.abs(value - Number(expected[symbol]))).toBeLessThan(tolerance)
      expect(amount).toBe(value / 4)
    }
  })
})
