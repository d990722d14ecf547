import type { FeatureTable } from './featureTable.ts'

/** A binary tree; node 0 is the root. */
export interface Tree {
  /** Which feature a node asks for; −1 for a leaf. */
  readonly feature: Int32Array
  /** A value of at most this goes left. */
  readonly threshold: Float64Array
  /** Whether a value that is not known goes left: 0 or 1. */
  readonly missingLeft: Uint8Array
  readonly left: Int32Array
  readonly right: Int32Array
  /** Of a leaf: its part of the prediction. */
  readonly value: Float64Array
  /** Rows of the training that came by. */
  readonly cover: Float64Array
}

/** Returns the node below `node` for a value of its feature. */
export const childOf = (tree: Tree, node: number, value: number): number => {
  const left = Number.isNaN(value) ? tree.missingLeft[node] === 1 : value <= tree.threshold[node]!
  return left ? tree.left[node]! : tree.right[node]!
}

/** Adds each row's leaf to `sums`. */
export const addLeaves = (tree: Tree, { rows, columns }: FeatureTable, sums: Float64Array): void => {
  for (let row = 0; row < rows; row++) {
    let node = 0
    for (let feature = tree.feature[0]!; feature >= 0; feature = tree.feature[node]!) node = childOf(tree, node, columns[feature]![row]!)
    sums[row] = sums[row]! + tree.value[node]!
  }
}
