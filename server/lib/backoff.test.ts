import { expect, it } from 'vitest'
import { Backoff } from './backoff.ts'

const waits = (chance: number, n: number): number[] => {
  const backoff = new Backoff(() => chance)
  return Array.from({ length: n }, () => backoff.next())
}

it('doubles from half a second to half a minute', () => {
  expect(waits(1, 9)).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000])
})

it('takes any part of it by chance, from nothing on', () => {
  expect(waits(0, 3)).toEqual([0, 0, 0])
  expect(waits(0.25, 3)).toEqual([125, 250, 500])
})

it('never overflows, however long a venue is away', () => {
  expect(waits(1, 5_000).at(-1)).toBe(30_000)
})

it('begins again', () => {
  const backoff = new Backoff(() => 1)
  backoff.next()
  backoff.next()
  backoff.reset()
  expect(backoff.next()).toBe(500)
})
