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
  // Looked up each time: a test that has the clock of its process jump means this one, too.
  now: () => Date.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
  random: Math.random,
}

/** Resolves after `ms`, at once if that is not above zero. Rejects with the reason of `signal` as soon as it aborts, and leaves no listener behind. */
export const delay = async (environment: Environment, ms: number, signal: AbortSignal): Promise<void> => {
  signal.throwIfAborted()
  if (ms <= 0) return
  let stop = (): void => {}
  try {
    await new Promise<void>((resolve, reject) => {
      const callOff = environment.after(ms, resolve)
      stop = () => {
        callOff()
        reject(signal.reason)
      }
      signal.addEventListener('abort', stop, { once: true })
    })
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
