/** Fulfilled when `done` is, or after `ms`, whichever comes first. */
export const withTimeout = (ms: number, done: Promise<void>): Promise<void> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms)
    done.then(resolve, reject).finally(() => clearTimeout(timer))
  })
