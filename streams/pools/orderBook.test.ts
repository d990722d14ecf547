import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { haveCases, worked } from '../../server/test/cases.ts'
import { Changes } from '../lib/dependencies.ts'
import { Interner } from '../lib/interner.ts'
import { FeedLine } from '../market/feedHealth.ts'
import { depthOf, highestBid, inverted, type Level, type Levels, lowestAsk } from '../market/levels.ts'
import { Market } from '../market/market.ts'
import { poolSpec, token } from '../test/chain.ts'
import { NOON } from '../test/drive.ts'
import { AssetPrices } from './assetPrice.ts'
import { Pool } from './pool.ts'

interface BookCase {
  asks_price_volume: [string, string][]
  bids_price_volume: [string, string][]
  usd: Record<string, string>
}

const levelsOf = ({ asks_price_volume: asks, bids_price_volume: bids }: BookCase): Levels => ({
  asks: asks.map(([price, base]): Level => [Number(price), Number(base)]),
  bids: bids.map(([price, base]): Level => [Number(price), Number(base)]),
})
const baseOf = (levels: readonly Level[]): number => levels.reduce((sum, [, base]) => sum + base, 0)
const quoteOf = (levels: readonly Level[]): number => levels.reduce((sum, [price, base]) => sum + price * base, 0)

const figuresOf = (levels: Levels, prices: Record<string, number>, d0 = 8, d1 = 8) => {
  const market = new Market(new Interner())
  for (const [symbol, price] of Object.entries(prices)) market.instrument(symbol).price = price
  const changes = new Changes()
  const spec = poolSpec({ kind: 'orderbook', token0: token('LTC', d0), token1: token('KMD', d1) })
  const pool = new Pool(spec, new AssetPrices(market, changes), changes)
  pool.applyLevels(levels, NOON, new FeedLine(), 0)
  pool.evaluate(NOON)
  return pool.figures
}

describe.skipIf(!haveCases)('a recorded order book (worked examples; skipped where they are not)', () => {
  it('has the liquidity that was published of it', () => {
    const { input, expected } = worked<BookCase, Record<string, string>>('dex-orderbook-liquidity-komodo')
    const levels = levelsOf(input)
    expect({
      total_asks_base_vol: baseOf(levels.asks),
      total_asks_quote_vol: quoteOf(levels.asks),
      total_bids_base_vol: baseOf(levels.bids),
      total_bids_quote_vol: quoteOf(levels.bids),
      lowest_ask: lowestAsk(levels),
      highest_bid: highestBid(levels),
    }).toEqual(Object.fromEntries(Object.entries(expected).flatMap(([name, v]) => (name.endsWith('usd') ? [] : [[name, Number(v)]]))))
    const { tvl, price, partial } = figuresOf(levels, { 'KMD-USD': Number(input.usd.KMD), 'LTC-USD': Number(input.usd.LTC) })
    expect({ tvl, price, partial }).toEqual({ tvl: Number(expected.liquidity_usd), price: 25, partial: false })
  })

  it('turned about has its sides changed', () => {
    const { input, expected, tolerance } = worked<BookCase, Record<string, string>>('dex-orderbook-invert')
    const turned = inverted(levelsOf(input))
    expect(Math.abs(lowestAsk(turned) - Number(expected.lowest_ask))).toBeLessThan(tolerance)
    expect(Math.abs(highestBid(turned) - Number(expected.highest_bid))).toBeLessThan(tolerance)
    expect([baseOf(turned.asks), baseOf(turned.bids)].map(Math.round)).toEqual([
      Number(expected.total_asks_base_vol),
      Number(expected.total_bids_base_vol),
    ])
    expect(lowestAsk(turned) > highestBid(turned)).toBe(true)
  })
})

const size = fc.integer({ min: 1, max: 1_000 })
const book: fc.Arbitrary<Levels> = fc
  .record({ mid: fc.integer({ min: 1_000, max: 1_000_000 }), bids: fc.array(fc.tuple(size, size)), asks: fc.array(fc.tuple(size, size)) })
  .map(({ mid, bids, asks }) => ({
    bids: bids.map(([away, base]): Level => [mid * (1 - away / 2_000), base]),
    asks: asks.map(([away, base]): Level => [mid * (1 + away / 2_000), base]),
  }))

describe('an order book', () => {
  it('turned about twice is what it was, and never crossed by it', () => {
    fc.assert(
      fc.property(book, levels => {
        const twice = inverted(inverted(levels))
        for (const side of ['bids', 'asks'] as const) {
          twice[side].forEach(([price, base], i) => {
            expect(price / levels[side][i]![0]).toBeCloseTo(1, 12)
            expect(base / levels[side][i]![1]).toBeCloseTo(1, 12)
          })
        }
        fc.pre(levels.bids.length > 0 && levels.asks.length > 0)
        const once = inverted(levels)
        expect(lowestAsk(once) > highestBid(once)).toBe(true)
      }),
    )
  })

  it.each([
    [25_000, 24_500, 25_500],
    [0.07, 0.0686, 0.0714],
    [3, 2.94, 3.06],
  ])('of the middle %d has within 2 % all from %d to %d, these included', (mid, low, high) => {
    const best: Levels = { bids: [[mid * 0.999, 1]], asks: [[mid * 1.001, 1]] }
    const levels: Levels = {
      bids: [[low, 10], ...best.bids, [low * (1 - 1e-9), 100]],
      asks: [[high * (1 + 1e-9), 100], [high, 10], ...best.asks],
    }
    const { bid, ask } = depthOf(levels, 0.02)
    expect(ask).toBe(11)
    expect(bid).toBeCloseTo(mid * 0.999 + low * 10, 9)
  })

  it('has more the further one goes, and in the end all', () => {
    fc.assert(
      fc.property(book, fc.double({ min: 0.001, max: 0.4, noNaN: true }), (levels, fraction) => {
        fc.pre(levels.bids.length > 0 && levels.asks.length > 0)
        const [near, far, all] = [fraction, fraction * 2, 0.999].map(f => depthOf(levels, f))
        expect(near!.ask <= far!.ask && near!.bid <= far!.bid).toBe(true)
        expect(all!.ask).toBe(baseOf(levels.asks))
      }),
    )
  })

  it.each<[string, Levels]>([
    ['a side', { bids: [[5, 1]], asks: [] }],
    ['both sides', { bids: [], asks: [] }],
  ])('without %s has neither a middle nor depth', (_, levels) => {
    const { price, depthAsk2, depthBid2, partial } = figuresOf(levels, { 'KMD-USD': 1, 'LTC-USD': 100 })
    expect([price, depthAsk2, depthBid2, partial]).toEqual([Number.NaN, Number.NaN, Number.NaN, false])
  })

  it.each([
    [0, 0],
    [0, 18],
    [255, 255],
  ])('is measured the same with %i and %i decimals', (d0, d1) => {
    const levels: Levels = { bids: [[24, 2]], asks: [[26, 1]] }
    const { price, tvl, depthAsk2 } = figuresOf(levels, { 'KMD-USD': 1, 'LTC-USD': 100 }, d0, d1)
    expect([price / 25, tvl / 4_801]).toEqual([expect.closeTo(1, 9), expect.closeTo(1, 9)])
    expect(depthAsk2).toBe(0)
  })
})
