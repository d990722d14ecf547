import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TAPE_LENGTH, Tape, type TapeTrade } from './tape.ts'

/** The `n`th trade, each of its figures told by its number. */
const trade = (n: number): TapeTrade => ({ id: `t${n}`, t: 1_000 + n, price: n + 0.5, size: n / 4, side: n % 3, source: n % 7 })

const push = (tape: Tape, n: number): void => {
  const { id, t, price, size, side, source } = trade(n)
  tape.push(id, t, price, size, side, source)
}

describe('a tape', () => {
  it('gives its follower every trade once: the newest hundred of before, then all that come', () => {
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ push: fc.nat(250) }) },
      { weight: 2, arbitrary: fc.constant('fresh' as const) },
      { weight: 1, arbitrary: fc.constantFrom('follow' as const, 'leave' as const) },
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), steps => {
        const tape = new Tape()
        const all: TapeTrade[] = []
        let unseen: TapeTrade[] | undefined
        for (const what of steps) {
          if (what === 'follow') {
            tape.follow(true)
            unseen = all.slice(-TAPE_LENGTH)
          } else if (what === 'leave') {
            tape.follow(false)
            unseen = undefined
          } else if (what === 'fresh') {
            expect(tape.fresh()).toEqual(unseen ?? [])
            if (unseen) unseen = []
          } else {
            for (let i = 0; i < what.push; i++) {
              push(tape, all.length)
              all.push(trade(all.length))
              unseen?.push(all.at(-1)!)
            }
          }
        }
        expect(tape.fresh()).toEqual(unseen ?? [])
      }),
    )
  })

  it('keeps nothing for nobody', () => {
    const tape = new Tape()
    for (let n = 0; n < 3 * TAPE_LENGTH; n++) push(tape, n)
    expect(tape.fresh()).toEqual([])
    tape.follow(true)
    expect(tape.fresh().map(({ id }) => id)).toEqual(Array.from({ length: TAPE_LENGTH }, (_, i) => `t${2 * TAPE_LENGTH + i}`))
  })
})
