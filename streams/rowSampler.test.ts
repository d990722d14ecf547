import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { inceptionOf } from './fund/inception.ts'
import { ONE } from './lib/decimal.ts'
import { DAY } from './market/candles.ts'
import type { PipelineOptions } from './pipeline.ts'
import { Driven, fundSpec, NOON } from './test/drive.ts'

const STORE = 1_000
const FRAME = 20

/** A fund that holds one BTC a share, so that its nav is the price: begun at noon. */
const begun = (options: Partial<PipelineOptions> = {}): Driven => {
  const p = new Driven({ funds: [fundSpec({ weighting: { scheme: 'units', units: new Map([['BTC', ONE]]) } })], ...options })
  p.clock(NOON)
  p.send({ kind: 'ledger', funds: p.frames.at(-1)!.proposals.map(inceptionOf) })
  return p
}

/** Time and nav of the rows that know it, and the frame each came with. */
const rows = (p: Driven): { frame: number; t: number; nav: number }[] =>
  p.frames.flatMap(({ t: frame, rows: { measures } }) =>
    measures.flatMap(row => (row.kind === 'fund' && !Number.isNaN(row.nav) ? [{ frame, t: row.t, nav: row.nav }] : [])),
  )

const endOf = (t: number, span: number): number => Math.ceil(t / span) * span

/** Plays trades as a replay does: time comes to the beginning of a frame before what falls into it. */
const play = (p: Driven, trades: readonly { t: number; price: number }[]): void => {
  for (const { t, price } of trades) {
    p.clock(endOf(t, FRAME) - FRAME)
    p.trades(0, { symbol: 'BTC-USD', t, price })
    p.clock(endOf(t, FRAME))
  }
}

const trades = fc
  .array(
    fc.record({
      // Of different frames, so that each is a frame of its own.
      after: fc.oneof({ weight: 5, arbitrary: fc.integer({ min: 1, max: 60 }) }, fc.integer({ min: 1, max: 400 })).map(n => n * FRAME),
      price: fc.integer({ min: 1, max: 1_000 }),
    }),
    { minLength: 1, maxLength: 40 },
  )
  .map(list => {
    let t = NOON
    return list.map(({ after, price }) => {
      t += after
      return { t: t - (price % FRAME), price }
    })
  })

describe('what changed is stored', () => {
  it('as it stands at the end of each storeMs in which it changed, and no other', () => {
    fc.assert(
      fc.property(trades, list => {
        // Longer than the longest gap, so that staleness stores no rows of its own.
        const p = begun({ staleAfterMs: DAY })
        play(p, list)
        p.clock(endOf(list.at(-1)!.t, STORE) + STORE)
        const last = new Map(list.map(({ t, price }) => [endOf(endOf(t, FRAME), STORE), price]))
        expect(rows(p)).toEqual([...last].map(([t, nav]) => ({ frame: t, t, nav })))
      }),
      { numRuns: 60 },
    )
  })

  it('in a gap too, at its own moment, before what comes behind the gap', () => {
    const p = begun()
    play(p, [
      { t: NOON + 305, price: 100 },
      { t: NOON + 7_300, price: 101 },
    ])
    p.clock(NOON + 7_400)
    expect(rows(p)).toEqual([{ frame: NOON + 1_000, t: NOON + 1_000, nav: 100 }])
  })

  it('once where the end of more than one has passed at a stroke, at the newest', () => {
    const p = begun({ feeds: [{ id: 'a', live: true }] })
    p.clock(NOON + 20)
    p.trades(0, { symbol: 'BTC-USD', t: NOON + 30, price: 100 })
    p.clock(NOON + 40)
    // The process stood still; what came meanwhile is there before the clock.
    p.trades(0, { symbol: 'BTC-USD', t: NOON + 3_700, price: 105 })
    p.clock(NOON + 3_720)
    p.clock(NOON + 6_000)
    expect(rows(p)).toEqual([{ frame: NOON + 3_720, t: NOON + 3_000, nav: 105 }])
  })

  it('at the last frame of a replay, under the end of the storeMs that it does not reach', () => {
    fc.assert(
      fc.property(trades, list => {
        const p = begun({ staleAfterMs: DAY })
        play(p, list.slice(0, -1))
        const { t, price } = list.at(-1)!
        p.clock(endOf(t, FRAME) - FRAME)
        p.trades(0, { symbol: 'BTC-USD', t, price })
        p.send({ kind: 'feed', feed: 0, state: 'ended' })
        p.clock(endOf(t, FRAME))
        expect(rows(p).at(-1)).toEqual({ frame: endOf(t, FRAME), t: endOf(endOf(t, FRAME), STORE), nav: price })
        const times = rows(p).map(row => row.t)
        expect(new Set(times).size).toBe(times.length)
      }),
      { numRuns: 60 },
    )
  })

  it('not before every replay has ended', () => {
    const p = begun({ feeds: ['a', 'b'].map(id => ({ id, live: false })) })
    p.clock(NOON + 20)
    p.trades(0, { symbol: 'BTC-USD', t: NOON + 30, price: 100 })
    p.send({ kind: 'feed', feed: 0, state: 'ended' })
    p.clock(NOON + 40)
    expect(rows(p)).toEqual([])
    p.send({ kind: 'feed', feed: 1, state: 'ended' })
    p.clock(NOON + 60)
    expect(rows(p).map(row => row.t)).toEqual([NOON + 1_000])
  })

  it('as rows that do not change with what is computed later', () => {
    const p = begun()
    play(p, [{ t: NOON + 305, price: 100 }])
    p.clock(NOON + 1_000)
    const [before] = p.frames.flatMap(f => f.rows.measures).slice(-1)
    const copy = structuredClone(before)
    play(p, [{ t: NOON + 1_305, price: 200 }])
    p.clock(NOON + 2_000)
    expect(before).toEqual(copy)
  })

  it.each([20, 100, 1_000, 60_000])('every %i ms where it is so configured', storeMs => {
    const p = begun({ storeMs, staleAfterMs: DAY })
    play(
      p,
      [105, 4_105, 64_105].map(after => ({ t: NOON + after, price: after })),
    )
    p.clock(NOON + 300_000)
    const ends = [120, 4_120, 64_120].map(after => NOON + endOf(after, storeMs))
    expect(rows(p).map(row => row.t)).toEqual([...new Set(ends)])
  })
})
