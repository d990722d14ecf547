import { expect, it } from 'vitest'
import { Random } from './random.ts'

it('one seed gives one sequence, another seed another', () => {
  const draw = (seed: number): number[] => {
    const random = new Random(seed)
    return Array.from({ length: 5 }, () => random.next())
  }
  expect(draw(1)).toEqual(draw(1))
  const seeds = [0, 1, 2, -1, 2 ** 40, 2 ** 40 + 1]
  expect(new Set(seeds.map(seed => draw(seed).join())).size).toBe(seeds.length)
})

it('numbers are spread evenly', () => {
  const random = new Random(7)
  const counts = new Float64Array(10)
  for (let i = 0; i < 100_000; i++) counts[random.below(10)]!++
  // χ² of 9 degrees of freedom: above 28 once in a thousand.
  expect(counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0)).toBeLessThan(28)
})

it('a shuffle keeps every value, and puts each into each place about as often', () => {
  const random = new Random(3)
  const firsts = new Float64Array(4)
  let kept = true
  for (let i = 0; i < 40_000; i++) {
    const values = Int32Array.of(0, 1, 2, 3)
    random.shuffle(values)
    kept &&= new Set(values).size === 4
    firsts[values[0]!]!++
  }
  expect(kept).toBe(true)
  for (const count of firsts) expect(Math.abs(count - 10_000)).toBeLessThan(400)
})
