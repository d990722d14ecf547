import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cases, haveCases, worked } from '../../server/test/cases.ts'
import { Path } from './path.ts'

/** A drawdown of what was begun with `invested`, looked at after each of these gains. */
const drawn = (invested: number, totals: readonly number[]): Path => {
  const drawdown = new Path()
  drawdown.booked(0, invested, invested)
  for (const total of totals) drawdown.remember({ total, worth: invested + total })
  return drawdown
}
const depth = (drawdown: Path, invested: number, total: number) => drawdown.at({ total, worth: invested + total })

/** The naive way: every point against every point before it. */
const deepest = (path: readonly number[], fall: (high: number, low: number) => number): number =>
  Math.max(0, ...path.flatMap((high, i) => path.slice(i).map(low => fall(high, low))))

describe('a drawdown', () => {
  it('is the deepest of all falls from a point to a later one, of money and as a share', () => {
    const totals = fc.array(fc.integer({ min: -999, max: 3000 }), { minLength: 1, maxLength: 30 })
    fc.assert(
      fc.property(totals, list => {
        const { abs, rel } = depth(drawn(1000, list), 1000, list.at(-1)!)
        expect(abs).toBe(deepest([0, ...list], (high, low) => high - low))
        expect(rel).toBeCloseTo(
          deepest([0, ...list], (high, low) => (high - low) / (1000 + high)),
          12,
        )
      }),
    )
  })

  it('does not change by money put in or taken out, whenever that happens', () => {
    const percent = (min: number, max: number) => fc.integer({ min, max }).map(n => n / 100)
    const step = fc.record({ change: percent(-60, 100), flow: fc.oneof(fc.constant(0), percent(-90, 300)) })
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 30 }), list => {
        const drawdown = new Path()
        let worth = 100
        let total = 0
        const totals = [0]
        const growth = [1]
        drawdown.booked(0, worth, worth)
        for (const { change, flow } of list) {
          total += worth * change
          worth *= 1 + change
          totals.push(total)
          growth.push(growth.at(-1)! * (1 + change))
          drawdown.remember({ total, worth })
          drawdown.booked(worth, worth * (1 + flow), worth * flow)
          worth *= 1 + flow
        }
        const { abs, rel } = drawdown.at({ total, worth })
        expect(abs).toBeCloseTo(
          deepest(totals, (high, low) => high - low),
          6,
        )
        expect(rel).toBeCloseTo(
          deepest(growth, (high, low) => 1 - low / high),
          9,
        )
      }),
    )
  })

  it('of a moment that is only looked at does not last', () => {
    const drawdown = drawn(100, [10])
    expect(depth(drawdown, 100, -34)).toEqual({ abs: 44, rel: 0.4 })
    expect(depth(drawdown, 100, 10)).toEqual({ abs: 0, rel: 0 })
  })

  it('stays what it was when all has been sold', () => {
    const drawdown = drawn(100, [100, 90])
    drawdown.booked(190, 0, -190)
    expect(drawdown.at({ total: 90, worth: 0 })).toEqual({ abs: 10, rel: 0.050000000000000044 })
  })

  it('as a share is unknown while more is owed than is held, and known again after', () => {
    const drawdown = drawn(100, [100])
    drawdown.booked(200, -50, -250)
    expect(drawdown.at({ total: 90, worth: -60 })).toEqual({ abs: 10, rel: Number.NaN })
    drawdown.remember({ total: 90, worth: -60 })
    drawdown.booked(-60, 40, 100)
    expect(drawdown.at({ total: 90, worth: 40 })).toEqual({ abs: 10, rel: 0 })
  })
})

describe.skipIf(!haveCases)('the worked example (they stand beside the project; skipped where they do not)', () => {
  it('pnl-drawdown-abs-vs-relative: the deepest fall in money is another than the deepest as a share', () => {
    const { input, expected, tolerance } = worked<
      { start_balance: string; profits: string[] },
      { max_abs: string; max_relative: string; relative_at_max_abs: string }
    >('pnl-drawdown-abs-vs-relative')
    let total = 0
    const totals = input.profits.map(profit => (total += Number(profit)))
    const start = Number(input.start_balance)
    const { abs, rel } = depth(drawn(start, totals), start, total)
    expect(abs).toBe(Number(expected.max_abs))
    expect(Math.abs(rel - Number(expected.max_relative))).toBeLessThan(tolerance)
    // The fall that is the deepest in money, alone.
    const fromThere = drawn(start + totals.at(-2)!, [])
    expect(Math.abs(depth(fromThere, start + totals.at(-2)!, -abs).rel - Number(expected.relative_at_max_abs))).toBeLessThan(tolerance)
  })

  it('pnl-drawdown-lean: of one unit held along a path of prices', () => {
    const { input, expected } = worked<{ price_paths: number[][] }, { drawdown: string[] }>('pnl-drawdown-lean')
    const depths = input.price_paths.map(path => {
      const totals = path.map(price => price - path[0]!)
      return depth(drawn(path[0]!, totals), path[0]!, totals.at(-1)!).abs
    })
    expect(depths).toEqual(expected.drawdown.map(Number))
  })
})

describe.skipIf(!haveCases)('the time-weighted return (worked examples stand beside the project; skipped where they do not)', () => {
  const at = (worth: number) => ({ total: 0, worth })
  const begun = (invested: string): Path => {
    const path = new Path()
    path.booked(0, Number(invested), Number(invested))
    return path
  }
  const near = (found: number, wanted: string, tolerance: number): void =>
    expect(Math.abs(found - Number(wanted))).toBeLessThanOrEqual(tolerance)

  it('is cut at a flow', () => {
    const { input, expected, tolerance } = worked<Record<string, string>, Record<string, string>>('ret-twr-investopedia')
    const path = begun(input.start!)
    const before = Number(input.value_before_flow)
    near(path.returned(at(before)), expected.r1!, tolerance)
    path.booked(before, before + Number(input.flow), Number(input.flow))
    near(path.returned(at(Number(input.end))), expected.twr!, tolerance)
  })

  it('is cut at flows of both ways', () => {
    const { input, expected, tolerance } = worked<{ points: [string, string][] }, { twr: string }>('ret-twr-withdraw-deposit')
    const [start, first, out, second, more, end] = input.points.map(([, value]) => Number(value)) as number[]
    const path = begun(String(start))
    path.booked(first!, first! - out!, -out!)
    path.booked(second!, second! + more!, more!)
    near(path.returned(at(end!)), expected.twr, tolerance)
  })

  it('is the one return that is shown: others are not', () => {
    const elsewhere = {
      'ret-modified-dietz': 'weighted by money, which no channel shows',
      'ret-xirr': 'weighted by money, which no channel shows',
    }
    const known = cases.filter(c => c.area === 'returns').map(c => c.id)
    expect(['ret-twr-investopedia', 'ret-twr-withdraw-deposit', ...Object.keys(elsewhere)].sort()).toEqual(known.sort())
  })
})
