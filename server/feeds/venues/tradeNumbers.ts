/** Numbers of trades that were skipped, and what is left of them. */
export interface NumberGap {
  readonly first: number
  readonly last: number
  /** Event times (ms) of the trades before and after. */
  readonly from: number
  readonly to: number
  /** The runs of numbers that have not come yet, in order. */
  left: readonly (readonly [first: number, last: number])[]
}

/** Gaps whose numbers may still come; of an older one what has come is forgotten. */
const GAPS_MAX = 1_000

/** Returns how many numbers of a gap have not come. */
export const leftOf = (gap: NumberGap): number => gap.left.reduce((sum, [first, last]) => sum + last - first + 1, 0)

/** The numbers of the trades of an instrument, which its venue gives without a hole. They go on from one connection to the next. */
export class TradeNumbers {
  /** NaN: none came yet. */
  newest = Number.NaN
  private newestT = Number.NaN
  private gaps: NumberGap[] = []

  /**
   * Takes the numbers `first` to `last` of trades at `t` (ms). Returns the gap before them, if there is one, and the gaps that they have
   * filled; what is no number is passed over.
   */
  take(first: number, last: number, t: number): { readonly gap?: NumberGap; readonly healed?: readonly NumberGap[] } {
    if (!Number.isSafeInteger(first) || !Number.isSafeInteger(last)) return NOTHING
    const { newest, newestT } = this
    if (last <= newest) return this.gaps.length === 0 ? NOTHING : this.fill(first, last)
    this.newest = last
    this.newestT = Number.isNaN(t) ? newestT : t
    if (Number.isNaN(newest) || first <= newest + 1) return NOTHING
    const from = Number.isNaN(newestT) ? this.newestT : newestT
    const gap = { first: newest + 1, last: first - 1, from, to: Math.max(from, this.newestT), left: [[newest + 1, first - 1]] as const }
    this.gaps.push(gap)
    if (this.gaps.length > GAPS_MAX) this.gaps.shift()
    return { gap }
  }

  private fill(first: number, last: number): { readonly healed?: readonly NumberGap[] } {
    for (const gap of this.gaps) {
      if (gap.last < first || gap.first > last) continue
      gap.left = gap.left.flatMap(([a, b]) =>
        [[a, Math.min(b, first - 1)] as const, [Math.max(a, last + 1), b] as const].filter(([c, d]) => c <= d),
      )
    }
    const healed = this.gaps.filter(gap => gap.left.length === 0)
    if (healed.length > 0) this.gaps = this.gaps.filter(gap => gap.left.length > 0)
    return { healed }
  }
}

const NOTHING = {}
