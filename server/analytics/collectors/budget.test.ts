import { expect, it } from 'vitest'
import { VirtualEnvironment } from '../../test/virtualEnvironment.ts'
import { Budget } from './budget.ts'

/** Returns the times (ms after the beginning) at which `count` requests that all ask at once may begin. */
const begins = async (budget: Budget, environment: VirtualEnvironment, count: number): Promise<number[]> => {
  const start = environment.now()
  const times: number[] = []
  const all = Array.from({ length: count }, () =>
    budget.take(new AbortController().signal).then(() => times.push(environment.now() - start)),
  )
  await environment.pass(3_600_000)
  await Promise.all(all)
  return times
}

it('lets what was saved up begin at once, and then one after another', async () => {
  const environment = new VirtualEnvironment()
  const budget = new Budget({ perMinute: 60, burst: 3 }, environment)
  expect(await begins(budget, environment, 6)).toEqual([0, 0, 0, 1_000, 2_000, 3_000])
  // After a rest no more than the burst is saved up.
  expect(await begins(budget, environment, 5)).toEqual([0, 0, 0, 1_000, 2_000])
})

it('lets no more begin in any minute than allowed, beside the burst', async () => {
  for (const [perMinute, burst] of [
    [10, 1],
    [30, 5],
    [300, 20],
  ] as const) {
    const environment = new VirtualEnvironment()
    const times = await begins(new Budget({ perMinute, burst }, environment), environment, 200)
    const most = Math.max(...times.map(t => times.filter(other => other >= t && other < t + 60_000).length))
    expect(most).toBeLessThanOrEqual(perMinute + burst)
  }
})

it('lets none begin while the source has asked to wait', async () => {
  const environment = new VirtualEnvironment()
  const budget = new Budget({ perMinute: 60, burst: 5 }, environment)
  budget.pauseUntil(environment.now() + 77_000)
  expect(await begins(budget, environment, 2)).toEqual([77_000, 78_000])
})

it('gives up a wait when it is ended', async () => {
  const budget = new Budget({ perMinute: 1, burst: 1 }, new VirtualEnvironment())
  const stop = new AbortController()
  await budget.take(stop.signal)
  const waiting = budget.take(stop.signal)
  stop.abort(new Error('enough'))
  await expect(waiting).rejects.toThrow('enough')
})
