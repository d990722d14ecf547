import type { Snapshot } from '../../streams/analytics/features/snapshot.ts'
import type { Estimate } from '../../streams/analytics/validation/bootstrap.ts'
import type { Skill } from '../../streams/analytics/validation/skill.ts'
import { readSnapshots } from '../analytics/snapshotFile.ts'
import { PLAN, snapshotsNeeded, type Trained, train } from '../analytics/trainer.ts'
import { UsageError } from '../config/options.ts'
import { type Column, table } from '../lib/textTable.ts'

interface TrainOptions {
  readonly horizon?: string
  readonly seed?: string
  readonly models?: string
  readonly data?: readonly string[]
  readonly json?: boolean
}

/** Runs `train FILE…`: trains, keeps the models in a directory, and prints what they are worth. Returns 1 if they were not kept. Throws UsageError. */
export const runTrain = async (words: readonly string[], options: TrainOptions, columns: number): Promise<number | undefined> => {
  const horizon = monthsOf(options.horizon ?? '1m')
  const seed = seedOf(options.seed ?? '1')
  const files = [...words, ...(options.data ?? [])]
  const file = files.join(', ')
  if (files.length === 0) throw new UsageError('FILE: found none, expected a file of snapshots')
  const snapshots = await readAll(files)
  const needed = snapshotsNeeded(horizon, PLAN)
  if (snapshots.length < needed) throw new UsageError(`${file}: found ${snapshots.length} snapshots, expected at least ${needed}`)
  const progress = process.stderr.isTTY
    ? (share: number) => void process.stderr.write(`\rtraining: ${Math.round(share * 100)} %`)
    : undefined
  const directory = options.models ?? 'models'
  const result = await train({ snapshots, horizon, seed, plan: PLAN, directory }, progress)
  if (progress !== undefined) process.stderr.write('\r\x1b[K')
  console.log(options.json ? JSON.stringify(jsonOf(result)) : report(result, directory, columns))
  if (result.version !== undefined) return undefined
  for (const warning of result.card.validation.warnings) console.error(`driftwire: ${warning}`)
  console.error('driftwire: the models were not kept')
  return 1
}

/** Returns the snapshots of several files, in the order of time. Throws a UsageError if two have one of the same day. */
const readAll = async (files: readonly string[]): Promise<readonly Snapshot[]> => {
  const byTime = new Map<number, string>()
  const all: Snapshot[] = []
  for (const file of files) {
    for (const snapshot of await readSnapshots(file)) {
      const other = byTime.get(snapshot.t)
      if (other !== undefined) throw new UsageError(`${file}: found the list of ${day(snapshot.t)} again, expected it in ${other} alone`)
      byTime.set(snapshot.t, file)
      all.push(snapshot)
    }
  }
  return all.sort((a, b) => a.t - b.t)
}

/** Returns what programs read first, and after it the whole card. */
const jsonOf = ({ card, version }: Trained): unknown => {
  const { models, features, calibration, warnings } = card.validation
  const estimate = ({ ic, bySnapshot }: Skill): unknown => ({ mean: ic.mean, lo: ic.low, hi: ic.high, months: bySnapshot.length })
  const each = (skills: Readonly<Record<string, Skill>>): Record<string, unknown> =>
    Object.fromEntries(Object.entries(skills).map(([name, skill]) => [name, estimate(skill)]))
  return {
    ...(version === undefined ? {} : { version, artifactSha256: version }),
    horizon: `${card.horizon}m`,
    trainedTo: day(card.to),
    ic: { ...each(models), baselines: { zero: { mean: 0 }, ...each(features) } },
    calibration: { error: Math.max(calibration.above.error, calibration.worst.error), coverage80: calibration.coverage },
    warnings,
    card,
  }
}

const monthsOf = (text: string): number => {
  const months = /^(\d{1,2})m$/.exec(text)?.[1]
  if (months === undefined || Number(months) < 1) throw new UsageError(`--horizon: found "${text}", expected months such as 1m or 3m`)
  return Number(months)
}

const seedOf = (text: string): number => {
  if (!/^\d{1,9}$/.test(text)) throw new UsageError(`--seed: found "${text}", expected a whole number below 10^9`)
  return Number(text)
}

interface Line {
  readonly name: string
  readonly skill: Skill
}

const COLUMNS: readonly Column<Line>[] = [
  { head: '', cell: ({ name }) => name, left: true },
  { head: 'IC', cell: ({ skill }) => skill.ic.mean.toFixed(3) },
  { head: '95 %', cell: ({ skill }) => range(skill.ic) },
  { head: 'long-short %', cell: ({ skill }) => (100 * skill.longShort.mean).toFixed(1) },
  { head: '95 %', cell: ({ skill }) => range({ ...skill.longShort, low: 100 * skill.longShort.low, high: 100 * skill.longShort.high }, 1) },
]

const range = ({ low, high }: Estimate, digits = 3): string => `${low.toFixed(digits)} to ${high.toFixed(digits)}`
const day = (t: number): string => new Date(t).toISOString().slice(0, 10)

const report = ({ card, version }: Trained, directory: string, columns: number): string => {
  const { validation, horizon, from, to, rows, assets } = card
  const lines = (skills: Readonly<Record<string, Skill>>): Line[] => Object.entries(skills).map(([name, skill]) => ({ name, skill }))
  const tested = validation.models.ensemble!.bySnapshot
  const { calibration, aboveBestFeature } = validation
  return [
    `${rows} rows of ${assets} assets, ${day(from)} to ${day(to)}; ${horizon} ${horizon === 1 ? 'month' : 'months'} ahead, tested on ${tested.length} snapshots from ${day(tested[0]!.t)} on`,
    '',
    table(lines(validation.models), COLUMNS, { width: columns }),
    '',
    'Without a model, each feature alone (zero has 0; momentum3 and size are the usual ones):',
    table(lines(validation.features), COLUMNS, { width: columns }),
    '',
    `ensemble above ${validation.bestFeature}, the best feature in hindsight: ${aboveBestFeature.mean.toFixed(3)}, 95 % ${range(aboveBestFeature)}`,
    `P(above the median): error ${calibration.above.error.toFixed(3)}, Brier skill ${(100 * calibration.above.brierSkill).toFixed(1)} %`,
    `P(worst third): error ${calibration.worst.error.toFixed(3)}, Brier skill ${(100 * calibration.worst.brierSkill).toFixed(1)} %`,
    `80 % intervals held ${(100 * calibration.coverage).toFixed(1)} %, at worst ${(100 * calibration.worstCoverage).toFixed(1)} % of a snapshot`,
    'Long-short is before costs, in simple returns: nothing here says that it can be earned.',
    ...(version === undefined ? [] : ['', `kept: ${directory}/${version}.json`]),
  ].join('\n')
}
