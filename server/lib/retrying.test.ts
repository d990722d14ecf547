import { describe, expect, it } from 'vitest'
import { type RetryOptions, retrying } from './retrying.ts'

/** A work that fails so often, and what is said of it. */
const failing = (failures: number, quiet?: number) => {
  const abort = new AbortController()
  const attempts: number[] = []
  const failed: string[] = []
  const warned: string[] = []
  const options: RetryOptions = {
    signal: abort.signal,
    failed: error => failed.push(error.message),
    warn: error => warned.push(error.message),
    ...(quiet !== undefined && { quiet }),
  }
  const work = async (attempt: number): Promise<string> => {
    attempts.push(attempt)
    if (attempt < failures) throw new Error(`away ${attempt}`)
    return 'done'
  }
  return { abort, attempts, failed, warned, result: retrying(work, options) }
}

describe('retrying', () => {
  it('returns what the work returns at last, and warns once', async () => {
    const { result, attempts, failed, warned } = failing(3)
    expect(await result).toBe('done')
    expect([attempts, failed, warned]).toEqual([[0, 1, 2, 3], ['away 0', 'away 1', 'away 2'], ['away 0']])
  })

  it('warns only after the failures that are not worth a line', async () => {
    const { result, warned } = failing(3, 1)
    expect(await result).toBe('done')
    expect(warned).toEqual(['away 1'])
  })

  it('makes one last attempt when it is ended, and then gives up', async () => {
    const { abort, result, attempts, failed } = failing(Number.POSITIVE_INFINITY)
    await expect.poll(() => attempts).toHaveLength(3)
    abort.abort()
    expect(await result).toBeUndefined()
    expect([attempts.length, failed.length]).toEqual([4, 3])
  })
})
