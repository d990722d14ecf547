import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MemoryUsage, type Usage } from './usage.ts'

/** Every implementation, with a clock that the test moves. */
const KINDS: readonly (readonly [name: string, open: (now: () => number) => Usage])[] = [['in memory', now => new MemoryUsage(now)]]

describe.each(KINDS)('usage %s', (_, open) => {
  it('gives a second’s worth at once, and then what time brings, whatever is asked', () => {
    const steps = fc.array(fc.record({ after: fc.integer({ min: 0, max: 2_000 }), n: fc.integer({ min: 1, max: 30 }) }), { maxLength: 60 })
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 50 }), (asked, perSecond) => {
        let now = 0
        let taken = 0
        let largest = 0
        const usage = open(() => now)
        for (const { after, n } of asked) {
          now += after
          const wait = usage.take('a', n, perSecond)
          if (wait === 0) {
            taken += n
            largest = Math.max(largest, n)
          } else {
            // It is as long as it says, and no longer than its debt.
            expect(wait).toBeLessThanOrEqual((largest * 1_000) / perSecond + 2)
            now += wait
            expect(usage.take('a', 1, perSecond)).toBe(0)
            taken += 1
          }
          expect(taken).toBeLessThanOrEqual(perSecond + (now * perSecond) / 1_000 + largest)
        }
      }),
    )
  })

  it('takes from one key nothing that another has', () => {
    const usage = open(() => 0)
    for (let i = 0; i < 10; i++) usage.take('a', 1, 5)
    expect(usage.take('a', 1, 5)).toBeGreaterThan(0)
    expect(usage.take('b', 5, 5)).toBe(0)
  })

  it('holds what is held until it is given back', () => {
    const usage = open(() => 0)
    usage.hold('a', 3)
    usage.hold('a', -1)
    usage.hold('b', 1)
    expect([usage.held('a'), usage.held('b'), usage.held('c')]).toEqual([2, 1, 0])
    usage.hold('a', -2)
    expect(usage.held('a')).toBe(0)
  })
})

it('in memory remembers a bounded number of keys, those that came last, and counts the others', () => {
  const usage = new MemoryUsage(() => 0, 100)
  usage.take('first', 10, 5)
  for (let i = 0; i < 99; i++) usage.take(`other ${i}`, 1, 5)
  expect([usage.take('first', 1, 5) > 0, usage.displaced]).toEqual([true, 0])
  for (let i = 0; i < 200; i++) usage.take(`another ${i}`, 1, 5)
  expect([usage.size, usage.displaced]).toEqual([100, 200])
})
