/**
 * Numbers that look random and are the same for one seed on every engine, because only 32-bit integers make them: sfc32 of PractRand.
 */
export class Random {
  private a: number
  private b: number
  private c = 0
  private counter = 1

  /** Starts the sequence of `seed`, an integer. */
  constructor(seed: number) {
    this.a = seed | 0
    this.b = Math.floor(seed / 2 ** 32) | 0
    for (let i = 0; i < 15; i++) this.next()
  }

  /** Returns the next integer, 0 to 2³² − 1. */
  next(): number {
    const sum = (((this.a + this.b) | 0) + this.counter) | 0
    this.counter = (this.counter + 1) | 0
    this.a = this.b ^ (this.b >>> 9)
    this.b = (this.c + (this.c << 3)) | 0
    this.c = ((this.c << 21) | (this.c >>> 11)) + sum
    this.c |= 0
    return sum >>> 0
  }

  /** Returns a number of 53 bits, at least 0 and below 1. */
  unit(): number {
    return ((this.next() >>> 5) * 2 ** 26 + (this.next() >>> 6)) / 2 ** 53
  }

  /** Returns an integer, at least 0 and below `count`. */
  below(count: number): number {
    return Math.floor(this.unit() * count)
  }

  /** Puts the first `count` places of `values` into a random order: drawn without return from all of them. */
  shuffle(values: Int32Array, count: number = values.length): void {
    for (let i = 0; i < count; i++) {
      const other = i + this.below(values.length - i)
      const kept = values[i]!
      values[i] = values[other]!
      values[other] = kept
    }
  }
}
