import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DAY, floorTo, MINUTE } from '../market/candles.ts'
import { NOON } from '../test/drive.ts'
import { type ReserveDelta, RollingVolume, type Traded } from './rollingVolume.ts'

interface Counted extends Traded {
  t: number
  swap: ReserveDelta
}

const amount = fc.bigInt({ min: -(10n ** 24n), max: 10n ** 24n })
const counted: fc.Arbitrary<Counted> = fc.record({
  // Whole days around noon, so that all stages of the window occur; late ones as well.
  t: fc.integer({ min: NOON - DAY, max: NOON + 2 * DAY }),
  swap: fc.record({ amount0: amount, amount1: amount }),
  // Whole numbers, whose sums are exact in any order.
  worth: fc.oneof({ weight: 30, arbitrary: fc.nat(1e6) }, fc.constant(Number.NaN)),
  fees: fc.oneof({ weight: 30, arbitrary: fc.nat(1e6) }, fc.constant(Number.NaN)),
  unread: fc.oneof({ weight: 60, arbitrary: fc.constant(false) }, fc.constant(true)),
})

/** A day of which all swaps are counted. */
const begun = (): RollingVolume => {
  const day = new RollingVolume()
  day.begin(Number.NEGATIVE_INFINITY)
  return day
}
const traded = (worth: number): Traded => ({ swap: { amount0: 1n, amount1: -1n }, worth, fees: 0, unread: false })

/** The naive way: all that was ever counted, gone through again. */
const totalOf = (list: readonly Counted[], now: number) => {
  const window = list.filter(({ t }) => floorTo(t, MINUTE) > floorTo(now, MINUTE) - DAY)
  if (window.some(({ unread }) => unread)) return undefined
  const paidIn = (of: (c: Counted) => bigint) => window.reduce((sum, c) => (of(c) > 0n ? sum + of(c) : sum), 0n)
  return {
    n: window.length,
    in0: paidIn(c => c.swap.amount0),
    in1: paidIn(c => c.swap.amount1),
    worth: window.reduce((sum, c) => sum + c.worth, 0),
    fees: window.reduce((sum, c) => sum + c.fees, 0),
    since: Number.NaN,
  }
}

describe('the day of a pool', () => {
  it('is the running minute and the 1,439 before it, but for what was taken back', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(counted, fc.boolean()), { maxLength: 40 }), fc.nat(2 * DAY), (list, later) => {
        const day = begun()
        let now = Number.NEGATIVE_INFINITY
        const standing: Counted[] = []
        for (const [one, back] of list) {
          now = Math.max(now, one.t)
          day.add(one.t, one)
          if (back) day.revert(one.t, one)
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
    const day = begun()
    day.add(NOON + 1, traded(5))
    expect([day.advance(NOON + DAY - 1), day.advance(NOON + DAY), day.advance(NOON + DAY + MINUTE)]).toEqual([false, true, false])
    expect(day.total()).toEqual({ n: 0, in0: 0n, in1: 0n, worth: 0, fees: 0, since: Number.NaN })
  })

  it('does not know its worth while it holds a swap of unknown worth', () => {
    const day = begun()
    day.add(NOON, traded(Number.NaN))
    day.add(NOON + MINUTE, traded(5))
    expect(day.total()).toMatchObject({ n: 2, worth: Number.NaN })
    day.advance(NOON + DAY)
    expect(day.total()).toMatchObject({ n: 1, worth: 5 })
  })

  it('says from when on it is complete, until it covers a whole day', () => {
    const day = new RollingVolume()
    expect(day.total()).toBeUndefined()
    day.begin(NOON + 5)
    day.add(NOON + 5, traded(5))
    expect(day.total()).toMatchObject({ n: 1, since: NOON + 5 })
    expect(day.advance(NOON + DAY - 1)).toBe(false)
    expect(day.total()).toMatchObject({ n: 1, since: NOON + 5 })
    expect(day.advance(NOON + DAY)).toBe(true)
    expect(day.total()).toMatchObject({ n: 0, since: Number.NaN })
  })

  it('is the same when it is loaded from its minutes', () => {
    const minute = { n: 1, in0: 1n, in1: 0n, worth: 5, unpriced: 0, fees: 1, unpricedFees: 0, unread: 0 }
    const day = begun()
    day.load(
      [
        { ...minute, t: NOON - DAY },
        { ...minute, t: NOON - DAY + MINUTE },
        { ...minute, t: NOON },
      ],
      NOON + 7,
    )
    expect(day.total()).toEqual({ n: 2, in0: 2n, in1: 0n, worth: 10, fees: 2, since: Number.NaN })
    day.revert(NOON + 1, traded(5))
    expect(day.total()).toMatchObject({ n: 1, worth: 5 })
  })
})
