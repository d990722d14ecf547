import { describe, expect, it } from 'vitest'
import { METRIC_FEATURES } from '../../../streams/analytics/features/metricFeatures.ts'
import type { SourcedFact } from '../../../streams/analytics/features/metricLog.ts'
import { periodAt } from '../../../streams/analytics/features/metrics.ts'
import { Random } from '../../../streams/analytics/random.ts'
import type { Metrics } from '../../../streams/input.ts'
import type { Engine } from '../../storage/engine/engine.ts'
import { KINDS_ABOVE, rowsOf, sharedEngine, silent } from '../../test/storageKit.ts'
import { type MetricsQuery, openMetricPages } from './metricPages.ts'
import { MetricStore } from './metricStore.ts'
import { everyFact } from './metricTable.ts'

const DAY = 86_400_000
const TODAY = Date.UTC(2024, 5, 15)
const NOW = TODAY + DAY / 2

const fact = (given: Partial<SourcedFact> = {}): SourcedFact => ({
  asset: 'ETH',
  metric: 'tvl',
  period: TODAY,
  availableAt: TODAY,
  value: 100,
  source: 'a',
  ref: 'row 1',
  ...given,
})

/** A store as a start opens it, at the wall time `now`, and what it has put into the input. */
const started = async (engine: Engine, now = NOW) => {
  const inputs: Metrics[] = []
  const clock = { now }
  const signal = new AbortController().signal
  const store = new MetricStore({
    engine: Promise.resolve(engine),
    put: input => void inputs.push(input),
    now: () => clock.now,
    signal,
    log: silent,
  })
  await store.loaded
  return { store, inputs, clock }
}

const stored = (engine: Engine) =>
  rowsOf(engine, `SELECT metric, source, value FROM ${engine.database}.metrics ORDER BY ALL`, ['String', 'String', 'Nullable(Float64)'])

const query = (given: Partial<MetricsQuery> = {}): MetricsQuery => ({
  asset: 'ETH',
  metrics: [],
  from: 0,
  to: NOW + DAY,
  asOf: NOW + DAY,
  revisions: false,
  limit: 100,
  cursor: undefined,
  ...given,
})

describe.each(KINDS_ABOVE)('metrics in the store (%s)', kind => {
  const opened = sharedEngine(kind)

  it('are stored once however often they come, and go into the input', async () => {
    const engine = await opened()
    const { store, inputs } = await started(engine)
    const [older, newer] = [fact({ period: TODAY - DAY, availableAt: TODAY - DAY }), fact()]
    expect(await store.keep([older, newer, newer])).toEqual({ accepted: 2, known: 1 })
    expect(await store.keep([older, fact({ availableAt: NOW })])).toEqual({ accepted: 0, known: 2 })
    expect(inputs).toEqual([{ kind: 'metrics', facts: [older, newer] }])
    expect(await stored(engine)).toHaveLength(2)
    expect(store.newest('ETH', 'tvl', 'a')).toBe(TODAY)
    expect(store.newest('ETH', 'tvl', 'b')).toBeUndefined()
    expect(store.figures).toEqual({ facts: 2, assets: 1, accepted: 2, known: 3, refused: 0, failures: 0, dropped: 0 })
  })

  it('are stored once if they come twice at once', async () => {
    const engine = await opened()
    const { store } = await started(engine)
    await Promise.all([store.add([fact()]), store.add([fact()]), store.add([fact({ source: 'b' })])])
    expect(await stored(engine)).toEqual([
      ['tvl', 'a', 100],
      ['tvl', 'b', 100],
    ])
  })

  it('are refused together if one cannot be, and none is stored', async () => {
    const engine = await opened()
    const { store, inputs } = await started(engine)
    await expect(store.add([fact(), fact({ metric: 'volume' })])).rejects.toThrow(
      `ETH volume of 2024-06-15: found it known at ${TODAY}, expected ${TODAY + DAY} at the earliest`,
    )
    expect([await stored(engine), inputs, store.figures.refused]).toEqual([[], [], 2])
    await store.add([fact()])
    expect(await stored(engine)).toHaveLength(1)
  })

  it('are known after a start as before it: to collectors, to features, to channels', async () => {
    const engine = await opened()
    const before = await started(engine)
    const old = fact({ metric: 'stars', period: TODAY - 900 * DAY, availableAt: TODAY - 900 * DAY, value: 7 })
    const gone = fact({ metric: 'fees', period: TODAY - DAY, availableAt: TODAY, value: 3 })
    await before.store.add([old, fact(), fact({ value: 80, availableAt: NOW }), gone, { ...gone, value: null, availableAt: NOW }])
    const after = await started(engine)
    for (const metric of ['stars', 'tvl', 'fees'] as const)
      expect(after.store.newest('ETH', metric, 'a')).toBe(before.store.newest('ETH', metric, 'a'))
    // What is older than anything looks at is in the store alone, and is shown.
    expect([before.store.log.size, after.store.log.size]).toEqual([4, 4])
    const shown = await after.store.shownAt(engine, Number.POSITIVE_INFINITY)
    expect(shown.map(({ metric, value, availableAt }) => [metric, value, availableAt]).sort()).toEqual([
      ['fees', null, NOW],
      ['stars', 7, old.availableAt],
      ['tvl', 80, NOW],
    ])
    const assets: string[] = []
    after.store.assets$.subscribe(asset => assets.push(asset))
    expect(assets).toEqual(['ETH'])
  })

  it('give what a replay shows: what was known at its beginning, and later what becomes known', async () => {
    const engine = await opened()
    const { store } = await started(engine)
    const [first, second] = [fact({ period: TODAY - DAY, availableAt: TODAY - DAY }), fact({ availableAt: TODAY + 5 })]
    await store.add([second, first])
    expect(await store.shownAt(engine, TODAY)).toEqual([first, second])
  })

  it('leave memory when they are of long ago', async () => {
    const engine = await opened()
    const { store, clock } = await started(engine)
    await store.add([fact(), fact({ metric: 'commits', period: Date.UTC(2024, 4, 1), availableAt: NOW })])
    clock.now += 201 * DAY
    await store.add([fact({ period: TODAY + 201 * DAY, availableAt: clock.now })])
    expect(store.log.size).toBe(2)
    expect(await stored(engine)).toHaveLength(3)
  })
})

describe.each(KINDS_ABOVE)('as of a time (%s)', kind => {
  const opened = sharedEngine(kind)

  it('features of a day are the same, recomputed after its metrics were revised, from memory as from the store', async () => {
    const engine = await opened()
    const { store, clock } = await started(engine)
    const days = Array.from({ length: 40 }, (_, ago) => TODAY - ago * DAY)
    await store.add(
      days.flatMap((period, ago) => [
        fact({ period, availableAt: period, value: 1_000 + ago * ago }),
        fact({ metric: 'price', period, availableAt: period, value: 50 + Math.sin(ago) }),
        fact({ metric: 'volume', period: period - DAY, availableAt: period, value: 9_000 - ago }),
      ]),
    )
    const figures = async (t: number): Promise<number[][]> =>
      [store.log.asOf(t), await store.asOf(t)].map(known => METRIC_FEATURES.map(feature => feature.of(known, 'ETH')))
    const [inMemory, inStore] = await figures(NOW)
    expect(inMemory).toEqual(inStore)
    expect(inMemory!.filter(figure => !Number.isNaN(figure)).length).toBeGreaterThan(4)
    clock.now += DAY
    await store.add(days.map(period => fact({ period, availableAt: clock.now, value: 1 })))
    await store.add([fact({ metric: 'price', availableAt: clock.now, value: null })])
    // A claim about a moment that has passed is a revision of now.
    await store.add([fact({ metric: 'volume', period: TODAY - DAY, availableAt: TODAY, value: 1e9 })])
    expect(await figures(NOW)).toEqual([inMemory, inStore])
    const [later, laterStored] = await figures(clock.now)
    expect(later).toEqual(laterStored)
    expect(later).not.toEqual(inMemory)
  })

  it('whatever was said in whatever order, memory, store and pages say what a list of all words says', async () => {
    const engine = await opened()
    const pages = openMetricPages(Promise.resolve(engine))
    const { store } = await started(engine)
    const random = new Random(7)
    const one = <T>(...of: readonly T[]): T => of[random.below(of.length)]!
    const drawn = Array.from({ length: 400 }, () => {
      const period = TODAY - random.below(4) * DAY
      const availableAt = period + random.below(9)
      return fact({
        ...{ period, availableAt, asset: one('ETH', 'BTC'), metric: one('tvl', 'price'), source: one('a', 'b', 'c') },
        value: one(null, 1, 2, 3, 4),
      })
    })
    for (let i = 0; i < drawn.length; i += 100) await store.add(drawn.slice(i, i + 100))
    // What was said a second time of a moment is a revision of now: then the list is what was stored.
    const words = await everyFact(engine, { where: 'true', parameters: {} }, 1_000)
    const said = (asset: string, metric: string, period: number, t: number): number | null => {
      const known = words.filter(word => word.asset === asset && word.metric === metric && word.period === period && word.availableAt <= t)
      const rank = ({ availableAt, source }: SourcedFact): string => `${availableAt} ${source}`
      return known.sort((x, y) => (rank(x) < rank(y) ? -1 : 1)).at(-1)?.value ?? null
    }
    expect(words.filter(({ availableAt }) => availableAt < NOW).length).toBeGreaterThan(100)
    for (const t of [...Array.from({ length: 12 }, () => TODAY + random.below(9)), TODAY - DAY + 4, NOW, NOW + DAY]) {
      const inStore = await store.asOf(t)
      for (const asset of ['ETH', 'BTC']) {
        const { rows } = await pages.of(query({ asset, asOf: t, to: t }))
        for (const metric of ['tvl', 'price'] as const) {
          const newest = periodAt(metric, t)
          const expected = [0, 1, 2, 3, 4].map(ago => said(asset, metric, newest - ago * DAY, t) ?? Number.NaN)
          expect([...inStore.series(asset, metric, 5)]).toEqual(expected)
          expect([...store.log.asOf(t).series(asset, metric, 5)]).toEqual(expected)
          const paged = new Map(rows.filter(row => row.metric === metric).map(row => [row.t, row.v ?? Number.NaN]))
          expect([0, 1, 2, 3, 4].map(ago => paged.get(newest - ago * DAY) ?? Number.NaN).slice(1)).toEqual(expected.slice(1))
        }
      }
    }
  })

  it('a value that was taken back is not known, and lets no older one speak', async () => {
    const engine = await opened()
    const pages = openMetricPages(Promise.resolve(engine))
    const { store } = await started(engine)
    await store.add([fact(), fact({ value: null, availableAt: NOW })])
    expect((await store.asOf(NOW - 1)).series('ETH', 'tvl', 1)[0]).toBe(100)
    expect((await store.asOf(NOW)).series('ETH', 'tvl', 1)[0]).toBeNaN()
    const t = { metric: 'tvl', t: TODAY }
    const first = { ...t, v: 100, known: TODAY, src: 'a', ref: 'row 1' }
    const last = { ...t, known: NOW, src: 'a', ref: 'row 1' }
    expect(await pages.of(query({ asOf: NOW - 1 }))).toEqual({ rows: [first] })
    expect(await pages.of(query())).toEqual({ rows: [last] })
    expect(await pages.of(query({ revisions: true }))).toEqual({ rows: [first, last] })
    expect(await pages.of(query({ asOf: TODAY - 1 }))).toEqual({ rows: [] })
  })

  it('pages of any size have the same rows, whatever counts in them', async () => {
    const engine = await opened()
    const pages = openMetricPages(Promise.resolve(engine))
    const { store } = await started(engine)
    const facts = ['a', 'b'].flatMap(source =>
      [0, 1, 2].flatMap(ago =>
        (['tvl', 'price'] as const).flatMap(metric =>
          [0, 1].map(n =>
            fact({ source, metric, period: TODAY - ago * DAY, availableAt: TODAY + n, value: ago + n + (source === 'a' ? 0 : 10) }),
          ),
        ),
      ),
    )
    await store.add(facts)
    for (const revisions of [false, true]) {
      const whole = (await pages.of(query({ revisions }))).rows
      expect(whole).toHaveLength(revisions ? facts.length : 6)
      for (const limit of [1, 4, 5]) {
        const rows = []
        for (let cursor: string | undefined; ; ) {
          const page = await pages.of(query({ revisions, limit, cursor }))
          expect(page.rows.length).toBeLessThanOrEqual(limit)
          rows.push(...page.rows)
          cursor = page.next
          if (cursor === undefined) break
        }
        expect(rows).toEqual(whole)
      }
    }
    expect((await pages.of(query({ metrics: ['price'], from: TODAY }))).rows).toEqual([
      { metric: 'price', t: TODAY, v: 11, known: TODAY + 1, src: 'b', ref: 'row 1' },
    ])
    expect((await pages.of(query({ to: TODAY - DAY }))).rows.map(({ metric, t }) => [metric, t])).toEqual([
      ['price', TODAY - 2 * DAY],
      ['tvl', TODAY - 2 * DAY],
    ])
    await expect(pages.of(query({ cursor: 'x' }))).rejects.toThrow('cursor: found another text')
  })
})
