import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { leftOf, type NumberGap, TradeNumbers } from './tradeNumbers.ts'

describe('the numbers of trades', () => {
  it('show what is missing, once, and nothing for the first, for what comes late and for what is no number', () => {
    const numbers = new TradeNumbers()
    const seen = [10, 11, 14, 13, 14, 15, Number.NaN, 1.5, 2 ** 60, 17]
    expect(
      seen.map(n => {
        const { gap } = numbers.take(n, n, 0)
        return gap ? gap.last - gap.first + 1 : 0
      }),
    ).toEqual([0, 0, 2, 0, 0, 0, 0, 0, 0, 1])
  })

  it('say between which times trades are missing', () => {
    const numbers = new TradeNumbers()
    numbers.take(5, 5, 1_000)
    expect(numbers.take(100, 100, 9_000).gap).toMatchObject({ first: 6, last: 99, from: 1_000, to: 9_000 })
  })

  it('are healed by what comes after all, in any order and in any runs, and by nothing less', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { minLength: 2 }), fc.context(), (order, context) => {
        const numbers = new TradeNumbers()
        const came = new Set<number>()
        const open = new Set<NumberGap>()
        for (const n of order) {
          const { gap, healed = [] } = numbers.take(n, n, n)
          came.add(n)
          if (gap) open.add(gap)
          for (const each of healed) expect(open.delete(each)).toBe(true)
          context.log(`${n}`)
          const least = order[0]!
          const missing = Array.from({ length: Math.max(...came) - least }, (_, i) => least + i).filter(m => !came.has(m))
          expect([...open].reduce((sum, each) => sum + leftOf(each), 0)).toBe(missing.length)
        }
      }),
    )
  })
})
