import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { JsonObject } from '../../../streams/wire/mergePatch.ts'
import { Past } from './past.ts'

it('each row comes once and in order, however often and wherever the line is cut, and whatever the rows of one time look like', () => {
  // Rows of few times, some of them equal to each other in everything.
  const row = fc.record({ t: fc.integer({ min: 10, max: 20 }), price: fc.integer({ min: 1, max: 2 }) })
  fc.assert(
    fc.property(
      fc.array(row, { maxLength: 60 }),
      fc.array(fc.record({ pages: fc.nat({ max: 4 }), size: fc.integer({ min: 1, max: 9 }) }), { maxLength: 12 }),
      (unsorted, cuts) => {
        const stored: JsonObject[] = [...unsorted].sort((a, b) => a.t - b.t)
        const past = new Past(0)
        const got: JsonObject[] = []
        const serve = (pages: number, size: number): void => {
          past.ask(past.from)
          const rows = stored.filter(({ t }) => (t as number) >= past.from)
          for (let page = 0; page <= pages; page++) {
            const more = (page + 1) * size < rows.length
            got.push(...past.take(rows.slice(page * size, (page + 1) * size), more))
            if (!more) return
          }
          past.lost()
        }
        for (const { pages, size } of cuts) if (past.phase === 'wanted') serve(pages, size)
        if (past.phase === 'wanted') serve(1_000, 7)
        expect(got).toEqual(stored)
        expect(past.phase).toBe('given')
      },
    ),
  )
})
