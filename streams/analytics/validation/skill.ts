import { exp } from '../elementary.ts'
import type { Outcomes, Panel } from '../features/panel.ts'
import { rankCorrelation } from '../ranks.ts'
import { blockBootstrap, type Estimate } from './bootstrap.ts'

/** How well scores put assets into order, snapshot by snapshot. */
export interface Skill {
  /** Spearman's correlation of score and outcome (IC). */
  readonly ic: Estimate
  /** Simple return of the best third less that of the worst third, equal weights, before costs. Ranks and logarithms flatter. */
  readonly longShort: Estimate
  /** IC by snapshot. */
  readonly bySnapshot: readonly { readonly t: number; readonly ic: number }[]
}

/** Which snapshots are judged: from `first` on, those whose outcomes are known. Blocks of the bootstrap: 3 snapshots, or two horizons. */
export interface Judged {
  readonly first: number
  readonly seed: number
}

/**
 * Returns the skill of scores. Throws a RangeError if a row of a judged snapshot has no score or no outcome: rows that are left out by what
 * became of them would make any score look good.
 */
export const skillOf = (panel: Panel, outcomes: Outcomes, scores: Float64Array, judged: Judged): Skill => {
  const block = Math.max(3, 2 * outcomes.horizon)
  const tests = testsOf(panel, outcomes, judged.first)
  for (const { k, rows } of tests) {
    const without = rows.find(row => Number.isNaN(scores[row]!) || Number.isNaN(outcomes.returns[row]!))
    if (without !== undefined)
      throw new RangeError(`snapshot ${k}: found no score or outcome of ${panel.assets[panel.asset[without]!]}, expected one for each row`)
  }
  const bySnapshot = tests.map(({ k, rows }) => {
    const ic = rankCorrelation(pick(scores, rows), pick(outcomes.returns, rows))
    return { t: panel.times[k]!, ic: Number.isNaN(ic) ? 0 : ic }
  })
  const spreads = tests.map(({ rows }) => longShort(pick(scores, rows), pick(outcomes.returns, rows)))
  return {
    ic: blockBootstrap(
      bySnapshot.map(({ ic }) => ic),
      block,
      judged.seed,
    ),
    longShort: blockBootstrap(spreads, block, judged.seed),
    bySnapshot,
  }
}

/** Returns by how much one score's IC is above another's, snapshot by snapshot of both. */
export const skillAbove = (one: Skill, other: Skill, { horizon }: Outcomes, seed: number): Estimate =>
  blockBootstrap(
    one.bySnapshot.map(({ ic }, i) => ic - other.bySnapshot[i]!.ic),
    Math.max(3, 2 * horizon),
    seed,
  )

/** Returns the rows of each snapshot whose outcomes are past, from `first` on. */
export const testsOf = (
  { snapshot, times }: Panel,
  { horizon }: Outcomes,
  first: number,
): { readonly k: number; readonly rows: readonly number[] }[] => {
  const rows: number[][] = times.map(() => [])
  snapshot.forEach((k, row) => void rows[k]!.push(row))
  return rows.flatMap((own, k) => (k >= first && k + horizon < times.length && own.length > 0 ? [{ k, rows: own }] : []))
}

const pick = (values: Float64Array, rows: readonly number[]): Float64Array => Float64Array.from(rows, row => values[row]!)

const longShort = (scores: Float64Array, returns: Float64Array): number => {
  const order = [...scores.keys()].sort((a, b) => scores[a]! - scores[b]! || a - b)
  const third = Math.max(1, Math.floor(order.length / 3))
  const simple = (places: readonly number[]): number => places.reduce((sum, i) => sum + exp(returns[i]!) - 1, 0) / places.length
  return simple(order.slice(-third)) - simple(order.slice(0, third))
}
