import { getEventListeners } from 'node:events'
import { expect, it } from 'vitest'
import { Restoring } from '../core/restoring.ts'
import { orAborted } from './orAborted.ts'

it('resolves as the work does, or when the signal aborts, and leaves no listener behind', async () => {
  const abort = new AbortController()
  const { signal } = abort
  for (let i = 0; i < 20; i++) expect(await orAborted(Promise.resolve(i), signal)).toBe(i)
  await expect(orAborted(Promise.reject(new Error('no')), signal)).rejects.toThrow('no')
  expect(getEventListeners(signal, 'abort')).toEqual([])
  const waiting = orAborted(new Promise(() => {}), signal)
  abort.abort()
  expect(await waiting).toBeUndefined()
  expect(await orAborted(new Promise(() => {}), signal)).toBeUndefined()
  expect(getEventListeners(signal, 'abort')).toEqual([])
})

it('so that many imports, each of which waits for the past, leave none', async () => {
  const { signal } = new AbortController()
  const restoring = new Restoring({ put: () => {} } as never, async () => ({}) as never)
  void restoring.restore({} as never)
  await restoring.begin(1, 2, signal)
  for (let i = 0; i < 20; i++) await restoring.restored(signal)
  expect(getEventListeners(signal, 'abort')).toEqual([])
})
