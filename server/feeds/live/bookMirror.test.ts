import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BookMirror, type Level } from './bookMirror.ts'

const level = fc.tuple(fc.integer({ min: 1, max: 40 }), fc.constantFrom(0, 1, 2)).map((l): Level => l)
const levels = fc.array(level, { maxLength: 12 })
const step = fc.record({ whole: fc.boolean(), bids: levels, asks: levels })

/** The plainest book there is: maps, of which the best `depth` prices stay. */
const model = (depth: number) => {
  const sides = { bids: new Map<number, number>(), asks: new Map<number, number>() }
  const sorted = (side: 'bids' | 'asks') => [...sides[side].keys()].sort((a, b) => (side === 'bids' ? b - a : a - b))
  const set = (side: 'bids' | 'asks', [price, size]: Level, cut: boolean) => {
    if (size > 0) sides[side].set(price, size)
    else sides[side].delete(price)
    if (cut) for (const worst of sorted(side).slice(depth)) sides[side].delete(worst)
  }
  return { sides, sorted, set }
}

it('shows the best bid and ask that a plain map of all levels shows, after any snapshots and updates', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), fc.integer({ min: 1, max: 8 }), (steps, depth) => {
      const book = new BookMirror(depth)
      const { sides, sorted, set } = model(depth)
      for (const { whole, bids, asks } of steps) {
        if (whole) {
          const once = { bids: [...new Map(bids)], asks: [...new Map(asks)] } // a snapshot names a price once
          book.replace(once)
          for (const side of ['bids', 'asks'] as const) {
            sides[side].clear()
            for (const l of once[side]) set(side, l, false)
            for (const worst of sorted(side).slice(depth)) sides[side].delete(worst)
          }
        } else {
          book.update({ bids, asks })
          for (const l of bids) set('bids', l, true)
          for (const l of asks) set('asks', l, true)
        }
        expect([book.bid, book.ask]).toEqual([sorted('bids')[0], sorted('asks')[0]])
      }
    }),
  )
})

describe('of a book with sizes', () => {
  const sized = fc.record({
    whole: fc.boolean(),
    bids: fc.array(fc.tuple(fc.integer({ min: 80, max: 110 }), fc.constantFrom(0, 1, 2, 3.5)), { maxLength: 12 }),
    asks: fc.array(fc.tuple(fc.integer({ min: 90, max: 120 }), fc.constantFrom(0, 1, 2, 3.5)), { maxLength: 12 }),
  })
  const never = () => expect.fail('nothing is too much')

  it('the levels up to a tenth from the middle are those of a plain map, and all of them as far as they are said to be known', () => {
    fc.assert(
      fc.property(fc.array(sized, { maxLength: 30 }), fc.integer({ min: 3, max: 40 }), (steps, depth) => {
        const book = new BookMirror(depth, true)
        // All levels there are, of which the book sees a part.
        const all = { bids: new Map<number, number>(), asks: new Map<number, number>() }
        for (const { whole, bids, asks } of steps) {
          const levels = whole ? { bids: [...new Map(bids)], asks: [...new Map(asks)] } : { bids, asks }
          if (whole) {
            all.bids.clear()
            all.asks.clear()
            book.replace(levels)
          } else book.update(levels)
          for (const side of ['bids', 'asks'] as const) {
            for (const [price, size] of levels[side]) {
              if (size > 0) all[side].set(price, size)
              else all[side].delete(price)
            }
          }
        }
        const { bid, ask } = book
        const shown = book.levels(never)
        if (bid === undefined || ask === undefined || bid > ask) {
          expect(shown).toBeUndefined()
          return
        }
        const middle = (bid + ask) / 2
        const { reach } = shown!
        for (const [side, known] of [
          ['bids', reach!.bid],
          ['asks', reach!.ask],
        ] as const) {
          expect(known).toBeLessThanOrEqual(0.1)
          for (const [price, size] of shown![side]) expect(all[side].get(price)).toBe(size)
          const near = [...all[side]].filter(([price]) => Math.abs(price - middle) <= known * middle)
          expect(new Map(shown![side].filter(([price]) => Math.abs(price - middle) <= known * middle))).toEqual(new Map(near))
          if (all[side].size < depth && depth === 40) expect(known).toBe(0.1)
        }
      }),
    )
  })

  it('no more than five thousand a side are shown, those next to the middle, and the rest is counted', () => {
    const book = new BookMirror(undefined, true)
    const away = (sign: number): Level[] => Array.from({ length: 7_000 }, (_, i) => [100_000 + sign * (i + 1), 1])
    book.replace({ bids: away(-1), asks: away(1).slice(0, 5_000) })
    let cut = 0
    const shown = book.levels(n => {
      cut += n
    })!
    expect([shown.bids.length, shown.asks.length, cut]).toEqual([5_000, 5_000, 2_000])
    expect(Math.min(...shown.bids.map(([price]) => price))).toBe(95_000)
    expect(shown.reach).toEqual({ bid: 0.05, ask: 0.1 })
  })
})

it('is bounded also where nobody says how deep it is', () => {
  for (const book of [new BookMirror(), new BookMirror(Number.NaN), new BookMirror(0)]) {
    book.replace({ bids: Array.from({ length: 200_001 }, (_, i): Level => [i + 1, 1]), asks: [] })
    book.update({ bids: Array.from({ length: 200_000 }, (_, i): Level => [200_001 - i, 0]), asks: [] })
    expect(book.bid).toBeUndefined() // the worst, 1, had fallen out
  }
})

it('passes over levels whose price or size is no number', () => {
  const book = new BookMirror(10)
  book.replace({
    bids: [
      [5, 1],
      [7, Number.NaN],
    ],
    asks: [
      [9, 1],
      [Number.NaN, 1],
    ],
  })
  book.update({
    bids: [
      [5, Number.NaN],
      [Number.NaN, 0],
    ],
    asks: [[8, Number.NaN]],
  })
  expect([book.bid, book.ask]).toEqual([5, 9])
})
