import { expect, it } from 'vitest'
import { LazyAbort } from './lazyAbort.ts'

it('its signal aborts when it does, whether it was asked for before or after', () => {
  const [before, after] = [new LazyAbort(), new LazyAbort()]
  const { signal } = before
  expect(signal.aborted).toBe(false)
  before.abort()
  after.abort()
  expect([signal.aborted, after.signal.aborted, before.aborted, after.aborted]).toEqual([true, true, true, true])
  expect(before.signal).toBe(signal)
})
