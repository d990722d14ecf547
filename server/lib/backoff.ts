const BASE_MS = 500
const MAX_MS = 30_000

/** How long to wait before the next attempt: exponential with full jitter, so that many who were cut off together do not come back together. */
export class Backoff {
  private readonly random: () => number
  private attempts = 0

  constructor(random: () => number) {
    this.random = random
  }

  /** ms. */
  next(): number {
    const most = Math.min(MAX_MS, BASE_MS * 2 ** this.attempts)
    this.attempts += 1
    return this.random() * most
  }

  reset(): void {
    this.attempts = 0
  }
}
