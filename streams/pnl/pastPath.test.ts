import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HOUR } from '../market/candles.ts'
import { Driven } from '../test/drive.ts'
import { transaction } from '../test/transactions.ts'
import type { HourRules } from './hours.ts'
import { type PathPast, pastPath } from './pastPath.ts'
import { Path } from './path.ts'
import type { Transaction } from './transaction.ts'

const START = Date.UTC(2024, 7, 8, 20)
const HOURS = 12
const END = START + HOURS * HOUR
const RULES: HourRules = { quote: 'USD', method: 'fifo', feesInCost: true, tracksCash: false }

/** The past of prices that change at the ends of hours only: `closes[i]` is that of START + i hours. */
const hourly = (closes: Readonly<Record<string, readonly number[]>>, of: Partial<PathPast> = {}): PathPast => ({
  samples: Array.from({ length: HOURS }, (_, i) => START + (i + 1) * HOUR),
  to: END,
  frameMs: 20,
  rowPrices: new Map(),
  price: (asset, t) => closes[asset]?.[Math.floor((t - START) / HOUR)] ?? Number.NaN,
  seenAfter: () => START - 1,
  ...of,
})

const rows = fc
  .array(
    fc.record({
      t: fc.tuple(fc.nat(HOURS - 1), fc.integer({ min: 1, max: HOUR - 2_000 })).map(([hour, after]) => hour * HOUR + after),
      text: fc.constantFrom(
        'buy BTC 2 100 1',
        'buy ETH 1 60',
        'sell BTC 0.5 120',
        'withdraw ETH 0.25 50',
        'income BTC 0.1 90',
        'deposit USD 250',
      ),
    }),
    { minLength: 1, maxLength: 10 },
  )
  .map(list => list.map(({ t, text }) => transaction(text, START + t)).sort((a, b) => a.t - b.t))
const series = fc.array(fc.integer({ min: 20, max: 200 }), { minLength: HOURS + 1, maxLength: HOURS + 1 })

/** The path of a portfolio that was watched while the same prices came. */
const live = (transactions: readonly Transaction[], closes: Readonly<Record<string, readonly number[]>>) => {
  const p = new Driven({ portfolios: [{ id: 'P', quote: 'USD', method: 'fifo', feesInCost: true, transactions }], staleAfterMs: 1e9 })
  for (let i = 0; i <= HOURS; i++) {
    const t = START + i * HOUR
    p.clock(t - 20)
    p.trades(0, ...Object.entries(closes).map(([asset, list]) => ({ symbol: `${asset}-USD`, t, price: list[i]! })))
    p.clock(t)
  }
  p.clock(END + 2_000)
  return p.pipeline.view.portfolios.get('P')!
}

describe('the path through the past', () => {
  it('is that of a portfolio that was watched all the time', () => {
    fc.assert(
      fc.property(rows, series, series, (transactions, btc, eth) => {
        const closes = { BTC: btc, ETH: eth }
        const tracksCash = transactions.some(({ asset }) => asset === 'USD')
        // Live, it is looked at when the second of a row is over, too.
        const seconds = transactions.map(({ t }) => Math.ceil(Math.ceil(t / 20) / 50) * 1000)
        const past = hourly(closes)
        const samples = [...past.samples, ...seconds].sort((a, b) => a - b)
        const found = pastPath({ ...RULES, tracksCash }, transactions, { ...past, samples })
        const watched = live(transactions, closes).pathNow
        for (const member of ['growth', 'base', 'peak', 'highest', 'abs', 'rel'] as const)
          expect(found[member], member).toBeCloseTo(watched[member], 9)
      }),
      { numRuns: 60 },
    )
  })

  it('goes on from where it is known', () => {
    fc.assert(
      fc.property(rows, series, series, fc.integer({ min: 1, max: HOURS - 1 }), (transactions, btc, eth, cut) => {
        const closes = { BTC: btc, ETH: eth }
        const t = START + cut * HOUR
        const whole = hourly(closes)
        const state = pastPath(RULES, transactions, { ...whole, to: t, samples: whole.samples.filter(at => at <= t) })
        const rest = { ...whole, start: { t, state }, samples: whole.samples.filter(at => at > t) }
        expect(pastPath(RULES, transactions, rest)).toEqual(pastPath(RULES, transactions, whole))
      }),
    )
  })

  it.each([
    ['a row is older than the prices of its asset', 'buy BTC 1 100', START - HOUR, {}],
    ['a holding has no price when it is looked at', 'buy DOT 1 5', START + 1, {}],
    ['a row could not be valued', 'deposit DOT 1', START + 1, { samples: [] }],
  ])('is unknown if %s', (_, text, t, of) => {
    const closes = { BTC: Array<number>(HOURS + 1).fill(100) }
    expect(pastPath(RULES, [transaction(text, t)], hourly(closes, of)).growth).toBeNaN()
  })

  it('keeps its return, and not its falls, if the server was away and nobody knows the prices of that time', () => {
    const state = { growth: 1.5, base: 100, peak: 80, highest: 1.6, abs: 10, rel: 0.1 }
    const unknown = { price: () => Number.NaN, start: { t: START + 1, state } }
    const found = pastPath(RULES, [transaction('buy BTC 1 100', START)], hourly({}, unknown))
    expect(found).toEqual({ growth: 1.5, base: 100, peak: Number.NaN, highest: Number.NaN, abs: Number.NaN, rel: Number.NaN })
    const path = new Path()
    path.read(found)
    expect(path.returned({ total: 0, worth: 110 })).toBeCloseTo(0.65, 12)
    expect(path.at({ total: 0, worth: 110 })).toEqual({ abs: Number.NaN, rel: Number.NaN })
  })
})
