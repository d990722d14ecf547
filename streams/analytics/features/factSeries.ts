/** What a source said of a period, and from when on (ms) that was known; NaN if it does not know. */
export interface Said {
  readonly availableAt: number
  readonly value: number
}

/**
 * All that was ever said of one metric of one asset, by periods, and of a period in the order in which it was known; of one moment by the names of
 * sources, so that the order does not depend on who came first. Columns of plain numbers: a fact takes some 40 bytes.
 */
export class FactSeries {
  private readonly periods: number[] = []
  private readonly known: number[] = []
  private readonly values: number[] = []
  private readonly sources: string[] = []

  /** The number of facts. */
  get size(): number {
    return this.periods.length
  }

  /** Puts a fact in its place. Of one source and moment the last word counts. */
  put(period: number, availableAt: number, source: string, value: number): void {
    let at = this.placeBehind(period, availableAt)
    while (at > 0 && this.isOf(at - 1, period, availableAt) && this.sources[at - 1]! > source) at -= 1
    const isSame = at > 0 && this.isOf(at - 1, period, availableAt) && this.sources[at - 1] === source
    if (isSame) {
      this.values[at - 1] = value
      return
    }
    this.periods.splice(at, 0, period)
    this.known.splice(at, 0, availableAt)
    this.values.splice(at, 0, value)
    this.sources.splice(at, 0, source)
  }

  /** Returns the value of a period as it was known at `t`; NaN if it was not. */
  value(period: number, t: number): number {
    const at = this.placeBehind(period, t) - 1
    return at >= 0 && this.periods[at] === period ? this.values[at]! : Number.NaN
  }

  /** Returns all that one source said of a period, in the order in which it was known. */
  wordsOf(source: string, period: number): Said[] {
    const words: Said[] = []
    for (let at = this.placeBehind(period, Number.NEGATIVE_INFINITY); this.periods[at] === period; at++)
      if (this.sources[at] === source) words.push({ availableAt: this.known[at]!, value: this.values[at]! })
    return words
  }

  /** Forgets the periods before one. Returns how many facts went. */
  forget(before: number): number {
    const count = this.placeBehind(before, Number.NEGATIVE_INFINITY)
    for (const column of [this.periods, this.known, this.values, this.sources]) column.splice(0, count)
    return count
  }

  private isOf(at: number, period: number, availableAt: number): boolean {
    return this.periods[at] === period && this.known[at] === availableAt
  }

  /** Returns the place behind all facts of earlier periods, and those of this one that were known at `t`. */
  private placeBehind(period: number, t: number): number {
    let [low, high] = [0, this.periods.length]
    while (low < high) {
      const middle = (low + high) >> 1
      const isBefore = this.periods[middle]! < period || (this.periods[middle] === period && this.known[middle]! <= t)
      if (isBefore) low = middle + 1
      else high = middle
    }
    return low
  }
}
