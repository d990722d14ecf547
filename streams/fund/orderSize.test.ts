import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatDecimal, fromNumber, mulDown, mulUp, parseDecimal } from '../lib/decimal.ts'
import { nextOrder, type OpenTrade, ORDERS_PER_TRADE_MAX } from './orderSize.ts'
import type { PlanRules } from './tradePlan.ts'

const of = (text: string): bigint => parseDecimal(text)!
const RULES: PlanRules = { feeBps: 9, minTrade: of('10'), lots: new Map([['B', of('0.01')]]) }
const trade = (text: string): OpenTrade => {
  const [side, asset, amount, filled = '0', orders = '0'] = text.split(' ')
  return { side: side as 'buy' | 'sell', asset: asset!, amount: of(amount!), filled: of(filled), orders: Number(orders) }
}
const shown = (next: ReturnType<typeof nextOrder>): string =>
  'end' in next
    ? `${next.end.status} ${next.end.why}`
    : [next.order.amount, next.order.limit, next.order.hold].map(amount => formatDecimal(amount)).join(' ')

describe('the next order of a trade', () => {
  // Trade: side, asset, planned, filled, orders. Order: amount, limit, hold. A fee of 9 and 1 more basis points are kept.
  it.each([
    ['sells all of a trade', 'sell A 2', 100, '5', '2 99.5 2'],
    ['buys all of a trade, and keeps its fee', 'buy A 2', 120, '1000', '2 120.6 241.4412'],
    ['is for what is left', 'sell A 2 0.5 1', 100, '5', '1.5 99.5 1.5'],
    ['is for what the custody has', 'sell A 2', 100, '1.5', '1.5 99.5 1.5'],
    ['is for what the cash pays for', 'buy A 2', 120, '120.7206', '1 120.6 120.7206'],
    ['is in whole lots', 'sell B 1.239', 100, '5', '1.23 99.5 1.23'],
    ['is not sent at an unknown price', 'sell A 2', undefined, '5', 'cancelled stale_price'],
    ['is not sent at a price below every place', 'sell A 2', 1e-19, '5', 'cancelled stale_price'],
    ['is not sent below the least trade', 'sell A 0.09', 100, '5', 'cancelled too_small'],
    ['completes a trade whose rest is below the least', 'sell A 2 1.91 1', 100, '5', 'completed too_small'],
    ['is not sent without assets', 'sell A 2', 100, '0', 'cancelled no_assets'],
    ['is not sent without cash', 'buy A 2', 100, '0', 'cancelled no_cash'],
    ['is not sent for a tiny part of its trade', 'buy A 1000000', 100, '20000', 'cancelled no_cash'],
    ['completes a trade that lacks two percent and no more', 'buy A 100 98 1', 100, '5', 'completed no_cash'],
    ['does not complete a trade that lacks more', 'buy A 100 97.9 1', 100, '5', 'cancelled no_cash'],
    ['is the last of five', `sell A 2 0 ${ORDERS_PER_TRADE_MAX - 1}`, 100, '5', '2 99.5 2'],
    ['is not a sixth', `sell A 2 1 ${ORDERS_PER_TRADE_MAX}`, 100, '5', 'failed not_filled'],
    ['is not a sixth, but two percent may be left', `sell A 2 1.96 ${ORDERS_PER_TRADE_MAX}`, 100, '5', 'completed not_filled'],
  ])('%s: %s at %s with %s', (_what, text, price, available, expected) => {
    expect(shown(nextOrder(trade(text), price, of(available), RULES, ''))).toBe(expected)
  })

  it('gives the reason of the order before, if that brought nothing', () => {
    const next = nextOrder(trade(`sell A 2 0 ${ORDERS_PER_TRADE_MAX}`), 100, of('5'), RULES, 'rejected: closed')
    expect(next).toEqual({ end: { status: 'failed', why: 'rejected: closed' } })
  })

  it('never holds more than there is, and holds what it can cost', () => {
    const amount = fc.bigInt({ min: 1n, max: 10n ** 24n })
    fc.assert(
      fc.property(amount, amount, fc.double({ min: 1e-6, max: 1e6, noNaN: true }), fc.boolean(), (planned, available, price, buys) => {
        const side = buys ? 'buy' : 'sell'
        const next = nextOrder({ side, asset: 'A', amount: planned, filled: 0n, orders: 0 }, price, available, RULES, '')
        if ('end' in next) return
        const { amount, limit, hold } = next.order
        expect(hold <= available && amount <= planned).toBe(true)
        if (buys) expect(mulDown(mulUp(amount, limit), fromNumber(1.0009)!) <= hold).toBe(true)
        else expect(hold).toBe(amount)
      }),
    )
  })
})
