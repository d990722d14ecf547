/** What clients use, by key: the seam behind which the processes of a cluster can add up what each of them sees. No method waits. */
export interface Usage {
  /** Buckets that were forgotten for lack of room. */
  readonly displaced: number
  /**
   * Takes `n` from a bucket that fills at `perSecond` and holds one second's worth. Returns 0 if it was not empty; otherwise nothing is taken, and
   * it returns the ms until it is not. What is more than was in it is a debt: a request that is larger than a second's worth is not impossible.
   */
  take(key: string, n: number, perSecond: number): number
  /** Returns how many are held at present. */
  held(key: string): number
  /** Holds `n` more, or gives some back if it is negative. */
  hold(key: string, n: number): void
}

interface Bucket {
  left: number
  at: number
}

/** Buckets that are remembered. One that is forgotten is full again; those that were used last stay. */
const BUCKETS_MAX = 100_000

/** What the clients of this process use. */
export class MemoryUsage implements Usage {
  displaced = 0
  private readonly now: () => number
  private readonly max: number
  /** The one used last is at the end. */
  private readonly buckets = new Map<string, Bucket>()
  private readonly holdings = new Map<string, number>()

  /** `now` returns ms of a clock that only goes forward. */
  constructor(now: () => number, max: number = BUCKETS_MAX) {
    this.now = now
    this.max = max
  }

  /** Buckets that are remembered now. */
  get size(): number {
    return this.buckets.size
  }

  take(key: string, n: number, perSecond: number): number {
    const now = this.now()
    const known = this.buckets.get(key)
    const left = known === undefined ? perSecond : Math.min(perSecond, known.left + ((now - known.at) * perSecond) / 1_000)
    const bucket = known ?? { left, at: now }
    bucket.at = now
    bucket.left = left > 0 ? left - n : left
    this.buckets.delete(key)
    this.buckets.set(key, bucket)
    if (this.buckets.size > this.max) {
      const [oldest] = this.buckets.keys()
      this.buckets.delete(oldest!)
      this.displaced += 1
    }
    return left > 0 ? 0 : Math.floor((-left * 1_000) / perSecond) + 1
  }

  /** Sets what is left in a bucket that is remembered. */
  set(key: string, left: number): void {
    const bucket = this.buckets.get(key)
    if (bucket === undefined) return
    bucket.left = left
    bucket.at = this.now()
  }

  held(key: string): number {
    return this.holdings.get(key) ?? 0
  }

  hold(key: string, n: number): void {
    const held = this.held(key) + n
    if (held > 0) this.holdings.set(key, held)
    else this.holdings.delete(key)
  }
}
