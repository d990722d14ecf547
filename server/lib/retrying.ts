import { setTimeout as delay } from 'node:timers/promises'
import { retryDelayMs } from './backoff.ts'

/** How a work is retried. */
export interface RetryOptions {
  /** Ends the retrying: the wait is cut short, one last attempt is made, and its failure is the end. */
  readonly signal: AbortSignal
  /** Called after each failure, but for one that comes after the end. */
  readonly failed: (error: Error) => void
  /** Called once, after the failure that is worth a line in the log: see `quiet`. */
  readonly warn: (error: Error) => void
  /** Failures that come and go and are not worth a line. Zero if left out. */
  readonly quiet?: number
}

/**
 * Runs `work` until it succeeds, with a growing wait after each failure, and returns its result; undefined if `signal` ended it. `work`
 * gets the number of its attempt, from 0.
 */
export const retrying = async <T>(
  work: (attempt: number) => Promise<T>,
  { signal, failed, warn, quiet = 0 }: RetryOptions,
): Promise<T | undefined> => {
  for (let attempt = 0; ; attempt++) {
    try {
      return await work(attempt)
    } catch (error) {
      if (signal.aborted) return undefined
      failed(error as Error)
      if (attempt === quiet) warn(error as Error)
      await delay(retryDelayMs(attempt), undefined, { signal }).catch(() => {})
    }
  }
}
