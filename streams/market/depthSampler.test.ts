import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DepthSampler } from './depthSampler.ts'
import { highestBid, type Levels } from './levels.ts'

const levelsOf = (price: number): Levels => ({ bids: [[price, 1]], asks: [[price + 1, 1]] })
/** The best bid of each sample, undefined if the book is not known. */
const bids = (samples: ReturnType<DepthSampler['drain']>): (number | undefined)[] =>
  samples.map(({ levels }) => levels && highestBid(levels))

describe('a book that changes', () => {
  const step = fc.record({ wait: fc.integer({ min: 0, max: 250 }), changes: fc.boolean() })

  it('is looked at once in 100 ms at most, as it stands then, and at the end as it stood at last', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), steps => {
        const writer = new DepthSampler(3)
        let t = 0
        let price = 1
        let changedAt = Number.NaN
        let shown: number | undefined
        let last = Number.NEGATIVE_INFINITY
        for (const { wait, changes } of steps) {
          t += wait
          if (changes) {
            price += 1
            changedAt = t
            writer.changed(7, 2, t, () => levelsOf(price))
          }
          const looks = writer.drain(t, Number.NaN)
          const due = !Number.isNaN(changedAt) && shown !== price && t - last >= 100
          expect(looks).toEqual(due ? [{ kind: 'levels', feed: 3, symbol: 7, source: 2, t: changedAt, levels: levelsOf(price) }] : [])
          if (due) {
            shown = price
            last = t
          }
        }
        const rest = bids(writer.drain(t, Number.NaN, true))
        expect(rest).toEqual(Number.isNaN(changedAt) || shown === price ? [] : [price])
      }),
    )
  })

  it.each([
    ['event times', 100, Number.NaN],
    ['times of receipt, where the venue’s own stand still', 0, 100],
  ])('is looked at again after 100 ms by %s', (_, newest, received) => {
    const writer = new DepthSampler(0)
    writer.changed(1, 0, 1_000, () => levelsOf(5))
    expect(bids(writer.drain(1_000, 2_000))).toEqual([5])
    writer.changed(1, 0, 1_000, () => levelsOf(6))
    expect(bids(writer.drain(1_000 + newest - 1, 2_000 + received - 1))).toEqual([])
    expect(bids(writer.drain(1_000 + newest, 2_000 + received))).toEqual([6])
  })
})

describe('a book that is lost', () => {
  it('is reported at once, once, and under its own symbol', () => {
    const writer = new DepthSampler(0)
    for (const symbol of [1, 2]) writer.changed(symbol, 0, 1_000, () => levelsOf(symbol))
    expect(bids(writer.drain(1_000, 1_000))).toEqual([1, 2])
    writer.lost(2, 1_050)
    expect(writer.drain(1_000, 1_000)).toEqual([{ kind: 'levels', feed: 0, symbol: 2, source: 0, t: 1_050, levels: undefined }])
    writer.allLost()
    expect(writer.drain(1_000, 1_000).map(({ symbol }) => symbol)).toEqual([1])
    expect(writer.drain(9_000, 9_000, true)).toEqual([])
  })

  it('was nothing to anybody if it was never shown', () => {
    const writer = new DepthSampler(0)
    writer.allLost()
    writer.changed(1, 0, 1_000, () => levelsOf(5))
    writer.lost(1, 1_000)
    expect(writer.drain(9_000, 9_000, true)).toEqual([])
  })

  it('is shown again as soon as it is whole', () => {
    const writer = new DepthSampler(0)
    writer.changed(1, 0, 1_000, () => levelsOf(5))
    writer.drain(1_000, Number.NaN)
    writer.lost(1, Number.NaN)
    writer.changed(1, 0, 1_100, () => levelsOf(6))
    expect(bids(writer.drain(1_100, Number.NaN))).toEqual([6])
  })
})
