import fc from 'fast-check'
import { expect, it } from 'vitest'
import { EntryChains } from './entryChains.ts'

it('lists of each client its own entries, as a list of all of them does', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom('ann', 'bob', 'cy'), fc.integer({ min: 1, max: 3000 })), { maxLength: 60 }),
      fc.nat(20),
      fc.nat(200_000),
      (steps, limit, after) => {
        const chains = new EntryChains()
        const all: [who: string, seq: number][] = []
        let seq = 0
        for (const [who, step] of steps) {
          seq += step
          chains.add(who, seq)
          all.push([who, seq])
        }
        for (const who of ['ann', 'bob', 'cy', 'nobody']) {
          const own = all.filter(([owner]) => owner === who).map(([, n]) => n)
          expect(chains.newest(who, limit)).toEqual(limit === 0 ? [] : own.slice(-limit))
          expect(chains.after(who, after, limit)).toEqual(own.filter(n => n > after).slice(0, limit))
        }
      },
    ),
  )
})
