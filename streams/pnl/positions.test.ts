import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatDecimal, ONE, parseDecimal } from '../lib/decimal.ts'
import { NOON } from '../test/drive.ts'
import { transaction } from '../test/transactions.ts'
import { METHODS, type Method } from './lots.ts'
import { Positions } from './positions.ts'
import { type Transaction, TYPES } from './transaction.ts'

interface Rules {
  method?: Method
  feesInCost?: boolean
  tracksCash?: boolean
}

const booked = (rows: readonly string[], { method = 'fifo', feesInCost = true, tracksCash = false }: Rules = {}): Positions => {
  const positions = new Positions({ quote: 'USD', method, feesInCost, tracksCash })
  for (const text of rows) positions.apply(transaction(text), undefined)
  return positions
}

/** The sums that are not nothing, and what is held, as decimals: `BTC: "2 for 201"`. */
const told = (p: Positions): Record<string, string> => {
  const told: Record<string, string> = {}
  for (const sum of ['flows', 'income', 'realised', 'expenses', 'fees'] as const) if (p[sum] !== 0n) told[sum] = formatDecimal(p[sum])
  for (const { asset, lots } of p.byAsset.values()) {
    if (lots.qty !== 0n || lots.cost !== 0n) told[asset] = `${formatDecimal(lots.qty)} for ${formatDecimal(lots.cost)}`
  }
  return told
}

describe('a row', () => {
  const bought = 'buy BTC 2 100 1'
  const left1 = { BTC: '1 for 100.5' }
  const cases: [what: string, rows: string[], rules: Rules, books: Record<string, string>][] = [
    ['buy: the fee is part of the cost', [bought], {}, { flows: '201', fees: '1', BTC: '2 for 201' }],
    ['buy: the fee apart', [bought], { feesInCost: false }, { flows: '201', fees: '1', expenses: '1', BTC: '2 for 200' }],
    ['buy: what was paid in all', ['buy BTC 2 100 1 180'], {}, { flows: '180', fees: '1', BTC: '2 for 180' }],
    [
      'buy: what was paid in all, the fee apart',
      ['buy BTC 2 - 1 180'],
      { feesInCost: false },
      { flows: '180', fees: '1', expenses: '1', BTC: '2 for 179' },
    ],
    [
      'buy out of cash',
      ['deposit USD 500', bought],
      { tracksCash: true },
      { flows: '500', fees: '1', BTC: '2 for 201', USD: '299 for 299' },
    ],
    ['buy on credit', [bought], { tracksCash: true }, { fees: '1', BTC: '2 for 201', USD: '-201 for -201' }],
    ['sell: proceeds less their fee − cost', [bought, 'sell BTC 1 150 2'], {}, { ...left1, flows: '53', fees: '3', realised: '47.5' }],
    [
      'sell: the fees apart',
      [bought, 'sell BTC 1 150 2'],
      { feesInCost: false },
      { flows: '53', fees: '3', expenses: '3', realised: '50', BTC: '1 for 100' },
    ],
    ['sell: what was received in all', [bought, 'sell BTC 1 - 2 148'], {}, { ...left1, flows: '53', fees: '3', realised: '47.5' }],
    ['sell for cash', [bought, 'sell BTC 1 150 2'], { tracksCash: true }, { ...left1, fees: '3', realised: '47.5', USD: '-53 for -53' }],
    ['income: at its price, which is its cost', ['income BTC 2 100'], {}, { income: '200', BTC: '2 for 200' }],
    ['income: its worth where it is given', ['income BTC 2 100 - 190'], {}, { income: '190', BTC: '2 for 190' }],
    [
      'income: its fee is paid from outside',
      ['income BTC 2 100 3'],
      {},
      { income: '200', flows: '3', fees: '3', expenses: '3', BTC: '2 for 200' },
    ],
    ['income of cash', ['income USD 7'], { tracksCash: true }, { income: '7', USD: '7 for 7' }],
    ['deposit', ['deposit BTC 2 100'], {}, { flows: '200', BTC: '2 for 200' }],
    [
      'deposit of cash, with a fee',
      ['deposit USD 100 - 2'],
      { tracksCash: true },
      { flows: '100', fees: '2', expenses: '2', USD: '98 for 98' },
    ],
    ['gift that comes', ['gift BTC 2 100'], {}, { flows: '200', BTC: '2 for 200' }],
    ['gift given away', [bought, 'gift BTC -1 150'], {}, { ...left1, flows: '51', fees: '1', realised: '49.5' }],
    ['withdraw', [bought, 'withdraw BTC 1 150 2'], {}, { ...left1, flows: '53', fees: '3', expenses: '2', realised: '49.5' }],
    ['withdraw of cash', ['deposit USD 9', 'withdraw USD 10'], { tracksCash: true }, { flows: '-1', USD: '-1 for -1' }],
    [
      'fee in kind: a disposal and an expense',
      [bought, 'fee BTC 1 150'],
      {},
      { ...left1, flows: '201', fees: '151', expenses: '150', realised: '49.5' },
    ],
    [
      'fee in kind that cost a fee',
      [bought, 'fee BTC 1 150 2'],
      {},
      { ...left1, flows: '203', fees: '153', expenses: '152', realised: '49.5' },
    ],
    ['fee of cash', ['fee USD 5'], { tracksCash: true }, { fees: '5', expenses: '5', USD: '-5 for -5' }],
    ['transfer: realises nothing', [bought, 'transfer BTC 1'], {}, { flows: '201', fees: '1', BTC: '2 for 201' }],
    ['transfer: its fee', [bought, 'transfer BTC 1 - 2'], {}, { flows: '203', fees: '3', expenses: '2', BTC: '2 for 201' }],
    ['cash bought dearly is a loss', ['buy USD 100 - 2 105'], { tracksCash: true }, { fees: '2', realised: '-5', USD: '-5 for -5' }],
    ['cash sold dearly is a gain', ['sell USD 100 - 2 105'], { tracksCash: true }, { fees: '2', realised: '5', USD: '5 for 5' }],
    ['cash that came for less', ['income USD 100 - - 90'], { tracksCash: true }, { income: '90', realised: '10', USD: '100 for 100' }],
  ]
  it.each(cases)('%s', (_what, rows, rules, books) => {
    expect(told(booked(rows, rules))).toEqual(books)
  })
})

// ---- Random books

const amount = fc.bigInt({ min: 1n, max: 10n ** 24n })
const anyRow = fc
  .record({
    type: fc.constantFrom(...TYPES),
    asset: fc.constantFrom('BTC', 'ETH', 'USD'),
    size: fc.oneof(
      amount,
      fc.bigInt({ min: 1n, max: 20n }).map(n => n * ONE),
    ),
    givenAway: fc.boolean(),
    price: fc.option(fc.oneof(amount, fc.constantFrom(ONE, 2n * ONE)), { nil: undefined, freq: 8 }),
    fee: fc.oneof(fc.constant(0n), amount),
    cost: fc.option(fc.oneof(fc.constant(0n), amount), { nil: undefined, freq: 3 }),
    marketPrice: fc.option(amount, { nil: undefined }),
  })
  .map(({ type, asset, size, givenAway, price, fee, cost, marketPrice }) => ({
    marketPrice,
    tx: {
      t: NOON,
      type,
      asset,
      qty: type === 'gift' && givenAway ? -size : size,
      price,
      fee,
      // What a purchase cost in all has its fee in it.
      cost: cost !== undefined && type === 'buy' ? cost + fee : cost,
      account: '',
      toAccount: '',
      id: '',
    } satisfies Transaction,
  }))
type AnyRow = typeof anyRow extends fc.Arbitrary<infer T> ? T : never

const withCash = fc.array(anyRow, { maxLength: 40 })
const withoutCash = fc.array(
  anyRow.filter(({ tx }) => tx.asset !== 'USD'),
  { maxLength: 40 },
)
const prices = fc.record({ BTC: amount, ETH: amount })
const methods = fc.constantFrom(...METHODS)

const emptyBooks = (rows: readonly AnyRow[], method: Method, feesInCost: boolean): Positions =>
  new Positions({ quote: 'USD', method, feesInCost, tracksCash: rows.some(({ tx }) => tx.asset === 'USD') })

/** In 10⁻³⁶ of the quote, so that quantity × price is whole. */
const worth = (p: Positions, at: Record<string, bigint>): bigint =>
  [...p.byAsset.values()].reduce((sum, { asset, lots }) => sum + lots.qty * (asset === 'USD' ? ONE : at[asset]!), 0n)
const unrealisedOf = (p: Positions, at: Record<string, bigint>): bigint =>
  worth(p, at) - ONE * [...p.byAsset.values()].reduce((sum, { lots }) => sum + lots.cost, 0n)

describe.each([
  ['with rows of the quote asset', withCash],
  ['without rows of the quote asset', withoutCash],
])('books %s', (_, rows) => {
  it('hold value = flows + income + realised + unrealised − expenses after every row, to the last digit', () => {
    fc.assert(
      fc.property(rows, methods, fc.boolean(), prices, (list, method, feesInCost, at) => {
        const p = emptyBooks(list, method, feesInCost)
        for (const { tx, marketPrice } of list) {
          p.apply(tx, marketPrice)
          expect(worth(p, at)).toBe((p.flows + p.income + p.realised - p.expenses) * ONE + unrealisedOf(p, at))
          expect([...p.byAsset.values()].reduce((sum, { realised }) => sum + realised, 0n)).toBe(p.realised)
          for (const { asset, lots } of p.byAsset.values()) {
            if (asset !== 'USD') expect(lots.qty >= 0n && lots.cost >= 0n).toBe(true)
          }
        }
      }),
      { numRuns: 500 },
    )
  })

  it('tell the same total by every method, with fees in the cost or apart', () => {
    fc.assert(
      fc.property(rows, prices, (list, at) => {
        const totals = METHODS.flatMap(method =>
          [true, false].map(feesInCost => {
            const p = emptyBooks(list, method, feesInCost)
            for (const { tx, marketPrice } of list) p.apply(tx, marketPrice)
            return {
              total: (p.realised + p.income - p.expenses) * ONE + unrealisedOf(p, at),
              value: worth(p, at),
              flows: p.flows,
              income: p.income,
              fees: p.fees,
            }
          }),
        )
        for (const other of totals) expect(other).toEqual(totals[0])
      }),
    )
  })

  it('say of every row that they could not book whole why, and book every other', () => {
    fc.assert(
      fc.property(rows, methods, (list, method) => {
        const p = emptyBooks(list, method, true)
        const held: Record<string, bigint> = { BTC: 0n, ETH: 0n }
        const all: Record<string, bigint> = { BTC: 0n, ETH: 0n }
        const flawed = new Set<string>()
        for (const { tx, marketPrice } of list) {
          p.apply(tx, marketPrice)
          if (tx.asset === 'USD') continue
          const told = tx.price ?? tx.cost ?? marketPrice
          const leaves = tx.type === 'sell' || tx.type === 'withdraw' || tx.type === 'fee' || tx.qty < 0n
          const amount = tx.qty < 0n ? -tx.qty : tx.qty
          const exact = all[tx.asset]! + (tx.type === 'transfer' ? 0n : leaves ? -amount : amount)
          all[tx.asset] = exact < 0n ? 0n : exact
          if (tx.type !== 'transfer' && told === undefined) {
            flawed.add(tx.asset)
            // What was paid for it is unknown, and so is what is left.
            if ((tx.type === 'buy' || tx.type === 'sell') && p.rules.tracksCash) flawed.add('USD')
          } else if (leaves) {
            const qty = tx.qty < 0n ? -tx.qty : tx.qty
            if (qty > held[tx.asset]!) flawed.add(tx.asset)
            held[tx.asset] = qty > held[tx.asset]! ? 0n : held[tx.asset]! - qty
          } else if (tx.type !== 'transfer') held[tx.asset]! += tx.qty
          expect(new Set(p.flaws.keys())).toEqual(flawed)
          expect(p.byAsset.get(tx.asset)?.lots.qty ?? 0n).toBe(held[tx.asset])
          // Whether it could be booked or not, its quantity is exact.
          expect(p.byAsset.get(tx.asset)?.qty ?? 0n).toBe(all[tx.asset])
        }
      }),
    )
  })
})

describe('what cannot be booked', () => {
  it('of a sale of more than is held is flagged; the rest is realised, with its part of the fee', () => {
    const p = booked(['buy BTC 1 100', 'sell BTC 4 150 8'])
    expect(told(p)).toEqual({ flows: '-48', fees: '8', realised: '48' })
    expect([...p.flaws]).toEqual([['BTC', 'sell of 2024-08-08T12:00:00.000Z: more than was held']])
  })

  it('of an asset never held changes nothing and is flagged', () => {
    const p = booked(['withdraw BTC 1 100'])
    expect(told(p)).toEqual({})
    expect(p.flaws.get('BTC')).toBe('withdraw of 2024-08-08T12:00:00.000Z: more than was held')
  })

  it('for want of a price is flagged, and the first reason stays', () => {
    const p = booked(['income BTC 2', 'sell BTC 1 100'])
    expect(told(p)).toEqual({})
    expect([...p.flaws]).toEqual([['BTC', 'no price for the income of 2024-08-08T12:00:00.000Z']])
  })

  it('has the price of the market where it has none', () => {
    const p = new Positions({ quote: 'USD', method: 'fifo', feesInCost: true, tracksCash: false })
    p.apply(transaction('income BTC 2'), parseDecimal('100'))
    expect(told(p)).toEqual({ income: '200', BTC: '2 for 200' })
  })
})
