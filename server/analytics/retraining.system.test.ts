import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Subject } from 'rxjs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Score } from '../../streams/analytics/scoring/score.ts'
import { wandering } from '../../streams/analytics/test/worlds.ts'
import type { Engine } from '../storage/engine/engine.ts'
import { sharedEngine, silent } from '../test/storageKit.ts'
import { type OpenScores, openScores } from './openScores.ts'
import { addScoring } from './scores/scoreStore.ts'
import { keepSnapshots } from './snapshots/keepSnapshots.ts'

/** When a server trains by itself, and what is left if it is killed in between. Lists are a month apart. */

const DAY = 86_400_000
const MONTH = 30 * DAY
const NEVER = 3650 * DAY
const snapshots = wandering(30, 46, 1)
const timeOf = (k: number): number => snapshots[k]!.t

const directory = mkdtempSync(join(tmpdir(), 'driftwire-retraining-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))
const fresh = sharedEngine('embedded')

interface Opened extends OpenScores {
  at(t: number): Promise<void>
  stop(): void
}

const open = async (engine: Engine, retrainMs: number, dataDir: string): Promise<Opened> => {
  const stop = new AbortController()
  const frames$ = new Subject<{ t: number }>()
  const opened = openScores({
    ...{ engine: Promise.resolve(engine), dataDir, everyMs: MONTH, horizons: [1], simulated: undefined, frames$, log: silent },
    rules: { retrainMs, promoteAfter: 500 },
    put: () => {},
    signal: stop.signal,
  })
  await opened.ready
  return {
    ...opened,
    async at(t) {
      frames$.next({ t })
      await opened.scorer.idle()
    },
    stop: () => stop.abort(),
  }
}

describe('a server trains', () => {
  let engine: Engine
  let server: Opened | undefined
  const opened = async (retrainMs: number): Promise<Opened> => {
    server?.stop()
    server = await open(engine, retrainMs, join(directory, 'one'))
    return server
  }
  beforeAll(async () => {
    engine = await fresh()
    await keepSnapshots(engine, snapshots.slice(0, 31), timeOf(30))
  })
  afterAll(() => server?.stop())

  it('nothing while there are too few lists, and its first model as soon as there are enough', async () => {
    const { at, registry } = await opened(MONTH)
    await at(timeOf(30))
    expect(await registry.trials(9)).toEqual([])
    await keepSnapshots(engine, snapshots.slice(31, 36), timeOf(35))
    await at(timeOf(35))
    expect(await registry.trials(9)).toMatchObject([{ who: 'the schedule', t: timeOf(35) }])
    expect(registry.used('champion', 1)).toMatchObject({ who: 'the schedule', why: 'the first of its horizon' })
  })

  it('a challenger once the time of the configuration is over, and not before', async () => {
    const { at, registry } = await opened(45 * DAY)
    await keepSnapshots(engine, snapshots.slice(36, 37), timeOf(36))
    await at(timeOf(36))
    expect((await registry.trials(9)).length).toBe(1)
    await keepSnapshots(engine, snapshots.slice(37, 38), timeOf(37))
    await at(timeOf(37))
    expect((await registry.trials(9)).length).toBe(2)
    expect(registry.used('challenger', 1)).toMatchObject({ who: 'the schedule', why: 'newly trained' })
    expect(registry.used('champion', 1)!.t).toBe(timeOf(35))
  })

  it('another one when the champion’s live scores are worse than they were held to be, and none while they are as good', async () => {
    const { registry, at } = await opened(NEVER)
    await keepSnapshots(engine, snapshots.slice(38), timeOf(45))
    const { version } = registry.used('champion', 1)!
    /** Says of the lists up to `last` what will be, or its opposite. */
    const said = async (right: boolean, last: number): Promise<void> => {
      for (let k = 36; k < last; k++) {
        const { t, assets } = snapshots[k]!
        const next = new Map(snapshots[k + 1]!.assets.map(({ name, price }) => [name, price]))
        const scores = assets.map(({ name, symbol, price }): Score => {
          const change = (next.get(name) ?? 0) / price
          const figures = { p: 0.5, worst: 0.3, lo: -0.1, hi: 0.1, rank: 1, of: assets.length, expected: 50, base: 50, why: {} }
          return { asset: symbol, name, symbol, score: right ? change : -change, ...figures }
        })
        await addScoring(engine, { t, horizon: 1, version, simulated: false, knownAt: t, inputs: '', scores, unscored: [] })
      }
    }
    await said(true, 44)
    await at(timeOf(44))
    expect((await registry.trials(9)).length).toBe(2)
    await said(false, 45)
    await at(timeOf(45) + DAY)
    expect((await registry.trials(9)).length).toBe(3)
    expect(registry.used('challenger', 1)!.t).toBe(timeOf(45) + DAY)
  })
})

/** Returns an engine that takes whatever comes but models: the insert of one never ends, and `reached` resolves when it begins. */
const stuckAtModels = (engine: Engine): { readonly stuck: Engine; readonly reached: Promise<void> } => {
  let reach = (): void => {}
  const reached = new Promise<void>(resolve => {
    reach = resolve
  })
  const client = new Proxy(engine.client, {
    get(target, name) {
      const member = Reflect.get(target, name) as unknown
      if (typeof member !== 'function') return member
      if (name !== 'insert') return member.bind(target)
      return (params: { table: string }) => {
        if (!params.table.endsWith('.models')) return member.call(target, params)
        reach()
        return new Promise(() => {})
      }
    },
  })
  return { stuck: { ...engine, client }, reached }
}

describe('a server that ends between training and storing', () => {
  it('has the whole model in a file; the next start stores it and makes it what it would have been', async () => {
    const engine = await fresh()
    const dataDir = join(directory, 'two')
    const files = (): string[] => readdirSync(join(dataDir, 'models'))
    await keepSnapshots(engine, snapshots.slice(0, 36), timeOf(35))
    const { stuck, reached } = stuckAtModels(engine)
    const first = await open(stuck, MONTH, dataDir)
    void first.at(timeOf(35))
    await reached
    first.stop()
    const [file] = files()
    expect(files()).toEqual([expect.stringMatching(/^[0-9a-f]{64}\.json$/)])

    const second = await open(engine, MONTH, dataDir)
    const version = file!.slice(0, -'.json'.length)
    expect(files()).toEqual([])
    expect(second.registry.list.map(model => model.version)).toEqual([version])
    expect(second.registry.used('champion', 1)).toMatchObject({ version, t: timeOf(35), who: 'the schedule' })
    await second.at(timeOf(35) + 1)
    expect((await second.registry.trials(9)).map(trial => trial.version)).toEqual([version])
    second.stop()
  })
})
