/** The time of day, and waiting. */
export interface Wall {
  /** ms since the epoch. */
  now(): number
  /** Runs `run` once after `ms`, unless the returned function is called before. */
  after(ms: number, run: () => void): () => void
}

/**
 * Calls `run` with each coming multiple of `everyMs` of the time of day, as soon as it is there. Multiples that the event loop came too late for are
 * left out, but for the newest; none comes twice, also if the clock is set back. `behindMs`: how long after the multiple. Returns a function
 * that ends it.
 */
export const atMultiples = (everyMs: number, wall: Wall, run: (t: number) => void, behindMs = 0): (() => void) => {
  const now = (): number => wall.now() - behindMs
  let last = Math.floor(now() / everyMs) * everyMs
  let ended = false
  // One timer for each wait: an interval would keep the phase in which it began.
  const wait = (): (() => void) => wall.after(everyMs - (now() % everyMs), look)
  const look = (): void => {
    const t = Math.floor(now() / everyMs) * everyMs
    // A timer may be up to a millisecond early by the time of day, and then waits for the rest.
    if (t > last) {
      last = t
      run(t)
    }
    if (!ended) cancel = wait()
  }
  let cancel = wait()
  return () => {
    ended = true
    cancel()
  }
}
