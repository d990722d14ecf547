import { type FeatureTable, knownMean } from './featureTable.ts'
import type { Contributions } from './treeContributions.ts'

/** A linear model. A value that is not known counts as the mean. */
export interface Ridge {
  readonly kind: 'ridge'
  /** Of the features in the training. */
  readonly means: Float64Array
  readonly weights: Float64Array
  /** What is said of a row at the means. */
  readonly center: number
}

/** Returns the model with the least squares + `alpha` × squared weights, by Cholesky of the normal equations of centred features. */
export const fitRidge = ({ rows, columns }: FeatureTable, targets: Float64Array, alpha: number): Ridge => {
  const means = Float64Array.from(columns, knownMean)
  const center = knownMean(targets)
  const centred = columns.map((column, f) => column.map(value => (Number.isNaN(value) ? 0 : value - means[f]!)))
  const size = columns.length
  const normal = centred.map((a, f) => {
    const line = new Float64Array(size)
    for (let other = 0; other <= f; other++) line[other] = product(a, centred[other]!, rows) + (other === f ? alpha : 0)
    return line
  })
  const errors = targets.map(target => target - center)
  const right = Float64Array.from(centred, column => product(column, errors, rows))
  return { kind: 'ridge', means, weights: solved(normal, right), center }
}

/** Returns what the model says of each row. */
export const predictRidge = ({ means, weights, center }: Ridge, { rows, columns }: FeatureTable): Float64Array => {
  const sums = new Float64Array(rows).fill(center)
  columns.forEach((column, f) => {
    for (let row = 0; row < rows; row++) if (!Number.isNaN(column[row]!)) sums[row] = sums[row]! + weights[f]! * (column[row]! - means[f]!)
  })
  return sums
}

/** Returns the contributions of one row: weight × (value − mean). */
export const ridgeContributions = ({ means, weights, center }: Ridge, values: ArrayLike<number>): Contributions => ({
  parts: weights.map((weight, f) => (Number.isNaN(values[f]!) ? 0 : weight * (values[f]! - means[f]!))),
  expectation: center,
})

const product = (a: Float64Array, b: Float64Array, rows: number): number => {
  let sum = 0
  for (let row = 0; row < rows; row++) sum += a[row]! * b[row]!
  return sum
}

/** Returns x of A x = b, of a symmetric A given by its lower half. A feature that is always the same gets 0. */
const solved = (lower: readonly Float64Array[], b: Float64Array): Float64Array => {
  const size = b.length
  const root = lower.map(line => line.slice())
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = root[i]![j]!
      for (let k = 0; k < j; k++) sum -= root[i]![k]! * root[j]![k]!
      root[i]![j] = i === j ? Math.sqrt(Math.max(sum, 0)) : root[j]![j]! === 0 ? 0 : sum / root[j]![j]!
    }
  }
  const x = b.slice()
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < i; k++) x[i] = x[i]! - root[i]![k]! * x[k]!
    x[i] = root[i]![i]! === 0 ? 0 : x[i]! / root[i]![i]!
  }
  for (let i = size - 1; i >= 0; i--) {
    for (let k = i + 1; k < size; k++) x[i] = x[i]! - root[k]![i]! * x[k]!
    x[i] = root[i]![i]! === 0 ? 0 : x[i]! / root[i]![i]!
  }
  return x
}
