import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseDecimal, toNumber } from '../lib/decimal.ts'
import { Driven, NOON } from '../test/drive.ts'
import type { OpenLot } from '../wire/answers/portfolios.ts'
import { METHODS, type Method } from './lots.ts'
import { type LotPlace, type LotsPage, openLots } from './openLots.ts'
import type { Transaction } from './transaction.ts'

const tx = (t: number, type: Transaction['type'], asset: string, qty: string, price?: string): Transaction => ({
  id: `${t} ${asset} ${type}`,
  t,
  type,
  asset,
  qty: parseDecimal(qty)!,
  price: price === undefined ? undefined : parseDecimal(price),
  fee: 0n,
  account: '',
  toAccount: '',
  cost: undefined,
})

const held = (method: Method, transactions: readonly Transaction[]) => {
  const driven = new Driven({ portfolios: [{ id: 'P', quote: 'USD', method, feesInCost: true, transactions }] })
  driven.watch('pnl:P')
  driven.trades(0, { symbol: 'AAA-USD', t: NOON + 1, price: 30 })
  driven.clock(NOON + 20)
  return { driven, portfolio: driven.pipeline.view.portfolios.get('P')! }
}

/** All pages of `limit` lots, put together. */
const all = (read: (from: LotPlace | undefined) => LotsPage, limit: number): Record<string, readonly OpenLot[] | undefined> => {
  const assets: Record<string, readonly OpenLot[] | undefined> = {}
  for (let from: LotPlace | undefined; ; ) {
    const page = read(from)
    expect(Object.values(page.assets).reduce((n, { lots = [] }) => n + lots.length, 0)).toBeLessThanOrEqual(limit)
    for (const [asset, { lots }] of Object.entries(page.assets)) assets[asset] = lots && [...(assets[asset] ?? []), ...lots]
    if (page.next === undefined) return assets
    from = page.next
  }
}

describe('open lots', () => {
  it('are what purchases have left, the one that a sale takes first in front', () => {
    const rows = [
      tx(1, 'buy', 'AAA', '2', '10'),
      tx(2, 'buy', 'AAA', '3', '40'),
      tx(3, 'buy', 'AAA', '1', '20'),
      tx(4, 'sell', 'AAA', '0.5', '25'),
    ]
    const of = (method: Method) => openLots(held(method, rows).portfolio, NOON, { limit: 10 }).assets.AAA!
    expect(of('fifo')).toEqual({
      qty: '5.5',
      price: 30,
      cost: '155',
      lots: [
        { t: 1, qty: '1.5', cost: '15', price: '10', value: 45, unrealised: 30 },
        { t: 2, qty: '3', cost: '120', price: '40', value: 90, unrealised: -30 },
        { t: 3, qty: '1', cost: '20', price: '20', value: 30, unrealised: 10 },
      ],
    })
    const order = (method: Method) => of(method).lots!.map(({ t }) => t)
    expect([order('lifo'), order('hifo'), order('lofo'), order('average')]).toEqual([[3, 2, 1], [2, 3, 1], [1, 3, 2], [1]])
  })

  it('are not known of an asset of which a row could not be valued, and have no worth without a price', () => {
    const rows = [tx(1, 'buy', 'AAA', '2'), tx(2, 'buy', 'BBB', '3', '40'), tx(3, 'sell', 'BBB', '3', '1'), tx(4, 'buy', 'CCC', '1', '5')]
    expect(openLots(held('fifo', rows).portfolio, NOON, { limit: 10 }).assets).toEqual({
      AAA: { qty: '2', price: 30, unpriced: 'no price for the buy of 1970-01-01T00:00:00.001Z' },
      CCC: { qty: '1', cost: '5', lots: [{ t: 4, qty: '1', cost: '5', price: '5' }] },
    })
  })

  it('add up to what is held and what it cost, on pages of any size', () => {
    const row = fc.record({
      type: fc.constantFrom<Transaction['type']>('buy', 'buy', 'sell', 'income'),
      asset: fc.constantFrom('AAA', 'BBB', 'C.C'),
      qty: fc.integer({ min: 1, max: 50 }),
      price: fc.integer({ min: 1, max: 9 }),
    })
    fc.assert(
      fc.property(fc.array(row, { maxLength: 30 }), fc.constantFrom(...METHODS), fc.integer({ min: 1, max: 7 }), (rows, method, limit) => {
        const { portfolio, driven } = held(
          method,
          rows.map(({ type, asset, qty, price }, i) => tx(i + 1, type, asset, `${qty}`, `${price}`)),
        )
        const whole = openLots(portfolio, NOON, { limit: 1e6 })
        expect(whole.next).toBeUndefined()
        const paged = all(from => openLots(portfolio, NOON, { limit, ...(from && { from }) }), limit)
        expect(paged).toEqual(Object.fromEntries(Object.entries(whole.assets).map(([asset, { lots }]) => [asset, lots])))
        const shown = driven.state<{ assets: Record<string, { qty: number; cost: number }> }>('pnl:P').assets ?? {}
        for (const [asset, { qty, cost, lots }] of Object.entries(whole.assets)) {
          const sum = (member: 'qty' | 'cost') => lots!.reduce((total, lot) => total + parseDecimal(lot[member])!, 0n)
          expect([sum('qty'), sum('cost')]).toEqual([parseDecimal(qty), parseDecimal(cost!)])
          expect(shown[asset]).toMatchObject({ qty: toNumber(sum('qty')), cost: expect.closeTo(toNumber(sum('cost')), 6) })
          expect(Object.keys(openLots(portfolio, NOON, { limit: 5, asset }).assets)).toEqual([asset])
        }
      }),
      { numRuns: 60 },
    )
  })
})
