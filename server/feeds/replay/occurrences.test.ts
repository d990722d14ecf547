import { expect, it } from 'vitest'
import { Occurrences } from './occurrences.ts'

it('names are counted one by one, of as many as came lately, and their memory is bounded', () => {
  const seen = new Occurrences()
  expect(['a', 'b', 'a', 'a', 'b'].map(name => seen.next(name))).toEqual([0, 0, 1, 2, 1])
  for (let i = 0; i < 4_000; i++) seen.next(`${i}`)
  expect(seen.next('a')).toBe(3)
  for (let i = 0; i < 10_000; i++) seen.next(`${i}`)
  expect(seen.next('a')).toBe(0)
})
