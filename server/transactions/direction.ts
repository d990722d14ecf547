/** Notices in which direction the times of a file run: exports begin with their newest row as often as with their oldest. */
export class Direction {
  private last = Number.NaN
  private rising = 0
  private falling = 0

  /** Notes the time of the next row, ms. */
  note(t: number): void {
    if (t > this.last) this.rising += 1
    else if (t < this.last) this.falling += 1
    this.last = t
  }

  /** Whether the newest row stands first, so that of rows of one time the last is the oldest. */
  get newestFirst(): boolean {
    return this.falling > this.rising
  }
}

/** Returns a list in the order in which things happened, as far as its direction shows: turned round if the newest stands first. */
export const oldestFirst = <T>(list: readonly T[], timeOf: (item: T) => number): readonly T[] => {
  const direction = new Direction()
  for (const item of list) direction.note(timeOf(item))
  return direction.newestFirst ? list.toReversed() : list
}
