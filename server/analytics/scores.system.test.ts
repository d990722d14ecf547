import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Subject } from 'rxjs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Snapshot } from '../../streams/analytics/features/snapshot.ts'
import { wandering } from '../../streams/analytics/test/worlds.ts'
import type { Input } from '../../streams/input.ts'
import type { Engine } from '../storage/engine/engine.ts'
import { sharedEngine, silent } from '../test/storageKit.ts'
import { type OpenScores, openScores } from './openScores.ts'
import { keepSnapshots } from './snapshots/keepSnapshots.ts'

/** Scores of a server: from lists of assets to what is put into the ordered input, with threads and an engine. */

const DAY = 86_400_000
const directory = mkdtempSync(join(tmpdir(), 'driftwire-scores-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))
const fresh = sharedEngine('embedded')
const snapshots: readonly Snapshot[] = wandering(30, 36, 1)
const last = snapshots.at(-1)!.t

interface Opened extends OpenScores {
  readonly inputs: Input[]
  readonly frames$: Subject<{ t: number }>
  /** Lets time come to `t`, and waits until what was due has been done. */
  at(t: number): Promise<void>
  stop(): void
}

const open = async (engine: Engine): Promise<Opened> => {
  const stop = new AbortController()
  const inputs: Input[] = []
  const frames$ = new Subject<{ t: number }>()
  const opened = openScores({
    ...{ engine: Promise.resolve(engine), dataDir: directory, everyMs: DAY, horizons: [1], simulated: undefined, frames$, log: silent },
    rules: { retrainMs: 0, promoteAfter: 1 },
    categoriesOf: asset => (['COIN4', 'COIN5'].includes(asset) ? ['exchange'] : []),
    put: input => void inputs.push(input),
    signal: stop.signal,
  })
  await opened.ready
  return {
    ...opened,
    inputs,
    frames$,
    async at(t) {
      frames$.next({ t })
      await opened.scorer.idle()
    },
    stop: () => stop.abort(),
  }
}

describe('scores of a server', () => {
  let engine: Engine
  let one: Opened
  beforeAll(async () => {
    engine = await fresh()
    await keepSnapshots(engine, snapshots, last)
    one = await open(engine)
  })
  afterAll(() => one.stop())

  it('are none before there is a model, nothing fails, and of each asset it is said why', async () => {
    await one.at(last + 1)
    const listed = snapshots.at(-1)!.assets.length
    const said = one.inputs.flatMap(input => (input.kind === 'scores' ? input.scoring : []))
    expect(said).toMatchObject([{ t: last, version: '', scores: [] }])
    expect(said[0]!.unscored.map(({ reason }) => reason)).toEqual(Array(listed).fill('no model has been trained yet'))
    expect(one.scorer.figures).toMatchObject({ failures: 0, runs: 1, assets: listed, scored: 0, unscored: listed })
    await expect(one.pages.at(1, last)).rejects.toThrow('found no model of 1 months')
  })

  it('are shown once a model was trained: the first is the champion, and a second one with another seed only watches', async () => {
    const first = await one.registry.train({ horizon: 1, seed: 1, who: 'ann', t: last + 2 })
    expect(first).toMatchObject({ alias: 'champion', warnings: [] })
    const second = await one.registry.train({ horizon: 1, seed: 2, who: 'ann', t: last + 3 })
    expect(second.alias).toBe('challenger')
    const shown = one.inputs.flatMap(input => (input.kind === 'scores' && input.scoring.version !== '' ? input.scoring : []))
    expect(new Set(shown.map(({ version, t, horizon }) => `${version} ${t} ${horizon}`))).toEqual(new Set([`${first.version} ${last} 1`]))
    const listed = snapshots.at(-1)!.assets.length
    expect(shown[0]!.scores.length + shown[0]!.unscored.length).toBe(listed)
    expect(one.scorer.figures.assets).toBe(listed)
    const models = one.inputs.findLast(input => input.kind === 'models')!
    expect(models.kind === 'models' && models.byHorizon.get(1)).toMatchObject({
      champion: { version: first.version, who: 'ann', why: 'the first of its horizon' },
      challenger: { version: second.version },
    })
  })

  it('are the same when they are computed again, also after the list was revised; the revision is another list from then on', async () => {
    const before = await one.pages.at(1, last + 5)
    const revised = {
      ...snapshots.at(-1)!,
      assets: snapshots.at(-1)!.assets.map((asset, i) => ({ ...asset, price: asset.price * (1 + (i % 5)) })),
    }
    expect(await keepSnapshots(engine, [revised, snapshots[0]!], last + DAY)).toEqual({ accepted: 1, known: 1 })
    const again = await one.pages.again(1, last + 5)
    expect(again).toMatchObject({ same: true, version: before.version, t: last })
    expect(again.scores).toEqual(before.scores)
    await one.at(last + DAY)
    // The list was scored; that it was revised changes nothing of what was said.
    expect(await one.pages.at(1, last + 2 * DAY)).toEqual(before)
  })

  it('of an asset are those of champion and challenger; peers are of the newest list', async () => {
    const scores = await one.pages.ofAsset('COIN4', 1, { from: 0, to: last + DAY, limit: 10 })
    expect(scores.map(({ t, name }) => [t, name])).toEqual([
      [last, 'coin4'],
      [last, 'coin4'],
    ])
    expect(new Set(scores.map(({ version }) => version)).size).toBe(2)
    expect(await one.pages.peers('COIN4', 2)).toMatchObject({
      ...{ t: last, name: 'coin4', peers: [{}, {}], categories: ['exchange'] },
      byCategory: [{ asset: 'COIN5', name: 'coin5', symbol: 'COIN5', categories: ['exchange'] }],
    })
    expect(Object.keys(await one.pages.peers('COIN6', 2)).sort()).toEqual(['name', 'peers', 't'])
    await expect(one.pages.peers('NOBODY', 2)).rejects.toThrow('found no asset NOBODY in the newest list')
  })

  it('follow the alias: it is kept who made which model the champion when, and what was said before stays said by the model before', async () => {
    const challenger = one.registry.used('challenger', 1)!
    const was = one.registry.used('champion', 1)!
    await one.registry.alias('champion', challenger.version, { t: last + 2 * DAY, who: 'bob', why: 'a try' })
    expect(one.registry.used('challenger', 1)).toBeUndefined()
    const shown = one.inputs.findLast(input => input.kind === 'scores')!
    expect(shown.kind === 'scores' && shown.scoring.version).toBe(challenger.version)
    expect((await one.pages.at(1, last + DAY)).version).toBe(was.version)
    await expect(one.registry.alias('champion', 'f00', { t: 1, who: '', why: '' })).rejects.toThrow('found no model f00')
  })

  it('are shown again after a restart, without being computed again', async () => {
    const two = await open(engine)
    await two.at(last + 2 * DAY + 1)
    const [models, scores] = [two.inputs.find(({ kind }) => kind === 'models'), two.inputs.find(({ kind }) => kind === 'scores')]
    expect(models).toEqual(one.inputs.findLast(({ kind }) => kind === 'models'))
    expect(scores).toEqual(one.inputs.findLast(({ kind }) => kind === 'scores'))
    expect(two.registry.list.map(({ version }) => version)).toEqual(one.registry.list.map(({ version }) => version))
    two.stop()
  })

  it('need enough lists for a training, and one training at a time', async () => {
    await expect(one.registry.train({ horizon: 12, seed: 1, who: 'ann', t: last })).rejects.toThrow(
      'found 36 monthly lists of assets, expected at least 54',
    )
    const running = one.registry.train({ horizon: 1, seed: 3, who: 'ann', t: last })
    await expect(one.registry.train({ horizon: 1, seed: 4, who: 'ann', t: last })).rejects.toThrow('a training is running')
    await running
    expect(await one.registry.trials(10)).toHaveLength(3)
  })
})
