import { describe, expect, it } from 'vitest'
import { Random } from '../random.ts'
import { gaussian } from '../test/worlds.ts'
import { blockBootstrap } from './bootstrap.ts'
import { eventSkill } from './calibration.ts'
import { deflatedSharpe } from './deflatedSharpe.ts'
import { tailAfter } from './interval.ts'
import { isotonic, stepAt } from './isotonic.ts'
import { normalCdf, normalQuantile } from './normal.ts'

describe('the best of a hundred tries', () => {
  it('has the deflated Sharpe ratio of Bailey and López de Prado', () => {
    const daily = Math.sqrt(250)
    const { expected, probability } = deflatedSharpe({
      sharpe: 2.5 / daily,
      periods: 1250,
      skewness: -3,
      kurtosis: 10,
      tries: 100,
      variance: 0.5 / 250,
    })
    expect(expected).toBeCloseTo(0.1132, 4)
    expect(probability).toBeCloseTo(0.9004, 4)
  })

  it('is less likely to be real than the only one', () => {
    const one = { sharpe: 0.1, periods: 500, skewness: 0, kurtosis: 3, variance: 0.002 }
    expect(deflatedSharpe({ ...one, tries: 200 }).probability).toBeLessThan(deflatedSharpe({ ...one, tries: 5 }).probability)
  })
})

it('the normal distribution has its known quantiles', () => {
  for (const [p, x] of [
    [0.5, 0],
    [0.975, 1.959_963_984_540_054],
    [0.001, -3.090_232_306_167_813],
    [0.99, 2.326_347_874_040_841],
  ] as const) {
    expect(normalQuantile(p)).toBeCloseTo(x, 9)
    expect(normalCdf(x)).toBeCloseTo(p, 12)
  }
  expect(normalCdf(-10)).toBeCloseTo(7.619_853e-24, 29)
})

describe('a block bootstrap', () => {
  const random = new Random(1)
  const independent = Array.from({ length: 600 }, () => gaussian(random))
  // Values of three months each, as outcomes of a quarter are.
  const overlapping = independent.map((_, i) => (independent[i]! + independent[(i + 1) % 600]! + independent[(i + 2) % 600]!) / 3)

  it('gives the interval of the mean, the same for one seed', () => {
    const { mean, low, high } = blockBootstrap(independent, 1, 1)
    expect(blockBootstrap(independent, 1, 1)).toEqual({ mean, low, high })
    // 1.96 standard errors to both sides.
    expect(mean - low).toBeCloseTo(1.96 / Math.sqrt(600), 1)
    expect(high - mean).toBeCloseTo(1.96 / Math.sqrt(600), 1)
  })

  it('knows that neighbours hang together: blocks widen the interval of a series that overlaps', () => {
    const width = (block: number): number => blockBootstrap(overlapping, block, 1).high - blockBootstrap(overlapping, block, 1).low
    expect(width(6)).toBeGreaterThan(1.3 * width(1))
  })
})

describe('an isotonic line', () => {
  const random = new Random(2)
  const scores = Float64Array.from({ length: 20_000 }, () => random.unit() - 0.5)
  const events = Uint8Array.from(scores, score => (random.unit() < 0.5 + 0.4 * score ? 1 : 0))

  it('never falls, and is near the probability that made the events', () => {
    const steps = isotonic(scores, events)
    expect(steps.value.every((value, i) => i === 0 || value >= steps.value[i - 1]!)).toBe(true)
    for (const score of [-0.4, -0.2, 0, 0.2, 0.4]) expect(Math.abs(stepAt(steps, score) - (0.5 + 0.4 * score))).toBeLessThan(0.05)
    expect(stepAt(steps, -9)).toBe(steps.value[0])
    expect(stepAt(steps, 9)).toBe(steps.value.at(-1))
  })

  it('never rises if it falls', () => {
    const steps = isotonic(
      scores,
      events.map(event => 1 - event),
      true,
    )
    expect(steps.value.every((value, i) => i === 0 || value <= steps.value[i - 1]!)).toBe(true)
    expect(stepAt(steps, 0.4)).toBeLessThan(stepAt(steps, -0.4))
  })

  it('is never sure, even if all events of a step came', () => {
    const steps = isotonic(Float64Array.of(0, 1), Uint8Array.of(0, 1))
    expect(steps.value.every(value => value > 0.4 && value < 0.6)).toBe(true)
  })
})

it('an event is judged by the distance of probability and frequency, and beside always saying how often it comes', () => {
  const said = (p: (i: number) => number) =>
    Array.from({ length: 1000 }, (_, i) => ({ p: p(i), event: i % 10 < (i < 500 ? 2 : 8) ? 1 : 0 }))
  const right = eventSkill(said(i => (i < 500 ? 0.2 : 0.8)))
  expect(right.error).toBeCloseTo(0, 12)
  expect(right.brierSkill).toBeCloseTo(1 - 0.16 / 0.25, 12)
  expect(eventSkill(said(() => 0.7)).error).toBeCloseTo(0.2, 12)
  expect(eventSkill(said(() => 0.5)).brierSkill).toBeCloseTo(0, 12)
})

it('intervals become wider after snapshots that they held too little of, and narrower after others, within bounds', () => {
  expect(tailAfter([])).toBe(0.1)
  expect(tailAfter([0.8, 0.8])).toBeCloseTo(0.1, 12)
  expect(tailAfter([0.5])).toBeLessThan(0.1)
  expect(tailAfter([0.95])).toBeGreaterThan(0.1)
  expect(tailAfter(Array(100).fill(0))).toBe(0.01)
  expect(tailAfter(Array(100).fill(1))).toBe(0.3)
})
