import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromNumber, ONE, toNumber } from '../lib/decimal.ts'
import { HOUR } from '../market/candles.ts'
import { KNOWN_SUMS, SUMS, type Sums } from '../measures/sums.ts'
import { Driven } from '../test/drive.ts'
import { transaction } from '../test/transactions.ts'
import { type Checkpoint, type HourRow, hourRows, opening } from './hours.ts'
import { METHODS } from './lots.ts'
import { type PositionRules, Positions } from './positions.ts'
import { UNKNOWN } from './sums.ts'
import { type Transaction, TYPES } from './transaction.ts'

const START = Date.UTC(2024, 7, 8, 20)
const HOURS = 40
const END = START + HOURS * HOUR

const rules = (of: Partial<PositionRules> = {}): PositionRules => ({
  quote: 'USD',
  method: 'fifo',
  feesInCost: true,
  tracksCash: false,
  ...of,
})

/** Closes from START on; "-" is an hour without a candle. */
const closesOf = (series: Readonly<Record<string, string>>): ReadonlyMap<string, Float64Array> =>
  new Map(
    Object.entries(series).map(([asset, text]) => [
      asset,
      Float64Array.from(text.split(' '), close => (close === '-' ? Number.NaN : Number(close))),
    ]),
  )

/** Rows of as many hours as the first asset has closes. */
const told = (rows: readonly Transaction[], series: Readonly<Record<string, string>>, of: Partial<PositionRules> = {}) => {
  const closes = closesOf(series)
  const to = START + [...closes.values()][0]!.length * HOUR
  return hourRows(rules(of), rows, closes, to, opening(rules(of), START)).rows
}

describe('a row of an hour', () => {
  it('holds what happened until its end, at the close of its candle', () => {
    const rows = told(
      [
        transaction('buy BTC 2 100', START + 1),
        transaction('sell BTC 1 130', START + 2 * HOUR),
        transaction('buy BTC 1 90', START + 2 * HOUR + 1),
      ],
      { BTC: '110 120 80' },
    )
    expect(
      rows.map(({ t, value, cost, realised, unrealised, flows, total }) => [t, value, cost, realised, unrealised, flows, total]),
    ).toEqual([
      [START + HOUR, 220, 200, 0, 20, 200, 20],
      [START + 2 * HOUR, 120, 100, 30, 20, 70, 50],
      [START + 3 * HOUR, 160, 190, 30, -30, 160, 0],
    ])
    expect(rows[1]!.assets).toEqual([{ asset: 'BTC', qty: 1, price: 120, avg: 100, value: 120, cost: 100, unrealised: 20, realised: 30 }])
  })

  it('names what is held at an older price, and since when; what is no longer held, and money, are not named', () => {
    const rows = told([transaction('buy BTC 1 100', START + 1), transaction('sell BTC 1 100', START + 3 * HOUR)], { BTC: '110 - - -' })
    expect(rows.map(row => row.carried)).toEqual([[], [['BTC', START + HOUR]], [], []])
    const cash = told(
      [transaction('deposit USD 500', START + 1), transaction('buy BTC 1 100', START + 1)],
      { BTC: '110 -' },
      { tracksCash: true },
    )
    expect(cash.map(row => [row.value, row.carried])).toEqual([
      [510, []],
      [510, [['BTC', START + HOUR]]],
    ])
  })

  it('leaves the sums unknown while something has no price yet, and says so', () => {
    const rows = told([transaction('buy BTC 1 100', START + 1), transaction('buy ETH 2 10', START + 1)], { BTC: '- - 120', ETH: '11 - -' })
    expect(rows.map(({ value, cost, unrealised, unpriced }) => ({ value, cost, unrealised, unpriced }))).toEqual([
      { value: Number.NaN, cost: Number.NaN, unrealised: Number.NaN, unpriced: [['BTC', 'no price yet']] },
      { value: Number.NaN, cost: Number.NaN, unrealised: Number.NaN, unpriced: [['BTC', 'no price yet']] },
      { value: 142, cost: 120, unrealised: 22, unpriced: [] },
    ])
    expect(rows.map(({ knownValue, knownFlows, knownTotal }) => [knownValue, knownFlows, knownTotal])).toEqual([
      [22, 20, 2],
      [22, 20, 2],
      [Number.NaN, Number.NaN, Number.NaN],
    ])
    expect(rows[0]!.assets[0]).toMatchObject({ asset: 'BTC', price: Number.NaN, value: Number.NaN, unrealised: Number.NaN })
  })

  it('books what has no price at the close that was known then, and flags it where none was', () => {
    const series = { BTC: '110 120 130' }
    const within = told([transaction('deposit BTC 1', START + HOUR + 1)], series)
    expect(within.map(row => row.flows)).toEqual([0, 110, 110])
    const atTheEnd = told([transaction('deposit BTC 1', START + 2 * HOUR)], series)
    expect(atTheEnd.map(row => row.flows)).toEqual([0, 120, 120])
    const before = told([transaction('deposit BTC 1', START + 1)], series)
    expect(before.map(({ value, total, knownValue, unpriced }) => ({ value, total, knownValue, unpriced }))).toEqual(
      [110, 120, 130].map(value => ({
        ...{ value, total: Number.NaN, knownValue: 0 },
        unpriced: [['BTC', 'no price for the deposit of 2024-08-08T20:00:00.001Z']],
      })),
    )
    expect(before[2]!.assets[0]).toMatchObject({ qty: 1, value: 130, cost: Number.NaN, unrealised: Number.NaN })
    const known = opening(rules(), START, [['BTC', 90, START - 5 * HOUR]])
    const { rows } = hourRows(rules(), [transaction('deposit BTC 1', START + 1)], closesOf({ BTC: '- -' }), START + 2 * HOUR, known)
    expect(rows.map(({ value, carried }) => [value, carried])).toEqual(Array(2).fill([90, [['BTC', START - 5 * HOUR]]]))
  })
})

// ---- Random portfolios

const ASSETS = ['BTC', 'ETH', 'DOGE']
const knownOf = (row: HourRow): Sums => Object.fromEntries(SUMS.map((sum, i) => [sum, row[KNOWN_SUMS[i]!]])) as Sums
const amount = fc.oneof(
  fc.bigInt({ min: 1n, max: 10n ** 21n }),
  fc.bigInt({ min: 1n, max: 20n }).map(n => n * ONE),
)
const transactions: fc.Arbitrary<Transaction[]> = fc
  .array(
    fc
      .record({
        t: fc.oneof(
          fc.integer({ min: START + 1, max: END + HOUR }),
          fc.integer({ min: 1, max: HOURS }).map(hour => START + hour * HOUR),
        ),
        type: fc.constantFrom(...TYPES),
        asset: fc.constantFrom(...ASSETS, 'USD'),
        qty: amount,
        givenAway: fc.boolean(),
        price: fc.option(amount, { nil: undefined, freq: 3 }),
        fee: fc.oneof(fc.constant(0n), fc.bigInt({ min: 0n, max: ONE })),
      })
      .map(({ givenAway, qty, ...row }) => ({
        ...row,
        qty: row.type === 'gift' && givenAway ? -qty : qty,
        cost: undefined,
        account: '',
        toAccount: '',
        id: '',
      })),
    { maxLength: 40 },
  )
  .map(rows => rows.sort((a, b) => a.t - b.t))
const anyRules: fc.Arbitrary<PositionRules> = fc.record({
  quote: fc.constant('USD'),
  method: fc.constantFrom(...METHODS),
  feesInCost: fc.boolean(),
  tracksCash: fc.boolean(),
})
const close = fc.oneof(
  { weight: 3, arbitrary: fc.double({ min: 1e-6, max: 1e5, noNaN: true }) },
  { weight: 2, arbitrary: fc.constant(Number.NaN) },
)
const closes = fc
  .array(fc.array(close, { minLength: HOURS, maxLength: HOURS }), { minLength: ASSETS.length, maxLength: ASSETS.length })
  .map(series => new Map(series.map((list, i) => [ASSETS[i]!, Float64Array.from(list)])))

it('tells the same rows however the time is cut, each piece going on from what was written of the one before', () => {
  fc.assert(
    fc.property(anyRules, transactions, closes, fc.uniqueArray(fc.integer({ min: 1, max: HOURS - 1 })), (rules, rows, series, cuts) => {
      const whole = hourRows(rules, rows, series, END, opening(rules, START))
      const pieces = []
      let at: Checkpoint = opening(rules, START)
      for (const hour of [...cuts.sort((a, b) => a - b), HOURS]) {
        const first = (at.t - START) / HOUR
        const part = new Map([...series].map(([asset, list]) => [asset, list.slice(first, hour)]))
        const piece = hourRows(rules, rows, part, START + hour * HOUR, JSON.parse(JSON.stringify(at)))
        pieces.push(...piece.rows)
        at = piece.checkpoint
      }
      expect(pieces).toEqual(whole.rows)
      expect(JSON.stringify(at)).toBe(JSON.stringify(whole.checkpoint))
    }),
  )
})

it('tells of each hour what books from the first transaction on tell, and what is gained adds up', () => {
  fc.assert(
    fc.property(anyRules, transactions, closes, (rules, rows, series) => {
      /** The last close that ended by `t`, and when: looked for backwards. */
      const lastClose = (asset: string, t: number): [price: number, since: number] | undefined => {
        for (let i = Math.floor((t - START) / HOUR) - 1; i >= 0; i--) {
          const price = series.get(asset)?.[i] ?? Number.NaN
          if (!Number.isNaN(price)) return [price, START + (i + 1) * HOUR]
        }
        return undefined
      }
      for (const row of hourRows(rules, rows, series, END, opening(rules, START)).rows) {
        const books = new Positions(rules)
        for (const tx of rows) if (tx.t <= row.t) books.apply(tx, fromNumber(lastClose(tx.asset, tx.t)?.[0] ?? Number.NaN))
        let value = 0
        let cost = 0
        let complete = true
        let leftOut = 0
        const carried: [string, number][] = []
        for (const { asset, lots, qty } of books.byAsset.values()) {
          const [price, since] = asset === 'USD' ? [1, row.t] : (lastClose(asset, row.t) ?? [Number.NaN, row.t])
          if (qty !== 0n && since < row.t) carried.push([asset, since])
          if (books.unvalued.has(asset) || (qty !== 0n && Number.isNaN(price))) {
            complete = false
            leftOut += toNumber(lots.cost)
          } else if (qty !== 0n) {
            value += toNumber(qty) * price
            cost += toNumber(lots.cost)
          }
        }
        const near = (found: number, wanted: number) =>
          expect(Math.abs(found - wanted)).toBeLessThanOrEqual(1e-9 * (1 + Math.abs(value) + Math.abs(cost) + Math.abs(leftOut)))
        const [known, unknown] = complete ? [row, UNKNOWN] : [knownOf(row), row]
        near(known.value, value)
        near(known.cost, cost)
        for (const sum of ['realised', 'income', 'expenses', 'fees'] as const) expect(known[sum]).toBe(toNumber(books[sum]))
        near(known.flows, toNumber(books.flows) - leftOut)
        near(known.total, known.realised + known.unrealised + known.income - known.expenses)
        near(known.value, known.flows + known.income + known.realised + known.unrealised - known.expenses)
        for (const sum of SUMS) if (sum !== 'value') expect(unknown[sum]).toBeNaN()
        expect([...row.carried].sort()).toEqual(carried.sort())
      }
    }),
    { numRuns: 30 },
  )
})

it('tells what the live portfolio showed when it met the same prices', () => {
  const rows = [
    transaction('buy BTC 2 100 1', START + 5 * 60_000),
    transaction('buy ETH 10 8', START + HOUR + 60_000),
    transaction('sell BTC 0.5 140 2', START + 2 * HOUR + 60_000),
    transaction('income ETH 1 9', START + 3 * HOUR),
    transaction('fee ETH 0.25 9', START + 3 * HOUR + 60_000),
  ]
  const series = { BTC: [110, 125.5, 99, 101], ETH: [7, 8.25, 9, 12] }
  const spec = { id: 'main', quote: 'USD', method: 'fifo' as const, feesInCost: true, transactions: rows }
  const live = new Driven({ portfolios: [spec], frameMs: 1000 })
  live.watch('pnl:main')
  const closes = new Map(Object.entries(series).map(([asset, list]) => [asset, Float64Array.from(list)]))
  const { rows: hours } = hourRows(rules(), rows, closes, START + 4 * HOUR, opening(rules(), START))
  for (const [i, hour] of hours.entries()) {
    live.trades(0, ...Object.entries(series).map(([asset, list]) => ({ symbol: `${asset}-USD`, t: hour.t - 60_000, price: list[i]! })))
    live.clock(hour.t)
    const state = live.state<Record<string, number> & { assets: object; unpriced: object }>('pnl:main')
    for (const sum of SUMS) expect(hour[sum]).toBeCloseTo(state[sum]!, 9)
    // The wire has 12 significant digits.
    const rounded = (figures: object) =>
      JSON.parse(JSON.stringify(figures, (_, x) => (typeof x === 'number' ? Number(x.toPrecision(12)) : x)))
    expect(Object.fromEntries(hour.assets.map(({ asset, ...figures }) => [asset, rounded(figures)]))).toEqual(state.assets)
    expect(Object.fromEntries(hour.unpriced)).toEqual(state.unpriced ?? {})
  }
})
