/** Figures by columns: a column is a feature, NaN is what is not known. */
export interface FeatureTable {
  readonly rows: number
  readonly columns: readonly Float64Array[]
}

/** Returns the table of some of its rows, in their order. */
export const rowsOf = ({ columns }: FeatureTable, rows: ArrayLike<number>): FeatureTable => ({
  rows: rows.length,
  columns: columns.map(column => valuesOf(column, rows)),
})

/** Returns the values at some places, in their order. */
const valuesOf = (values: Float64Array, places: ArrayLike<number>): Float64Array => {
  const taken = new Float64Array(places.length)
  for (let i = 0; i < places.length; i++) taken[i] = values[places[i]!]!
  return taken
}

/** Returns the table of a list of rows; `undefined`, `null` and NaN are not known. */
export const tableOf = (rows: readonly (readonly (number | null | undefined)[])[], width: number = rows[0]?.length ?? 0): FeatureTable => ({
  rows: rows.length,
  columns: Array.from({ length: width }, (_, f) => Float64Array.from(rows, row => row[f] ?? Number.NaN)),
})

/** Returns the mean of what is known; 0 if nothing is. */
export const knownMean = (values: Float64Array): number => {
  let sum = 0
  let known = 0
  for (const value of values) {
    if (Number.isNaN(value)) continue
    sum += value
    known += 1
  }
  return known === 0 ? 0 : sum / known
}
