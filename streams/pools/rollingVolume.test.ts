import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DAY, floorTo, MINUTE } from '../market/candles.ts'
import { NOON } from '../test/drive.ts'
import { RollingVolume } from './rollingVolume.ts'

interface Counted {
  t: number
  swap: { amount0: bigint; amount1: bigint }
  worth: number
}

const amount = fc.bigInt({ min: -(10n ** 24n), max: 10n ** 24n })
const counted: fc.Arbitrary<Counted> = fc.record({
  // Whole days around noon, so that all stages of the window occur; late ones as well.
  t: fc.integer({ min: NOON - DAY, max: NOON + 2 * DAY }),
  swap: fc.record({ amount0: amount, amount1: amount }),
  // Whole numbers, whose sums are exact in any order.
  worth: fc.oneof({ weight: 30, arbitrary: fc.nat(1e6) }, fc.constant(Number.NaN)),
})

/** The naive way: all that was ever counted, gone through again. */
const totalOf = (list: readonly Counted[], now: number) => {
  const window = list.filter(({ t }) => floorTo(t, MINUTE) > floorTo(now, MINUTE) - DAY)
  const paidIn = (of: (c: Counted) => bigint) => window.reduce((sum, c) => (of(c) > 0n ? sum + of(c) : sum), 0n)
  return {
    n: window.length,
    in0: paidIn(c => c.swap.amount0),
    in1: paidIn(c => c.swap.amount1),
    worth: window.reduce((sum, c) => sum + c.worth, 0),
  }
}

describe('the day of a pool', () => {
  it('is the running minute and the 1,439 before it, but for what was taken back', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(counted, fc.boolean()), { maxLength: 40 }), fc.nat(2 * DAY), (list, later) => {
        const day = new RollingVolume()
        let now = Number.NEGATIVE_INFINITY
        const standing: Counted[] = []
        for (const [one, back] of list) {
          now = Math.max(now, one.t)
          day.add(one.t, one.swap, one.worth)
          if (back) day.revert(one.t, one.swap, one.worth)
          else standing.push(one)
          expect(day.total()).toEqual(totalOf(standing, now))
        }
        if (list.length === 0) return
        day.advance(now + later)
        expect(day.total()).toEqual(totalOf(standing, now + later))
      }),
      { numRuns: 300 },
    )
  })

  it('says when it lost something by the passing of time', () => {
    const day = new RollingVolume()
    day.add(NOON + 1, { amount0: 1n, amount1: -1n }, 5)
    expect([day.advance(NOON + DAY - 1), day.advance(NOON + DAY), day.advance(NOON + DAY + MINUTE)]).toEqual([false, true, false])
    expect(day.total()).toEqual({ n: 0, in0: 0n, in1: 0n, worth: 0 })
  })

  it('does not know its worth while it holds a swap of unknown worth', () => {
    const day = new RollingVolume()
    const swap = { amount0: 1n, amount1: -1n }
    day.add(NOON, swap, Number.NaN)
    day.add(NOON + MINUTE, swap, 5)
    expect(day.total()).toMatchObject({ n: 2, worth: Number.NaN })
    day.advance(NOON + DAY)
    expect(day.total()).toMatchObject({ n: 1, worth: 5 })
  })
})
