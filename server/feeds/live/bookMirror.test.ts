import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BookMirror, type Level } from './bookMirror.ts'

const level = fc.tuple(fc.integer({ min: 1, max: 40 }), fc.constantFrom(0, 1, 2)).map((l): Level => l)
const levels = fc.array(level, { maxLength: 12 })
const step = fc.record({ whole: fc.boolean(), bids: levels, asks: levels })

const SIDES = ['bids', 'asks'] as const
type Side = (typeof SIDES)[number]
type Book = Record<Side, Map<number, number>>

const empty = (): Book => ({ bids: new Map(), asks: new Map() })

/** Prices of a side, the best first. */
const sorted = (book: Book, side: Side): number[] => [...book[side].keys()].sort((a, b) => (side === 'bids' ? b - a : a - b))

const set = (book: Book, side: Side, levels: readonly Level[]): void => {
  for (const [price, size] of levels) {
    if (size > 0) book[side].set(price, size)
    else book[side].delete(price)
  }
}

/** The best levels of a side, no more than `depth`. */
const best = (book: Book, side: Side, depth: number): Map<number, number> =>
  new Map(
    sorted(book, side)
      .slice(0, depth)
      .map(price => [price, book[side].get(price)!]),
  )

/** The message of a venue that sends `depth` levels of a side, after its book has become `whole`. It does not name the levels that fell out of them. */
const changesOf = (
  shown: ReadonlyMap<number, number>,
  now: ReadonlyMap<number, number>,
  whole: ReadonlyMap<number, number>,
  newFirst: boolean,
): Level[] => {
  const changed = [...now].filter(([price, size]) => shown.get(price) !== size)
  const gone = [...shown.keys()].filter(price => !whole.has(price)).map((price): Level => [price, 0])
  return newFirst ? [...changed, ...gone] : [...gone, ...changed]
}

it('shows the best bid and ask that a plain map of all levels shows, after any snapshots and updates', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), fc.integer({ min: 1, max: 8 }), (steps, depth) => {
      const book = new BookMirror(depth)
      const plain = empty()
      for (const { whole, ...sent } of steps) {
        const once = { bids: [...new Map(sent.bids)], asks: [...new Map(sent.asks)] } // a snapshot names a price once
        if (whole) book.replace(once)
        else book.update(sent)
        for (const side of SIDES) {
          if (whole) plain[side].clear()
          set(plain, side, whole ? once[side] : sent[side])
          plain[side] = best(plain, side, depth)
        }
        expect([book.bid, book.ask]).toEqual([sorted(plain, 'bids')[0], sorted(plain, 'asks')[0]])
      }
    }),
  )
})

describe('of a book with sizes', () => {
  const sized = fc.record({
    whole: fc.boolean(),
    bids: fc.array(fc.tuple(fc.integer({ min: 80, max: 110 }), fc.constantFrom(0, 1, 2, 3.5)), { maxLength: 12 }),
    asks: fc.array(fc.tuple(fc.integer({ min: 90, max: 120 }), fc.constantFrom(0, 1, 2, 3.5)), { maxLength: 12 }),
    newFirst: fc.boolean(),
  })
  const never = () => expect.fail('nothing is too much')

  it('the levels up to a tenth from the middle are those of a plain map, and all of them as far as they are said to be known', () => {
    fc.assert(
      fc.property(fc.array(sized, { maxLength: 30 }), fc.integer({ min: 3, max: 40 }), (steps, depth) => {
        const book = new BookMirror(depth, true)
        // All levels there are, of which the venue shows the best.
        const all = empty()
        for (const { whole, newFirst, ...changes } of steps) {
          const shown = { bids: best(all, 'bids', depth), asks: best(all, 'asks', depth) }
          for (const side of SIDES) {
            if (whole) all[side].clear()
            set(all, side, changes[side])
          }
          const now = { bids: best(all, 'bids', depth), asks: best(all, 'asks', depth) }
          if (whole) book.replace(now)
          else
            book.update({
              bids: changesOf(shown.bids, now.bids, all.bids, newFirst),
              asks: changesOf(shown.asks, now.asks, all.asks, newFirst),
            })
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
