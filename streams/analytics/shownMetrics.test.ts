import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { explain } from '../explain/explain.ts'
import { Changes } from '../lib/dependencies.ts'
import { Driven, NOON } from '../test/drive.ts'
import type { SourcedFact } from './features/metricLog.ts'
import { ShownMetrics } from './shownMetrics.ts'

const DAY = 86_400_000
const TODAY = NOON - DAY / 2

const fact = (given: Partial<SourcedFact> = {}): SourcedFact => ({
  asset: 'ETH',
  metric: 'tvl',
  period: TODAY,
  availableAt: NOON - 1_000,
  value: 100,
  source: 'a',
  ref: '',
  ...given,
})

const put = (p: Driven, ...facts: SourcedFact[]): void => p.send({ kind: 'metrics', facts })

describe('the channel of an asset’s metrics', () => {
  it('shows the newest value with its period, since when it was known, and its source', () => {
    const p = new Driven()
    p.clock(NOON)
    p.watch('metrics:ETH')
    expect(p.state('metrics:ETH')).toEqual({})
    put(p, fact(), fact({ metric: 'volume', period: TODAY - DAY, value: 1 / 3, source: 'b' }))
    expect(p.state('metrics:ETH')).toEqual({
      tvl: { v: 100, t: TODAY, known: NOON - 1_000, src: 'a', stale: false },
      volume: { v: 1 / 3, t: TODAY - DAY, known: NOON - 1_000, src: 'b', stale: false },
    })
    expect(p.agrees()).toBe(true)
  })

  it('shows a revision of the newest period, and nothing of an earlier one', () => {
    const p = new Driven()
    p.clock(NOON)
    p.watch('metrics:ETH')
    put(p, fact(), fact({ period: TODAY - DAY, availableAt: NOON, value: 7 }))
    expect(p.state('metrics:ETH')).toMatchObject({ tvl: { v: 100, t: TODAY } })
    put(p, fact({ availableAt: NOON, value: 80 }))
    expect(p.state('metrics:ETH')).toMatchObject({ tvl: { v: 80, known: NOON } })
  })

  it('has no value when its source says that it does not know, and says so by the rest', () => {
    const p = new Driven()
    p.clock(NOON)
    p.watch('metrics:ETH')
    put(p, fact(), fact({ availableAt: NOON, value: null }))
    expect(p.state('metrics:ETH')).toEqual({ tvl: { t: TODAY, known: NOON, src: 'a', stale: false } })
  })

  it('shows nothing that is not known yet at the moment of the frame, and shows it when it is', () => {
    const p = new Driven()
    p.clock(NOON)
    p.watch('metrics:ETH')
    put(p, fact(), fact({ availableAt: NOON + 50, value: 80 }))
    expect(p.state('metrics:ETH')).toMatchObject({ tvl: { v: 100 } })
    p.clock(NOON + 200)
    expect(p.state('metrics:ETH')).toMatchObject({ tvl: { v: 80, known: NOON + 50 } })
    // In a gap of the data it happens at its own time, not at that of the next event.
    expect(p.frames.filter(({ pushes }) => pushes.length > 0).map(({ t }) => t)).toEqual([NOON, NOON + 60])
  })

  it('is stale, metric by metric, from when a newer value is overdue until one comes', () => {
    const p = new Driven()
    p.clock(NOON)
    p.watch('metrics:ETH')
    put(p, fact(), fact({ metric: 'commits', period: Date.UTC(2024, 6, 1), value: 9 }))
    const due = TODAY + 2 * DAY
    p.clock(due - 20)
    expect(p.state('metrics:ETH')).toMatchObject({ tvl: { stale: false }, commits: { stale: false } })
    p.clock(due)
    expect(p.state('metrics:ETH')).toMatchObject({ tvl: { stale: true, v: 100 }, commits: { stale: false } })
    put(p, fact({ period: TODAY + DAY, availableAt: due, value: 101 }))
    expect(p.state('metrics:ETH')).toMatchObject({ tvl: { stale: false, v: 101 } })
  })

  it('is stale at once if its newest value is old', () => {
    const p = new Driven()
    p.clock(NOON)
    p.watch('metrics:ETH')
    put(p, fact({ period: TODAY - 9 * DAY }))
    expect(p.state('metrics:ETH')).toMatchObject({ tvl: { stale: true } })
  })

  it('explains a value by its source, where it stands there, and when that was known', () => {
    const p = new Driven()
    p.clock(NOON)
    put(p, fact({ ref: 'block 9' }), fact({ metric: 'price', value: null }))
    const { view } = p.pipeline
    expect(explain(view, NOON, 'metrics:ETH', 'tvl.v')).toEqual({
      ...{ channel: 'metrics:ETH', field: 'tvl.v', t: NOON, value: 100, formula: 'said' },
      inputs: [{ name: 'said', value: 100, t: NOON - 1_000, age: 1_000, source: 'a, block 9' }],
    })
    for (const field of ['price.v', 'stars.v', 'tvl', 'tvl.src']) expect(explain(view, NOON, 'metrics:ETH', field)).toBeUndefined()
  })

  it('lets no more than a hundred thousand facts wait for their time: those that are known last are dropped, and counted', () => {
    const p = new Driven()
    p.clock(NOON)
    put(p, ...Array.from({ length: 100_001 }, (_, i) => fact({ availableAt: NOON + 100_100 - i, value: i })))
    const { metrics } = p.pipeline.view
    expect([metrics.waitingCount, metrics.dropped]).toEqual([100_000, 1])
    p.watch('metrics:ETH')
    p.clock(NOON + 200_000)
    expect(p.state('metrics:ETH')).toMatchObject({ tvl: { known: NOON + 100_099, v: 1 } })
    expect(metrics.waitingCount).toBe(0)
  })

  it('is in a recording of everything from its asset’s first fact on', () => {
    const p = new Driven({ everything: true })
    p.clock(NOON)
    put(p, fact())
    expect(p.frames.at(-1)!.pushes.map(({ channel, seq }) => [channel, seq])).toEqual([['metrics:ETH', 1]])
  })

  it('shows what the store knew before this start', () => {
    const p = new Driven({ awaitsPast: true })
    p.clock(NOON)
    p.watch('metrics:ETH')
    p.send({ kind: 'past', asOf: NOON, metrics: [fact()] })
    p.clock(NOON + 20)
    expect(p.state('metrics:ETH')).toMatchObject({ tvl: { v: 100 } })
  })
})

it('what is shown does not depend on the order in which facts come, nor on whether they came before their time', () => {
  const facts = fc.array(
    fc.record({
      metric: fc.constantFrom('tvl' as const, 'price' as const),
      period: fc.integer({ min: -3, max: 0 }).map(days => TODAY + days * DAY),
      availableAt: fc.integer({ min: NOON, max: NOON + 3 }),
      source: fc.constantFrom('a', 'b'),
    }),
    { maxLength: 12 },
  )
  const shown = (list: readonly SourcedFact[], t: number) => {
    const metrics = new ShownMetrics(new Changes())
    metrics.absorb(list, t)
    metrics.advance(NOON + 3)
    return [...metrics.of('ETH').newest].sort(([a], [b]) => (a < b ? -1 : 1))
  }
  fc.assert(
    fc.property(facts, fc.array(fc.nat(11), { maxLength: 6 }), (given, swaps) => {
      // One source says one thing at a moment.
      const all = given.map(one => fact({ ...one, value: one.availableAt - NOON + (one.source === 'a' ? 0 : 10) }))
      const mixed = [...all]
      for (const at of swaps) if (at + 1 < mixed.length) [mixed[at], mixed[at + 1]] = [mixed[at + 1]!, mixed[at]!]
      expect(shown(mixed, NOON + 3)).toEqual(shown(all, NOON + 3))
      expect(shown(mixed, 0)).toEqual(shown(all, NOON + 3))
    }),
  )
})
