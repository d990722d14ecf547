/** Addresses of a day that are kept to be told apart: some hundred MB. The busiest chains have half as many. */
const ADDRESSES_MAX = 2_000_000

/** Counts different addresses. */
export class Distinct {
  private readonly seen = new Set<string>()

  /** Adds one, seen before or not. Throws a RangeError if there are too many to be told apart: a count that stops is none. */
  add(address: string): void {
    this.seen.add(address)
    if (this.seen.size > ADDRESSES_MAX)
      throw new RangeError(`found more than ${ADDRESSES_MAX} addresses in a day, expected fewer: they cannot be counted here`)
  }

  get count(): number {
    return this.seen.size
  }
}
