import { describe, expect, it } from 'vitest'
import { isLong } from '../../../server/test/effort.ts'
import { haveRecordings } from '../../../server/test/recordings.ts'
import { bySnapshot, outcomesOf, panelOf } from '../features/panel.ts'
import { SnapshotRecord } from '../features/past.ts'
import { SNAPSHOT_FEATURES } from '../features/snapshotFeatures.ts'
import { leaves } from '../features/target.ts'
import { FITS } from '../models/model.ts'
import { Random } from '../random.ts'
import { expectedWalk, gaussian, recordedSnapshots } from '../test/worlds.ts'
import { skillOf } from './skill.ts'
import { validate } from './validate.ts'
import { singleFeatures, walkForward } from './walkForward.ts'

/** The recorded list of the 200 largest coins: what can be known of the next month. */

const PLAN = { firstTest: 18, refitEvery: 3, embargo: 0 }
/** ms: the long ones may have to share the machine. */
const LONG_MS = 900_000
const NAMES = { lmcap: 'size', mom1: 'momentum1', mom3: 'momentum3', vol6: 'volatility6', turn: 'turnover', age: 'monthsListed' } as const

// Without the recordings beside the project there is nothing to learn from.
describe.skipIf(!haveRecordings)('of the recorded snapshots', () => {
  const expected = haveRecordings ? expectedWalk() : undefined!
  const snapshots = haveRecordings ? recordedSnapshots() : []
  const record = new SnapshotRecord(snapshots)
  const panel = panelOf(record)

  it('the universe, and who leaves it, is what others found', () => {
    expect(Math.abs(panel.rows - expected.rows)).toBeLessThan(20)
    const rows = snapshots.map((_, k) => [...panel.snapshot.keys()].filter(row => panel.snapshot[row] === k))
    rows.forEach((own, k) => void expect(Math.abs(own.length - expected.rows_by_month[k]!)).toBeLessThanOrEqual(1))
    for (const [k, count] of Object.entries(expected.dropouts_next_month))
      expect(rows[Number(k)]!.filter(row => leaves(record, panel.asset[row]!, Number(k), 1)).length).toBe(count)
  })

  it.each([1, 3] as const)('single features have the skill that others found, over %d months', horizon => {
    const outcomes = outcomesOf(record, panel, horizon)
    const scores = singleFeatures(panel)
    for (const [short, name] of Object.entries(NAMES)) {
      const { mean, months } = expected[`${short}_h${horizon}` as 'x_h1']!
      const first = panel.times.length - horizon - months
      expect(Math.abs(skillOf(panel, outcomes, scores[name]!, { first, seed: 1 }).ic.mean - mean)).toBeLessThan(0.01)
    }
  })

  it('every feature is the same whether the future is there or not, at each cut', () => {
    for (let now = 0; now < snapshots.length; now += isLong ? 1 : 9) {
      const cut = new SnapshotRecord(snapshots.slice(0, now + 1))
      const [whole, past] = [record.asOf(now), cut.asOf(now)]
      const differing = SNAPSHOT_FEATURES.filter(({ of }) => cut.listed[now]!.some(asset => !Object.is(of(whole, asset), of(past, asset))))
      expect(differing.map(({ name }) => name)).toEqual([])
    }
  })

  it(
    'an outcome that was shuffled, and one with a planted signal of 0.10, are found for what they are',
    () => {
      const plain = outcomesOf(record, panel, 1)
      const fits = isLong ? FITS : { linear: FITS.linear }
      const icOf = (returns: Float64Array): number =>
        skillOf(panel, { horizon: 1, returns }, walkForward(panel, { horizon: 1, returns }, PLAN, fits, 1).ensemble!, {
          first: 18,
          seed: 1,
        }).ic.mean
      const feature = singleFeatures(panel).size!
      const found = [1, 2].map(seed => {
        const random = new Random(seed)
        const shuffled = bySnapshot(panel.snapshot, plain.returns, own => {
          const order = Int32Array.from(own, (_, i) => i)
          random.shuffle(order)
          return Float64Array.from(order, i => own[i]!)
        })
        return [icOf(shuffled), icOf(planted(panel.snapshot, plain.returns, feature, 0.1, random))] as const
      })
      const meanOf = (side: 0 | 1): number => found.reduce((sum, pair) => sum + pair[side], 0) / found.length
      expect(Math.abs(meanOf(0))).toBeLessThan(0.03)
      expect(meanOf(1)).toBeGreaterThan(0.07)
      expect(meanOf(1)).toBeLessThan(0.13)
    },
    LONG_MS,
  )

  // Some fifteen seconds of CPU: `npm run test:analytics`.
  it.runIf(isLong)(
    'the ensemble finds more than any feature alone, its probabilities are right and its intervals hold',
    () => {
      const { validation } = validate(panel, outcomesOf(record, panel, 1), PLAN, FITS, 1)
      const { ic } = validation.models.ensemble!
      expect(ic.mean).toBeGreaterThanOrEqual(0.12)
      expect(ic.low).toBeGreaterThan(0.06)
      expect(validation.aboveBestFeature.mean).toBeGreaterThanOrEqual(0)
      expect(validation.warnings).toEqual([])
      const { above, worst, coverage } = validation.calibration
      expect(above.error).toBeLessThanOrEqual(0.03)
      expect(worst.error).toBeLessThanOrEqual(0.03)
      expect(coverage).toBeGreaterThan(0.75)
      expect(coverage).toBeLessThan(0.88)
    },
    LONG_MS,
  )
})

/** Returns outcomes of which a feature knows exactly so much, snapshot by snapshot: the rest is noise that is at right angles to it. */
const planted = (snapshot: Int32Array, returns: Float64Array, feature: Float64Array, correlation: number, random: Random): Float64Array => {
  let row = 0
  return bySnapshot(snapshot, returns, own => {
    const x = unit(feature.slice(row, row + own.length))
    row += own.length
    const noise = unit(own.map(() => gaussian(random)))
    const along = noise.reduce((sum, value, i) => sum + value * x[i]!, 0)
    const rest = unit(noise.map((value, i) => value - along * x[i]!))
    return own.map((value, i) => (Number.isNaN(value) ? value : correlation * x[i]! + Math.sqrt(1 - correlation ** 2) * rest[i]!))
  })
}

/** Returns values of mean 0 whose squares add up to 1. */
const unit = (values: Float64Array): Float64Array => {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const length = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0))
  return values.map(value => (value - mean) / length)
}
