import type { Artifact } from '../artifact.ts'
import { exp } from '../elementary.ts'
import { outsideBecause, type Panel, panelAt } from '../features/panel.ts'
import type { SnapshotRecord } from '../features/past.ts'
import { type Feature, SNAPSHOT_FEATURES } from '../features/snapshotFeatures.ts'
import { contributionsOf, MODEL_NAMES, predict } from '../models/model.ts'
import { percentiles, ranks } from '../ranks.ts'
import { intervalOf } from '../validation/interval.ts'
import { stepAt } from '../validation/isotonic.ts'
import { ensembleOf } from '../validation/walkForward.ts'
import { assetIds } from './assetIds.ts'

/** Of the features of a model, which share has to be known of an asset for a score: one that was listed just now has less. */
const KNOWN_MIN = 1 / 3

/** An asset of a snapshot, by the names that it has there. */
export interface Named {
  /** By which channels and routes know it. */
  readonly asset: string
  readonly name: string
  readonly symbol: string
}

/** What models say of an asset at a time: how it will do beside the others, and nothing of where the market goes. */
export interface Score extends Named {
  /** Percentile among the assets that were scored, 0 to 100. */
  readonly score: number
  /** Calibrated P(return above the median), and P(return among the worst third). */
  readonly p: number
  readonly worst: number
  /** Interval that should hold 80 of 100 returns, as simple return above that of the median asset: 0.1 is 10 % more. */
  readonly lo: number
  readonly hi: number
  /** 1 is the best of `of`. */
  readonly rank: number
  readonly of: number
  /** The percentile of the return that the models expect, the mean of theirs, 0 to 100: `base` and all parts of `why` add up to it. */
  readonly expected: number
  /** What they expect of an asset of which nothing is known. */
  readonly base: number
  /** What each feature adds to that, in points. */
  readonly why: Readonly<Record<string, number>>
}

/** An asset without a score. */
export interface Unscored extends Named {
  readonly reason: string
}

/** What an ensemble says of all assets of one snapshot. */
export interface Scoring {
  /** Of the snapshot, ms. */
  readonly t: number
  /** Months. */
  readonly horizon: number
  /** Best first. */
  readonly scores: readonly Score[]
  readonly unscored: readonly Unscored[]
}

/**
 * Returns what an artifact says of snapshot `k` of a record. The same record and artifact give the same scores, whatever came later. Throws a RangeError
 * if the artifact has a feature that is not known here.
 */
export const scoringOf = ({ horizon, features: names, models, calibration }: Artifact, record: SnapshotRecord, k: number): Scoring => {
  const panel = panelAt(record, k, featuresNamed(names))
  const columns = panel.table.columns
  const named = namedIn(record, k)
  const all = MODEL_NAMES.map(name => percentiles(predict(models[name], panel.table)))
  // As it was validated: among the whole universe. The published percentile is among those that are scored.
  const ensemble = ensembleOf(panel.snapshot, all)
  const least = Math.ceil(KNOWN_MIN * names.length)
  const known = Int32Array.from({ length: panel.rows }, (_, row) =>
    columns.reduce((count, column) => count + (Number.isNaN(column[row]!) ? 0 : 1), 0),
  )
  const rows = [...known.keys()].filter(row => known[row]! >= least)
  const place = ranks(Float64Array.from(rows, row => -ensemble[row]!))
  const scores = rows.map((row, i) => {
    const { low, high } = intervalOf(panel, row, calibration.spread)
    return {
      ...named(panel.asset[row]!),
      score: 100 - (100 * (place[i]! - 0.5)) / rows.length,
      p: stepAt(calibration.above, ensemble[row]!),
      worst: stepAt(calibration.worst, ensemble[row]!),
      lo: exp(low) - 1,
      hi: exp(high) - 1,
      rank: Math.floor(place[i]!),
      of: rows.length,
      ...reasonsOf(models, panel, row),
    }
  })
  const tooLittle = [...known.keys()].flatMap(row =>
    known[row]! >= least
      ? []
      : [
          {
            ...named(panel.asset[row]!),
            reason: `too little is known: ${known[row]} of ${names.length} features, expected at least ${least}`,
          },
        ],
  )
  return {
    t: record.snapshots[k]!.t,
    horizon,
    scores: scores.sort((a, b) => a.rank - b.rank || (a.name < b.name ? -1 : 1)),
    unscored: [...outsiders(record, k, named), ...tooLittle],
  }
}

/** Returns the features of these names, in their order. */
const featuresNamed = (names: readonly string[]): readonly Feature[] =>
  names.map(name => {
    const feature = SNAPSHOT_FEATURES.find(known => known.name === name)
    if (feature === undefined)
      throw new RangeError(`artifact: found the feature "${name}", expected one of ${SNAPSHOT_FEATURES.map(({ name }) => name).join(', ')}`)
    return feature
  })

/** Returns the mean of the models' contributions, which add up to the mean of their predictions; percentiles of 100 instead of −½ to ½. */
const reasonsOf = (models: Artifact['models'], { table, features }: Panel, row: number): Pick<Score, 'expected' | 'base' | 'why'> => {
  const values = table.columns.map(column => column[row]!)
  const all = MODEL_NAMES.map(name => contributionsOf(models[name], values))
  const mean = (of: (one: (typeof all)[number]) => number): number => (100 * all.reduce((sum, one) => sum + of(one), 0)) / all.length
  const parts = features.map((_, f) => mean(({ parts }) => parts[f]!))
  const base = 50 + mean(({ expectation }) => expectation)
  return {
    expected: parts.reduce((sum, part) => sum + part, base),
    base,
    why: Object.fromEntries(features.map((name, f) => [name, parts[f]!])),
  }
}

const outsiders = (record: SnapshotRecord, k: number, named: (asset: number) => Named): Unscored[] => {
  const past = record.asOf(k)
  return record.listed[k]!.flatMap(asset => {
    const reason = outsideBecause(past, asset)
    return reason === undefined ? [] : [{ ...named(asset), reason }]
  })
}

/** Returns how an asset of snapshot `k` is named there. */
export const namedIn = (record: SnapshotRecord, k: number): ((asset: number) => Named) => {
  const ids = assetIds(record.snapshots[k]!)
  return asset => {
    const { name, symbol } = record.at(asset, k)!
    return { asset: ids.get(name)!, name, symbol }
  }
}
