import type { Trees } from './boosting.ts'
import { childOf, type Tree } from './tree.ts'

/**
 * The exact Shapley values of trees, path by path: TreeSHAP (Lundberg, Erion, Lee 2018, algorithm 2), where a feature that is left out goes both
 * ways by cover. They add up to prediction − expectation; of a logistic loss on the scale of log odds.
 */

/** What each feature adds, and what is expected of a row of which nothing is known. */
export interface Contributions {
  readonly parts: Float64Array
  readonly expectation: number
}

/** Returns the contributions of one row: `values` by feature. */
export const treeContributions = ({ base, trees }: Trees, values: ArrayLike<number>): Contributions => {
  const parts = new Float64Array(values.length)
  let expectation = base
  for (const tree of trees) {
    expectation += expectationOf(tree)
    descend(tree, 0, values, [], 1, 1, -1, parts)
  }
  return { parts, expectation }
}

const expectationOf = (tree: Tree): number => {
  let sum = 0
  for (let node = 0; node < tree.feature.length; node++) if (tree.feature[node]! < 0) sum += tree.value[node]! * tree.cover[node]!
  return sum / tree.cover[0]!
}

/** A feature on the way: the share of rows that went this way, whether this row does, and the weight of sets of that size. */
interface Step {
  readonly feature: number
  readonly zero: number
  readonly one: number
  weight: number
}

const descend = (
  tree: Tree,
  node: number,
  values: ArrayLike<number>,
  before: readonly Step[],
  zero: number,
  one: number,
  feature: number,
  parts: Float64Array,
): void => {
  let path = extended(before, zero, one, feature)
  const asked = tree.feature[node]!
  if (asked < 0) {
    for (let i = 1; i < path.length; i++) {
      const step = path[i]!
      parts[step.feature] = parts[step.feature]! + unwoundSum(path, i) * (step.one - step.zero) * tree.value[node]!
    }
    return
  }
  const [left, right] = [tree.left[node]!, tree.right[node]!]
  const hot = childOf(tree, node, values[asked]!)
  const again = path.findIndex((step, i) => i > 0 && step.feature === asked)
  const { zero: zeroBefore, one: oneBefore } = again < 0 ? { zero: 1, one: 1 } : path[again]!
  if (again >= 0) path = unwound(path, again)
  for (const child of [left, right]) {
    const share = tree.cover[child]! / tree.cover[node]!
    descend(tree, child, values, path, zeroBefore * share, child === hot ? oneBefore : 0, asked, parts)
  }
}

const extended = (path: readonly Step[], zero: number, one: number, feature: number): Step[] => {
  const length = path.length
  const longer = path.map(step => ({ ...step }))
  longer.push({ feature, zero, one, weight: length === 0 ? 1 : 0 })
  for (let i = length - 1; i >= 0; i--) {
    const step = longer[i]!
    const next = longer[i + 1]!
    next.weight += (one * step.weight * (i + 1)) / (length + 1)
    step.weight = (zero * step.weight * (length - i)) / (length + 1)
  }
  return longer
}

/** Returns the path without its step `at`. */
const unwound = (path: readonly Step[], at: number): Step[] => {
  const weights = unwoundWeights(path, at)
  return weights.map((weight, i) => ({ ...path[i < at ? i : i + 1]!, weight }))
}

const unwoundSum = (path: readonly Step[], at: number): number => unwoundWeights(path, at).reduce((sum, weight) => sum + weight, 0)

const unwoundWeights = (path: readonly Step[], at: number): number[] => {
  const last = path.length - 1
  const { zero, one } = path[at]!
  const weights = path.slice(0, last).map(({ weight }) => weight)
  let next = path[last]!.weight
  for (let i = last - 1; i >= 0; i--) {
    if (one === 0) weights[i] = (path[i]!.weight * (last + 1)) / (zero * (last - i))
    else {
      weights[i] = (next * (last + 1)) / ((i + 1) * one)
      next = path[i]!.weight - (weights[i]! * zero * (last - i)) / (last + 1)
    }
  }
  return weights
}
