import { z } from 'zod'
import { MS, type Read } from './forms.ts'

const NAMED = { asset: z.string().describe('its id: the symbol, if no larger asset has it'), name: z.string(), symbol: z.string() }

const FIGURES = {
  score: z.number().describe('percentile among the assets that were scored, 0 to 100'),
  p: z.number().describe('P(return above the median)'),
  worst: z.number().describe('P(return among the worst third)'),
  lo: z.number().describe('lower end of the interval of 80 of 100 returns, above that of the median asset'),
  hi: z.number().describe('upper end'),
  rank: z.int().describe('1 is the best'),
  of: z.int().describe('assets that were scored'),
  expected: z.number().describe('percentile that the models expect: base and all parts of why'),
  base: z.number(),
  why: z.record(z.string(), z.number()).describe('what each feature adds, in points'),
}

const UNSCORED = z.strictObject({ ...NAMED, reason: z.string() })
const VERSION = z.string().describe('of the model')
const KNOWN_AT = MS.describe('what was known then is what it was computed from')
const HORIZON = z.int().describe('months')

const DAY = {
  t: MS.describe('of the list of assets'),
  horizon: HORIZON,
  version: VERSION,
  knownAt: KNOWN_AT,
  scores: z.array(z.strictObject({ ...NAMED, ...FIGURES })).describe('best first'),
  unscored: z.array(UNSCORED).describe('assets without a score, and why'),
}

/** `GET /v1/scores`: what the champion said of all assets of a day. */
export const SCORES = z.strictObject({
  ...DAY,
  simulated: z.boolean().describe('of the simulated market'),
  inputs: z.string().describe('digest of the lists that they were computed from'),
})

/** `POST /v1/admin/scores/recompute`: the same, computed again. */
export const RECOMPUTED = z.strictObject({ ...DAY, same: z.boolean().describe('it is what was said then, to the last digit') })

/** `GET /v1/scores/{asset}`: an asset's scores, newest first. */
export const ASSET_SCORES = z.strictObject({
  asset: z.string(),
  scores: z.array(
    z.union([
      z.strictObject({ ...NAMED, ...FIGURES, t: MS, version: VERSION, knownAt: KNOWN_AT }),
      z.strictObject({ ...NAMED, reason: z.string(), t: MS, version: VERSION, knownAt: KNOWN_AT }),
    ]),
  ),
})

/** `GET /v1/peers/{asset}`: assets that are like one, of the newest list. */
export const PEERS = z.strictObject({
  asset: z.string(),
  name: z.string(),
  t: MS.describe('of the list of assets'),
  peers: z
    .array(
      z.strictObject({
        ...NAMED,
        distance: z.number().describe('of their features’ percentiles, 0 to 1; two at random are 0.41 apart'),
        shared: z.int().describe('features that are known of both'),
      }),
    )
    .optional(),
  reason: z.string().optional().describe('why it has none by features'),
  categories: z.array(z.string()).optional().describe('its categories; absent if nothing is known of them'),
  byCategory: z
    .array(z.strictObject({ ...NAMED, categories: z.array(z.string()).describe('of both') }))
    .optional()
    .describe('assets of its categories, those with most in common first, then the largest'),
})

const ESTIMATE = z.strictObject({ mean: z.number(), low: z.number(), high: z.number() })

/** A model in a list. */
const LISTED = {
  version: z.string(),
  horizon: HORIZON,
  made: MS,
  simulated: z.boolean(),
  trainedFrom: MS,
  trainedTo: MS,
  seed: z.int(),
  data: z.string().describe('digest of what it learnt from'),
  features: z.array(z.string()),
  ic: ESTIMATE.describe('rank correlation of score and outcome out of sample, and its interval of 95 %'),
  aliases: z.array(z.enum(['champion', 'challenger'])).describe('what it is used for now'),
}

/** `GET /v1/models`: all models, newest first, and who made which of them champion or challenger when. */
export const MODELS = z.strictObject({
  models: z.array(z.strictObject(LISTED)),
  history: z.array(
    z.strictObject({
      alias: z.enum(['champion', 'challenger']),
      horizon: HORIZON,
      t: MS,
      version: z.string().describe('empty: none any more'),
      who: z.string(),
      why: z.string(),
    }),
  ),
  trials: z.array(
    z.strictObject({
      horizon: HORIZON,
      t: MS,
      seed: z.int(),
      version: z.string().describe('empty: it was not kept'),
      ic: ESTIMATE,
      warnings: z.array(z.string()),
      who: z.string(),
    }),
  ),
})

/** `GET /v1/models/{version}`: a model's card. */
export const MODEL_CARD = z.strictObject({
  ...LISTED,
  rows: z.int(),
  assets: z.int(),
  validation: z
    .looseObject({})
    .describe('skill by snapshot of the ensemble, of each model and of each feature alone, calibration, warnings'),
})

/** `POST /v1/admin/models/train` asks for a training. */
export const TRAINING = z.strictObject({
  horizon: z.int().min(1).max(24).default(1).describe('months'),
  seed: z.int().min(0).max(999_999_999).default(1),
})

/** What came of it. */
export const TRAINED = z.strictObject({
  version: z.string().optional().describe('absent if it was not kept'),
  alias: z.enum(['champion', 'challenger']).optional(),
  warnings: z.array(z.string()),
})

/** `POST /v1/admin/models/{version}/alias` asks for one. */
export const ALIAS_WISH = z.strictObject({
  alias: z.enum(['champion', 'challenger']),
  why: z.string().min(1).max(200).describe('is kept with who and when'),
})

/** An alias that was given. */
export const ALIAS = z.strictObject({
  alias: z.enum(['champion', 'challenger']),
  version: z.string(),
  horizon: HORIZON,
  t: MS,
  who: z.string(),
  why: z.string(),
})

/** The scores of a day. */
export type DayScores = Read<typeof SCORES>
/** All models. */
export type ModelList = Read<typeof MODELS>
/** An asset's scores. */
export type AssetScores = Read<typeof ASSET_SCORES>
/** Assets that are like one. */
export type PeersAnswer = Read<typeof PEERS>
/** A model's card. */
export type ModelCard = Read<typeof MODEL_CARD>
