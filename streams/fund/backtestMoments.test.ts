import fc from 'fast-check'
import { expect, it } from 'vitest'
import { momentsOf } from './backtestMoments.ts'

it('closes of several assets come moment by moment, each once, whatever their times', () => {
  const times = fc.uniqueArray(fc.integer({ min: 0, max: 30 }), { maxLength: 20 }).map(all => all.sort((a, b) => a - b))
  fc.assert(
    fc.property(fc.array(times, { maxLength: 5 }), columns => {
      const all = columns.map((t, i) => ({ asset: `A${i}`, t, price: t.map(at => at + i / 10) }))
      const expected = [...new Set(columns.flat())].sort((a, b) => a - b)
      const moments = [...momentsOf(all)]
      expect(moments.map(({ t }) => t)).toEqual(expected)
      for (const { t, prices } of moments)
        expect([...prices]).toEqual(
          columns.flatMap((column, i) => (column.includes(t) ? [[`A${i}`, { t: t - 1, price: t + i / 10 }]] : [])),
        )
    }),
  )
})
