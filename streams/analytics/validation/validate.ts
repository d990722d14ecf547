import type { Outcomes, Panel } from '../features/panel.ts'
import type { Fit } from '../models/model.ts'
import type { Estimate } from './bootstrap.ts'
import { type Calibration, type CalibrationSkill, calibrate } from './calibration.ts'
import type { WalkForward } from './folds.ts'
import { leaksIn } from './leaks.ts'
import { type Skill, skillAbove, skillOf } from './skill.ts'
import { singleFeatures, walkForward } from './walkForward.ts'

/** What is known of a set of models before they are used: all of it out of sample. */
export interface Validation {
  /** Of each model, and of `ensemble`. */
  readonly models: Readonly<Record<string, Skill>>
  /** Of what needs no model: each feature alone. Doing nothing has 0. */
  readonly features: Readonly<Record<string, Skill>>
  /** The feature whose IC is farthest from 0, which was found by looking at the outcomes; and by how much the ensemble is above it. */
  readonly bestFeature: string
  readonly aboveBestFeature: Estimate
  readonly calibration: CalibrationSkill
  /** Figures that are too good to be true. */
  readonly warnings: readonly string[]
}

/** Returns the validation of models on a panel, and the calibration that all tested rows give. */
export const validate = (
  panel: Panel,
  outcomes: Outcomes,
  plan: WalkForward,
  fits: Readonly<Record<string, Fit>>,
  seed: number,
  fitted?: (share: number) => void,
): { readonly validation: Validation; readonly calibration: Calibration } => {
  const judged = { first: plan.firstTest, seed }
  const said = walkForward(panel, outcomes, plan, fits, seed, fitted)
  const skills = (scores: Readonly<Record<string, Float64Array>>): Record<string, Skill> =>
    Object.fromEntries(Object.entries(scores).map(([name, values]) => [name, skillOf(panel, outcomes, values, judged)]))
  const models = skills(said)
  const single = singleFeatures(panel)
  const features = skills(single)
  const size = (name: string): number => Math.abs(features[name]!.ic.mean)
  const bestFeature = panel.features.reduce((best, name) => (size(name) > size(best) ? name : best))
  const best = features[bestFeature]!
  // A feature that speaks against an asset is as good as one that speaks for it.
  const turned =
    best.ic.mean < 0
      ? skillOf(
          panel,
          outcomes,
          single[bestFeature]!.map(value => -value),
          judged,
        )
      : best
  const ensemble = said.ensemble!
  const { calibration, skill } = calibrate(panel, outcomes, ensemble, plan.firstTest)
  const aboveBestFeature = skillAbove(models.ensemble!, turned, outcomes, seed)
  return {
    validation: { models, features, bestFeature, aboveBestFeature, calibration: skill, warnings: leaksIn(models, features) },
    calibration,
  }
}
