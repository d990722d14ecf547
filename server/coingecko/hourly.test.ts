import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DAY, HOUR } from '../../streams/market/candles.ts'
import { hourRows, opening } from '../../streams/pnl/hours.ts'
import { transaction } from '../../streams/test/transactions.ts'
import { hoursOf, hoursToAskFor, type Point, resolutionOf } from './hourly.ts'

const NOON = Date.UTC(2024, 7, 8, 12)
const MOST = 1e6

/** Minutes after noon, some of them on the hour, and prices. */
const points = fc
  .array(
    fc.tuple(
      fc.oneof(
        fc.integer({ min: 0, max: 1_440 }),
        fc.integer({ min: 0, max: 24 }).map(hour => hour * 60),
      ),
      price(),
    ),
    { minLength: 1, maxLength: 60 },
  )
  .map(list => list.map(([minute, value]): [number, number] => [NOON + minute * 60_000, value]))
function price() {
  return fc.double({ min: 1e-6, max: MOST, noNaN: true })
}
/** One point a moment, oldest first. */
const ordered = points.map(list => [...new Map(list)].sort(([a], [b]) => a - b))

describe('the hours of a chart', () => {
  it('close at the last point at or before their end, whatever the order of the points', () => {
    fc.assert(
      fc.property(ordered, fc.infiniteStream(fc.nat()), (list, chance) => {
        const { hours } = hoursOf(list)
        const [now] = list.at(-1)!
        const before = list.slice(0, -1)
        for (const { end, open, high, low, close } of hours) {
          const within = before.filter(([t]) => t > end - HOUR && t <= end).map(([, value]) => value)
          expect([open, high, low, close]).toEqual([within[0], Math.max(...within), Math.min(...within), within.at(-1)])
        }
        const ends = before.map(([t]) => Math.ceil(t / HOUR) * HOUR).filter(end => end <= now)
        expect(hours.map(({ end }) => end)).toEqual([...new Set(ends)])
        const mixed = list.map(point => ({ point, at: chance.next().value })).sort((a, b) => a.at - b.at)
        expect(hoursOf(mixed.map(({ point }) => point)).hours).toEqual(hours)
      }),
    )
  })

  it('are the same however much later the chart was asked for', () => {
    fc.assert(
      fc.property(ordered, fc.nat(), (list, cut) => {
        const first = list.slice(0, (cut % list.length) + 1)
        const [now] = first.at(-1)!
        // An hour that ends with "now" itself has that point only in the later chart.
        const before = ({ end }: { end: number }): boolean => end < now
        expect(hoursOf(first).hours.filter(before)).toEqual(hoursOf(list).hours.filter(before))
      }),
    )
  })

  it('without a point are left out, so that a portfolio carries the price over them and names it', () => {
    const chart: Point[] = [
      [NOON + 4_000, 10],
      [NOON + HOUR, 11],
      [NOON + 4 * HOUR - 1, 12],
      [NOON + 4 * HOUR + 9_000, 13],
    ]
    const { hours } = hoursOf(chart)
    expect(hours.map(({ end, close }) => [(end - NOON) / HOUR, close])).toEqual([
      [1, 11],
      [4, 12],
    ])
    const closes = Float64Array.from({ length: 4 }, (_, i) => hours.find(({ end }) => end === NOON + (i + 1) * HOUR)?.close ?? Number.NaN)
    const rules = { quote: 'USD', method: 'fifo', feesInCost: true, tracksCash: false } as const
    const bought = [transaction('buy BTC 1 10', NOON + 1)]
    const { rows } = hourRows(rules, bought, new Map([['BTC', closes]]), NOON + 4 * HOUR, opening(rules, NOON))
    expect(rows.map(({ value, carried }) => [value, carried])).toEqual([
      [11, []],
      [11, [['BTC', NOON + HOUR]]],
      [11, [['BTC', NOON + HOUR]]],
      [12, []],
    ])
  })

  it('leave out and count what is no price at no time', () => {
    const bad: Point[] = [
      [NOON + 1, null],
      [NOON + 2, 0],
      [NOON + 3, -1],
      [NOON + 4, Number.POSITIVE_INFINITY],
      [0, 1],
      [Number.NaN, 1],
    ]
    expect(hoursOf(bad)).toEqual({ hours: [], bad: 6 })
    expect(hoursOf([...bad, [NOON + 5, 7], [NOON + HOUR, 8]])).toEqual({
      hours: [{ end: NOON + HOUR, open: 7, high: 7, low: 7, close: 7 }],
      bad: 6,
    })
    expect(hoursOf([])).toEqual({ hours: [], bad: 0 })
  })

  it.each([
    [1, HOUR, '5 minutes', 23],
    [2, HOUR, 'an hour', 47],
    [90, HOUR, 'an hour', 90 * 24 - 1],
    [91, DAY, 'a day', 91],
    [3_650, DAY, 'a day', 3_650],
  ])('of %i days are told in steps of %i ms', (days, step, every, count) => {
    expect(resolutionOf(days).every).toContain(every)
    for (const now of [NOON + 1, NOON + 1_234_567, NOON + HOUR - 1]) {
      const asked = hoursToAskFor(days, now)
      expect(asked.step).toBe(step)
      expect((asked.last - asked.first) / step + 1).toBe(count)
      expect([asked.first % step, asked.last % step]).toEqual([0, 0])
      expect(asked.last).toBeLessThanOrEqual(now)
    }
  })
})
