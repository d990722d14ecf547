/** Counts the holes in numbers that a venue gives one by one. */
export class Sequence {
  private newest = Number.NaN

  /** How many are missing between the newest so far and `n`: 0 for the first, for one from before, and for what is no number. */
  missing(n: number): number {
    if (!Number.isSafeInteger(n) || n <= this.newest) return 0
    const missing = Number.isNaN(this.newest) ? 0 : n - this.newest - 1
    this.newest = n
    return missing
  }
}
