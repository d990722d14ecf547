/** The shortest and the longest wait before a lost connection is tried again, ms. */
const LEAST_MS = 500
const MOST_MS = 20_000

/**
 * Returns how long to wait before an attempt, ms: at random between 500 ms and a bound that doubles with each attempt in a row, up to
 * 20 s. The whole width is random, so that a thousand clients that lose one server do not all come back at once. `random` is in [0, 1).
 */
export const waitBefore = (attempt: number, random: number): number =>
  Math.min(MOST_MS, LEAST_MS + random * Math.min(MOST_MS - LEAST_MS, LEAST_MS * 2 ** attempt))
