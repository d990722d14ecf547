/** ms before the second attempt, the third and so on; after the last the request is given up. */
const WAITS = [1_000, 3_000, 10_000, 30_000]

/**
 * Returns how long (ms) to wait before attempt number `attempt`, from 1; undefined if there is none. What the source asks for counts if it is longer.
 * `chance`, 0 to 1, spreads the waits of many.
 */
export const waitBefore = (attempt: number, asked: number | undefined, chance: number): number | undefined => {
  const wait = WAITS[attempt - 1]
  return wait === undefined ? undefined : Math.max(asked ?? 0, wait * (1 + chance / 4))
}
