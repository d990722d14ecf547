import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Candle, Candles, DAY, floorTo, MINUTE } from './candles.ts'
import { RollingDay } from './rollingDay.ts'

interface Trade {
  t: number
  price: number
  size: number
}

const START = Date.UTC(2024, 7, 8)

/** Mostly forward in time, sometimes hours back or ahead. Prices and sizes are binary fractions, so sums are exact in any order. */
const trades = fc
  .array(
    fc.record({
      step: fc.oneof(
        { weight: 6, arbitrary: fc.integer({ min: 0, max: 90_000 }) },
        fc.integer({ min: -30 * 3_600_000, max: 30 * 3_600_000 }),
      ),
      price: fc.integer({ min: 1, max: 1_000_000 }).map(p => p / 4),
      size: fc.integer({ min: 0, max: 1000 }).map(s => s / 8),
    }),
    { minLength: 1, maxLength: 120 },
  )
  .map(list => {
    let t = START
    return list.map(({ step, price, size }): Trade => {
      t = Math.max(START, t + step)
      return { t, price, size }
    })
  })

/** What a bar over some trades is, by its definition. */
const expected = (list: Trade[]) => {
  const inTime = list.map((trade, i) => ({ ...trade, i })).sort((a, b) => a.t - b.t || a.i - b.i)
  return {
    open: inTime[0]!.price,
    close: inTime.at(-1)!.price,
    high: Math.max(...list.map(x => x.price)),
    low: Math.min(...list.map(x => x.price)),
    volume: list.reduce((sum, x) => sum + x.size, 0),
    notional: list.reduce((sum, x) => sum + x.size * x.price, 0),
    n: list.length,
  }
}

const seen = ({ open, close, high, low, volume, notional, n }: Candle) => ({ open, close, high, low, volume, notional, n })

describe('candles', () => {
  it('are what their trades say, late ones included, for the running candle and the last closed one', () => {
    fc.assert(
      fc.property(trades, fc.constantFrom(MINUTE, 5 * MINUTE, DAY), (list, interval) => {
        const candles = new Candles(interval)
        const byOpen = new Map<number, Trade[]>()
        for (const trade of list) {
          candles.at(trade.t)?.trade(trade.t, trade.price, trade.size)
          const openT = floorTo(trade.t, interval)
          byOpen.set(openT, [...(byOpen.get(openT) ?? []), trade])
        }
        const newest = [...byOpen.keys()].sort((a, b) => b - a)
        expect(candles.running?.openT).toBe(newest[0])
        expect(seen(candles.running!)).toEqual(expected(byOpen.get(newest[0]!)!))
        if (candles.previous) {
          expect(candles.previous.openT).toBe(newest[1])
        }
      }),
    )
  })

  it('begin none where nothing was traded', () => {
    const candles = new Candles(MINUTE)
    candles.at(START)?.trade(START, 1, 1)
    candles.at(START + 10 * MINUTE)?.trade(START + 10 * MINUTE, 2, 1)
    expect(candles.previous?.openT).toBe(START)
    expect(candles.running?.openT).toBe(START + 10 * MINUTE)
    expect(candles.at(START - MINUTE)).toBeUndefined()
  })
})

describe('rolling day', () => {
  it('is the running minute and the 1,439 before it, whatever the order of the trades', () => {
    fc.assert(
      fc.property(trades, fc.integer({ min: 0, max: 26 * 3_600_000 }), (list, later) => {
        const day = new RollingDay()
        let newest = 0
        const kept: Trade[] = []
        for (const trade of list) {
          newest = Math.max(newest, floorTo(trade.t, MINUTE))
          if (trade.t >= newest - DAY + MINUTE) kept.push(trade)
          day.trade(trade.t, trade.price, trade.size)
        }
        const end = floorTo(newest + later, MINUTE)
        day.advance(newest + later)
        const window = kept.filter(x => x.t >= end - DAY + MINUTE)
        const total = day.total()
        if (window.length === 0) expect(total).toBeUndefined()
        else expect({ ...seen(total!), close: 0 }).toEqual({ ...expected(window), close: 0 })
      }),
      { numRuns: 300 },
    )
  })

  it('says when it lost something, so that nobody shows yesterday for today', () => {
    const day = new RollingDay()
    day.trade(START, 100, 1)
    expect(day.advance(START + DAY - MINUTE)).toBe(false)
    expect(day.total()?.n).toBe(1)
    expect(day.advance(START + DAY)).toBe(true)
    expect(day.total()).toBeUndefined()
  })
})
