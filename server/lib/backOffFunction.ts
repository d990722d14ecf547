const FIRST_MS = 100
const MOST_MS = 10_000

/** ms to wait before attempt `attempt + 1`: twice as long each time, up to ten seconds, and at random so that many do not come at once. */
export const backOff = (attempt: number): number => Math.min(MOST_MS, FIRST_MS * 2 ** Math.min(attempt, 16)) * (0.5 + Math.random() / 2)
