import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DAY } from '../market/candles.ts'
import type { PnlRow } from '../measures/rows.ts'
import type { PipelineOptions } from '../pipeline.ts'
import { Driven, NOON } from '../test/drive.ts'
import { transaction } from '../test/transactions.ts'
import { METHODS } from './lots.ts'
import type { PortfolioSpec } from './portfolioSpec.ts'
import { readTransaction, type Transaction, writeTransaction } from './transaction.ts'

const spec = (transactions: readonly Transaction[] = [], more: Partial<PortfolioSpec> = {}): PortfolioSpec => ({
  id: 'P',
  quote: 'USD',
  method: 'fifo',
  feesInCost: true,
  transactions,
  ...more,
})

let ids = 0
/** A row as the journal has it: with an id. */
const row = (text: string, t: number, id = `r${++ids}`): Transaction => ({ ...transaction(text, t), id })

const record = (p: Driven, ...transactions: Transaction[]): void =>
  p.send({ kind: 'ledger', funds: [], recorded: [{ portfolio: 'P', transactions }] })

const watched = (portfolio = spec(), options: Partial<PipelineOptions> = {}): Driven => {
  const p = new Driven({ portfolios: [portfolio], ...options })
  p.watch('pnl:P')
  return p
}

const traded = (p: Driven, t: number, price: number, symbol = 'BTC-USD'): void => {
  const end = Math.ceil(t / 20) * 20
  p.clock(end - 20)
  p.trades(0, { symbol, t, price })
  p.clock(end)
}

type Pnl = Record<string, unknown> & { day?: number; drawdown: unknown; assets: Record<string, { qty: number; avg?: number }> }
const pnl = (p: Driven): Pnl => p.state<Pnl>('pnl:P')
const stored = (p: Driven): PnlRow[] => p.frames.flatMap(f => f.rows.measures.filter(each => each.kind === 'pnl'))

describe('a row that comes at run time', () => {
  it('shows in the very next frame, and is stored as of it', () => {
    const p = watched()
    traded(p, NOON + 5, 130)
    p.clock(NOON + 2_000)
    record(p, row('buy BTC 2 100 1', NOON + 1_990))
    expect(p.frames.at(-1)!.t).toBe(NOON + 2_000)
    expect(pnl(p)).toMatchObject({ value: 260, cost: 201, total: 59, assets: { BTC: { qty: 2, avg: 100.5 } } })
    expect(stored(p).at(-1)).toMatchObject({ t: NOON + 2_000, value: 260, total: 59 })
    expect(p.agrees()).toBe(true)
  })

  it('waits for the end of a frame that is open', () => {
    const p = watched()
    traded(p, NOON + 5, 130)
    p.trades(0, { symbol: 'BTC-USD', t: NOON + 25, price: 140 })
    const frames = p.frames.length
    record(p, row('buy BTC 1 100', NOON + 10))
    expect([p.frames.length, pnl(p).value]).toEqual([frames, 0])
    p.clock(NOON + 40)
    expect(pnl(p)).toMatchObject({ value: 140, total: 40 })
    expect(stored(p).map(({ t, total }) => [t, total])).toContainEqual([NOON + 40, 40])
  })

  it('waits for its time', () => {
    const p = watched()
    traded(p, NOON + 5, 130)
    record(p, row('buy BTC 1 100', NOON + 60_005))
    expect(pnl(p).value).toBe(0)
    p.clock(NOON + 60_000)
    expect(pnl(p).value).toBe(0)
    p.clock(NOON + 90_000)
    expect(pnl(p)).toMatchObject({ value: 130, total: 30 })
    expect(p.frames.some(f => f.t === NOON + 60_020 && f.pushes.some(push => push.channel === 'pnl:P'))).toBe(true)
  })

  it('is there from the first frame on where the journal had it before', () => {
    const p = watched()
    record(p, row('buy BTC 1 100', NOON - DAY))
    expect(stored(p)).toEqual([])
    traded(p, NOON + 5, 130)
    expect(pnl(p)).toMatchObject({ value: 130, total: 30 })
    for (const figure of ['twr', 'drawdown']) expect(pnl(p)).not.toHaveProperty(figure)
  })

  it('counts at once where there is no feed, and changes nothing of a portfolio that is not there', () => {
    const p = watched(spec(), { feeds: [] })
    record(p, row('buy BTC 1 100', NOON))
    expect(pnl(p)).toMatchObject({ assets: { BTC: { qty: 1 } }, unpriced: { BTC: 'no price yet' } })
    p.send({ kind: 'ledger', funds: [], recorded: [{ portfolio: 'Q', transactions: [row('buy BTC 1 100', NOON)] }] })
    expect(pnl(p)).toMatchObject({ assets: { BTC: { qty: 1 } } })
  })

  it('that has no price is flagged, whatever the price is when it is booked', () => {
    const p = watched()
    traded(p, NOON + 5, 130)
    record(p, row('buy BTC 1', NOON))
    expect(pnl(p)).toMatchObject({ assets: {}, unpriced: { BTC: 'no price for the buy of 2024-08-08T12:00:00.000Z' } })
  })

  it('of the quote asset lets purchases move its balance from then on, and those of before as well', () => {
    const p = watched(spec([transaction('buy BTC 1 100', NOON)]))
    traded(p, NOON + 5, 130)
    expect(pnl(p)).toMatchObject({ value: 130, flows: 100 })
    record(p, row('deposit USD 1000', NOON + 1))
    expect(pnl(p)).toMatchObject({ value: 1030, flows: 1000, total: 30, assets: { USD: { qty: 900 }, BTC: { qty: 1 } } })
  })
})

describe('a row older than what is booked', () => {
  it('counts as if it had been there: later sales take its lot', () => {
    const p = watched(spec([transaction('buy BTC 1 100', NOON), transaction('sell BTC 1 150', NOON + 10)]))
    traded(p, NOON + 25, 130)
    expect(pnl(p)).toMatchObject({ realised: 50, value: 0 })
    record(p, row('buy BTC 1 40', NOON - DAY))
    expect(pnl(p)).toMatchObject({ realised: 110, value: 130, cost: 100, total: 140 })
  })

  it('mends a sale of more than was held', () => {
    const p = watched(spec([transaction('sell BTC 1 150', NOON)]))
    traded(p, NOON + 25, 130)
    expect(pnl(p).unpriced).toHaveProperty('BTC')
    record(p, row('buy BTC 1 40', NOON - 5))
    expect(pnl(p)).toMatchObject({ realised: 110, unpriced: {} })
  })

  it('leaves rows of the file without a price at the one they were booked at', () => {
    const p = watched(spec([transaction('income BTC 1', NOON + 10)]))
    traded(p, NOON + 5, 130)
    p.clock(NOON + 1_000)
    traded(p, NOON + 1_005, 200)
    record(p, row('buy BTC 1 5', NOON - DAY))
    expect(pnl(p)).toMatchObject({ income: 130, value: 400 })
  })

  it('is neither growth nor fall', () => {
    const p = watched(spec([transaction('buy BTC 1 100', NOON)]))
    traded(p, NOON - 180_000, 100)
    traded(p, NOON + 5, 200)
    p.clock(NOON + 2_000)
    traded(p, NOON + 2_005, 150)
    p.clock(NOON + 4_000)
    expect(pnl(p).drawdown).toEqual({ abs: 50, rel: 0.25 })
    record(p, row('buy BTC 1 190', NOON - 60_000))
    p.clock(NOON + 6_000)
    expect(pnl(p)).toMatchObject({ total: 10, drawdown: { abs: 50, rel: 0.25 } })
    record(p, row('buy BTC 1 50', NOON - 120_000))
    p.clock(NOON + 8_000)
    expect(pnl(p)).toMatchObject({ total: 110, drawdown: { abs: 50, rel: 0.25 } })
    traded(p, NOON + 8_005, 140)
    expect(pnl(p)).toMatchObject({ total: 80, drawdown: { abs: 80 } })
  })

  it('makes return and drawdown unknown if nobody saw the prices of its time', () => {
    const p = watched(spec([transaction('buy BTC 1 100', NOON)]))
    traded(p, NOON + 5, 200)
    expect(pnl(p)).toMatchObject({ twr: 1, drawdown: { abs: 0, rel: 0 } })
    record(p, row('deposit USD 5', NOON - DAY))
    expect(pnl(p)).toMatchObject({ total: 100, drawdown: { abs: 0 } })
    record(p, row('buy BTC 1 50', NOON - DAY))
    expect(pnl(p)).toMatchObject({ total: 250 })
    for (const figure of ['twr', 'drawdown']) expect(pnl(p)).not.toHaveProperty(figure)
  })

  it.each([
    ['unknown if the path of then was read from the store, which does not know of the row', Number.POSITIVE_INFINITY, false],
    ['neither growth nor fall if a former run of the same recording listened then', NOON - 2 * DAY, true],
  ])('makes return and drawdown %s', (_, listenedFrom, known) => {
    const p = watched(spec([transaction('buy BTC 1 100', NOON - 3 * DAY)]))
    traded(p, NOON + 5, 200)
    p.clock(NOON + 2_000)
    const path = { growth: 1, base: 100, peak: 0, highest: 1, abs: 10, rel: 0.1 }
    const midnight = { t: NOON - DAY / 2, prices: new Map([['BTC', 190]]) }
    p.send({ kind: 'portfolios', pasts: [{ id: 'P', t: NOON, rows: 1, rowPrices: new Map(), midnight, stored: true, listenedFrom, path }] })
    p.clock(NOON + 2_020)
    expect(pnl(p)).toMatchObject({ twr: 1, drawdown: { abs: 10 } })
    record(p, row('deposit USD 5', NOON - DAY))
    expect(pnl(p)).toMatchObject({ twr: expect.any(Number) })
    record(p, row('buy BTC 9 50', NOON - DAY))
    expect(pnl(p)).toMatchObject({ total: 1450 })
    expect(['twr' in pnl(p), 'drawdown' in pnl(p)]).toEqual([known, known])
  })

  it('is no gain of the day where the price at midnight is known, and makes the day unknown where it is not', () => {
    const midnight = Date.UTC(2024, 7, 9)
    const p = watched(spec([transaction('buy BTC 1 100', NOON)]))
    traded(p, NOON + 5, 130)
    p.clock(midnight)
    traded(p, midnight + 60_005, 135)
    expect(pnl(p)).toMatchObject({ total: 35, day: 5 })
    record(p, row('buy BTC 2 10', NOON - DAY))
    expect(pnl(p)).toMatchObject({ total: 285, day: 15 })
    traded(p, midnight + 120_005, 7, 'ETH-USD')
    record(p, row('buy ETH 1 3', NOON))
    expect(pnl(p).total).toBe(289)
    expect(pnl(p)).not.toHaveProperty('day')
    p.clock(midnight + DAY)
    expect(pnl(p).day).toBe(0)
  })

  it('makes the day unknown of a portfolio that had begun with it', () => {
    const p = watched(spec([transaction('buy BTC 1 100', NOON)]))
    traded(p, NOON + 5, 130)
    expect(pnl(p).day).toBe(30)
    record(p, row('buy BTC 1 90', NOON - DAY), row('sell BTC 1 95', NOON + 1))
    expect(pnl(p)).toMatchObject({ total: 35 })
    expect(pnl(p)).not.toHaveProperty('day')
  })
})

const TEXTS = [
  'buy BTC 2 10 1',
  'buy BTC 1 14',
  'sell BTC 1 12 0.5',
  'deposit USD 50',
  'income ETH 1 6',
  'fee BTC 0.5 11',
  'withdraw ETH 1 9',
]
const rows = fc
  .array(fc.tuple(fc.integer({ min: -50, max: 50 }), fc.constantFrom(...TEXTS)), { maxLength: 14 })
  .map(list => list.map(([at, text], i) => row(text, NOON + at * 100, String(i * 7))))
/** Rows of the file, one of them at the price of the market. */
const ofFile = fc
  .array(fc.tuple(fc.integer({ min: -50, max: 50 }), fc.constantFrom(...TEXTS, 'income BTC 1')), { maxLength: 5 })
  .map(list => list.map(([at, text]) => transaction(text, NOON + at * 100)).sort((a, b) => a.t - b.t))

describe('rows that come at run time', () => {
  it('come to the books of a file that has them behind its own, whatever the order and the moments they come in', () => {
    const arrivals = rows.chain(list =>
      fc.record({
        order: fc.shuffledSubarray(list, { minLength: list.length }),
        /** Prices that come between a row and the one that arrived before it. */
        gaps: fc.array(fc.constantFrom(0, 0, 1, 2, 4), { minLength: list.length, maxLength: list.length }),
      }),
    )
    fc.assert(
      fc.property(ofFile, arrivals, fc.constantFrom(...METHODS), (file, { order, gaps }, method) => {
        const priced = (p: Driven, step: number): void => {
          traded(p, NOON + step * 1_000 + 5, 10 + ((step * 7) % 5))
          traded(p, NOON + step * 1_000 + 45, 5 + ((step * 3) % 4), 'ETH-USD')
        }
        const run = (transactions: readonly Transaction[], during: (p: Driven, step: number) => void): Pnl => {
          const p = watched(spec(transactions, { method }))
          for (let step = -6; step < 8; step++) {
            priced(p, step)
            during(p, step)
          }
          expect(p.agrees()).toBe(true)
          const { drawdown, day, twr, ...books } = pnl(p)
          return books as Pnl
        }
        const came = run(file, (p, step) => {
          let at = -6
          for (const [i, tx] of order.entries()) {
            at = Math.min(7, at + gaps[i]!)
            if (at === step) record(p, tx)
          }
        })
        const all = [...file, ...order].sort((a, b) => a.t - b.t)
        expect(came).toEqual(run(all, () => {}))
      }),
      { numRuns: 150 },
    )
  })

  it('are written in the journal and read from it as they are', () => {
    fc.assert(
      fc.property(rows, list => {
        for (const tx of list) expect(readTransaction(JSON.parse(JSON.stringify(writeTransaction(tx))))).toEqual(tx)
      }),
    )
  })
})
