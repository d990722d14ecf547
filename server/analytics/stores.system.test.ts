import { beforeAll, describe, expect, it } from 'vitest'
import { type Artifact, trained } from '../../streams/analytics/artifact.ts'
import { outcomesOf, panelOf } from '../../streams/analytics/features/panel.ts'
import { SnapshotRecord } from '../../streams/analytics/features/past.ts'
import { monthlyTimes } from '../../streams/analytics/scoring/months.ts'
import { type Score, scoringOf } from '../../streams/analytics/scoring/score.ts'
import { facts, wandering } from '../../streams/analytics/test/worlds.ts'
import type { Engine } from '../storage/engine/engine.ts'
import { sharedEngine } from '../test/storageKit.ts'
import { addAlias, addModel, addTrial, aliasesOf, artifactOf, modelsOf, trialsOf } from './registry/registryStore.ts'
import { addScoring, type StoredScoring, scoresOfAsset, scoringAt } from './scores/scoreStore.ts'
import { addSnapshots, monthsKnown, snapshotTimes } from './snapshots/snapshotStore.ts'

const COUNT = 28
const open = sharedEngine('embedded')
let engine: Engine
beforeAll(async () => {
  engine = await open()
})

const snapshots = wandering(30, COUNT, 1)
const last = snapshots.at(-1)!.t
const DAY = 86_400_000

const trainedOn = (record: SnapshotRecord): Artifact => {
  const panel = panelOf(record)
  return trained({
    panel,
    outcomes: outcomesOf(record, panel, 1),
    plan: { firstTest: 16, refitEvery: 6, embargo: 0 },
    seed: 1,
    data: 'digest',
  })
}

describe('lists of assets', () => {
  it('are the same again when they are read, what is not known among them', async () => {
    const given = [{ t: last, assets: [facts('A', { supply: Number.NaN, price: 1 / 3 }), facts('B', { rank: 2, change7d: -0.1 })] }]
    await addSnapshots(engine, { simulated: true, source: 'test', availableAt: last }, given)
    expect(await monthsKnown(engine, true, last, last)).toEqual(given)
    expect(await monthsKnown(engine, false, last, last)).toEqual([])
  })

  it('that were revised are known as they were at each moment, and a list that comes again is one', async () => {
    const origin = { simulated: false, source: 'test', availableAt: 0 }
    for (let time = 0; time < 2; time++) await addSnapshots(engine, origin, snapshots)
    const revised = {
      t: last,
      assets: snapshots
        .at(-1)!
        .assets.slice(1)
        .map(one => ({ ...one, price: one.price * 2 })),
    }
    await addSnapshots(engine, { ...origin, availableAt: last + DAY }, [revised])
    expect((await monthsKnown(engine, false, last, last)).at(-1)!.assets.length).toBe(snapshots.at(-1)!.assets.length)
    const after = (await monthsKnown(engine, false, last, last + DAY)).at(-1)!
    expect(after.assets.map(({ price }) => price)).toEqual(revised.assets.map(({ price }) => price))
    expect(await snapshotTimes(engine, false, last)).toEqual(
      monthlyTimes(
        snapshots.map(({ t }) => t),
        last,
      ),
    )
  })
})

describe('a score', () => {
  it('of a day, computed again after its list was revised, is the same to the last digit; with what is known now it is another', async () => {
    const artifact = trainedOn(new SnapshotRecord(snapshots))
    const scoringKnown = async (known: number) => {
      const months = await monthsKnown(engine, false, last, known)
      return scoringOf(artifact, new SnapshotRecord(months), months.length - 1)
    }
    const then = await scoringKnown(last)
    const stored: StoredScoring = { ...then, simulated: false, version: 'v', knownAt: last, inputs: 'digest' }
    for (let time = 0; time < 2; time++) await addScoring(engine, stored)
    const read = (await scoringAt(engine, { simulated: false, horizon: 1, version: 'v' }, last + 3 * DAY))!
    expect(read).toEqual(stored)
    expect(await scoringKnown(read.knownAt)).toEqual({ t: read.t, horizon: read.horizon, scores: read.scores, unscored: read.unscored })
    expect((await scoringKnown(last + DAY)).scores).not.toEqual(then.scores)
  })

  it('of an asset is found by its name, or the reason why there is none; before the first there is none', async () => {
    const of = { simulated: false, horizon: 1, version: 'w' }
    const none = { t: last, horizon: 1, scores: [], unscored: [{ asset: 'XAU', name: 'Gold', symbol: 'XAU', reason: 'it is pegged' }] }
    await addScoring(engine, { ...none, ...of, knownAt: last, inputs: '' })
    const found = await scoresOfAsset(engine, { ...of, name: 'Gold' }, { from: last, to: last + 1, limit: 10 })
    expect(found).toEqual([{ asset: 'XAU', name: 'Gold', symbol: 'XAU', reason: 'it is pegged', t: last, version: 'w', knownAt: last }])
    const [coin] = (await scoringAt(engine, { ...of, version: 'v' }, last))!.scores as [Score]
    const [read] = await scoresOfAsset(engine, { ...of, name: coin.name }, { from: last, to: last + 1, limit: 10 })
    expect(read).toEqual({ ...coin, t: last, version: 'v', knownAt: last })
    expect(await scoringAt(engine, of, last - 1)).toBeUndefined()
  })
})

describe('a model', () => {
  it('comes back byte for byte under the digest of its content, once', async () => {
    const artifact = trainedOn(new SnapshotRecord(snapshots))
    const first = await addModel(engine, artifact, false, last)
    expect(await addModel(engine, artifact, false, last + DAY)).toEqual(first)
    expect(await modelsOf(engine)).toEqual([{ ...first, card: JSON.parse(JSON.stringify(first.card)) }])
    expect(await artifactOf(engine, first.version)).toEqual(artifact)
    expect(await artifactOf(engine, 'none')).toBeUndefined()
  })

  it('has aliases with who and why, and trainings that came to nothing are counted', async () => {
    const alias = { name: 'champion', simulated: false, horizon: 1, t: last, version: 'v', who: 'ops', why: 'the first' } as const
    await addAlias(engine, alias)
    await addAlias(engine, { ...alias, t: last + 1, version: 'w' })
    expect((await aliasesOf(engine)).map(({ version, t }) => [version, t])).toEqual([
      ['v', last],
      ['w', last + 1],
    ])
    const trial = {
      simulated: false,
      horizon: 1,
      t: last,
      seed: 7,
      data: 'd',
      version: '',
      ic: 0.3,
      low: 0.2,
      high: 0.4,
      warnings: ['a leak'],
      who: 'ops',
    }
    await addTrial(engine, trial)
    expect(await trialsOf(engine, false, 10)).toEqual([trial])
  })
})
