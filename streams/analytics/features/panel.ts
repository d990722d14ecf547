import type { FeatureTable } from '../models/featureTable.ts'
import { percentiles } from '../ranks.ts'
import type { Past, SnapshotRecord } from './past.ts'
import { isPegged } from './pegged.ts'
import { type Feature, SNAPSHOT_FEATURES, volatility6 } from './snapshotFeatures.ts'
import { forwardReturn } from './target.ts'

/** Below this monthly volatility a price follows another thing. */
const VOLATILITY_MIN = 0.03

/** A row for each asset of the universe of each snapshot, snapshot by snapshot. */
export interface Panel {
  /** Times of the snapshots, in ms. */
  readonly times: readonly number[]
  readonly assets: readonly string[]
  readonly features: readonly string[]
  readonly rows: number
  /** Of each row: its snapshot, and its asset. */
  readonly snapshot: Int32Array
  readonly asset: Int32Array
  /** Each feature as percentile of its snapshot, less a half; NaN if not known. */
  readonly table: FeatureTable
  /** Monthly volatility, as a number; NaN if not known. */
  readonly volatility: Float64Array
}

/** What became of each row: over how many snapshots, and the logarithmic return; NaN if that is not past yet. */
export interface Outcomes {
  readonly horizon: number
  readonly returns: Float64Array
}

/** Returns the panel of a record. The universe of a snapshot is what it lists, without what is pegged, without price or market cap. */
export const panelOf = (record: SnapshotRecord, features: readonly Feature[] = SNAPSHOT_FEATURES): Panel =>
  panelOfSnapshots(record, [...record.listed.keys()], features)

/** Returns the rows of the panel that are of snapshot `k`: the same figures, because none depends on another snapshot's rows. */
export const panelAt = (record: SnapshotRecord, k: number, features: readonly Feature[] = SNAPSHOT_FEATURES): Panel =>
  panelOfSnapshots(record, [k], features)

const panelOfSnapshots = (record: SnapshotRecord, places: readonly number[], features: readonly Feature[]): Panel => {
  const rows = places.flatMap(k => universeOf(record, k).map(asset => [k, asset] as const))
  const pasts = record.snapshots.map((_, k) => record.asOf(k))
  const raw = features.map(({ of }) => Float64Array.from(rows, ([k, asset]) => of(pasts[k]!, asset)))
  const snapshot = Int32Array.from(rows, ([k]) => k)
  return {
    times: record.snapshots.map(({ t }) => t),
    assets: record.names,
    features: features.map(({ name }) => name),
    rows: rows.length,
    snapshot,
    asset: Int32Array.from(rows, ([, asset]) => asset),
    table: { rows: rows.length, columns: raw.map(column => bySnapshot(snapshot, column, percentiles)) },
    volatility: Float64Array.from(rows, ([k, asset]) => volatility6(pasts[k]!, asset)),
  }
}

/** Returns the assets of the universe at snapshot `k`, by what could be known then. */
export const universeOf = (record: SnapshotRecord, k: number): readonly number[] => {
  const past = record.asOf(k)
  return record.listed[k]!.filter(asset => outsideBecause(past, asset) === undefined)
}

/** Returns why an asset that is listed is not in the universe; `undefined` if it is. */
export const outsideBecause = (past: Past, asset: number): string | undefined => {
  const { name, price, marketCap } = past.facts(asset)!
  if (!(price > 0)) return 'its price is not known'
  if (!(marketCap > 0)) return 'its market cap is not known'
  if (isPegged(name)) return 'it is pegged to another thing, or wraps it'
  if (volatility6(past, asset) < VOLATILITY_MIN) return `it hardly moves: less than ${100 * VOLATILITY_MIN} % a month`
  return undefined
}

/** Returns what became of the rows of a panel. */
export const outcomesOf = (record: SnapshotRecord, { rows, snapshot, asset }: Panel, horizon: number): Outcomes => ({
  horizon,
  returns: Float64Array.from({ length: rows }, (_, row) => forwardReturn(record, asset[row]!, snapshot[row]!, horizon)),
})

/** Returns values that `of` made of each snapshot's own. */
export const bySnapshot = (snapshot: Int32Array, values: Float64Array, of: (values: Float64Array) => Float64Array): Float64Array => {
  const made = new Float64Array(values.length)
  for (let from = 0; from < values.length; ) {
    let to = from
    while (to < values.length && snapshot[to] === snapshot[from]) to++
    made.set(of(values.subarray(from, to)), from)
    from = to
  }
  return made
}
