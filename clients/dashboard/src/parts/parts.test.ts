import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Column, compare, nextSort, sorted, sortOf, sortText } from './columns.ts'
import { slotsOf, windowOf } from './windowing.ts'

describe('a sorting', () => {
  it('goes into the address and comes back', () => {
    for (const sort of [undefined, { key: 'nav', down: true }, { key: 'nav', down: false }])
      expect(sortOf(sortText(sort) ?? null)).toEqual(sort)
  })

  it('turns from down to up to none', () => {
    const down = nextSort(undefined, 'a')
    const up = nextSort(down, 'a')
    expect([down, up, nextSort(up, 'a'), nextSort(down, 'b')]).toEqual([
      { key: 'a', down: true },
      { key: 'a', down: false },
      undefined,
      { key: 'b', down: true },
    ])
  })

  it('has what is not known last, either way', () => {
    const values = [3, undefined, 1, Number.NaN, 2]
    expect([...values].sort((a, b) => compare(a, b, false)).slice(0, 3)).toEqual([1, 2, 3])
    expect([...values].sort((a, b) => compare(a, b, true)).slice(0, 3)).toEqual([3, 2, 1])
  })

  it('leaves rows that are equal as they stand, and reads numbers within names', () => {
    const columns: Column<string>[] = [{ key: 'name', head: '', width: 1, show: row => row, order: row => row.slice(1) }]
    expect(sorted(['a10', 'b2', 'c10'], columns, { key: 'name', down: false }, () => undefined)).toEqual(['b2', 'a10', 'c10'])
    expect(sorted(['b', 'a'], columns, { key: 'unknown', down: false }, () => undefined)).toEqual(['b', 'a'])
  })
})

describe('a window of rows', () => {
  const places = fc.record({ rows: fc.nat(5_000), top: fc.nat(200_000), height: fc.nat(2_000) })

  it('shows every row that is seen, each in one element', () => {
    fc.assert(
      fc.property(places, ({ rows, top, height }) => {
        const window = windowOf(rows, 28, top, height)
        const slots = slotsOf(window)
        expect(new Set(slots).size).toBe(window.count)
        const seen = Array.from({ length: rows }, (_, i) => i).filter(i => (i + 1) * 28 > top && i * 28 < top + height)
        for (const i of seen) expect(slots).toContain(i)
        expect(slots.length).toBeLessThanOrEqual(Math.ceil(height / 28) + 2)
      }),
    )
  })

  it('leaves a row in its element while it is seen', () => {
    const [before, after] = [slotsOf({ first: 10, count: 7 }), slotsOf({ first: 12, count: 7 })]
    for (const row of [12, 13, 14, 15, 16]) expect(after.indexOf(row)).toBe(before.indexOf(row))
  })
})
