import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ONE, parseDecimal } from '../lib/decimal.ts'
import { affordable, FULL_RATE, orderFee, purchaseCost, saleProceeds } from './tradeCost.ts'

const of = (text: string): bigint => parseDecimal(text)!
const amount = fc.bigInt({ min: 1n, max: 10n ** 30n })
const price = fc.bigInt({ min: 1n, max: 10n ** 25n })
const rate = fc.bigInt({ min: 0n, max: FULL_RATE - ONE })

describe('the cost of a trade', () => {
  it.each([
    ['2', '100', '10', '199.8', '200.200200200200200201'],
    ['0.000000000000000001', '0.5', '0', '0', '0.000000000000000001'],
    ['3', '7', '0', '21', '21'],
  ])('of %s at %s and %s bps: a sale brings %s, a purchase takes %s', (units, unit, bps, brings, takes) => {
    expect(saleProceeds(of(units), of(unit), of(bps))).toBe(of(brings))
    expect(purchaseCost(of(units), of(unit), of(bps))).toBe(of(takes))
  })

  it('is never to the gain of the one who trades', () => {
    fc.assert(
      fc.property(amount, price, rate, (units, unit, fee) => {
        const exact = units * unit
        expect(saleProceeds(units, unit, fee) * ONE <= exact).toBe(true)
        expect(purchaseCost(units, unit, fee) * ONE >= exact).toBe(true)
      }),
    )
  })

  it('lets the most be bought that the cash pays for, in whole lots', () => {
    fc.assert(
      fc.property(amount, price, rate, fc.bigInt({ min: 1n, max: 10n ** 20n }), (cash, unit, fee, lot) => {
        const most = affordable(cash, unit, fee, lot)
        expect(most % lot).toBe(0n)
        expect(purchaseCost(most, unit, fee) <= cash).toBe(true)
        expect(purchaseCost(most + lot, unit, fee) > cash).toBe(true)
      }),
    )
  })

  it('of an order is a part of its value, rounded up', () => {
    expect(orderFee(of('10'), of('100.5'), 25)).toBe(of('2.5125'))
    expect(orderFee(1n, 1n, 1)).toBe(1n)
    expect(orderFee(of('10'), of('100.5'), 0)).toBe(0n)
  })
})
