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
    new Walk(tree, values, parts).descend(0, 0, 0, 1, 1, -1)
  }
  return { parts, expectation }
}

const expectationOf = (tree: Tree): number => {
  let sum = 0
  for (let node = 0; node < tree.feature.length; node++) if (tree.feature[node]! < 0) sum += tree.value[node]! * tree.cover[node]!
  return sum / tree.cover[0]!
}

/**
 * A walk through a tree. Of the way to a node it has the features, the share of rows that went this way, whether this row does, and the weight of sets of
 * each size. The ways of all levels lie in flat arrays: an object for each step of each way took twenty times as long.
 */
class Walk {
  private readonly tree: Tree
  private readonly values: ArrayLike<number>
  private readonly parts: Float64Array
  private readonly stride: number
  private readonly feature: Int32Array
  private readonly zero: Float64Array
  private readonly one: Float64Array
  private readonly weight: Float64Array

  /** Adds to `parts`. */
  constructor(tree: Tree, values: ArrayLike<number>, parts: Float64Array) {
    this.tree = tree
    this.values = values
    this.parts = parts
    const levels = depthOf(tree) + 1
    this.stride = levels + 1
    const places = levels * this.stride
    this.feature = new Int32Array(places)
    this.zero = new Float64Array(places)
    this.one = new Float64Array(places)
    this.weight = new Float64Array(places)
  }

  /** Goes on to a node, behind the way of `before` steps of the level above. */
  descend(node: number, level: number, before: number, zero: number, one: number, feature: number): void {
    const { tree } = this
    const at = level * this.stride
    let length = this.extended(at, before, zero, one, feature)
    const asked = tree.feature[node]!
    if (asked < 0) {
      this.credit(at, length, tree.value[node]!)
      return
    }
    const hot = childOf(tree, node, this.values[asked]!)
    let again = at + 1
    while (again < at + length && this.feature[again] !== asked) again++
    let [zeroBefore, oneBefore] = [1, 1]
    if (again < at + length) {
      zeroBefore = this.zero[again]!
      oneBefore = this.one[again]!
      length = this.unwound(at, length, again)
    }
    for (let side = 0; side < 2; side++) {
      const child = side === 0 ? tree.left[node]! : tree.right[node]!
      const share = tree.cover[child]! / tree.cover[node]!
      this.descend(child, level + 1, length, zeroBefore * share, child === hot ? oneBefore : 0, asked)
    }
  }

  /** Copies the way of the level above, adds a step, and returns its length. */
  private extended(at: number, before: number, zero: number, one: number, feature: number): number {
    const { weight } = this
    const above = at - this.stride
    for (let i = 0; i < before; i++) {
      this.feature[at + i] = this.feature[above + i]!
      this.zero[at + i] = this.zero[above + i]!
      this.one[at + i] = this.one[above + i]!
      weight[at + i] = weight[above + i]!
    }
    this.feature[at + before] = feature
    this.zero[at + before] = zero
    this.one[at + before] = one
    weight[at + before] = before === 0 ? 1 : 0
    for (let i = before - 1; i >= 0; i--) {
      weight[at + i + 1] = weight[at + i + 1]! + (one * weight[at + i]! * (i + 1)) / (before + 1)
      weight[at + i] = (zero * weight[at + i]! * (before - i)) / (before + 1)
    }
    return before + 1
  }

  /** Takes one step out of a way, and returns its length. */
  private unwound(at: number, length: number, step: number): number {
    this.unwind(at, length, step, this.weight)
    for (let i = step; i < at + length - 1; i++) {
      this.feature[i] = this.feature[i + 1]!
      this.zero[i] = this.zero[i + 1]!
      this.one[i] = this.one[i + 1]!
    }
    return length - 1
  }

  /** Gives each feature on the way its part of a leaf. */
  private credit(at: number, length: number, value: number): void {
    const { feature, zero, one, weight, parts } = this
    // All steps that the row does not take share one sum: less their own share of rows, which divides it, it is the same.
    let sum = 0
    for (let i = 0; i < length - 1; i++) sum += (weight[at + i]! * length) / (length - 1 - i)
    for (let step = at + 1; step < at + length; step++) {
      const f = feature[step]!
      const part = one[step] === 0 ? -sum : this.unwind(at, length, step, undefined) * (one[step]! - zero[step]!)
      parts[f] = parts[f]! + part * value
    }
  }

  /** Returns the sum of the weights of a way without one of its steps, and writes them into `into`. */
  private unwind(at: number, length: number, step: number, into: Float64Array | undefined): number {
    const { weight } = this
    const [zero, one, last] = [this.zero[step]!, this.one[step]!, length - 1]
    let [sum, next] = [0, weight[at + last]!]
    for (let i = last - 1; i >= 0; i--) {
      const own = weight[at + i]!
      const without = one === 0 ? (own * (last + 1)) / (zero * (last - i)) : (next * (last + 1)) / ((i + 1) * one)
      next = own - (without * zero * (last - i)) / (last + 1)
      sum += without
      if (into !== undefined) into[at + i] = without
    }
    return sum
  }
}

/** Returns the number of nodes on the longest way. Children stand behind their node. */
const depthOf = ({ feature, left, right }: Tree): number => {
  const depths = new Int32Array(feature.length).fill(1)
  let deepest = 1
  for (let node = 0; node < feature.length; node++) {
    if (feature[node]! < 0) continue
    const below = depths[node]! + 1
    depths[left[node]!] = below
    depths[right[node]!] = below
    deepest = Math.max(deepest, below)
  }
  return deepest
}
