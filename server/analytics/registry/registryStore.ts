import { type Artifact, readArtifact } from '../../../streams/analytics/artifact.ts'
import { formText } from '../../../streams/analytics/models/modelForm.ts'
import type { Engine } from '../../storage/engine/engine.ts'
import { versionOf } from '../modelStore.ts'
import { insertRows, millis, selectRows, timeText } from '../rows.ts'

/** Rows of the tables of models, of their aliases, and of all trainings. */

/** All of an artifact but its models. */
export type Card = Omit<Artifact, 'models'>

/** What a model is used for: the champion's scores are shown; the challenger only watches. */
export type AliasName = 'champion' | 'challenger'

/** A model as it is listed. Versions are digests of the content, so one never changes. */
export interface Registered {
  readonly version: string
  /** Trained on the simulated market. */
  readonly simulated: boolean
  /** ms. */
  readonly made: number
  readonly card: Card
}

/** Which model has been what, from a moment on. */
export interface Alias {
  readonly name: AliasName
  readonly simulated: boolean
  /** Months. */
  readonly horizon: number
  /** ms. */
  readonly t: number
  /** '' if no model is it any more. */
  readonly version: string
  readonly who: string
  readonly why: string
}

/** A training, whatever came of it: of many tries the best one flatters itself. */
export interface Trial {
  readonly simulated: boolean
  readonly horizon: number
  readonly t: number
  readonly seed: number
  /** Digest of the data. */
  readonly data: string
  /** '' if it was not kept. */
  readonly version: string
  readonly ic: number
  readonly low: number
  readonly high: number
  readonly warnings: readonly string[]
  readonly who: string
}

/** Stores a model under the digest of its content, and returns it. One that is there already stays as it is. */
export const addModel = async (engine: Engine, artifact: Artifact, simulated: boolean, made: number): Promise<Registered> => {
  const text = formText(artifact)
  const version = versionOf(text)
  const { models: _, ...card } = artifact
  const known = await selectRows<{ time: string }>(
    engine,
    `SELECT ${millis('made')} AS time FROM {db}.models FINAL WHERE version = {version:String}`,
    { version },
  )
  if (known[0] !== undefined) return { version, simulated, made: Number(known[0].time), card }
  await insertRows(engine, 'models', [
    {
      version,
      simulated,
      horizon: card.horizon,
      made: timeText(made),
      trained_from: timeText(card.from),
      trained_to: timeText(card.to),
      features: card.features,
      seed: card.seed,
      data_hash: card.data,
      card: formText(card),
      artifact: text,
    },
  ])
  return { version, simulated, made, card }
}

/** Returns all models without what they consist of, oldest first. */
export const modelsOf = async (engine: Engine): Promise<Registered[]> => {
  const rows = await selectRows<{ version: string; simulated: boolean; time: string; card: string }>(
    engine,
    `SELECT version, simulated, ${millis('made')} AS time, card FROM {db}.models FINAL ORDER BY made, version`,
  )
  return rows.map(({ version, simulated, time, card }) => ({ version, simulated, made: Number(time), card: JSON.parse(card) as Card }))
}

/** Returns a model; `undefined` if there is none of this version. Throws an Error if its content is not what its version says. */
export const artifactOf = async (engine: Engine, version: string): Promise<Artifact | undefined> => {
  const [row] = await selectRows<{ artifact: string }>(engine, 'SELECT artifact FROM {db}.models FINAL WHERE version = {version:String}', {
    version,
  })
  if (row === undefined) return undefined
  const found = versionOf(row.artifact)
  if (found !== version) throw new Error(`model ${version}: found content of the digest ${found}, expected that of its version`)
  return readArtifact(JSON.parse(row.artifact), `model ${version}`)
}

/** Notes which model is what from now on. */
export const addAlias = (engine: Engine, { name, simulated, horizon, t, version, who, why }: Alias): Promise<void> =>
  insertRows(engine, 'aliases', [{ name, simulated, horizon, t: timeText(t), version, who, why }])

/** Returns all that was ever noted, oldest first. */
export const aliasesOf = async (engine: Engine): Promise<Alias[]> => {
  const rows = await selectRows<Alias & { time: string }>(
    engine,
    `SELECT name, simulated, horizon, ${millis('t')} AS time, version, who, why FROM {db}.aliases FINAL ORDER BY t, name`,
  )
  return rows.map(({ time, name, simulated, horizon, version, who, why }) => ({
    name,
    simulated,
    horizon,
    t: Number(time),
    version,
    who,
    why,
  }))
}

/** Notes a training. */
export const addTrial = (engine: Engine, { t, data, low, high, ...trial }: Trial): Promise<void> =>
  insertRows(engine, 'trials', [{ ...trial, t: timeText(t), data_hash: data, ic_low: low, ic_high: high }])

/** Returns the trainings, newest first, at most `limit`; of one horizon, if one is given. */
export const trialsOf = async (engine: Engine, simulated: boolean, limit: number, horizon = 0): Promise<Trial[]> => {
  const rows = await selectRows<
    Omit<Trial, 't' | 'data' | 'low' | 'high'> & Record<'time' | 'data_hash', string> & Record<'ic_low' | 'ic_high' | 'number', number>
  >(
    engine,
    `SELECT simulated, horizon, ${millis('t')} AS time, toFloat64(seed) AS number, data_hash, version, ic, ic_low, ic_high, warnings, who
     FROM {db}.trials FINAL WHERE simulated = {simulated:Bool} AND (horizon = {horizon:UInt16} OR {horizon:UInt16} = 0)
     ORDER BY t DESC LIMIT {limit:UInt32}`,
    { simulated, limit, horizon },
  )
  return rows.map(({ time, data_hash, ic_low, ic_high, number, ...trial }) => ({
    ...trial,
    seed: number,
    t: Number(time),
    data: data_hash,
    low: ic_low,
    high: ic_high,
  }))
}
