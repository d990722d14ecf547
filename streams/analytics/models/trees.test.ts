import { describe, expect, it } from 'vitest'
import { Random } from '../random.ts'
import { binsOf, MISSING } from './bins.ts'
import { fitBoosting, predictTrees, type Trees } from './boosting.ts'
import { type FeatureTable, rowsOf, tableOf } from './featureTable.ts'
import { fitForest } from './forest.ts'
import { TreeGrower } from './growTree.ts'
import type { Tree } from './tree.ts'
import { treeContributions } from './treeContributions.ts'

const random = new Random(1)
const ROWS = 300
/** Five features, some values of which are not known; the target depends on three. */
const table: FeatureTable = {
  rows: ROWS,
  columns: Array.from({ length: 5 }, () =>
    Float64Array.from({ length: ROWS }, () => (random.unit() < 0.1 ? Number.NaN : Math.round(random.unit() * 40))),
  ),
}
const known = (f: number, row: number): number => (Number.isNaN(table.columns[f]![row]!) ? 60 : table.columns[f]![row]!)
const targets = Float64Array.from({ length: ROWS }, (_, row) => known(0, row) + (known(1, row) * known(2, row)) / 30 + random.unit())

const boosting = {
  loss: 'squared',
  rounds: 20,
  rate: 0.3,
  maxLeaves: 8,
  maxDepth: Number.POSITIVE_INFINITY,
  minLeaf: 5,
  lambda: 1,
} as const

describe('bins', () => {
  it('have a cut midway between neighbours, and a code of their own for what is not known', () => {
    const { cuts, codes } = binsOf(tableOf([[1], [3], [null], [10], [3]]))
    expect([...cuts[0]!]).toEqual([2, 6.5])
    expect([...codes[0]!]).toEqual([0, 1, MISSING, 2, 1])
  })

  it('of many values hold about as many each', () => {
    const { cuts, codes } = binsOf({ rows: 10_000, columns: [Float64Array.from({ length: 10_000 }, (_, i) => i ** 3)] })
    expect(cuts[0]!.length).toBe(254)
    const counts = new Float64Array(255)
    for (const code of codes[0]!) counts[code]!++
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1)
  })
})

describe('a grower', () => {
  it('finds the same tree whether it looks at all codes of a feature or at those that its rows have', () => {
    const growth = { maxLeaves: Number.POSITIVE_INFINITY, maxDepth: 20, minLeaf: 1, lambda: 0 }
    const slopes = { gradients: targets.map(target => -target), hessians: undefined }
    // Two columns that are the same: drawing one of them tries the cuts of both.
    const twice = { rows: ROWS, columns: [table.columns[1]!, table.columns[1]!] }
    for (const rows of [40, 90, 300]) {
      const places = Int32Array.from({ length: rows }, (_, i) => i)
      const all = new TreeGrower(binsOf(twice), growth).grow(slopes, places.slice()).tree
      const drawn = new TreeGrower(binsOf(twice), { ...growth, featuresPerNode: 1 }, new Random(1)).grow(slopes, places.slice()).tree
      const shape = ({ feature: _, value, ...rest }: Tree) => ({ ...rest, value: value.map(one => Math.round(one * 1e9)) })
      expect(shape(drawn)).toEqual(shape(all))
      expect(all.feature.length).toBeGreaterThan(30)
    }
  })

  it('respects its bounds', () => {
    for (const params of [
      { ...boosting, rounds: 1, maxLeaves: 5 },
      { ...boosting, rounds: 1, maxLeaves: Number.POSITIVE_INFINITY, maxDepth: 3 },
      { ...boosting, rounds: 1, maxLeaves: Number.POSITIVE_INFINITY, minLeaf: 40 },
    ]) {
      const { feature, cover, left, right } = fitBoosting(table, targets, params).trees[0]!
      const depth = (node: number): number => (feature[node]! < 0 ? 0 : 1 + Math.max(depth(left[node]!), depth(right[node]!)))
      const leaves = [...feature].map((f, node) => ({ f, node })).filter(({ f }) => f < 0)
      expect(leaves.length).toBeLessThanOrEqual(params.maxLeaves)
      expect(depth(0)).toBeLessThanOrEqual(params.maxDepth)
      for (const { node } of leaves) expect(cover[node]).toBeGreaterThanOrEqual(params.minLeaf)
      expect(leaves.reduce((sum, { node }) => sum + cover[node]!, 0)).toBe(ROWS)
    }
  })
})

describe('contributions', () => {
  const models: [string, Trees][] = [
    ['boosting', fitBoosting(table, targets, boosting)],
    [
      'boosting of classes',
      fitBoosting(
        table,
        targets.map(target => (target > 40 ? 1 : 0)),
        { ...boosting, loss: 'logistic' },
      ),
    ],
    ['a forest', fitForest(table, targets, { trees: 5, minLeaf: 10, featuresPerNode: 2 }, 1)],
  ]

  it.each(models)('of %s are the Shapley values over all subsets of features', (_, model) => {
    for (let row = 0; row < 20; row++) {
      const values = table.columns.map(column => column[row]!)
      const { parts, expectation } = treeContributions(model, values)
      const slow = slowShapley(model, values)
      slow.forEach((part, f) => {
        expect(parts[f]).toBeCloseTo(part, 9)
      })
      const said = predictTrees({ ...model, loss: 'squared' }, rowsOf(table, [row]))[0]!
      expect(parts.reduce((sum, part) => sum + part, expectation)).toBeCloseTo(said, 9)
    }
  })
})

/** What a tree says if only the features of `subset`, a set of bits, are known: the others go both ways by cover. */
const conditional = (model: Trees, values: readonly number[], subset: number): number => {
  let sum = model.base
  for (const tree of model.trees) {
    const at = (node: number): number => {
      const feature = tree.feature[node]!
      if (feature < 0) return tree.value[node]!
      const [left, right] = [tree.left[node]!, tree.right[node]!]
      if (subset & (1 << feature)) {
        const value = values[feature]!
        return at((Number.isNaN(value) ? tree.missingLeft[node] === 1 : value <= tree.threshold[node]!) ? left : right)
      }
      return (at(left) * tree.cover[left]! + at(right) * tree.cover[right]!) / tree.cover[node]!
    }
    sum += at(0)
  }
  return sum
}

const slowShapley = (model: Trees, values: readonly number[]): number[] => {
  const width = values.length
  const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1))
  const worth = Array.from({ length: 1 << width }, (_, subset) => conditional(model, values, subset))
  return values.map((_, f) => {
    let sum = 0
    for (let subset = 0; subset < 1 << width; subset++) {
      if (subset & (1 << f)) continue
      const size = subset.toString(2).replaceAll('0', '').length
      sum += ((factorial(size) * factorial(width - size - 1)) / factorial(width)) * (worth[subset | (1 << f)]! - worth[subset]!)
    }
    return sum
  })
}
