/**
 * Returns how far the gain is below its highest so far, as a share of what the portfolio was worth then: zero at a height, below zero
 * otherwise. It begins with the first row of the span, so the depth of a shorter span may be less than that of all time.
 */
export const drawdownOf = (gain: readonly (number | null)[], value: readonly (number | null)[]): (number | null)[] => {
  let [highest, base] = [Number.NEGATIVE_INFINITY, Number.NaN]
  return gain.map((now, i) => {
    const worth = value[i]
    if (now === null || now === undefined || worth === null || worth === undefined) return null
    if (now >= highest) {
      highest = now
      base = worth
    }
    return base > 0 ? (now - highest) / base : null
  })
}
