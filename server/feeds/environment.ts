/** The world outside the data: the time of day, waiting and chance. Tests put their own in its place. */
export interface Environment {
  /** ms since the epoch. */
  now(): number
  /** Runs `run` once after `ms`, unless the returned function is called before. */
  after(ms: number, run: () => void): () => void
  /** 0 ≤ x < 1. */
  random(): number
}

/** The world as it is. */
export const systemEnvironment: Environment = {
  now: Date.now,
  after(ms, run) {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
  random: Math.random,
}
