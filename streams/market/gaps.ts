/** A time in which trades of a source were not heard, `from ≤ t < to`, ms. */
export interface Gap {
  readonly from: number
  readonly to: number
}

/** Says whether one of the gaps lies in `from ≤ t < to` (ms), in part or whole. */
export const hasGap = (gaps: readonly Gap[], from: number, to: number): boolean => gaps.some(gap => gap.from < to && gap.to > from)

/** Returns what two sorted lists of gaps have in common. */
export const commonGaps = (a: readonly Gap[], b: readonly Gap[]): Gap[] => {
  const common: Gap[] = []
  for (const one of a) {
    for (const other of b) {
      const from = Math.max(one.from, other.from)
      const to = Math.min(one.to, other.to)
      if (from < to) common.push({ from, to })
    }
  }
  return common
}

/** Returns what is left of gaps without `from ≤ t < to` (ms). */
export const withoutSpan = (gaps: readonly Gap[], from: number, to: number): Gap[] =>
  gaps.flatMap(gap => {
    if (gap.to <= from || gap.from >= to) return [gap]
    const left: Gap[] = []
    if (gap.from < from) left.push({ from: gap.from, to: from })
    if (gap.to > to) left.push({ from: to, to: gap.to })
    return left
  })
