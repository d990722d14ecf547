/** ms: a venue or a chain's node is asked again after at most half a second, later after at most half a minute. */
const RECONNECT_FIRST_MS = 500
const RECONNECT_MAX_MS = 30_000

/** ms: a store that does not take rows is tried again after a tenth of a second, later after ten seconds. */
const RETRY_FIRST_MS = 100
const RETRY_MAX_MS = 10_000

/**
 * Waits between attempts to connect: exponential with full jitter, so that many clients that were cut off together do not come
 * back together.
 */
export class Backoff {
  private readonly random: () => number
  private attempts = 0

  /** `random` returns a number in [0, 1). */
  constructor(random: () => number) {
    this.random = random
  }

  /** Returns how long to wait before the next attempt, ms. */
  next(): number {
    const longest = exponential(this.attempts, RECONNECT_FIRST_MS, RECONNECT_MAX_MS)
    this.attempts += 1
    return this.random() * longest
  }

  /** Begins again with the shortest wait. */
  reset(): void {
    this.attempts = 0
  }
}

/**
 * Returns how long to wait after attempt number `attempt` (from 0) failed, ms: exponential with equal jitter, so that it is never
 * much shorter than it should be.
 */
export const retryDelayMs = (attempt: number): number => exponential(attempt, RETRY_FIRST_MS, RETRY_MAX_MS) * (0.5 + Math.random() / 2)

const exponential = (attempt: number, first: number, most: number): number => Math.min(most, first * 2 ** attempt)
