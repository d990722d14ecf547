import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { contributionsOf, predict } from '../../streams/analytics/models/model.ts'
import { wandering } from '../../streams/analytics/test/worlds.ts'
import { keptModel, keptModels } from '../analytics/modelStore.ts'
import { UsageError } from '../config/options.ts'
import { packageRoot } from '../lib/packageRoot.ts'
import { runTrain } from './train.ts'

/** `driftwire train`, as a process of its own. */

const directory = mkdtempSync(join(tmpdir(), 'driftwire-train-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const file = join(directory, 'snapshots.csv')
const csv = (snapshots: ReturnType<typeof wandering>): string =>
  [
    'snapshot_date,symbol,name,market_cap_usd,price_usd,volume_24h_usd,rank',
    ...snapshots.flatMap(({ t, assets }) =>
      assets.map(({ symbol, name, marketCap, price, volume, rank }) =>
        [new Date(t).toISOString().slice(0, 10), symbol, name, marketCap, price, volume, rank].join(),
      ),
    ),
  ].join('\n')
writeFileSync(file, csv(wandering(30, 33, 1)))

const program = join(packageRoot(), 'server/cli/driftwire.cjs')
const command = (...words: string[]) => spawnSync(process.execPath, [program, 'train', ...words], { encoding: 'utf8' })
const models = join(directory, 'models')
const versionIn = (text: string): string | undefined => /([0-9a-f]{64})\.json/.exec(text)?.[1]

describe('driftwire train', () => {
  it('keeps models under the digest of their content, the same for the same file and seed', () => {
    const first = command(file, '--models', models)
    expect(first.stderr).toBe('')
    expect(first.stdout).toContain('ensemble')
    const version = versionIn(first.stdout)!
    expect(keptModels(models)).toEqual([version])
    const again = JSON.parse(command('--data', file, '--models', models, '--json').stdout) as Record<string, unknown> & {
      version: string
      card: { features: string[] }
    }
    expect(again).toMatchObject({
      ...{ version, artifactSha256: version, horizon: '1m', trainedTo: '2023-09-01', warnings: [] },
      ic: {
        ensemble: { months: 14 },
        linear: {},
        forest: {},
        boosting: {},
        net: {},
        baselines: { zero: { mean: 0 }, size: {}, momentum3: {} },
      },
      calibration: { error: expect.any(Number), coverage80: expect.any(Number) },
    })
    expect(keptModels(models)).toEqual([version])

    const { features, models: kept } = keptModel(models, version)
    expect(features).toEqual(again.card.features)
    const values = features.map((_, f) => (f % 3 === 0 ? Number.NaN : f / 40))
    const row = { rows: 1, columns: values.map(value => Float64Array.of(value)) }
    for (const model of Object.values(kept)) {
      const { parts, expectation } = contributionsOf(model, values)
      expect(parts.reduce((sum, part) => sum + part, expectation)).toBeCloseTo(predict(model, row)[0]!, 9)
    }
  })

  it('leaves no half model behind if it is killed, and the next run gives the version of an undisturbed one', async () => {
    const killed = join(directory, 'killed')
    mkdirSync(killed)
    // As a kill between writing and renaming leaves it, an hour ago; and one that another training writes now.
    const [left, written] = ['0', '1'].map(digit => `${digit.repeat(64)}.1.part`) as [string, string]
    for (const name of [left, written]) writeFileSync(join(killed, name), '{"form":')
    const then = Date.now() / 1000 - 3600
    utimesSync(join(killed, left), then, then)
    for (const ms of [400, 900]) {
      const child = spawn(process.execPath, [program, 'train', file, '--models', killed])
      const ended = new Promise(resolve => child.once('exit', resolve))
      await new Promise(resolve => setTimeout(resolve, ms))
      child.kill('SIGKILL')
      await ended
      for (const version of keptModels(killed)) expect(() => keptModel(killed, version)).not.toThrow()
    }
    expect(versionIn(command(file, '--models', killed).stdout)).toBe(keptModels(models)[0])
    expect(readdirSync(killed).toSorted()).toEqual([`${keptModels(models)[0]}.json`, written].toSorted())
  })

  it.each([
    [file, { horizon: 'soon' }, '--horizon: found "soon", expected months such as 1m or 3m'],
    [file, { seed: '-1' }, '--seed: found "-1", expected a whole number below 10^9'],
    [file, { horizon: '12m' }, 'found 33 snapshots, expected at least 54'],
    [join(directory, 'nowhere.csv'), {}, 'nowhere.csv: ENOENT'],
  ])('refuses %s %j as a mistake in what was typed', async (name, options, message) => {
    const error: unknown = await runTrain([name], options, 80).catch((error: unknown) => error)
    expect(error).toBeInstanceOf(UsageError)
    expect((error as UsageError).message).toContain(message)
  })

  it('keeps nothing that is too good to be true', () => {
    // The change of 7 days is of the month that comes.
    const snapshots = wandering(30, 33, 2)
    const next = snapshots.map((_, k) => new Map(snapshots[k + 1]?.assets.map(({ name, price }) => [name, price])))
    const leaking = snapshots.flatMap(({ t, assets }, k) =>
      assets.map(({ symbol, name, marketCap, price }) => {
        const later = next[k]!.get(name)
        return [
          new Date(t).toISOString().slice(0, 10),
          symbol,
          name,
          marketCap,
          price,
          later === undefined ? '' : 100 * (later / price - 1),
        ].join()
      }),
    )
    const spoilt = join(directory, 'spoilt.csv')
    writeFileSync(spoilt, ['snapshot_date,symbol,name,market_cap_usd,price_usd,pct_7d', ...leaking].join('\n'))
    const { status, stderr } = command(spoilt, '--models', join(directory, 'none'))
    expect(status).toBe(1)
    expect(stderr).toContain('change7d: found an IC of 0.9')
    expect(stderr).toContain('the models were not kept')
    expect(() => readdirSync(join(directory, 'none'))).toThrow('ENOENT')
  })
})

describe('a file of the store', () => {
  it('that was changed, or is not of the form, is refused with one error', () => {
    const version = keptModels(models)[0]!
    const name = join(models, `${version}.json`)
    const text = readFileSync(name, 'utf8')
    writeFileSync(name, text.replace('"seed":1', '"seed":2'))
    expect(() => keptModel(models, version)).toThrow(/found content of the digest [0-9a-f]{64}, expected that of its name/)
    writeFileSync(name, text)
    expect(keptModel(models, version).seed).toBe(1)
  })
})
