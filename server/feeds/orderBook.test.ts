import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type Level, OrderBook } from './orderBook.ts'

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
      const book = new OrderBook(depth)
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

it('is bounded also where nobody says how deep it is', () => {
  for (const book of [new OrderBook(), new OrderBook(Number.NaN), new OrderBook(0)]) {
    book.replace({ bids: Array.from({ length: 200_001 }, (_, i): Level => [i + 1, 1]), asks: [] })
    book.update({ bids: Array.from({ length: 200_000 }, (_, i): Level => [200_001 - i, 0]), asks: [] })
    expect(book.bid).toBeUndefined() // the worst, 1, had fallen out
  }
})

it('passes over levels whose price or size is no number', () => {
  const book = new OrderBook(10)
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
