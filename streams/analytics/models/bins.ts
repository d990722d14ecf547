import type { FeatureTable } from './featureTable.ts'

/** The code of a value that is not known. */
export const MISSING = 255
/** Codes of a feature, `MISSING` included: the room that each has in a histogram. */
export const CODES = 256
const CUTS_MAX = 254

/** Features as codes of one byte: the code of a value is the number of cuts below it. */
export interface Bins {
  readonly rows: number
  /** A column of codes for each feature. */
  readonly codes: readonly Uint8Array[]
  /** Ascending; a value of at most `cuts[c]` has a code of at most `c`. */
  readonly cuts: readonly Float64Array[]
}

/** Returns the features in bins: a bin for each distinct value, or 255 of about as many values each. */
export const binsOf = ({ rows, columns }: FeatureTable): Bins => {
  const cuts = columns.map(cutsOf)
  return { rows, cuts, codes: columns.map((column, f) => codesOf(column, cuts[f]!)) }
}

const cutsOf = (column: Float64Array): Float64Array => {
  const sorted = column.filter(value => !Number.isNaN(value)).sort()
  const distinct = sorted.filter((value, i) => i === 0 || value !== sorted[i - 1])
  if (distinct.length <= CUTS_MAX + 1) return distinct.subarray(1).map((value, i) => midway(distinct[i]!, value))
  const quantiles = Float64Array.from({ length: CUTS_MAX }, (_, i) => {
    const place = ((i + 1) / (CUTS_MAX + 1)) * (sorted.length - 1)
    return midway(sorted[Math.floor(place)]!, sorted[Math.ceil(place)]!)
  })
  return quantiles.filter((value, i) => i === 0 || value !== quantiles[i - 1])
}

/** Halves first, so that it does not overflow. */
const midway = (low: number, high: number): number => {
  const middle = low / 2 + high / 2
  return middle < high ? middle : low
}

const codesOf = (column: Float64Array, cuts: Float64Array): Uint8Array => {
  const codes = new Uint8Array(column.length)
  for (let row = 0; row < column.length; row++) {
    const value = column[row]!
    let low = 0
    let high = cuts.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (cuts[middle]! < value) low = middle + 1
      else high = middle
    }
    codes[row] = Number.isNaN(value) ? MISSING : low
  }
  return codes
}
