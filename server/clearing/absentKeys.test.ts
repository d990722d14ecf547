import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Origin } from '../lib/arrivalOrder.ts'
import { AbsentKeys } from './absentKeys.ts'

describe('keys that were asked for', () => {
  it('hold back what is older than the newest question after them, and comes another way', () => {
    const who = fc.constantFrom('ann', 'bob')
    const key = fc.constantFrom('k', 'l', 'b\nk')
    const place = fc.record({ who, key, source: fc.nat({ max: 4 }) })
    fc.assert(
      fc.property(fc.array(fc.tuple(place, fc.boolean()), { maxLength: 40, size: 'max' }), list => {
        const asked = new AbsentKeys()
        const newest = new Map<string, Origin>()
        for (const [i, [at, question]] of list.entries()) {
          // A question has the moment of its asking, an order the one at which its connection was opened.
          if (question) {
            asked.add(at.who, at.key, { source: at.source, at: i })
            newest.set(JSON.stringify([at.who, at.key]), { source: at.source, at: i })
          } else {
            const last = newest.get(JSON.stringify([at.who, at.key]))
            const late = last !== undefined && at.source !== last.source && at.source < last.at
            expect(asked.holds(at.who, at.key, { source: at.source, at: at.source })).toBe(late)
          }
        }
      }),
    )
  })

  it('are a hundred thousand at most; the one asked for longest ago goes', () => {
    const asked = new AbsentKeys()
    const held = (key: string): boolean => asked.holds('ann', key, { source: 1, at: 1 })
    for (let i = 0; i < 100_000; i++) asked.add('ann', `k${i}`, { source: 2, at: 2 })
    // Asked again, it is the newest.
    asked.add('ann', 'k0', { source: 3, at: 3 })
    expect(['k0', 'k1', 'k99999'].map(held)).toEqual([true, true, true])
    asked.add('ann', 'more', { source: 2, at: 2 })
    expect(['k0', 'k1', 'k2', 'more'].map(held)).toEqual([true, false, true, true])
  })
})
