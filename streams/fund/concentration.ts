import { cappedWeights, type Weights } from './weighting.ts'

/** A rule: no weight above `single`, and those above `above` together at most `sum`; shares of one. */
export interface Concentration {
  readonly single: number
  readonly above: number
  readonly sum: number
}

/** Published rules by name. */
export const CONCENTRATIONS = { 'msci-10-40': { single: 0.1, above: 0.05, sum: 0.4 } } as const satisfies Record<string, Concentration>

/** Rounding of sums of weights. */
const TOLERANCE = 1e-12

/**
 * Returns capped weights within a rule. If those above `above` come to more than `sum`, they are reduced pro rata until they come to it, none
 * to less than `above`, and the others share what that frees in proportion, none above `above`. As many members stay large as `sum` has
 * room for at `above` each; fewer, if the small ones could not take up what is freed; and what is still too much for them stays with the
 * large ones. The larger never gets less than the smaller, and ties go by name.
 *
 * Returns undefined if the rule cannot hold.
 */
export const concentrated = (sizes: Iterable<readonly [string, number]>, cap: number, rule: Concentration): Weights | undefined => {
  const list = [...sizes]
  const { above, sum } = rule
  const single = Math.min(cap, rule.single)
  const capped = cappedWeights(list, single)
  if (capped === undefined) return undefined
  const sorted = [...capped]
  const n = sorted.length
  const large = sorted.filter(([, weight]) => weight > above + TOLERANCE).length
  if (sumOf(sorted.slice(0, large)) <= sum + TOLERANCE) return capped

  let k = Math.min(large, Math.floor(sum / above + TOLERANCE))
  while (k >= 0 && room(k, n, single, rule) < 1 - TOLERANCE) k -= 1
  if (k < 0) return undefined
  const top = sorted.slice(0, k)
  const total = Math.min(Math.max(sumOf(top), 1 - (n - k) * above), sum, k * single)
  const group = between(top, above, single, total)
  const rest = cappedWeights(sorted.slice(k), Math.min(1, above / (1 - total)))
  if (rest === undefined) return undefined
  return new Map([...group, ...[...rest].map(([asset, weight]) => [asset, weight * (1 - total)] as const)])
}

/** Says whether some weights of n members fit the rule. */
export const concentrationHolds = (n: number, cap: number, rule: Concentration): boolean => {
  for (let k = 0; k <= n; k++) if (room(k, n, Math.min(cap, rule.single), rule) >= 1 - TOLERANCE) return true
  return false
}

/** Returns the most that n members can come to, k of them large. */
const room = (k: number, n: number, single: number, { above, sum }: Concentration): number =>
  Math.min(sum, k * single) + (n - k) * Math.min(above, single)

/** Returns weights in proportion, none below `least` or above `most`, that come to `total`; sorted, as they are given. */
const between = (sorted: readonly (readonly [string, number])[], least: number, most: number, total: number): [string, number][] => {
  const at = (factor: number): [string, number][] =>
    sorted.map(([asset, weight]) => [asset, Math.min(Math.max(weight * factor, least), most)])
  // The sum grows with the factor and is linear between those at which a member meets a bound.
  const bends = sorted.flatMap(([, weight]) => [least / weight, most / weight]).sort((a, b) => a - b)
  let low = 0
  let high = bends.at(-1) ?? 0
  for (const bend of bends) {
    if (sumOf(at(bend)) < total) low = bend
    else {
      high = bend
      break
    }
  }
  const [below, beyond] = [sumOf(at(low)), sumOf(at(high))]
  return at(beyond > below ? low + ((high - low) * (total - below)) / (beyond - below) : high)
}

const sumOf = (list: readonly (readonly [string, number])[]): number => list.reduce((sum, [, weight]) => sum + weight, 0)
