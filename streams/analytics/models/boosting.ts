import { ln, logistic } from '../elementary.ts'
import { binsOf } from './bins.ts'
import { type FeatureTable, knownMean } from './featureTable.ts'
import { type Growth, TreeGrower } from './growTree.ts'
import type { Slopes } from './histogram.ts'
import { addLeaves, type Tree } from './tree.ts'

/** What is made small: half the squared error; or the logistic loss of targets 0 and 1, the predictions being probabilities. */
export type Loss = 'squared' | 'logistic'

/** How trees are boosted. */
export interface BoostingParams extends Growth {
  readonly loss: Loss
  readonly rounds: number
  /** What each tree's leaves are multiplied by. */
  readonly rate: number
}

/** A sum of trees. */
export interface Trees {
  readonly kind: 'boosting' | 'forest'
  readonly loss: Loss
  /** Where the sum starts. */
  readonly base: number
  readonly trees: readonly Tree[]
}

/** Returns trees, each of which is fitted to what those before it left over (Friedman 2001). It draws nothing: the same data give the same trees. */
export const fitBoosting = (table: FeatureTable, targets: Float64Array, params: BoostingParams): Trees => {
  const grower = new TreeGrower(binsOf(table), params)
  const mean = knownMean(targets)
  const base = params.loss === 'squared' ? mean : ln(mean / (1 - mean))
  const sums = new Float64Array(table.rows).fill(base)
  const slopes: Slopes = {
    gradients: new Float64Array(table.rows),
    hessians: params.loss === 'squared' ? undefined : new Float64Array(table.rows),
  }
  const trees: Tree[] = []
  const rows = new Int32Array(table.rows)
  for (let round = 0; round < params.rounds; round++) {
    slope(slopes, sums, targets)
    for (let row = 0; row < rows.length; row++) rows[row] = row
    const { tree, leaves } = grower.grow(slopes, rows)
    for (const { node, from, to } of leaves) {
      const value = tree.value[node]! * params.rate
      tree.value[node] = value
      for (let i = from; i < to; i++) sums[rows[i]!] = sums[rows[i]!]! + value
    }
    trees.push(tree)
  }
  return { kind: 'boosting', loss: params.loss, base, trees }
}

const slope = ({ gradients, hessians }: Slopes, sums: Float64Array, targets: Float64Array): void => {
  if (hessians === undefined) {
    for (let row = 0; row < sums.length; row++) gradients[row] = sums[row]! - targets[row]!
    return
  }
  for (let row = 0; row < sums.length; row++) {
    const p = logistic(sums[row]!)
    gradients[row] = p - targets[row]!
    hessians[row] = p * (1 - p)
  }
}

/** Returns what the trees say of each row: for the logistic loss a probability. */
export const predictTrees = ({ loss, base, trees }: Trees, table: FeatureTable): Float64Array => {
  const sums = new Float64Array(table.rows).fill(base)
  for (const tree of trees) addLeaves(tree, table, sums)
  return loss === 'squared' ? sums : sums.map(logistic)
}
