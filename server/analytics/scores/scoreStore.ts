import type { Score, Scoring, Unscored } from '../../../streams/analytics/scoring/score.ts'
import type { Engine } from '../../storage/engine/engine.ts'
import { timeOf } from '../../storage/engine/select.ts'
import { insertRows, millis, selectRows, timeText } from '../rows.ts'

/** A scoring with all that is needed to compute it again. */
export interface StoredScoring extends Scoring {
  readonly simulated: boolean
  readonly version: string
  /** ms: what was known then is what it was computed from. */
  readonly knownAt: number
  /** Digest of the snapshots that it was computed from. */
  readonly inputs: string
}

/** A score of one asset, at a time. */
export type AssetScore = (Score | Unscored) & { readonly t: number; readonly version: string; readonly knownAt: number }

/** Which scorings are meant. */
export interface ScoringsOf {
  readonly simulated: boolean
  /** Months. */
  readonly horizon: number
  readonly version: string
}

/** Stores a scoring. The same one again is the same rows. */
export const addScoring = (engine: Engine, scoring: StoredScoring): Promise<void> => {
  const { simulated, horizon, version, inputs } = scoring
  const common = { simulated, horizon, version, inputs, t: timeText(scoring.t), known_at: timeText(scoring.knownAt) }
  return insertRows(engine, 'scores', [
    ...scoring.scores.map(({ why, ...figures }) => ({
      ...common,
      ...figures,
      features: Object.keys(why),
      parts: Object.values(why),
      reason: '',
    })),
    ...scoring.unscored.map(one => ({ ...common, ...one })),
  ])
}

/** Returns the newest scoring of a model that is not later than `t` (ms); `undefined` if there is none. */
export const scoringAt = async (engine: Engine, of: ScoringsOf, t: number): Promise<StoredScoring | undefined> => {
  const [newest] = await selectRows<{ time: string }>(
    engine,
    `SELECT ${millis('max(t)')} AS time FROM {db}.scores
     WHERE simulated = {simulated:Bool} AND horizon = {horizon:UInt16} AND version = {version:String} AND t <= ${timeOf('t')}
     HAVING count() > 0`,
    { ...of, t },
  )
  if (newest === undefined) return undefined
  const rows = await selectRows<Row>(
    engine,
    `SELECT ${COLUMNS} FROM {db}.scores FINAL
     WHERE simulated = {simulated:Bool} AND horizon = {horizon:UInt16} AND version = {version:String} AND t = ${timeOf('at')}
     ORDER BY rank, name`,
    { ...of, at: Number(newest.time) },
  )
  const all = rows.map(scoreOf)
  return {
    ...of,
    t: Number(newest.time),
    knownAt: all[0]!.knownAt,
    inputs: rows[0]!.inputs,
    scores: all.filter(isScore).map(({ t: _, version: _v, knownAt: _k, ...score }) => score),
    unscored: all.filter(one => !isScore(one)).map(({ t: _, version: _v, knownAt: _k, ...unscored }) => unscored as Unscored),
  }
}

/** Returns the scores of an asset by one model or all, newest first, at most `limit`: `from` ≤ t < `to`, ms. */
export const scoresOfAsset = async (
  engine: Engine,
  { simulated, horizon, name }: { readonly simulated: boolean; readonly horizon: number; readonly name: string },
  { from, to, limit }: { readonly from: number; readonly to: number; readonly limit: number },
): Promise<AssetScore[]> => {
  const rows = await selectRows<Row>(
    engine,
    `SELECT ${COLUMNS} FROM {db}.scores FINAL
     WHERE name = {name:String} AND simulated = {simulated:Bool} AND horizon = {horizon:UInt16} AND t >= ${timeOf('from')} AND t < ${timeOf('to')}
     ORDER BY t DESC, version LIMIT {limit:UInt32}`,
    { simulated, horizon, name, from, to, limit },
  )
  return rows.map(scoreOf)
}

const isScore = (one: AssetScore): one is Score & AssetScore => 'score' in one

const COLUMNS = `${millis('t')} AS time, ${millis('known_at')} AS known, version, asset, name, symbol, score, p, worst, lo, hi, rank, of, expected, base, features,
  parts, reason, inputs`

interface Row extends Omit<Score, 'why'> {
  readonly time: string
  readonly known: string
  readonly version: string
  readonly features: readonly string[]
  readonly parts: readonly number[]
  readonly reason: string
  readonly inputs: string
}

const scoreOf = ({ time, known, version, features, parts, reason, inputs: _, asset, name, symbol, ...figures }: Row): AssetScore => {
  const common = { asset, name, symbol, t: Number(time), version, knownAt: Number(known) }
  if (reason !== '') return { ...common, reason }
  return { ...common, ...figures, why: Object.fromEntries(features.map((feature, f) => [feature, parts[f]!])) }
}
