import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { haveRecordings, recordedLines } from '../../server/test/recordings.ts'
import { records } from '../test/records.ts'
import { CONCENTRATIONS, type Concentration, concentrated, concentrationHolds } from './concentration.ts'
import { cappedWeights, largest, type Weights } from './weighting.ts'

type Sizes = readonly (readonly [string, number])[]

const TEN_FORTY = CONCENTRATIONS['msci-10-40']

const sumOf = (list: Iterable<number>): number => [...list].reduce((sum, weight) => sum + weight, 0)
const named = (sizes: readonly number[]): Sizes => sizes.map((size, i) => [`A${String(i).padStart(2, '0')}`, size])

/** What the rule says, of weights as they are. */
const keeps = (weights: Weights, cap: number, { single, above, sum }: Concentration): boolean =>
  Math.abs(sumOf(weights.values()) - 1) < 1e-11 &&
  [...weights.values()].every(weight => weight > 0 && weight <= Math.min(cap, single) + 1e-12) &&
  sumOf([...weights.values()].filter(weight => weight > above + 1e-11)) <= sum + 1e-10

const rule = fc
  .record({
    above: fc.double({ min: 0.02, max: 0.2, noNaN: true }),
    more: fc.double({ min: 1, max: 5, noNaN: true }),
    times: fc.double({ min: 1, max: 8, noNaN: true }),
  })
  .map(({ above, more, times }): Concentration => {
    const single = Math.min(1, above * more)
    return { single, above, sum: Math.min(1, single * times) }
  })
const scene = fc.record({
  sizes: fc
    .array(fc.oneof(fc.double({ min: 1, max: 1e6, noNaN: true }), fc.integer({ min: 1, max: 3 })), { minLength: 1, maxLength: 60 })
    .map(named),
  cap: fc.oneof(fc.constant(1), fc.double({ min: 0.05, max: 1, noNaN: true })),
  rule: fc.oneof(fc.constant<Concentration>(TEN_FORTY), rule),
})

describe('concentrated weights', () => {
  it('keep to the rule, the larger never below the smaller, exactly where some weights can', () => {
    let found = 0
    fc.assert(
      fc.property(scene, ({ sizes, cap, rule }) => {
        const weights = concentrated(sizes, cap, rule)
        const possible = concentrationHolds(sizes.length, cap, rule)
        expect(weights !== undefined).toBe(possible)
        if (weights === undefined) return
        found += 1
        expect(keeps(weights, cap, rule)).toBe(true)
        const bySize = [...sizes].sort(([, a], [, b]) => b - a).map(([asset]) => weights.get(asset)!)
        for (let i = 1; i < bySize.length; i++) expect(bySize[i]! <= bySize[i - 1]! + 1e-12).toBe(true)
      }),
      { numRuns: 2000 },
    )
    expect(found).toBeGreaterThan(50)
  })

  it('are their own concentrated weights, and do not depend on the order of the sizes', () => {
    fc.assert(
      fc.property(scene, ({ sizes, cap, rule }) => {
        const weights = concentrated(sizes, cap, rule)
        fc.pre(weights !== undefined)
        expect([...concentrated([...sizes].reverse(), cap, rule)!]).toEqual([...weights])
        const again = concentrated(weights, cap, rule)!
        for (const [asset, weight] of weights) expect(Math.abs(again.get(asset)! - weight)).toBeLessThan(1e-10)
      }),
      { numRuns: 1000 },
    )
  })

  it('are the capped ones where those keep to the rule already', () => {
    const sizes = named([30, 8, 8, ...Array.from({ length: 20 }, () => 4)])
    expect(concentrated(sizes, 1, { single: 0.3, above: 0.05, sum: 0.5 })).toEqual(cappedWeights(sizes, 0.3))
  })

  it('reduce the large pro rata and leave the small their proportions', () => {
    const sizes = named([24, 18, 12, 6, ...Array.from({ length: 10 }, (_, i) => 4.9 - i * 0.2)])
    const weights = concentrated(sizes, 1, { single: 0.24, above: 0.06, sum: 0.45 })!
    const [a, b, c, d, ...rest] = [...weights.values()] as [number, number, number, number, ...number[]]
    expect(a + b + c).toBeCloseTo(0.45, 12)
    expect([a / c, b / c]).toEqual([expect.closeTo(2, 12), expect.closeTo(1.5, 12)])
    expect(d).toBeCloseTo(0.06, 12)
    expect(rest[1]! / rest[2]!).toBeCloseTo(4.7 / 4.5, 12)
  })

  it('of equals part by name where they cannot stay equal', () => {
    const weights = concentrated(named(Array.from({ length: 19 }, () => 1)), 1, TEN_FORTY)!
    expect([...weights.values()].map(weight => Math.round(weight * 1e6) / 1e6)).toEqual([
      ...Array.from({ length: 7 }, () => 0.057143),
      ...Array.from({ length: 12 }, () => 0.05),
    ])
    expect([...weights.keys()]).toEqual([...weights.keys()].sort())
  })

  it.each<[n: number, cap: number, holds: boolean]>([
    [15, 1, false],
    [16, 1, true],
    [16, 0.09, false],
    [17, 0.09, true],
    [16, 0.04, false],
    [25, 0.04, true],
  ])('of %i members capped at %d by 10/40: possible %s', (n, cap, holds) => {
    expect(concentrationHolds(n, cap, TEN_FORTY)).toBe(holds)
    expect(concentrated(named(Array.from({ length: n }, (_, i) => i + 1)), cap, TEN_FORTY) !== undefined).toBe(holds)
  })
})

describe.skipIf(!haveRecordings)('the top twenty of 48 months (skipped where the recordings are not)', () => {
  it('by 10/40 keep to it, where capping alone does not', () => {
    const all = records(recordedLines('marketcap/cmc_top200_monthly_2021_2024.csv.gz'))
    const months = [...new Set(all.map(row => row.snapshot_date))]
    expect(months).toHaveLength(48)
    for (const month of months) {
      const sizes = all.filter(row => row.snapshot_date === month).map(row => [row.symbol!, Number(row.market_cap_usd)] as const)
      const top = largest(sizes, 20)
      expect(keeps(concentrated(top, 1, TEN_FORTY)!, 1, TEN_FORTY)).toBe(true)
      expect(keeps(cappedWeights(top, 0.1)!, 1, TEN_FORTY)).toBe(false)
    }
  })
})
