/** Makes the MAD of normal values their standard deviation. */
export const MAD_TO_SD = 1.4826

/** The median of samples, and the median of their distances from it. */
export interface Spread {
  readonly median: number
  readonly mad: number
  readonly samples: number
}

/** The last samples of a figure, each of a number that grows: those of the last `window` numbers count. Bounded by `window`. */
export class SlidingMedian {
  private readonly window: number
  private numbers: number[] = []
  private values: number[] = []

  constructor(window: number) {
    this.window = window
  }

  /** Adds the sample of number `at`, and forgets those that are `window` or more before it. */
  add(at: number, value: number): void {
    this.numbers.push(at)
    this.values.push(value)
    this.forget(at)
  }

  /** Returns the spread of those samples that lie less than `window` before the number `at`. Both are NaN without a sample. */
  spread(at: number): Spread {
    this.forget(at - 1)
    const median = medianOf([...this.values])
    return { median, mad: medianOf(this.values.map(value => Math.abs(value - median))), samples: this.values.length }
  }

  private forget(newest: number): void {
    let gone = 0
    while (gone < this.numbers.length && this.numbers[gone]! <= newest - this.window) gone++
    if (gone === 0) return
    this.numbers.splice(0, gone)
    this.values.splice(0, gone)
  }
}

/** Returns the median; NaN of none. Sorts the list. */
const medianOf = (values: number[]): number => {
  if (values.length === 0) return Number.NaN
  values.sort((a, b) => a - b)
  const middle = values.length >> 1
  return values.length % 2 === 1 ? values[middle]! : (values[middle - 1]! + values[middle]!) / 2
}
