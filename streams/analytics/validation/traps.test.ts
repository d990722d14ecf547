import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Outcomes, outcomesOf, type Panel, panelOf } from '../features/panel.ts'
import { SnapshotRecord } from '../features/past.ts'
import { SNAPSHOT_FEATURES } from '../features/snapshotFeatures.ts'
import { FITS, type Fit } from '../models/model.ts'
import { Random } from '../random.ts'
import { percentiles } from '../ranks.ts'
import { gaussian, wandering } from '../test/worlds.ts'
import { foldsOf } from './folds.ts'
import { leaksIn } from './leaks.ts'
import { skillOf } from './skill.ts'
import { validate } from './validate.ts'
import { singleFeatures, walkForward } from './walkForward.ts'

/** Ways to fool oneself, each beside what catches it. */

const ASSETS = 100
const SNAPSHOTS = 40
const PLAN = { firstTest: 10, refitEvery: 5, embargo: 0 }
const LINEAR: Record<string, Fit> = { linear: FITS.linear }

/** A panel of random features, and outcomes of which the first feature knows as much as a rank correlation of `planted`. */
const world = (planted: number, seed: number): { panel: Panel; outcomes: Outcomes } => {
  const random = new Random(seed)
  const rows = ASSETS * SNAPSHOTS
  const snapshot = Int32Array.from({ length: rows }, (_, row) => Math.floor(row / ASSETS))
  const columns = Array.from({ length: 5 }, () => Float64Array.from({ length: rows }, () => random.unit() - 0.5))
  // The rank correlation of normal values is (6/π) asin(ρ/2); of such small ones ρ (3/π) is near enough.
  const share = planted * Math.sqrt(12)
  const returns = Float64Array.from({ length: rows }, (_, row) => 0.2 * (share * columns[0]![row]! + gaussian(random)))
  const panel: Panel = {
    times: Array.from({ length: SNAPSHOTS }, (_, k) => k),
    assets: Array.from({ length: ASSETS }, (_, i) => `a${i}`),
    features: columns.map((_, f) => `f${f}`),
    rows,
    snapshot,
    asset: Int32Array.from({ length: rows }, (_, row) => row % ASSETS),
    table: { rows, columns },
    volatility: new Float64Array(rows).fill(0.2),
  }
  return { panel, outcomes: { horizon: 1, returns: returns.map((value, row) => (snapshot[row]! === SNAPSHOTS - 1 ? Number.NaN : value)) } }
}

const icOf = (panel: Panel, outcomes: Outcomes, fits = LINEAR): number =>
  skillOf(panel, outcomes, walkForward(panel, outcomes, PLAN, fits, 1).ensemble!, { first: PLAN.firstTest, seed: 1 }).ic.mean

describe('the only split there is', () => {
  it('lets no outcome that is learnt from end after the fit, and tests each row once, whole snapshots of them', () => {
    const { panel } = world(0, 1)
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 0, max: 3 }),
        fc.integer({ min: 1, max: 6 }),
        (horizon, embargo, refitEvery) => {
          const folds = foldsOf(panel, { horizon, returns: new Float64Array(0) }, { firstTest: 10, refitEvery, embargo })
          for (const { at, train, test } of folds) {
            expect(Math.max(...train.map(row => panel.snapshot[row]! + horizon + embargo))).toBe(at)
            expect(Math.min(...test.map(row => panel.snapshot[row]!))).toBe(at)
          }
          const tested = folds.flatMap(({ test }) => [...test])
          expect(tested).toEqual([...panel.snapshot.keys()].filter(row => panel.snapshot[row]! >= 10))
        },
      ),
      { numRuns: 20 },
    )
  })

  it('keeps outcomes that overlap from being learnt: without the purge, the answer is among the questions', () => {
    // Each asset has one outcome of its own for a stretch of three snapshots, which a feature names.
    const { panel } = world(0, 2)
    const random = new Random(3)
    const stretch = Float64Array.from({ length: panel.rows }, () => gaussian(random))
    const returns = panel.snapshot.map((k, row) => Math.floor(k / 3) * ASSETS + (row % ASSETS))
    const outcomes = {
      horizon: 3,
      returns: Float64Array.from(returns, (place, row) => (panel.snapshot[row]! + 3 < SNAPSHOTS ? stretch[place]! : Number.NaN)),
    }
    const named = {
      ...panel,
      table: { ...panel.table, columns: [Float64Array.from(returns, place => (place * 0.618_033_99) % 1)] },
      features: ['name'],
    }
    const boosted: Record<string, Fit> = { boosting: FITS.boosting }
    expect(Math.abs(icOf(named, outcomes, boosted))).toBeLessThan(0.06)
  })
})

describe('a planted signal', () => {
  it.each([0.05, 0.1, 0.2])('of %d is found to within 0.03', planted => {
    const found = [1, 2, 3].map(seed => {
      const { panel, outcomes } = world(planted, seed)
      return icOf(panel, outcomes)
    })
    expect(Math.abs(found.reduce((sum, ic) => sum + ic, 0) / found.length - planted)).toBeLessThan(0.03)
  })

  it('that was shuffled away is not', () => {
    const found = [1, 2, 3, 4].map(seed => {
      const { panel, outcomes } = world(0, seed + 10)
      return icOf(panel, outcomes)
    })
    expect(Math.abs(found.reduce((sum, ic) => sum + ic, 0) / found.length)).toBeLessThan(0.03)
  })
})

describe('a leak', () => {
  it('of the target among the features is reported', () => {
    const { panel, outcomes } = world(0, 5)
    const random = new Random(6)
    const leaked = Float64Array.from(outcomes.returns, value => (Number.isNaN(value) ? 0 : 0.5 * value) + 0.2 * gaussian(random))
    const spoilt = { ...panel, features: [...panel.features, 'leak'], table: { ...panel.table, columns: [...panel.table.columns, leaked] } }
    const { warnings } = validate(spoilt, outcomes, PLAN, LINEAR, 1).validation
    expect(warnings.map(line => line.split(':')[0])).toEqual(['linear', 'ensemble', 'leak'])
    expect(warnings[2]).toMatch(/^leak: found an IC of 0\.\d{3}, expected at most 0\.2: the future is among the features$/)
    expect(validate(panel, outcomes, PLAN, LINEAR, 1).validation.warnings).toEqual([])
  })

  it('of features that are a month late is reported', () => {
    const snapshots = wandering(60, 30, 4)
    const record = new SnapshotRecord(snapshots)
    // Each row gets the momentum of a month later, as a join by the wrong month gives it.
    const late = new SnapshotRecord([...snapshots.slice(1), snapshots.at(-1)!])
    const panel = panelOf(record)
    const momentum = SNAPSHOT_FEATURES.find(({ name }) => name === 'momentum1')!
    const column = Float64Array.from(panel.snapshot, (k, row) => {
      const name = panel.assets[panel.asset[row]!]!
      const asset = late.names.indexOf(name)
      return late.at(asset, k) === undefined || k === 0 ? Number.NaN : momentum.of(late.asOf(k), asset)
    })
    const spoilt = { ...panel, table: { ...panel.table, columns: panel.table.columns.map((own, f) => (f === 2 ? column : own)) } }
    const outcomes = outcomesOf(record, panel, 1)
    const skills = Object.fromEntries(
      Object.entries(singleFeatures(spoilt)).map(([name, scores]) => [name, skillOf(spoilt, outcomes, scores, { first: 10, seed: 1 })]),
    )
    expect(leaksIn({}, skills).join()).toContain('momentum1: found an IC of 0.9')
  })
})

describe('rows that are tested', () => {
  it('may not be left out by what became of them', () => {
    const { panel, outcomes } = world(0.1, 7)
    const scores = singleFeatures(panel).f0!.slice()
    scores[20 * ASSETS + 5] = Number.NaN
    expect(() => skillOf(panel, outcomes, scores, { first: 10, seed: 1 })).toThrow(
      'snapshot 20: found no score or outcome of a5, expected one for each row',
    )
  })

  it('include those that left the list: survivors alone look better than all', () => {
    const record = new SnapshotRecord(wandering(60, 30, 8))
    const panel = panelOf(record)
    const outcomes = outcomesOf(record, panel, 1)
    const left = [...panel.snapshot.keys()].filter(
      row => panel.snapshot[row]! < 29 && record.at(panel.asset[row]!, panel.snapshot[row]! + 1) === undefined,
    )
    expect(left.length).toBeGreaterThan(50)
    expect(left.every(row => outcomes.returns[row]! <= 0)).toBe(true)
    const scores = percentiles(Float64Array.from({ length: panel.rows }, (_, row) => row % 17))
    expect(() => skillOf(panel, outcomes, scores, { first: 5, seed: 1 })).not.toThrow()
    const survivors = { ...outcomes, returns: outcomes.returns.map((value, row) => (left.includes(row) ? Number.NaN : value)) }
    expect(() => skillOf(panel, survivors, scores, { first: 5, seed: 1 })).toThrow('expected one for each row')
  })
})
