/** Returns the rank of each value, from 1, equal values sharing the mean of theirs; NaN for NaN, which has no rank. */
export const ranks = (values: Float64Array): Float64Array => {
  const order = [...values.keys()].filter(i => !Number.isNaN(values[i]!)).sort((a, b) => values[a]! - values[b]! || a - b)
  const found = new Float64Array(values.length).fill(Number.NaN)
  for (let from = 0; from < order.length; ) {
    let to = from
    while (to < order.length && values[order[to]!] === values[order[from]!]) to++
    for (let i = from; i < to; i++) found[order[i]!] = (from + to + 1) / 2
    from = to
  }
  return found
}

/** Returns each value's share of the others that it lies above, less a half: −½ to ½, the middle 0. NaN for NaN. */
export const percentiles = (values: Float64Array): Float64Array => {
  const known = values.reduce((count, value) => (Number.isNaN(value) ? count : count + 1), 0)
  return ranks(values).map(rank => (rank - 0.5) / known - 0.5)
}

/** Returns Spearman's rank correlation of the pairs of which both are known; NaN of fewer than 3, or if one side is all the same. */
export const rankCorrelation = (a: Float64Array, b: Float64Array): number => {
  const known = [...a.keys()].filter(i => !Number.isNaN(a[i]!) && !Number.isNaN(b[i]!))
  if (known.length < 3) return Number.NaN
  const x = ranks(Float64Array.from(known, i => a[i]!))
  const y = ranks(Float64Array.from(known, i => b[i]!))
  const middle = (known.length + 1) / 2
  let [xy, xx, yy] = [0, 0, 0]
  for (let i = 0; i < known.length; i++) {
    const [dx, dy] = [x[i]! - middle, y[i]! - middle]
    xy += dx * dy
    xx += dx * dx
    yy += dy * dy
  }
  return xx === 0 || yy === 0 ? Number.NaN : xy / Math.sqrt(xx * yy)
}
