import type { Skill } from './skill.ts'

/** More than this nobody finds in such data: above it, something of the future is among the features until shown otherwise. */
const MODEL_IC_MAX = 0.25
const FEATURE_IC_MAX = 0.2

/** Returns a warning for each figure that is too good to be true. */
export const leaksIn = (models: Readonly<Record<string, Skill>>, features: Readonly<Record<string, Skill>>): string[] => [
  ...tooGood(models, MODEL_IC_MAX),
  ...tooGood(features, FEATURE_IC_MAX),
]

const tooGood = (skills: Readonly<Record<string, Skill>>, most: number): string[] =>
  Object.entries(skills).flatMap(([name, { ic }]) =>
    Math.abs(ic.mean) > most
      ? [`${name}: found an IC of ${ic.mean.toFixed(3)}, expected at most ${most}: the future is among the features`]
      : [],
  )
