import type { ModelCard } from '../../../../../streams/wire/answers/scores.ts'
import type { Columns } from '../../charts/series.ts'
import { signed } from '../../format/number.ts'

/** A mean with the interval that holds the true one in 95 of 100 cases. */
export interface Estimate {
  readonly mean: number
  readonly low: number
  readonly high: number
}

/** How well something puts assets into order, out of sample. */
export interface Skill {
  readonly ic: Estimate
  readonly longShort: Estimate
  readonly bySnapshot: readonly { readonly t: number; readonly ic: number }[]
}

/** How right the probabilities of an event were. */
interface EventSkill {
  readonly error: number
  readonly brierSkill: number
}

/** What is known of a model before it is used, all of it out of sample. */
export interface Validation {
  readonly models: Readonly<Record<string, Skill>>
  readonly features: Readonly<Record<string, Skill>>
  readonly bestFeature: string
  readonly aboveBestFeature: Estimate
  readonly calibration: {
    readonly above: EventSkill
    readonly worst: EventSkill
    readonly coverage: number
    readonly worstCoverage: number
    readonly snapshots: number
    readonly rows: number
  }
  readonly warnings: readonly string[]
}

/** Returns the validation in a model's card; undefined if it is of another form than this page knows. */
export const validationOf = ({ validation }: Pick<ModelCard, 'validation'>): Validation | undefined => {
  const { models, features, calibration, bestFeature } = validation as unknown as Partial<Validation>
  if (!models?.ensemble || !calibration || bestFeature === undefined || !features?.[bestFeature]) return undefined
  return validation as unknown as Validation
}

/**
 * Returns the skill of the ensemble by month, that of the best single feature, turned if it speaks against assets, and that of doing nothing, as a chart draws
 * them.
 */
export const skillByMonth = ({ models, features, bestFeature }: Validation): Columns => {
  const [own, best] = [models.ensemble!, features[bestFeature]!]
  const sign = best.ic.mean < 0 ? -1 : 1
  const feature = new Map(best.bySnapshot.map(({ t, ic }) => [t, sign * ic]))
  const x = own.bySnapshot.map(({ t }) => t)
  return { x, y: [own.bySnapshot.map(({ ic }) => ic), x.map(t => feature.get(t) ?? null), x.map(() => 0)] }
}

/** Returns an interval in words. */
export const rangeText = ({ low, high }: Estimate, text: (value: number) => string = value => signed(value, 3)): string =>
  `${text(low)} to ${text(high)}`
