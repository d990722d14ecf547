import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { FundRow } from '../measures/rows.ts'
import { Driven, fundSpec, NOON } from '../test/drive.ts'
import type { FundHoldings, Proposal } from './inception.ts'
import { inceptionOf } from './inception.ts'
import type { FundSpec } from './spec.ts'

/** Funds whose run is cut between two frames, and goes on by what the journal and the newest stored row say. */

const HALVES = {
  scheme: 'fixed',
  weights: new Map([
    ['A', 0.5],
    ['B', 0.5],
  ]),
  cap: 1,
} as const
const UNITS = {
  scheme: 'units',
  units: new Map([
    ['A', 10n ** 18n],
    ['B', 2n * 10n ** 18n],
  ]),
} as const

const run = (spec: Partial<FundSpec> & Pick<FundSpec, 'weighting'>, awaitsPast: boolean): Driven => {
  const driven = new Driven({ funds: [fundSpec(spec)], feeds: [{ id: 'a', live: false }], awaitsPast })
  driven.watch('fund:F')
  driven.watch('rebalances:F')
  return driven
}

const priced = (p: Driven, t: number, prices: Readonly<Record<string, number>>): Proposal | undefined => {
  p.trades(0, ...Object.entries(prices).map(([asset, price]) => ({ symbol: `${asset}-USD`, t, price })))
  p.clock(t)
  return p.frames.at(-1)!.proposals[0]
}

const newest = (p: Driven): FundRow => {
  const { figures } = p.pipeline.view.funds.get('F')!
  return { ...p.pipeline.view.funds.get('F')!.figuresNow(), constituents: figures.constituents.map(row => ({ ...row })) }
}

/** The market as the store has it: the newest trade of each symbol. */
const goOn = (p: Driven, from: Driven, held: FundHoldings | undefined, row: FundRow | undefined): void => {
  if (held) p.send({ kind: 'ledger', funds: [held] })
  const { view } = from.pipeline
  const instruments = view.market.seen.map(({ symbol, t, price }) => {
    const newest = [{ t, price, size: 1, side: 0, src: 'a', id: `${symbol}${t}`, span: 0, open: price, high: price, low: price }]
    return { symbol, first: t, newest, minutes: [], given: [], gaps: [], heard: [], last: [] }
  })
  p.send({ kind: 'past', asOf: view.t, resumedAt: view.t, market: { instruments }, funds: row ? [row] : [] })
}

describe('a fund whose run is cut and goes on', () => {
  const price = fc.integer({ min: 50, max: 200 })
  const frame = fc.record({ A: price, B: price, after: fc.integer({ min: 1, max: 400 }) })
  const rebalance = { assetThreshold: 0.05, totalThreshold: 1, maxIntervalMs: Number.POSITIVE_INFINITY, coolOffMs: 4_000 }

  it.each([
    [
      'of weights',
      { weighting: HALVES, rebalance: { ...rebalance, mode: 'propose', trades: { feeBps: 0, minTrade: 0n, lots: new Map() } } },
    ],
    ['of units', { weighting: UNITS, rebalance }],
  ] as const)('shows what it shows without the cut, %s', (_, spec) => {
    fc.assert(
      fc.property(fc.array(frame, { minLength: 3, maxLength: 20 }), fc.nat(), fc.nat(), (frames, cut, rebalanced) => {
        const at = 1 + (cut % (frames.length - 2))
        const traded = rebalanced % frames.length
        let held: FundHoldings | undefined
        const play = (p: Driven, from: number, to: number): void => {
          for (let i = from; i < to; i++) {
            const t = NOON + 20 * (i + 1 + frames.slice(0, i + 1).reduce((sum, { after }) => sum + after, 0))
            const { after: _, ...prices } = frames[i]!
            const proposal = priced(p, t, prices)
            if (proposal) held = inceptionOf(proposal)
            // The journal closes a rebalance that has changed what a share is; it may know the divisor of the level, or not.
            else if (spec.weighting === HALVES && i === traded) {
              held = {
                ...held!,
                units: new Map([...held!.units].map(([asset, n]) => [asset, asset === 'A' ? n / 2n : n])),
                rebalancedAt: t,
              }
            } else continue
            p.send({ kind: 'ledger', funds: [held] })
          }
        }
        const whole = run(spec, false)
        play(whole, 0, frames.length)
        held = undefined
        const first = run(spec, false)
        play(first, 0, at)
        const second = run(spec, true)
        const earlier = { traded: traded > 0 && traded < at }
        goOn(second, first, held && { ...(held as FundHoldings), earlier }, newest(first))
        play(second, at, frames.length)
        for (const channel of ['fund:F', 'rebalances:F']) expect(second.state(channel)).toEqual(whole.state(channel))
      }),
    )
  })

  it('has no level if nothing says what it was', () => {
    const first = run({ weighting: UNITS }, false)
    const held = inceptionOf(priced(first, NOON, { A: 100, B: 50 })!)
    const second = run({ weighting: UNITS }, true)
    goOn(second, first, { ...held, earlier: { traded: false } }, undefined)
    priced(second, NOON + 1_000, { A: 110, B: 50 })
    expect(second.state('fund:F')).toMatchObject({ nav: 210 })
    expect(second.state<object>('fund:F')).not.toHaveProperty('level')
  })

  it('goes on at the prices of then if the journal has taken a trade that is in no row any more', () => {
    const first = run({ weighting: HALVES }, false)
    const held = inceptionOf(priced(first, NOON, { A: 100, B: 100 })!)
    first.send({ kind: 'ledger', funds: [held] })
    priced(first, NOON + 1_000, { A: 120, B: 100 })
    const second = run({ weighting: HALVES }, true)
    goOn(second, first, { ...held, units: new Map([['B', 11n * 10n ** 17n]]), earlier: { traded: true } }, newest(first))
    priced(second, NOON + 2_000, { A: 500, B: 200 })
    expect(second.state<{ level: number }>('fund:F').level).toBeCloseTo(220, 9)
  })

  it('waits for missing prices from the first price on, also over a cut', () => {
    const spec = { weighting: { scheme: 'equal', assets: ['A', 'B', 'C'], cap: 1 }, inceptionTimeoutMs: 10_000 } as const
    const first = run(spec, false)
    expect(priced(first, NOON, { A: 100, B: 100 })).toBeUndefined()
    priced(first, NOON + 4_000, { A: 101 })
    const second = run(spec, true)
    goOn(second, first, undefined, newest(first))
    expect(priced(second, NOON + 9_980, { A: 102 })).toBeUndefined()
    expect(priced(second, NOON + 10_000, { A: 102 })).toMatchObject({ weights: { A: 0.5, B: 0.5 } })
  })

  it('is as stale as it was, and becomes it when it would have', () => {
    const first = run({ weighting: UNITS }, false)
    const held = inceptionOf(priced(first, NOON, { A: 100, B: 50 })!)
    first.send({ kind: 'ledger', funds: [held] })
    priced(first, NOON + 1_000, { A: 110 })
    const second = run({ weighting: UNITS }, true)
    goOn(second, first, { ...held, earlier: { traded: false } }, newest(first))
    for (const p of [first, second]) p.clock(NOON + 30_000)
    expect(second.state('fund:F')).toEqual(first.state('fund:F'))
    expect(second.state('fund:F')).toMatchObject({ stale: true, inav: { age: 11_000 } })
    for (const p of [first, second]) priced(p, NOON + 31_000, { B: 60 })
    expect(second.state('fund:F')).toEqual(first.state('fund:F'))
    expect(second.state('fund:F')).toMatchObject({ stale: false, inav: { age: 30_000 } })
  })
})
