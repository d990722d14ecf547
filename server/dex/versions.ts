/** Versions of rows: of one id the row that was written later counts, also after a restart. */
export class Versions {
  private readonly now: () => number
  private last = 0n

  /** `now` returns the wall time, ms. */
  constructor(now: () => number) {
    this.now = now
  }

  /** Returns a version above all before it. */
  next(): bigint {
    const least = BigInt(Math.floor(this.now())) << 20n
    this.last = this.last < least ? least : this.last + 1n
    return this.last
  }
}
