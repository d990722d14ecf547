import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { trained } from '../../../streams/analytics/artifact.ts'
import { outcomesOf, panelOf } from '../../../streams/analytics/features/panel.ts'
import { SnapshotRecord } from '../../../streams/analytics/features/past.ts'
import type { Score } from '../../../streams/analytics/scoring/score.ts'
import type { UsedModels } from '../../../streams/analytics/shownModels.ts'
import { wandering } from '../../../streams/analytics/test/worlds.ts'
import type { Engine } from '../../storage/engine/engine.ts'
import { sharedEngine, silent } from '../../test/storageKit.ts'
import { selectRows } from '../rows.ts'
import { addScoring } from '../scores/scoreStore.ts'
import { keepSnapshots } from '../snapshots/keepSnapshots.ts'
import { Judge } from './judge.ts'
import { Registry } from './registry.ts'
import { addModel } from './registryStore.ts'

/** Champion and challenger, by what became of their scores. Lists are a month apart, so a block is three of them. */

const MONTH = 30 * 86_400_000
const snapshots = wandering(30, 46, 1)
const fresh = sharedEngine('embedded')

describe('a judge', () => {
  let engine: Engine
  let registry: Registry
  let shown: UsedModels | undefined
  const versions: string[] = []
  const judge = (promoteAfter: number): Judge =>
    new Judge({
      ...{ engine: Promise.resolve(engine), registry, simulated: false, everyMs: MONTH, horizons: [1], log: silent },
      rules: { retrainMs: 0, promoteAfter },
    })

  /** Scores list `k`: the challenger knows what will be, the champion its opposite in every other month. */
  const score = async (k: number): Promise<void> => {
    const { t, assets } = snapshots[k]!
    const next = new Map(snapshots[k + 1]!.assets.map(({ name, price }) => [name, price]))
    for (const [i, version] of versions.entries()) {
      const right = i === 1 || k % 2 === 0
      const scores = assets.map(({ name, symbol, price }): Score => {
        const change = (next.get(name) ?? 0) / price
        const figures = { p: 0.5, worst: 0.3, lo: -0.1, hi: 0.1, rank: 1, of: assets.length, expected: 50, base: 50, why: {} }
        return { asset: symbol, name, symbol, score: right ? change : -change, ...figures }
      })
      await addScoring(engine, { t, horizon: 1, version, simulated: false, knownAt: t, inputs: '', scores, unscored: [] })
    }
  }

  beforeAll(async () => {
    engine = await fresh()
    await keepSnapshots(engine, snapshots, snapshots.at(-1)!.t)
    registry = new Registry({
      ...{ engine: Promise.resolve(engine), simulated: false, directory: join(tmpdir(), 'driftwire-none') },
      signal: new AbortController().signal,
      put: ({ byHorizon }) => {
        shown = byHorizon.get(1)
      },
      changed: async () => {},
    })
    const record = new SnapshotRecord(snapshots.slice(0, 28))
    const panel = panelOf(record)
    for (const seed of [1, 2]) {
      const plan = { firstTest: 16, refitEvery: 6, embargo: 0 }
      const artifact = trained({ panel, outcomes: outcomesOf(record, panel, 1), plan, seed, data: 'd' })
      versions.push((await addModel(engine, artifact, false, seed)).version)
    }
    await registry.load()
    await registry.alias('champion', versions[0]!, { t: 1, who: 'ann', why: 'the first' })
    await registry.alias('challenger', versions[1]!, { t: 1, who: 'ann', why: 'a try' })
    for (let k = 20; k < 45; k++) await score(k)
  })

  it('records what became of each score once its time is over, of each list once', async () => {
    const { t } = snapshots[22]!
    await judge(100).judge(t)
    await judge(100).judge(t)
    const rows = await selectRows<{ lists: string; all: string }>(
      engine,
      'SELECT toString(uniqExact(t)) AS lists, toString(count()) AS all FROM {db}.outcomes',
    )
    expect(Number(rows[0]!.lists)).toBe(2)
    expect(Number(rows[0]!.all)).toBe(snapshots[20]!.assets.length + snapshots[21]!.assets.length)
    expect(shown?.champion?.live?.days).toBe(2)
    expect(shown?.comparison).toEqual({ verdict: 'none', days: 2 })
  })

  it('has no verdict of few lists, and lets a better challenger watch until as many were scored as the rule says', async () => {
    await judge(100).judge(snapshots[45]!.t)
    expect(shown?.comparison).toMatchObject({ verdict: 'challenger', days: 25 })
    expect(shown?.challenger?.live?.ic).toBeGreaterThan(0.9)
    expect(shown?.champion?.version).toBe(versions[0])
  })

  it('promotes it by the rule, and says by which figures', async () => {
    await judge(25).judge(snapshots[45]!.t)
    expect(shown?.champion).toMatchObject({ version: versions[1], who: 'the rule' })
    expect(shown?.champion?.why).toMatch(/^IC above the champion's by 0\.\d{3}, 95 % 0\.\d{3} to \d\.\d{3}, on 25 lists$/)
    expect(shown?.challenger).toBeUndefined()
  })
})
