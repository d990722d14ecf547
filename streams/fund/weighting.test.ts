import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { haveCases, worked } from '../../server/test/cases.ts'
import { haveRecordings, recordedLines } from '../../server/test/recordings.ts'
import { records } from '../test/records.ts'
import { capHolds, cappedWeights, largest } from './weighting.ts'

type Sizes = readonly (readonly [string, number])[]

/** The naive way: what is above the cap is cut off and spread over the others in proportion, until nothing is above it. */
const redistributed = (sizes: Sizes, cap: number): Map<string, number> => {
  const total = sizes.reduce((sum, [, size]) => sum + size, 0)
  const weights = new Map(sizes.map(([asset, size]) => [asset, size / total]))
  const capped = new Set<string>()
  for (;;) {
    const above = [...weights].filter(([asset, weight]) => !capped.has(asset) && weight > cap)
    if (above.length === 0) return weights
    for (const [asset] of above) {
      capped.add(asset)
      weights.set(asset, cap)
    }
    const free = [...weights].filter(([asset]) => !capped.has(asset))
    const freeSum = free.reduce((sum, [, weight]) => sum + weight, 0)
    for (const [asset, weight] of free) weights.set(asset, (weight / freeSum) * (1 - capped.size * cap))
  }
}

const expectNear = (found: ReadonlyMap<string, number>, wanted: ReadonlyMap<string, number>, tolerance: number): void => {
  expect([...found.keys()].sort()).toEqual([...wanted.keys()].sort())
  for (const [asset, weight] of found) expect(Math.abs(weight - wanted.get(asset)!), asset).toBeLessThanOrEqual(tolerance)
}

const sumOf = (weights: ReadonlyMap<string, number>): number => [...weights.values()].reduce((sum, weight) => sum + weight, 0)

const sizes = fc
  .array(fc.oneof(fc.double({ min: 1e-3, max: 1e13, noNaN: true }), fc.integer({ min: 1, max: 5 })), { minLength: 1, maxLength: 30 })
  .map((list): Sizes => list.map((size, i) => [`A${i}`, size]))
/** Sizes, and a cap that they can hold: from just 1/N on. */
const feasible = fc.tuple(sizes, fc.double({ min: 0, max: 1, noNaN: true })).map(([list, x]) => {
  const least = 1 / list.length
  return { list, cap: Math.min(1, least + x ** 3 * (1 - least)) }
})

describe('capped weights', () => {
  it('sum to one, none above the cap, the larger never below the smaller', () => {
    fc.assert(
      fc.property(feasible, ({ list, cap }) => {
        const weights = cappedWeights(list, cap)!
        expect(weights.size).toBe(list.length)
        expect(Math.abs(sumOf(weights) - 1)).toBeLessThan(1e-12)
        for (const weight of weights.values()) expect(weight > 0 && weight <= cap).toBe(true)
        const bySize = [...list].sort(([, a], [, b]) => b - a).map(([asset]) => weights.get(asset)!)
        for (let i = 1; i < bySize.length; i++) expect(bySize[i]! <= bySize[i - 1]! + 1e-15).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  it('are those of cutting off and redistributing in proportion, again and again', () => {
    fc.assert(
      fc.property(feasible, ({ list, cap }) => expectNear(cappedWeights(list, cap)!, redistributed(list, cap), 1e-12)),
      { numRuns: 500 },
    )
  })

  it('are their own capped weights, and do not depend on the order or the unit of the sizes', () => {
    fc.assert(
      fc.property(feasible, ({ list, cap }) => {
        const weights = cappedWeights(list, cap)!
        expectNear(cappedWeights(weights, cap)!, weights, 1e-12)
        expect([...cappedWeights([...list].reverse(), cap)!]).toEqual([...weights])
        expectNear(
          cappedWeights(
            list.map(([asset, size]) => [asset, size * 1024] as const),
            cap,
          )!,
          weights,
          0,
        )
      }),
    )
  })

  it('leave out what has no size, and are none where nothing has', () => {
    const odd: Sizes = [
      ['A', 3],
      ['B', 0],
      ['C', -1],
      ['D', Number.NaN],
      ['E', 1],
      ['F', Number.POSITIVE_INFINITY],
    ]
    expect(cappedWeights(odd)).toEqual(
      new Map([
        ['A', 0.75],
        ['E', 0.25],
      ]),
    )
    expect(cappedWeights(odd.slice(1, 4))).toBeUndefined()
    expect(cappedWeights([])).toBeUndefined()
  })

  it('are the sizes themselves, to the last digit, where those sum to one and none is cut', () => {
    const weights = { A: 0.7, B: 0.2, C: 0.1 }
    expect(Object.fromEntries(cappedWeights(Object.entries(weights), 0.7)!)).toEqual(weights)
  })

  it('of one alone are one, and of equals at the cap 1/N equal', () => {
    expect([...cappedWeights([['A', 7]], 1)!]).toEqual([['A', 1]])
    for (let n = 1; n <= 50; n++) {
      const weights = cappedWeights(
        Array.from({ length: n }, (_, i) => [`A${i}`, 5] as const),
        1 / n,
      )!
      expect(Math.abs(sumOf(weights) - 1)).toBeLessThan(1e-12)
      expect(Math.max(...weights.values())).toBe(1 / n)
    }
  })

  it.each([
    [0.25, 3],
    [0.3333, 3],
    [0.099, 10],
    [0, 1],
    [-1, 5],
    [Number.NaN, 2],
  ])('are refused where a cap of %d cannot hold %i members', (cap, n) => {
    expect(capHolds(cap, n)).toBe(false)
    expect(
      cappedWeights(
        Array.from({ length: n }, (_, i) => [`A${i}`, i + 1] as const),
        cap,
      ),
    ).toBeUndefined()
  })
})

describe('the largest', () => {
  it('go by size, then by name, and nothing without a size is among them', () => {
    const list: Sizes = [
      ['D', 1],
      ['B', 2],
      ['C', 2],
      ['A', 2],
      ['Z', 9],
      ['X', 0],
      ['Y', Number.NaN],
    ]
    const names = (count: number): string =>
      largest(list, count)
        .map(([asset]) => asset)
        .join('')
    expect([1, 2, 3, 4, 9].map(names)).toEqual(['Z', 'ZA', 'ZAB', 'ZABC', 'ZABCD'])
    expect([...cappedWeights(list.slice(0, 4), 0.3)!.keys()]).toEqual(['A', 'B', 'C', 'D'])
  })
})

describe.skipIf(!haveCases)('the worked example (they stand beside the project; skipped where they do not)', () => {
  const decimals = (list: Record<string, string>): Map<string, number> =>
    new Map(Object.entries(list).map(([asset, text]) => [asset, Number(text)]))

  it.each(['index-cap-1', 'index-cap-2'])('%s', id => {
    const { input, expected, tolerance } = worked<{ weights: Record<string, string>; cap: string }, Record<string, string>>(id)
    expectNear(cappedWeights(decimals(input.weights), Number(input.cap))!, decimals(expected), tolerance)
  })

  it('index-cap-balancer', () => {
    interface Input {
      market_caps: Record<string, string>
      cap_pct: string
      capital: string
    }
    const { input, expected, tolerance } = worked<Input, Record<string, string>>('index-cap-balancer')
    const weights = cappedWeights(decimals(input.market_caps), Number(input.cap_pct) / 100)!
    const amounts = new Map([...weights].map(([asset, weight]) => [asset, weight * Number(input.capital)]))
    expectNear(amounts, decimals(expected), tolerance)
  })

  it('index-cap-infeasible-floor is refused, where theirs raises the cap', () => {
    const { input } = worked<{ market_caps: Record<string, string>; cap_pct: string }, unknown>('index-cap-infeasible-floor')
    expect(cappedWeights(decimals(input.market_caps), Number(input.cap_pct) / 100)).toBeUndefined()
  })
})

describe.skipIf(!haveRecordings)('the top ten of 48 months (skipped where the recordings are not)', () => {
  it.each([0.1, 0.15, 0.2, 0.25, 0.4, 1])('capped at %d are those of redistributing', cap => {
    const all = records(recordedLines('marketcap/cmc_top200_monthly_2021_2024.csv.gz'))
    const months = [...new Set(all.map(row => row.snapshot_date))]
    expect(months).toHaveLength(48)
    for (const month of months) {
      const sizes = all.filter(row => row.snapshot_date === month).map(row => [row.symbol!, Number(row.market_cap_usd)] as const)
      const top = largest(sizes, 10)
      expect(top).toHaveLength(10)
      const weights = cappedWeights(top, cap)!
      expectNear(weights, redistributed(top, cap), 1e-12)
      expect(Math.abs(sumOf(weights) - 1)).toBeLessThan(1e-12)
    }
  })
})
