import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseDecimal } from '../../streams/lib/decimal.ts'
import type { ExchangeOrder, Report } from './exchange.ts'
import { PaperExchange, type PaperOptions } from './paper.ts'

const n = (text: string): bigint => parseDecimal(text)!
const MARKET = { bid: 99, ask: 101, price: 100 }
const order = (side: 'buy' | 'sell', limit: string, more: Partial<ExchangeOrder> = {}): ExchangeOrder => ({
  id: 'f-1-1-1',
  side,
  asset: 'A',
  quote: 'USD',
  amount: n('2'),
  limit: n(limit),
  ...more,
})

const begin = (options: Partial<PaperOptions> = {}): { paper: PaperExchange; said: Report[] } => {
  const paper = new PaperExchange({ seed: '1', feeBps: 10, latencyMs: 100, partly: 0, rejected: 0, market: () => MARKET, ...options })
  const said: Report[] = []
  paper.reports$.subscribe(report => void said.push(report))
  paper.advance(1_000)
  return { paper, said }
}

describe('the paper exchange', () => {
  it.each([
    ['buys at the ask', order('buy', '101'), '101', MARKET],
    ['sells at the bid', order('sell', '99'), '99', MARKET],
    ['trades at the last price where nothing is quoted', order('buy', '100'), '100', { bid: Number.NaN, ask: Number.NaN, price: 100 }],
  ])('%s, after its latency and for its fee', (_, what, price, market) => {
    const { paper, said } = begin({ market: () => market })
    paper.submit(what)
    expect(paper.dueAt).toBe(1_100)
    paper.advance(1_099)
    expect(said).toEqual([])
    paper.advance(1_100)
    const fee = { asset: 'USD', amount: (n(price) * 2n) / 1000n }
    expect(said).toEqual([
      { order: what.id, kind: 'accepted' },
      { order: what.id, kind: 'fill', id: `${what.id}.1`, amount: n('2'), price: n(price), fee },
      { order: what.id, kind: 'done', filled: n('2') },
    ])
    expect(paper.dueAt).toBe(Number.POSITIVE_INFINITY)
  })

  it.each([
    ['the market is beyond its limit', order('buy', '100.999'), MARKET],
    ['the market is beyond its limit', order('sell', '99.001'), MARKET],
    ['there is no price', order('buy', '1000'), { bid: Number.NaN, ask: Number.NaN, price: Number.NaN }],
  ])('fills nothing where %s', (_, what, market) => {
    const { paper, said } = begin({ market: () => market })
    paper.submit(what)
    paper.advance(2_000)
    expect(said.at(-1)).toEqual({ order: what.id, kind: 'done', filled: 0n })
    expect(said).toHaveLength(2)
  })

  it('takes an order once, and tells of it again when it is asked; of another it knows nothing', () => {
    const { paper, said } = begin()
    paper.submit(order('buy', '101'))
    paper.ask(order('buy', '101'))
    expect(said.splice(0)).toEqual([{ order: 'f-1-1-1', kind: 'accepted' }])
    paper.submit(order('buy', '101'))
    paper.advance(5_000)
    const first = said.splice(0)
    expect(first.filter(({ kind }) => kind === 'fill')).toHaveLength(1)
    paper.ask(order('buy', '101'))
    expect(said.splice(0)).toEqual(first)
    paper.ask(order('buy', '101', { id: 'f-1-1-2' }))
    expect(said).toEqual([{ order: 'f-1-1-2', kind: 'unknown' }])
  })

  it('calls off what is not filled yet', () => {
    const { paper, said } = begin({ partly: 1 })
    paper.submit(order('sell', '99'))
    paper.advance(1_100)
    const filled = said.reduce((sum, report) => sum + (report.kind === 'fill' ? report.amount : 0n), 0n)
    expect(filled).toBeGreaterThan(0n)
    expect(filled).toBeLessThan(n('2'))
    paper.cancel(order('sell', '99'))
    expect(said.at(-1)).toEqual({ order: 'f-1-1-1', kind: 'done', filled })
    const count = said.length
    paper.cancel(order('sell', '99'))
    paper.advance(9_000)
    expect(said).toHaveLength(count)
  })

  it('forgets the oldest of many that are over, and none that is not', () => {
    const { paper, said } = begin()
    const orders = Array.from({ length: 1_500 }, (_, i) => order('buy', '101', { id: `f-1-${i}-1` }))
    for (const each of orders) {
      paper.submit(each)
      paper.advance(paper.dueAt)
    }
    said.length = 0
    paper.ask(orders[0]!)
    paper.ask(orders.at(-1)!)
    expect(said.map(({ kind }) => kind)).toEqual(['unknown', 'accepted', 'fill', 'done'])
  })

  it('does the same with the same seed, whatever journal marks its orders and however time comes, and never more than was ordered', () => {
    const numbers = fc.uniqueArray(fc.integer({ min: 1, max: 40 }), { minLength: 1 })
    fc.assert(
      fc.property(numbers, fc.integer({ min: 1, max: 500 }), fc.string(), (list, stride, seed) => {
        const run = (mark: string, step: number): string[] => {
          const { paper, said } = begin({ seed, partly: 0.5, rejected: 0.3 })
          for (const number of list) paper.submit(order('buy', '101', { id: `${mark}-1-${number}-1` }))
          for (let t = 1_000; paper.dueAt < Number.POSITIVE_INFINITY; t += step) paper.advance(t)
          return said
            .map(report => JSON.stringify(report, (_, v: unknown) => (typeof v === 'bigint' ? String(v) : v)).replaceAll(mark, ''))
            .sort()
        }
        const first = run('aa', 1)
        expect(run('bb', stride)).toEqual(first)
        const reports = first.map(text => JSON.parse(text) as { order: string; kind: string; amount: string; filled: string })
        for (const { order: id, filled } of reports.filter(({ kind }) => kind === 'done')) {
          const fills = reports.filter(report => report.kind === 'fill' && report.order === id)
          expect(fills.reduce((sum, { amount }) => sum + BigInt(amount), 0n)).toBe(BigInt(filled))
          expect(BigInt(filled)).toBeLessThanOrEqual(n('2'))
        }
        expect(reports.filter(({ kind }) => kind === 'done' || kind === 'rejected')).toHaveLength(list.length)
      }),
      { numRuns: 50 },
    )
  })
})
