import { z } from 'zod'
import { checked } from '../wire/explain.ts'
import type { Outcomes, Panel } from './features/panel.ts'
import { rowsOf } from './models/featureTable.ts'
import { FITS, type Fit, MODEL_NAMES, type Model, type ModelName } from './models/model.ts'
import { modelForm } from './models/modelForm.ts'
import type { Calibration } from './validation/calibration.ts'
import type { WalkForward } from './validation/folds.ts'
import { type Validation, validate } from './validation/validate.ts'
import { targetsOf } from './validation/walkForward.ts'

/** Changes whenever an old reader would read a new artifact wrongly. */
const FORM = 'driftwire-models/1'

/** A trained ensemble, with all that is known of its worth. The same data, seed and form give the same artifact, byte for byte. */
export interface Artifact {
  readonly form: typeof FORM
  /** Snapshots that the scores look ahead. */
  readonly horizon: number
  readonly seed: number
  /** ms: the first and the last snapshot of the data. */
  readonly from: number
  readonly to: number
  /** Digest of the data. */
  readonly data: string
  readonly rows: number
  readonly assets: number
  readonly plan: WalkForward
  readonly features: readonly string[]
  readonly models: Readonly<Record<ModelName, Model>>
  readonly calibration: Calibration
  readonly validation: Validation
}

/** What is trained on. */
export interface Training {
  readonly panel: Panel
  readonly outcomes: Outcomes
  readonly plan: WalkForward
  readonly seed: number
  /** Digest of the data. */
  readonly data: string
}

/** Returns the artifact: the models are validated forwards, and then fitted on all outcomes that are past. `done` is called with the share that is done. */
export const trained = ({ panel, outcomes, plan, seed, data }: Training, done?: (share: number) => void): Artifact => {
  const fits: Readonly<Record<ModelName, Fit>> = FITS
  const { validation, calibration } = validate(panel, outcomes, plan, fits, seed, done)
  const targets = targetsOf(panel, outcomes)
  const past = [...targets.keys()].filter(row => !Number.isNaN(targets[row]!))
  const table = rowsOf(panel.table, past)
  const wanted = Float64Array.from(past, row => targets[row]!)
  const models = Object.fromEntries(MODEL_NAMES.map(name => [name, fits[name](table, wanted, seed)])) as Record<ModelName, Model>
  return {
    form: FORM,
    horizon: outcomes.horizon,
    seed,
    from: panel.times[0]!,
    to: panel.times.at(-1)!,
    data,
    rows: panel.rows,
    assets: new Set(panel.asset).size,
    plan,
    features: panel.features,
    models,
    calibration,
    validation,
  }
}

const figure = z.number()
const count = z.int().nonnegative()
const ESTIMATE = z.strictObject({ mean: figure, low: figure, high: figure })
const SKILL = z.strictObject({ ic: ESTIMATE, longShort: ESTIMATE, bySnapshot: z.array(z.strictObject({ t: figure, ic: figure })) })
const STEPS = z
  .strictObject({ from: z.array(figure).min(1), value: z.array(figure) })
  .refine(({ from, value }) => from.length === value.length, { error: 'a value for each step' })
const EVENT = z.strictObject({ error: figure, brierSkill: figure })
const VALIDATION: z.ZodType<Validation> = z.strictObject({
  models: z.record(z.string(), SKILL),
  features: z.record(z.string(), SKILL),
  bestFeature: z.string(),
  aboveBestFeature: ESTIMATE,
  calibration: z.strictObject({ above: EVENT, worst: EVENT, coverage: figure, worstCoverage: figure, snapshots: count, rows: count }),
  warnings: z.array(z.string()),
})
const HEAD = z.looseObject({ form: z.literal(FORM), features: z.array(z.string().min(1)).min(1) })

const artifactForm = (features: number): z.ZodType<Artifact> =>
  z.strictObject({
    form: z.literal(FORM),
    horizon: z.int().positive(),
    seed: z.int(),
    from: figure,
    to: figure,
    data: z.string(),
    rows: count,
    assets: count,
    plan: z.strictObject({ firstTest: count, refitEvery: z.int().positive(), embargo: count }),
    features: z.array(z.string().min(1)),
    models: z.record(z.enum(MODEL_NAMES as [ModelName, ...ModelName[]]), modelForm(features)),
    calibration: z.strictObject({ above: STEPS, worst: STEPS, spread: z.strictObject({ low: figure, high: figure, volatility: figure }) }),
    validation: VALIDATION,
  })

/** Returns an artifact that was read as JSON. Throws a ProtocolError with one line, `where: found X, expected Y`, if it is not of the form. */
export const readArtifact = (value: unknown, where: string): Artifact => {
  const { features } = checked(HEAD, value, where)
  return checked(artifactForm(features.length), value, where)
}
