import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TradeIds } from './tradeIds.ts'

describe('recent ids', () => {
  it('agrees with a plain set while nothing is old enough to be forgotten', () => {
    const ids = fc.array(fc.oneof(fc.nat({ max: 200 }).map(String), fc.constantFrom('a9188a0a', 'f19d7df5', '0')), { maxLength: 300 })
    fc.assert(
      fc.property(ids, list => {
        const recent = new TradeIds(512)
        const seen = new Set<string>()
        for (const id of list) {
          expect(recent.add(id)).toBe(!seen.has(id))
          seen.add(id)
        }
      }),
    )
  })

  it('remembers at least the newest of its capacity, of rising and of random ids', () => {
    const recent = new TradeIds(100)
    for (let i = 0; i < 1000; i++) recent.add(String(3_735_683_259 + i))
    for (let i = 900; i < 1000; i++) expect(recent.add(String(3_735_683_259 + i))).toBe(false)
    for (let i = 0; i < 100; i++) recent.add(`${i}`)
    for (let i = 0; i < 100; i++) expect(recent.add(`${i}`)).toBe(false)
  })
})
