import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { haveRecordings, recordings } from '../../../server/test/recordings.ts'
import { fitBoosting, predictTrees, type Trees } from './boosting.ts'
import { rowsOf, tableOf } from './featureTable.ts'
import { NetTrainer } from './netTrainer.ts'
import { fitRidge, predictRidge } from './ridge.ts'
import { treeContributions } from './treeContributions.ts'

/** The models beside scikit-learn 1.2.1 and xgboost 1.7.4, by their published predictions. */

type Rows = (number | null)[][]
interface Case {
  readonly p: {
    readonly rounds: number
    readonly rate: number
    readonly maxLeaves?: number
    readonly maxDepth?: number
    readonly minLeaf?: number
    readonly lambda_?: number
  }
  readonly pred: number[]
}
interface GoldenTree {
  readonly feat: number[]
  readonly thr: number[]
  readonly left: number[]
  readonly right: number[]
  readonly val: number[]
  readonly cover: number[]
}
interface GoldenTrees {
  readonly diabetes: Record<'hist' | 'hist_nan' | 'xgb' | 'gbr', Case[]> & {
    readonly X: Rows
    readonly Xn: Rows
    readonly Xfull: Rows
    readonly y: number[]
    readonly ridge: { readonly alpha: number; readonly coef: number[]; readonly intercept: number }[]
    readonly xgb_shap: { readonly base: number; readonly trees: GoldenTree[]; readonly contribs: number[][]; readonly pred: number[] }[]
  }
  readonly cancer: { readonly X: Rows; readonly y: number[]; readonly hist: Case[] }
}
interface GoldenNet {
  readonly X: Rows
  readonly y: number[]
  readonly cases: { solver: 'sgd' | 'adam'; steps: number; alpha: number; rate: number; W: number[][]; b: number[][]; pred: number[] }[]
}

const read = <T>(name: string): T => JSON.parse(gunzipSync(readFileSync(join(recordings, 'analytics/models', name))).toString()) as T
const farthest = (found: ArrayLike<number>, expected: readonly number[]): number =>
  expected.reduce(
    (most, value, i) => Math.max(most, Math.abs(found[i]! - value)),
    found.length === expected.length ? 0 : Number.POSITIVE_INFINITY,
  )
const boosted = (rows: Rows, y: number[], { p }: Case, loss: 'squared' | 'logistic' = 'squared'): Float64Array => {
  const { rounds, rate, maxLeaves = Number.POSITIVE_INFINITY, maxDepth = Number.POSITIVE_INFINITY, minLeaf = 1, lambda_: lambda = 0 } = p
  const table = tableOf(rows)
  return predictTrees(fitBoosting(table, Float64Array.from(y), { loss, rounds, rate, maxLeaves, maxDepth, minLeaf, lambda }), table)
}

// Without the recordings beside the project there is nothing to compare with.
describe.skipIf(!haveRecordings)('the models agree with the references', () => {
  const { diabetes, cancer } = haveRecordings ? read<GoldenTrees>('golden_trees.json.gz') : ({ diabetes: {}, cancer: {} } as GoldenTrees)

  it.each([
    ['histogram boosting', () => diabetes.hist.map(one => farthest(boosted(diabetes.X, diabetes.y, one), one.pred)), 1e-5],
    [
      'histogram boosting with values that are not known',
      () => diabetes.hist_nan.map(one => farthest(boosted(diabetes.Xn, diabetes.y, one), one.pred)),
      1e-5,
    ],
    ['histogram boosting of classes', () => cancer.hist.map(one => farthest(boosted(cancer.X, cancer.y, one, 'logistic'), one.pred)), 1e-5],
    ['xgboost, exact', () => diabetes.xgb.map(one => farthest(boosted(diabetes.X, diabetes.y, one), one.pred)), 1e-3],
    ['classic boosting', () => diabetes.gbr.map(one => farthest(boosted(diabetes.X, diabetes.y, one), one.pred)), 1e-7],
  ] as const)('%s', (_, errors, tolerance) => {
    for (const error of errors()) expect(error).toBeLessThan(tolerance)
  })

  it('ridge regression, its coefficients', () => {
    const table = tableOf(diabetes.Xfull)
    for (const { alpha, coef, intercept } of diabetes.ridge) {
      const model = fitRidge(table, Float64Array.from(diabetes.y), alpha)
      const scale = Math.max(...coef.map(Math.abs))
      // The file has ten digits.
      expect(farthest(model.weights, coef) / scale).toBeLessThan(1e-9)
      expect(predictRidge(model, { rows: 1, columns: coef.map(() => Float64Array.of(0)) })[0]! / intercept).toBeCloseTo(1, 9)
    }
  })

  it("contributions of xgboost's trees, which add up to the prediction", () => {
    for (const { base, trees, contribs, pred } of diabetes.xgb_shap) {
      const model: Trees = { kind: 'boosting', loss: 'squared', base, trees: trees.map(asTree) }
      const rows = tableOf(diabetes.X.slice(0, contribs.length))
      const said = predictTrees(model, rows)
      expect(farthest(said, pred)).toBeLessThan(1e-3)
      contribs.forEach((expected, row) => {
        const values = rowsOf(rows, [row]).columns.map(column => column[0]!)
        const { parts, expectation } = treeContributions(model, values)
        expect(farthest([...parts, expectation], expected)).toBeLessThan(1e-3)
        expect(Math.abs(parts.reduce((sum, part) => sum + part, expectation) - said[row]!)).toBeLessThan(1e-9)
      })
    }
  })

  it('a net, step by step from given weights', () => {
    const { X, y, cases } = read<GoldenNet>('golden_net.json.gz')
    const inputs = Float64Array.from(X.flat() as number[])
    const rows = Int32Array.from(y, (_, row) => row)
    for (const { solver, steps, alpha, rate, W, b, pred } of cases) {
      const layers = W.map((weights, l) => ({
        inputs: weights.length / b[l]!.length,
        outputs: b[l]!.length,
        weights: Float64Array.from(weights),
        biases: Float64Array.from(b[l]!),
      }))
      const trainer = new NetTrainer(layers, { solver, rate, alpha, batch: y.length })
      for (let step = 0; step < steps; step++) trainer.step(inputs, Float64Array.from(y), rows)
      expect(farthest(trainer.outputs(inputs, y.length), pred)).toBeLessThan(1e-11)
    }
  })
})

const asTree = ({ feat, thr, left, right, val, cover }: GoldenTree): Trees['trees'][number] => ({
  feature: Int32Array.from(feat),
  // xgboost sends a value that equals the threshold to the right.
  threshold: Float64Array.from(thr, value => value - 1e-6),
  missingLeft: new Uint8Array(feat.length),
  left: Int32Array.from(left),
  right: Int32Array.from(right),
  value: Float64Array.from(val),
  cover: Float64Array.from(cover),
})
