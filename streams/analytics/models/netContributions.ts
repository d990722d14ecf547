import { type Net, predictNet } from './net.ts'
import type { Contributions } from './treeContributions.ts'

/**
 * Returns what each feature adds to the net's prediction of one row: the differences that come about when the values take the place of the means one
 * by one, in the order of the features and against it, halved. They add up exactly; they are not Shapley values.
 */
export const netContributions = (net: Net, values: ArrayLike<number>): Contributions => {
  const width = values.length
  const known = Float64Array.from(values, (value, f) => (Number.isNaN(value) ? net.means[f]! : value))
  // Row k of the first half has the first k features, row k of the second half the last k.
  const columns = Array.from({ length: width }, (_, f) =>
    Float64Array.from({ length: 2 * (width + 1) }, (_, row) => {
      const has = row <= width ? f < row : f >= width - (row - width - 1)
      return has ? known[f]! : net.means[f]!
    }),
  )
  const said = predictNet(net, { rows: 2 * (width + 1), columns })
  const parts = Float64Array.from({ length: width }, (_, f) => {
    const along = said[f + 1]! - said[f]!
    const against = said[2 * width + 1 - f]! - said[2 * width - f]!
    return (along + against) / 2
  })
  return { parts, expectation: said[0]! }
}
