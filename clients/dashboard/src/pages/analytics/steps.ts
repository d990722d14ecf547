import type { HorizonScore } from '../../../../driftwire-client/src/index.ts'

/** What a feature adds to a score, between what the others before it came to and what it leads to. */
export interface Step {
  readonly name: string
  readonly part: number
  readonly from: number
  readonly to: number
}

/** The way from what is expected of any asset to what is expected of this one. */
export interface Way {
  readonly base: number
  readonly expected: number
  /** The largest first. */
  readonly steps: readonly Step[]
  /** The least and the greatest percentile on the way. */
  readonly low: number
  readonly high: number
}

/** Beyond this, in points, parts do not add up. */
const ROUNDING = 1e-6

/** Returns the way of a score; undefined if it has none, or its parts do not add up to what it says. */
export const wayOf = ({ base, expected, why }: HorizonScore): Way | undefined => {
  if (base === undefined || expected === undefined || why === undefined) return undefined
  let at = base
  const steps = Object.entries(why)
    .sort(([, a], [, b]) => Math.abs(b) - Math.abs(a))
    .map(([name, part]) => {
      const from = at
      at += part
      return { name, part, from, to: at }
    })
  if (!(Math.abs(at - expected) <= ROUNDING)) return undefined
  const places = [base, expected, ...steps.map(({ to }) => to)]
  return { base, expected, steps, low: Math.min(...places), high: Math.max(...places) }
}
