/** Resolves when `done` does, or after `ms`, whichever comes first. Rejects if `done` does so before. */
export const withTimeout = (ms: number, done: Promise<void>): Promise<void> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms)
    done.then(resolve, reject).finally(() => clearTimeout(timer))
  })
