import { expect, it } from 'vitest'
import { Sequence } from './sequence.ts'

it('counts what is missing, once, and nothing for the first, for what comes late and for what is no number', () => {
  const sequence = new Sequence()
  const seen = [10, 11, 14, 13, 14, 15, Number.NaN, 1.5, 2 ** 60, 17]
  expect(seen.map(n => sequence.missing(n))).toEqual([0, 0, 2, 0, 0, 0, 0, 0, 0, 1])
})
