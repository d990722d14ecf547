import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Subject } from 'rxjs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CollectedAsset } from '../../streams/analytics/features/collectedList.ts'
import type { SourcedFact } from '../../streams/analytics/features/metricLog.ts'
import type { Metric } from '../../streams/analytics/features/metrics.ts'
import { Random } from '../../streams/analytics/random.ts'
import { gaussian, wandering } from '../../streams/analytics/test/worlds.ts'
import type { Input } from '../../streams/input.ts'
import type { Engine } from '../storage/engine/engine.ts'
import { sharedEngine, silent } from '../test/storageKit.ts'
import { storeFacts } from './metrics/metricStore.ts'
import { type OpenScores, openScores } from './openScores.ts'
import { selectRows } from './rows.ts'
import { collectedTaker } from './snapshots/collectedLists.ts'
import { lessonTimes, snapshotTimes } from './snapshots/snapshotStore.ts'
import { PLAN, train } from './trainer.ts'

/** Scores of assets whose metrics are collected: no list is imported. */

const DAY = 86_400_000
const HOUR = DAY / 24
const TODAY = Date.UTC(2026, 0, 10)
const DAYS = 364
const assets = (count: number): CollectedAsset[] =>
  Array.from({ length: count }, (_, i) => ({ asset: `A${i}`, name: `Asset ${i}`, supply: Number.NaN }))
const ASSETS = assets(24)

const directory = mkdtempSync(join(tmpdir(), 'driftwire-collected-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))
const fresh = sharedEngine('embedded')

/** Prices as a source has them, of the days up to `to`, all collected at `known`. */
const collected = (all: readonly CollectedAsset[], from: number, to: number, known: number): SourcedFact[] =>
  all.flatMap(({ asset }, i) => {
    const random = new Random(i + 1)
    let price = 1
    const facts: SourcedFact[] = []
    for (let period = TODAY - DAYS * DAY; period <= to; period += DAY) {
      price *= Math.exp(0.04 * gaussian(random))
      const volume = 1e6 * random.unit()
      const fact = (metric: Metric, of: number, value: number): SourcedFact => ({
        ...{ asset, metric, period: of, value, availableAt: known, source: 'coingecko', ref: '' },
      })
      if (period < from) continue
      facts.push(fact('price', period, price), fact('marketCap', period, price * 1e6 * (i + 1)), fact('volume', period - DAY, volume))
    }
    return facts
  })

const open = async (engine: Engine, all: readonly CollectedAsset[]) => {
  const stop = new AbortController()
  const inputs: Input[] = []
  const frames$ = new Subject<{ t: number }>()
  const opened: OpenScores = openScores({
    ...{ engine: Promise.resolve(engine), dataDir: directory, everyMs: DAY, horizons: [1], simulated: undefined, frames$, log: silent },
    take: collectedTaker(() => all),
    rules: { retrainMs: 30 * DAY, promoteAfter: 1 },
    put: input => void inputs.push(input),
    signal: stop.signal,
  })
  await opened.ready
  return {
    ...opened,
    stop: () => stop.abort(),
    /** Lets time come to `t`, and returns what was said of scores by then. */
    async at(t: number) {
      const before = inputs.length
      frames$.next({ t })
      await opened.scorer.idle()
      return inputs.slice(before).flatMap(input => (input.kind === 'scores' ? input.scoring : []))
    },
  }
}
const listRows = (engine: Engine): Promise<{ t: string; known: string; assets: number }[]> =>
  selectRows(
    engine,
    `SELECT toString(t) AS t, toString(available_at) AS known, toUInt32(count()) AS assets FROM {db}.snapshots WHERE source = 'collected'
     GROUP BY t, available_at ORDER BY t`,
  )

describe('a server that collects prices', () => {
  let engine: Engine
  let server: Awaited<ReturnType<typeof open>>
  beforeAll(async () => {
    engine = await fresh()
    // Left in its directory before the server starts, as a training does that was killed before its model was stored.
    await train({ snapshots: wandering(30, 36, 1), horizon: 1, seed: 1, plan: PLAN, directory: join(directory, 'models') })
    server = await open(engine, ASSETS)
  })
  afterAll(() => server.stop())

  it('has no list of the day before the price of each asset is known', async () => {
    expect(await server.at(TODAY + 1)).toEqual([])
    await storeFacts(engine, collected(ASSETS.slice(1), TODAY - DAYS * DAY, TODAY, TODAY + HOUR), TODAY + HOUR)
    expect(await server.at(TODAY + HOUR)).toEqual([])
    expect(await snapshotTimes(engine, false, TODAY + DAY)).toEqual([])
  })

  it('then makes it, and those of the past that its source told of: all of them known from now on, none of them to be learnt from', async () => {
    await storeFacts(engine, collected(ASSETS.slice(0, 1), TODAY - DAYS * DAY, TODAY, TODAY + 2 * HOUR), TODAY + 2 * HOUR)
    await server.at(TODAY + 2 * HOUR + 1)
    const rows = await listRows(engine)
    expect(rows.length).toBe(DAYS + 1)
    expect(new Set(rows.map(({ known }) => known))).toEqual(new Set(['2026-01-10 02:00:00.001']))
    expect([rows[0]!.t, rows.at(-1)]).toEqual([
      '2025-01-11 00:00:00.000',
      { t: '2026-01-10 00:00:00.000', known: '2026-01-10 02:00:00.001', assets: 24 },
    ])
    expect(await lessonTimes(engine, false, TODAY + DAY - 1)).toEqual([TODAY])
  })

  it('says of each asset why there is no score while there is no model, and says it once', async () => {
    const second = await open(engine, ASSETS)
    const [none, ...more] = await second.at(TODAY + 2 * HOUR + 2)
    expect(more).toEqual([])
    expect(none).toMatchObject({ t: TODAY, horizon: 1, version: '', scores: [] })
    expect(none!.unscored.length).toBe(24)
    expect(new Set(none!.unscored.map(({ reason }) => reason))).toEqual(new Set(['found 1 monthly lists of assets, expected at least 32']))
    expect(await second.at(TODAY + 3 * HOUR)).toEqual([])
    second.stop()
  })

  it('scores its assets by a model that was trained elsewhere and left where models are', async () => {
    expect(server.registry.list.length).toBe(1)
    await server.registry.alias('champion', server.registry.list[0]!.version, { t: TODAY + 3 * HOUR, who: 'ann', why: 'a try' })
    const day = await server.pages.at(1, TODAY)
    expect([day.t, day.scores.length, day.unscored]).toEqual([TODAY, 24, []])
    expect(day.scores.map(({ asset }) => asset).sort()).toEqual(ASSETS.map(({ asset }) => asset).sort())
    // Twelve months of the past are known, so the features are.
    expect(Object.keys(day.scores[0]!.why)).toContain('momentum6')
  })

  it('makes the next day’s list six hours late of what there is; what was not collected stays listed and has no score', async () => {
    const next = TODAY + DAY
    await storeFacts(engine, collected(ASSETS.slice(2), next, next, next + HOUR), next + HOUR)
    expect((await server.at(next + HOUR)).map(({ t }) => t)).toEqual([TODAY])
    const [scoring] = await server.at(next + 6 * HOUR)
    expect([scoring!.t, scoring!.scores.length]).toEqual([next, 22])
    expect(scoring!.unscored).toEqual([
      { asset: 'A0', name: 'Asset 0', symbol: 'A0', reason: 'its price is not known' },
      { asset: 'A1', name: 'Asset 1', symbol: 'A1', reason: 'its price is not known' },
    ])
  })

  it('says the same of a day when it is computed again, also after its source has revised the day', async () => {
    const again = TODAY + 2 * DAY
    await storeFacts(
      engine,
      collected(ASSETS, TODAY, TODAY, again).map(fact => ({ ...fact, value: 2 * fact.value! })),
      again,
    )
    await server.at(again)
    expect(await server.pages.again(1, TODAY + HOUR)).toMatchObject({ same: true, t: TODAY })
  })
})

describe('a server that collects too little', () => {
  it('of nineteen assets makes no list, and says so of each', async () => {
    const engine = await fresh()
    const server = await open(engine, assets(19))
    await storeFacts(engine, collected(assets(19), TODAY, TODAY, TODAY), TODAY)
    const [none] = await server.at(TODAY + 1)
    expect(none!.unscored.map(({ asset }) => asset)).toEqual(assets(19).map(({ asset }) => asset))
    expect(none!.unscored[0]!.reason).toBe('found 19 assets whose prices are collected, expected at least 20')
    expect(await listRows(engine)).toEqual([])
    server.stop()
  })

  it('of prices without market caps makes none either', async () => {
    const engine = await fresh()
    const server = await open(engine, ASSETS)
    await storeFacts(
      engine,
      collected(ASSETS, TODAY, TODAY, TODAY).filter(({ metric }) => metric === 'price'),
      TODAY,
    )
    const [none] = await server.at(TODAY + 1)
    expect(none!.unscored[23]).toEqual({
      ...{ asset: 'A23', name: 'Asset 23', symbol: 'A23' },
      reason: 'found 0 assets whose price and market cap of 2026-01-10 are known, expected at least 20',
    })
    server.stop()
  })
})
