import { Random } from '../random.ts'
import { binsOf } from './bins.ts'
import type { Trees } from './boosting.ts'
import type { FeatureTable } from './featureTable.ts'
import { TreeGrower } from './growTree.ts'
import type { Tree } from './tree.ts'

/** How a forest grows. */
export interface ForestParams {
  readonly trees: number
  /** Rows that a leaf has at least. */
  readonly minLeaf: number
  /** Features that each node may ask for, drawn for each node. */
  readonly featuresPerNode: number
}

/** Returns the mean of trees, each grown on rows drawn with return (Breiman 2001), for the squared error. */
export const fitForest = (table: FeatureTable, targets: Float64Array, params: ForestParams, seed: number): Trees => {
  const random = new Random(seed)
  const growth = { ...params, maxLeaves: Number.POSITIVE_INFINITY, maxDepth: Number.POSITIVE_INFINITY, lambda: 0 }
  const grower = new TreeGrower(binsOf(table), growth, random)
  const slopes = { gradients: targets.map(target => -target), hessians: undefined }
  const trees: Tree[] = []
  for (let i = 0; i < params.trees; i++) {
    const rows = Int32Array.from({ length: table.rows }, () => random.below(table.rows)).sort()
    const { tree } = grower.grow(slopes, rows)
    trees.push({ ...tree, value: tree.value.map(value => value / params.trees) })
  }
  return { kind: 'forest', loss: 'squared', base: 0, trees }
}
