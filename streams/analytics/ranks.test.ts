import { expect, it } from 'vitest'
import { percentiles, rankCorrelation, ranks } from './ranks.ts'

it('equal values share the mean of their ranks, and what is not known has none', () => {
  expect([...ranks(Float64Array.of(3, 1, Number.NaN, 3, 2))]).toEqual([3.5, 1, Number.NaN, 3.5, 2])
  expect([...percentiles(Float64Array.of(5, Number.NaN, 7))]).toEqual([-0.25, Number.NaN, 0.25])
})

it("Spearman's correlation holds with ties", () => {
  // By numpy, the correlation of the ranks.
  expect(rankCorrelation(Float64Array.of(1, 2, 2, 3, 4, 4, 4, 5), Float64Array.of(2, 1, 3, 3, 5, 4, 6, 6))).toBeCloseTo(
    0.900_777_510_540_147_7,
    12,
  )
  expect(rankCorrelation(Float64Array.of(1, 2, 3), Float64Array.of(9, 4, 1))).toBe(-1)
  expect(rankCorrelation(Float64Array.of(1, 1, 1), Float64Array.of(9, 4, 1))).toBeNaN()
})
