import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { haveCases, worked } from '../../server/test/cases.ts'
import { DAY } from '../market/candles.ts'
import type { PnlRow } from '../measures/rows.ts'
import { SUMS, type Sums } from '../measures/sums.ts'
import type { PipelineOptions } from '../pipeline.ts'
import { Driven, NOON } from '../test/drive.ts'
import { transaction } from '../test/transactions.ts'
import type { PortfolioSpec } from './portfolioSpec.ts'

/** A portfolio of rows "buy BTC 2 100", each at its time. */
const portfolio = (rows: readonly (readonly [t: number, text: string])[], spec: Partial<PortfolioSpec> = {}): PortfolioSpec => ({
  id: 'P',
  quote: 'USD',
  method: 'fifo',
  feesInCost: true,
  transactions: rows.map(([t, text]) => transaction(text, t)),
  ...spec,
})

/** A pipeline with that portfolio, watched. */
const holding = (rows: readonly (readonly [t: number, text: string])[], options: Partial<PipelineOptions> = {}): Driven => {
  const p = new Driven({ portfolios: [portfolio(rows)], ...options })
  p.watch('pnl:P')
  return p
}

interface Pnl {
  value: number
  total: number
  day?: number
  drawdown?: { abs?: number; rel?: number }
  assets: Record<string, { qty: number; avg?: number; value?: number }>
  unpriced: Record<string, string>
  stale: boolean
}
const pnl = (p: Driven): Pnl => p.state<Pnl>('pnl:P')

const stored = (p: Driven): PnlRow[] => p.frames.flatMap(f => f.rows.measures.filter(row => row.kind === 'pnl'))

/** A trade, and the end of its frame; time comes to its beginning first. */
const traded = (p: Driven, t: number, price: number, symbol = 'BTC-USD'): void => {
  const end = Math.ceil(t / 20) * 20
  p.clock(end - 20)
  p.trades(0, { symbol, t, price })
  p.clock(end)
}

/** Lets time come to `t` without any event. */
const until = (p: Driven, t: number): void => p.clock(t)

describe('a portfolio', () => {
  it('shows its books at the prices of the moment', () => {
    const p = holding([
      [NOON - DAY, 'deposit USD 1000'],
      [NOON - DAY, 'buy BTC 2 100 1'],
      [NOON - DAY, 'sell BTC 0.5 120'],
    ])
    traded(p, NOON + 5, 110)
    expect(p.state('pnl:P')).toEqual({
      quote: 'USD',
      method: 'fifo',
      value: 1024,
      cost: 1009.75,
      unrealised: 14.25,
      realised: 9.75,
      income: 0,
      expenses: 0,
      fees: 1,
      flows: 1000,
      total: 24,
      assets: {
        USD: { qty: 859, price: 1, avg: 1, value: 859, cost: 859, unrealised: 0, realised: 0 },
        BTC: { qty: 1.5, price: 110, avg: 100.5, value: 165, cost: 150.75, unrealised: 14.25, realised: 9.75 },
      },
      unpriced: {},
      stale: false,
    })
    expect(p.agrees()).toBe(true)
  })

  it('books a row when its time has come, also between frames, and shows it whole at once', () => {
    const p = holding([
      [NOON, 'buy BTC 1 100'],
      [NOON + 3_005, 'buy BTC 1 200'],
    ])
    traded(p, NOON + 5, 150)
    until(p, NOON + 3_000)
    expect(pnl(p)).toMatchObject({ value: 150, cost: 100, total: 50 })
    until(p, NOON + 60_000)
    expect(pnl(p)).toMatchObject({ value: 300, cost: 300, total: 0, assets: { BTC: { qty: 2, avg: 150, value: 300 } } })
    const shown = p.frames.filter(f => f.pushes.some(push => push.channel === 'pnl:P')).map(f => f.t)
    expect(shown).toContain(NOON + 3_020)
    expect(p.agrees()).toBe(true)
  })

  it('is not computed for prices that nobody watches', () => {
    const p = holding([[NOON, 'buy BTC 1 100']])
    const portfolio = p.pipeline.view.portfolios.get('P')!
    traded(p, NOON + 5, 150)
    const { changedAt } = portfolio
    p.send({ kind: 'watch', channel: 'pnl:P', on: false })
    traded(p, NOON + 45, 160)
    expect([portfolio.changedAt, portfolio.figures.value]).toEqual([changedAt, 150])
    p.watch('pnl:P')
    expect(pnl(p)).toMatchObject({ value: 160 })
    traded(p, NOON + 85, 170)
    expect(pnl(p)).toMatchObject({ value: 170 })
    expect(p.agrees()).toBe(true)
  })

  it('counts the file as it stands where there is no feed', () => {
    const p = holding([[NOON + DAY, 'income BTC 1 100']], { feeds: [] })
    expect(pnl(p)).toMatchObject({ assets: { BTC: { qty: 1 } }, known: { value: 0, income: 100 }, unpriced: { BTC: 'no price yet' } })
    for (const sum of SUMS) expect(pnl(p)).not.toHaveProperty(sum)
  })
})

describe('what has no price', () => {
  it('leaves the sums unknown until its first price; what is known stands beside them, without it', () => {
    const p = holding([
      [NOON - DAY, 'buy BTC 1 100'],
      [NOON - DAY, 'buy ETH 10 5'],
    ])
    traded(p, NOON + 5, 130)
    expect(pnl(p)).toMatchObject({ unpriced: { ETH: 'no price yet' }, assets: { ETH: { qty: 10, avg: 5, cost: 50 } } })
    const known = { value: 130, cost: 100, unrealised: 30, realised: 0, income: 0, expenses: 0, fees: 0, flows: 100, total: 30 }
    expect(pnl(p)).toMatchObject({ known })
    for (const figure of [...SUMS, 'day', 'twr', 'drawdown']) expect(pnl(p)).not.toHaveProperty(figure)
    expect(pnl(p).assets.ETH).not.toHaveProperty('value')
    traded(p, NOON + 25, 7, 'ETH-USD')
    expect(pnl(p)).toMatchObject({ value: 200, total: 50, flows: 150, unpriced: {} })
    expect(pnl(p)).not.toHaveProperty('known')
    expect(p.agrees()).toBe(true)
  })

  it('and was bought while it was watched counts in the path as what it cost', () => {
    const p = holding([
      [NOON, 'buy BTC 1 100'],
      [NOON + 2_000, 'buy ETH 10 5'],
    ])
    traded(p, NOON + 5, 130)
    until(p, NOON + 5_000)
    expect(pnl(p)).not.toHaveProperty('twr')
    traded(p, NOON + 5_005, 3, 'ETH-USD')
    until(p, NOON + 9_000)
    expect(pnl(p)).toMatchObject({ total: 10, drawdown: { abs: 20, rel: 0.111111111111 }, twr: 0.155555555556 })
  })

  it('makes the path unknown for good, where money came while nobody knew what was held', () => {
    const p = holding([
      [NOON, 'buy ETH 10 5'],
      [NOON + 2_000, 'buy ETH 10 5'],
    ])
    traded(p, NOON + 5_005, 3, 'ETH-USD')
    until(p, NOON + 9_000)
    expect(pnl(p)).toMatchObject({ value: 60, total: -40 })
    for (const figure of ['twr', 'drawdown']) expect(pnl(p)).not.toHaveProperty(figure)
  })

  it('makes the day unknown, if it had none at midnight', () => {
    const p = holding([
      [NOON - DAY, 'buy BTC 1 100'],
      [NOON - DAY, 'buy ETH 10 5'],
    ])
    traded(p, NOON + 5, 130)
    until(p, NOON + DAY / 2)
    traded(p, NOON + DAY / 2 + 25, 7, 'ETH-USD')
    expect(pnl(p)).toMatchObject({ total: 50 })
    expect(pnl(p)).not.toHaveProperty('day')
    until(p, NOON + DAY * 1.5)
    expect(pnl(p)).toMatchObject({ total: 50, day: 0 })
  })

  it('is no part of the sums if it is to be ignored, and neither is it when it has a price', () => {
    const rows = ['buy BTC 1 100', 'buy SPAM 1045 2'].map(text => transaction(text, NOON))
    const p = new Driven({ portfolios: [portfolio([], { transactions: rows, ignore: new Set(['SPAM']) })] })
    p.watch('pnl:P')
    traded(p, NOON + 5, 130)
    const sums = { value: 130, total: 30, flows: 100, twr: 0.3, unpriced: { SPAM: 'no price yet' }, assets: { SPAM: { qty: 1045 } } }
    expect(pnl(p)).toMatchObject(sums)
    expect(pnl(p)).not.toHaveProperty('known')
    traded(p, NOON + 25, 900, 'SPAM-USD')
    expect(pnl(p)).toMatchObject({ ...sums, unpriced: {}, assets: { SPAM: { qty: 1045, value: 940_500 } } })
  })

  it('when its row came is held all the same: its quantity is exact, what it cost and gained is unknown for good', () => {
    const p = holding([
      [NOON - DAY, 'buy BTC 1 100'],
      [NOON - DAY, 'deposit ETH 1045'],
      [NOON - DAY, 'sell ETH 45 2'],
    ])
    traded(p, NOON + 5, 130)
    expect(pnl(p)).toMatchObject({ assets: { ETH: { qty: 1000 } }, known: { value: 130, flows: 100, total: 30 } })
    traded(p, NOON + 25, 3, 'ETH-USD')
    expect(pnl(p)).toMatchObject({ value: 3130, assets: { ETH: { qty: 1000, value: 3000 } }, known: { value: 130, total: 30 } })
    for (const figure of ['cost', 'total', 'flows', 'twr', 'drawdown']) expect(pnl(p)).not.toHaveProperty(figure)
    for (const figure of ['avg', 'cost', 'unrealised', 'realised']) expect(pnl(p).assets.ETH).not.toHaveProperty(figure)
    expect(pnl(p).unpriced.ETH).toMatch(/^no price for the deposit of/)
  })

  it('adds up all the same: value = flows + income + realised + unrealised − expenses, of the sums and of what is known', () => {
    const types = ['buy', 'sell', 'income', 'deposit', 'withdraw', 'fee'] as const
    const row = fc.record({
      after: fc.integer({ min: -5_000, max: 5_000 }),
      type: fc.constantFrom(...types),
      asset: fc.constantFrom('BTC', 'ETH', 'SPAM', 'USD'),
      qty: fc.integer({ min: 1, max: 9 }),
      price: fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }),
    })
    const trade = fc.record({ asset: fc.constantFrom('BTC', 'ETH', 'SPAM'), price: fc.integer({ min: 1, max: 20 }) })
    const given = fc.tuple(fc.array(row, { maxLength: 12 }), fc.array(trade, { maxLength: 6 }), fc.boolean())
    fc.assert(
      fc.property(given, ([rows, trades, ignoring]) => {
        const list = rows
          .map(({ after, type, asset, qty, price }) =>
            transaction(`${type} ${asset} ${qty}${price === undefined ? '' : ` ${price}`}`, NOON + after),
          )
          .sort((a, b) => a.t - b.t)
        const p = new Driven({ portfolios: [portfolio([], { transactions: list, ignore: new Set(ignoring ? ['SPAM'] : []) })], digits: 15 })
        p.watch('pnl:P')
        p.clock(NOON)
        trades.forEach(({ asset, price }, i) => {
          traded(p, NOON + 1_005 * i + 5, price, `${asset}-USD`)
          const state = pnl(p) as unknown as Sums & { known?: Sums }
          const all = [state, state.known].filter(sums => sums?.value !== undefined && sums.total !== undefined) as Sums[]
          for (const { value, flows, income, realised, unrealised, expenses, total } of all) {
            expect(value).toBeCloseTo(flows + income + realised + unrealised - expenses, 9)
            expect(total).toBeCloseTo(realised + unrealised + income - expenses, 9)
          }
          expect('known' in state).toBe(state.total === undefined)
          // Whether the sums are there follows from what is missing alone.
          const { assets, unpriced } = state as unknown as Pnl
          const isPriced = ({ qty, value }: { qty: number; value?: number }): boolean => qty === 0 || value !== undefined
          const counted = Object.keys(assets).filter(asset => !(ignoring && asset === 'SPAM'))
          const missing = counted.filter(
            asset => asset in unpriced && !(unpriced[asset]!.endsWith('more than was held') && isPriced(assets[asset]!)),
          )
          expect(state.total === undefined).toBe(missing.length > 0)
        })
      }),
    )
  })

  it('stays flagged where more was sold than was held', () => {
    const p = holding([
      [NOON, 'buy BTC 1 100'],
      [NOON, 'sell BTC 3 120'],
    ])
    traded(p, NOON + 5, 130)
    expect(pnl(p)).toMatchObject({ value: 0, realised: 20, unpriced: { BTC: 'sell of 2024-08-08T12:00:00.000Z: more than was held' } })
  })
})

describe('the day', () => {
  const midnight = Date.UTC(2024, 7, 9)

  it('is what was gained since 00:00 UTC', () => {
    const p = holding([[NOON, 'buy BTC 1 100']])
    traded(p, NOON + 5, 130)
    expect(pnl(p)).toMatchObject({ total: 30, day: 30 })
    traded(p, midnight - 5_000, 150)
    until(p, midnight - 20)
    expect(pnl(p)).toMatchObject({ total: 50, day: 50 })
    until(p, midnight)
    expect(pnl(p)).toMatchObject({ total: 50, day: 0 })
    traded(p, midnight + 60_000, 145)
    expect(pnl(p)).toMatchObject({ total: 45, day: -5 })
    expect(p.agrees()).toBe(true)
  })

  it('is shown again at midnight, whatever comes then', () => {
    const p = holding([[NOON, 'buy BTC 1 100']])
    traded(p, NOON + 5, 130)
    until(p, midnight + 60_000)
    expect(pnl(p).day).toBe(0)
  })

  it('of a portfolio begun before the server is unknown until midnight', () => {
    const p = holding([[NOON - DAY, 'buy BTC 1 100']])
    traded(p, NOON + 5, 130)
    expect(pnl(p)).not.toHaveProperty('day')
    until(p, midnight)
    expect(pnl(p).day).toBe(0)
  })

  it('has the rows of before midnight behind it, though their frame ends with it', () => {
    const p = holding([
      [NOON, 'buy BTC 1 100'],
      [midnight - 5, 'income USD 7'],
      [midnight, 'income USD 5'],
    ])
    traded(p, NOON + 5, 100)
    until(p, midnight)
    expect(pnl(p)).toMatchObject({ total: 12, day: 5 })
  })
})

describe('the drawdown', () => {
  it.skipIf(!haveCases)('of a path of seconds is that of the worked example', () => {
    const { input, expected } = worked<{ start_balance: string; profits: string[] }, { max_abs: string; max_relative: string }>(
      'pnl-drawdown-abs-vs-relative',
    )
    const start = Number(input.start_balance)
    const p = holding([
      [NOON, `deposit USD ${start}`],
      [NOON, `buy BTC 1 ${start}`],
    ])
    let price = start
    input.profits.forEach((profit, i) => {
      price += Number(profit)
      traded(p, NOON + i * 1000 + 5, price)
      until(p, NOON + (i + 1) * 1000)
    })
    expect(pnl(p).drawdown).toEqual({ abs: Number(expected.max_abs), rel: Number(expected.max_relative) })
  })

  it('begins at the highest that was there when a row came, though prices fell before the second was over', () => {
    const p = holding([
      [NOON, 'buy BTC 1 100'],
      [NOON + 3_100, 'buy BTC 0.25 200'],
    ])
    traded(p, NOON + 5, 100)
    traded(p, NOON + 3_100, 200)
    traded(p, NOON + 3_200, 150)
    until(p, NOON + 5_000)
    expect(pnl(p)).toMatchObject({ total: 37.5, drawdown: { abs: 62.5, rel: 0.25 } })
  })

  it('as a share does not grow by selling', () => {
    const p = holding([
      [NOON, 'buy BTC 1 100'],
      [NOON + 3_000, 'sell BTC 1 190'],
    ])
    traded(p, NOON + 5, 200)
    traded(p, NOON + 1_005, 190)
    until(p, NOON + 5_000)
    expect(pnl(p)).toMatchObject({ value: 0, total: 90, drawdown: { abs: 10, rel: 0.05 } })
  })
})

describe('staleness', () => {
  it('comes from what is held only, and goes with the next message', () => {
    const p = holding(
      [
        [NOON, 'buy BTC 1 100'],
        [NOON, 'buy ETH 1 10'],
        [NOON, 'sell ETH 1 10'],
      ],
      { feeds: ['a', 'b', 'c'].map(id => ({ id, live: false })) },
    )
    p.trades(0, { symbol: 'BTC-USD', t: NOON + 5, price: 100 })
    p.trades(1, { symbol: 'ETH-USD', t: NOON + 5, price: 10 })
    p.clock(NOON + 20)
    p.trades(0, { symbol: 'BTC-USD', t: NOON + 9_005, price: 101 })
    until(p, NOON + 9_020)
    until(p, NOON + 12_000)
    expect(pnl(p)).toMatchObject({ stale: false, value: 101 })
    until(p, NOON + 20_000)
    expect(pnl(p)).toMatchObject({ stale: true, value: 101 })
    traded(p, NOON + 20_005, 102)
    expect(pnl(p)).toMatchObject({ stale: false, value: 102 })
  })
})

describe('what is stored', () => {
  const event = fc.record({
    after: fc.oneof({ weight: 6, arbitrary: fc.integer({ min: 0, max: 800 }) }, fc.integer({ min: 0, max: 15_000 }), fc.constant(DAY / 3)),
    symbol: fc.constantFrom('BTC-USD', 'ETH-USD', 'DOT-USD'),
    price: fc.integer({ min: 1, max: 20 }),
    watch: fc.option(fc.constantFrom('pnl:P', 'tick:BTC-USD', 'pnl:Q'), { nil: undefined }),
  })
  const rows = fc.array(
    fc.tuple(
      fc.integer({ min: -10, max: 60_000 }),
      fc.constantFrom(
        'buy BTC 2 10 1',
        'sell BTC 1 12',
        'deposit USD 50',
        'income ETH 1',
        'fee BTC 0.5',
        'withdraw ETH 1 9',
        'buy XYZ 1 3',
      ),
    ),
    { maxLength: 12 },
  )

  it('does not depend on who watches', () => {
    fc.assert(
      fc.property(fc.array(event, { minLength: 1, maxLength: 25 }), rows, (events, list) => {
        const spec = portfolio(list.map(([after, text]) => [NOON + after, text] as const).sort(([a], [b]) => a - b))
        const run = (watchers: 'none' | 'all' | 'some'): Driven => {
          const p = new Driven({ portfolios: [spec, { ...spec, id: 'Q', method: 'average' }], everything: watchers === 'all' })
          let t = NOON
          let frame = 0
          for (const { after, symbol, price, watch } of events) {
            t += after
            const end = Math.ceil(t / 20) * 20
            if (end > frame) {
              p.clock(frame)
              if (end > frame + 20) p.clock(end - 20)
              frame = end
            }
            if (watchers === 'some' && watch) p.send({ kind: 'watch', channel: watch, on: price > 5 })
            p.trades(0, { symbol, t, price, id: `${t} ${price}` })
          }
          p.send({ kind: 'feed', feed: 0, state: 'ended' })
          p.clock(frame)
          return p
        }
        const unwatched = stored(run('none'))
        expect(stored(run('some'))).toEqual(unwatched)
        expect(stored(run('all'))).toEqual(unwatched)
      }),
      { numRuns: 80 },
    )
  })

  it('gains no row because somebody begins to watch', () => {
    const p = new Driven({ portfolios: [portfolio([[NOON + 5, 'buy BTC 1 100']])] })
    traded(p, NOON + 5, 100)
    until(p, NOON + 5_000)
    p.watch('pnl:P')
    until(p, NOON + 9_000)
    expect(stored(p).map(row => row.t)).toEqual([NOON + 1_000])
    expect(pnl(p)).toMatchObject({ value: 100 })
  })
})
