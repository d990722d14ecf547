import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Candle, DAY, floorTo, MINUTE } from './candles.ts'
import { givenCandle } from './givenCandle.ts'
import { SymbolBars } from './symbolBars.ts'

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

const bars = (): SymbolBars => new SymbolBars((a, b) => a - b)

describe('candles', () => {
  it('are what their trades say, late ones included, for the running candle and the last closed one', () => {
    fc.assert(
      fc.property(trades, fc.constantFrom(MINUTE, 5 * MINUTE, DAY), (list, interval) => {
        const all = bars()
        const byOpen = new Map<number, Trade[]>()
        const shows = (): void => {
          const newest = [...byOpen.keys()].sort((a, b) => b - a)
          const running = all.running(interval)!.candle
          expect(running.openT).toBe(newest[0])
          expect(seen(running)).toEqual(expected(byOpen.get(newest[0]!)!))
          expect(all.previous(interval)?.candle.openT).toBe(newest[1])
          if (newest[1] !== undefined) expect(seen(all.previous(interval)!.candle)).toEqual(expected(byOpen.get(newest[1])!))
        }
        let days = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY]
        for (const trade of list) {
          all.trade(0, trade.t, trade.price, trade.size)
          const day = floorTo(trade.t, DAY)
          if (day < days[1]!) continue
          days = [...new Set([...days, day])].sort((a, b) => b - a).slice(0, 2)
          const openT = floorTo(trade.t, interval)
          byOpen.set(openT, [...(byOpen.get(openT) ?? []), trade])
          if (trade.size > 60) shows()
        }
        shows()
      }),
    )
  })

  it('begin none if nothing was traded', () => {
    const all = bars()
    all.trade(0, START, 1, 1)
    all.trade(0, START + 10 * MINUTE, 2, 1)
    expect(all.previous(MINUTE)!.candle.openT).toBe(START)
    expect(all.running(MINUTE)!.candle.openT).toBe(START + 10 * MINUTE)
  })

  it('have the nearest number to the true sum, in whatever order the trades come', () => {
    const sizes = fc.array(fc.double({ min: 1e-8, max: 1e9, noNaN: true }), { minLength: 1, maxLength: 200 })
    fc.assert(
      fc.property(sizes, list => {
        const sumOf = (sizes: readonly number[]): number => {
          const all = bars()
          for (const size of sizes) all.trade(0, START, 1, size)
          return all.running(MINUTE)!.candle.volume
        }
        const exact = list.reduce((sum, size) => sum + BigInt(size * 2 ** 80), 0n)
        expect(sumOf(list)).toBe(Number(exact) / 2 ** 80)
        expect(sumOf([...list].sort((a, b) => a - b))).toBe(Number(exact) / 2 ** 80)
      }),
    )
  })
})

describe('given candles', () => {
  const spans = fc.constantFrom(MINUTE, 5 * MINUTE, 60 * MINUTE)
  const given = fc
    .uniqueArray(fc.tuple(fc.integer({ min: 0, max: 239 }), spans), {
      selector: ([i, span]) => `${floorTo(i * MINUTE, span)} ${span}`,
      maxLength: 60,
    })
    .map(list =>
      list.map(([i, span], k) =>
        givenCandle(START + floorTo(i * MINUTE, span), span, 0, { open: k + 1, high: k + 1, low: k + 1, close: k + 1 }, (k + 1) / 8),
      ),
    )

  it('give the same in whatever order they come, a longer one that ends now included', () => {
    fc.assert(
      fc.property(given, one => {
        const lists = [
          one,
          [...one].sort((a, b) => a.openT - b.openT || a.span - b.span),
          [...one].sort((a, b) => a.openT - b.openT || b.span - a.span),
        ]
        fc.pre(one.length > 0)
        const shown = lists.map(list => {
          const all = bars()
          for (const candle of list) all.give(candle)
          return [MINUTE, 5 * MINUTE, 60 * MINUTE, DAY].map(interval => all.running(interval)?.candle).map(candle => candle && seen(candle))
        })
        expect(shown[1]).toEqual(shown[0])
        expect(shown[2]).toEqual(shown[0])
      }),
      { numRuns: 200 },
    )
  })
})

describe('the rolling day', () => {
  it('is the running minute and the 1,439 before it, whatever the order of the trades', () => {
    fc.assert(
      fc.property(trades, fc.integer({ min: 0, max: 26 * 3_600_000 }), (list, later) => {
        const all = bars()
        let newest = 0
        const kept: Trade[] = []
        for (const trade of list) {
          newest = Math.max(newest, floorTo(trade.t, MINUTE))
          if (trade.t >= newest - DAY + MINUTE) kept.push(trade)
          all.trade(0, trade.t, trade.price, trade.size)
        }
        const end = floorTo(newest + later, MINUTE)
        all.advance(newest + later)
        const window = kept.filter(x => x.t >= end - DAY + MINUTE)
        const total = all.rollingDay()?.candle
        if (window.length === 0) expect(total).toBeUndefined()
        else expect(seen(total!)).toEqual(expected(window))
      }),
      { numRuns: 300 },
    )
  })

  it('says when it lost something, so that nobody shows yesterday for today', () => {
    const all = bars()
    all.trade(0, START, 100, 1)
    expect(all.advance(START + DAY - MINUTE)).toBe(false)
    expect(all.rollingDay()?.candle.n).toBe(1)
    expect(all.losesAt).toBe(START + DAY)
    expect(all.advance(START + DAY)).toBe(true)
    expect(all.rollingDay()).toBeUndefined()
  })
})
