import { describe, expect, it } from 'vitest'
import type { Clock, Input } from '../../../streams/input.ts'
import { VirtualEnvironment } from '../../test/virtualEnvironment.ts'
import { paced } from './pace.ts'

const T0 = Date.UTC(2024, 0, 1)

const inputs = async function* (...ts: number[]): AsyncGenerator<Input> {
  for (const t of ts) {
    yield { kind: 'feed', feed: 0, state: 'live' }
    yield { kind: 'clock', t: T0 + t }
  }
}

/** When each of the clock's ticks came, by the wall, ms from the start. */
const watched = (all: AsyncIterable<Input>, environment: VirtualEnvironment) => {
  const start = environment.now()
  const came: [t: number, at: number][] = []
  const done = (async () => {
    for await (const input of all) if (input.kind === 'clock') came.push([(input as Clock).t - T0, environment.now() - start])
  })()
  return { came, done }
}

describe('a paced replay', () => {
  it.each([
    [1, [0, 20, 1_000, 61_000]],
    [10, [0, 2, 100, 6_100]],
    [0.5, [0, 40, 2_000, 122_000]],
  ])('runs %d times as fast as the wall, from its first frame on', async (speed, wanted) => {
    const environment = new VirtualEnvironment()
    const { came, done } = watched(paced(inputs(0, 20, 1_000, 61_000), speed, environment, new AbortController().signal), environment)
    await environment.pass(200_000)
    await done
    expect(came.map(([, at]) => at)).toEqual(wanted)
    expect(came.map(([t]) => t)).toEqual([0, 20, 1_000, 61_000])
  })

  it('catches up, and does not drift, where the consumer was slow', async () => {
    const environment = new VirtualEnvironment()
    const all = paced(inputs(0, 100, 200, 300, 400), 1, environment, new AbortController().signal)[Symbol.asyncIterator]()
    const next = async () => {
      await all.next()
      return (await all.next()).value as Clock
    }
    await next()
    await environment.pass(250) // the consumer sleeps
    await next()
    await next()
    expect(environment.waits).toEqual([])
    const third = next()
    await environment.pass(49)
    expect(environment.waits).toEqual([1])
    await environment.pass(1)
    expect((await third).t - T0).toBe(300)
    await all.return?.()
  })

  it('waits longer than a timer can', async () => {
    const environment = new VirtualEnvironment()
    const month = 40 * 86_400_000
    const { came, done } = watched(paced(inputs(0, month), 1, environment, new AbortController().signal), environment)
    await environment.pass(0)
    expect(environment.waits).toEqual([2 ** 31 - 1])
    await environment.pass(month)
    await done
    expect(came).toEqual([
      [0, 0],
      [month, month],
    ])
  })

  it('ends when it is asked to, in the middle of a wait', async () => {
    const environment = new VirtualEnvironment()
    const stop = new AbortController()
    const { came, done } = watched(paced(inputs(0, 3_600_000), 1, environment, stop.signal), environment)
    await environment.pass(10)
    stop.abort()
    await done
    expect(came).toEqual([[0, 0]])
    expect(environment.waits).toEqual([])
  })

  it('as fast as it can is the replay itself', () => {
    const all = inputs(0)
    expect(paced(all, 'max', new VirtualEnvironment(), new AbortController().signal)).toBe(all)
  })
})
