import { describe, expect, it } from 'vitest'
import { putCandle } from '../charts/putCandle.ts'
import type { Columns } from '../charts/series.ts'
import { largest, readAssets } from './allocate/assets.ts'
import { held } from './allocate/held.ts'
import { wishOf } from './allocate/wish.ts'
import { filled, grouped, type OpenApi, resolve } from './api/document.ts'
import { factsOf } from './fund/facts.ts'
import { rangesAround } from './pool/ranges.ts'
import { turned } from './pool/way.ts'
import { leavesOf } from './statusLeaves.ts'

describe('a fact sheet', () => {
  const day = (month: number, date: number): number => Date.UTC(2026, month, date, 23, 59)
  const past: Columns = {
    x: [day(0, 15), day(0, 31), day(1, 27), day(2, 3)],
    y: [
      [100, 110, 99, 108.9],
      [100, 111, 100, null],
    ],
  }

  it('measures a month from the end of the one before, and says where a month is not whole', () => {
    const facts = factsOf(past)!
    expect(facts.months.map(({ start, partial }) => [new Date(start).getUTCMonth(), partial])).toEqual([
      [2, false],
      [1, false],
      [0, true],
    ])
    expect(facts.months[1]!.fund).toBeCloseTo(-0.1, 12)
    expect(facts.months[1]!.difference).toBeCloseTo(-0.1 - (100 / 111 - 1), 12)
    expect(facts.fund).toBeCloseTo(0.089, 12)
  })

  it('says nothing of a single moment', () => {
    expect(factsOf({ x: [day(0, 15)], y: [[100], [100]] })).toMatchObject({ fund: undefined, difference: undefined })
  })

  it('has no difference where the index is not known, and no facts without rows', () => {
    expect([factsOf(past)!.months[0]!.difference, factsOf({ x: [], y: [[], []] })]).toEqual([undefined, undefined])
  })
})

describe('an allocation', () => {
  it('is read line by line', () => {
    expect(readAssets('BTC, 100, 5\n\nETH;50\nX')).toEqual([
      { symbol: 'BTC', marketCap: 100, price: 5 },
      { symbol: 'ETH', marketCap: 50, price: undefined },
      { symbol: 'X', marketCap: Number.NaN, price: undefined },
    ])
  })

  it('takes the largest', () => {
    expect(largest(readAssets('A,1\nB,3\nC,2'), 2).map(({ symbol }) => symbol)).toEqual(['B', 'C'])
  })

  it('was worth what its parts were, from the first time that all are known', () => {
    const closes = (x: number[], y: number[]): Columns => ({ x, y: [y] })
    expect(
      held([
        { amount: 2, closes: closes([0, 60, 120], [10, 11, 12]) },
        { amount: 1, closes: closes([60, 180], [100, 90]) },
      ]),
    ).toEqual({ x: [60, 120, 180], y: [[122, 124, 114]] })
  })
})

describe('liquidity by price', () => {
  const range = (low: number, high: number, liquidity: string) => ({ tick: 0, liquidity, net: '0', gross: '0', low, high })

  it('is a row of steps near the price', () => {
    const ranges = [range(110, 200, '5'), range(90, 110, '7'), range(1, 2, '99')]
    expect(rangesAround(ranges, 100, 'token0')).toEqual({ x: [90, 110, 150], y: [[7, 5, 5]] })
  })

  it('can be read the other way round', () => {
    expect([turned(4, 'token0'), turned(4, 'token1'), turned(undefined, 'token1')]).toEqual([4, 0.25, undefined])
    expect(rangesAround([range(90, 110, '7')], 100, 'token1').x).toEqual([1 / 110, 1 / 90])
  })
})

describe('a description', () => {
  const document: OpenApi = {
    openapi: '3.1.0',
    info: { title: '', version: '1' },
    paths: {
      '/v1/funds/{id}': { get: { summary: 'a' }, post: { tags: ['orders'] } },
      '/healthz': { get: {} },
      '/gecko/pairs': { get: {} },
    },
    components: { schemas: { 'A/B': { type: 'string' } } },
  }

  it('is grouped by tags or paths', () => {
    expect([...grouped(document)].map(([group, list]) => [group, list.map(({ id }) => id)])).toEqual([
      ['funds', ['get /v1/funds/{id}']],
      ['orders', ['post /v1/funds/{id}']],
      ['server', ['get /healthz']],
      ['gecko', ['get /gecko/pairs']],
    ])
  })

  it('has references that lead somewhere or nowhere', () => {
    expect([resolve(document, '#/components/schemas/A~1B'), resolve(document, '#/nothing/here')]).toEqual([{ type: 'string' }, undefined])
  })

  it('gives an address for values', () => {
    const parameters = [
      { name: 'id', in: 'path' },
      { name: 'within', in: 'query' },
      { name: 'limit', in: 'query' },
    ]
    expect(filled('/v1/pools/{id}/depth', parameters, { id: 'A B', within: '0.1,0.2', limit: '' })).toBe(
      '/v1/pools/A%20B/depth?within=0.1&within=0.2',
    )
  })
})

it('a part of the status is a list of figures by path', () => {
  expect(leavesOf({ state: 'ready', waiting: { rows: 3 } })).toEqual([
    { path: 'state', value: 'ready' },
    { path: 'waiting.rows', value: 3 },
  ])
})

it('a candle takes its place: a running one is replaced by its newer states, an older one keeps its place', () => {
  const candles: Columns = {
    x: [0, 60],
    y: [
      [1, 2],
      [1, 2],
      [1, 2],
      [1, 2],
      [5, 5],
    ],
  }
  putCandle(candles, { open_t: 60, o: 2, h: 3, l: 2, c: 3, v: 6 })
  putCandle(candles, { open_t: 120, o: 3, h: 3, l: 3, c: 3, v: 1 })
  putCandle(candles, { open_t: 30, o: 9, h: 9, l: 9, c: 9, v: 9 })
  putCandle(candles, {})
  expect(candles).toEqual({
    x: [0, 60, 120],
    y: [
      [1, 2, 3],
      [1, 3, 3],
      [1, 2, 3],
      [1, 3, 3],
      [5, 6, 1],
    ],
  })
})

it('the wish for a backtest has supplies instead of capitalisations, in decimals without exponents', () => {
  const assets = [
    { symbol: 'BTC', marketCap: 1.2e12, price: 60_000 },
    { symbol: 'PEPE', marketCap: 4e9, price: 1e-5 },
    { symbol: 'X', marketCap: 1e6, price: undefined },
  ]
  expect(wishOf({ assets, cap: 0.5, count: 3, capital: 1_234.5 }, 0.02, 10)).toEqual({
    fund: {
      weighting: { scheme: 'market-cap', count: 3, cap: 0.5 },
      initialPrice: '100',
      initialShares: '12.345',
      rebalance: { assetThreshold: 0.02, feeBps: 10 },
    },
    supplies: { BTC: '20000000', PEPE: '400000000000000' },
  })
})
