import { describe, expect, it } from 'vitest'
import type { Clock, Input } from '../../../streams/input.ts'
import { VirtualWall } from '../../test/virtualWall.ts'
import { paced } from './pace.ts'

const T0 = Date.UTC(2024, 0, 1)

const inputs = async function* (...ts: number[]): AsyncGenerator<Input> {
  for (const t of ts) {
    yield { kind: 'feed', feed: 0, state: 'live' }
    yield { kind: 'clock', t: T0 + t }
  }
}

/** When each of the clock's ticks came, by the wall, ms from the start. */
const watched = (all: AsyncIterable<Input>, wall: VirtualWall) => {
  const start = wall.now()
  const came: [t: number, at: number][] = []
  const done = (async () => {
    for await (const input of all) if (input.kind === 'clock') came.push([(input as Clock).t - T0, wall.now() - start])
  })()
  return { came, done }
}

describe('a paced replay', () => {
  it.each([
    [1, [0, 20, 1_000, 61_000]],
    [10, [0, 2, 100, 6_100]],
    [0.5, [0, 40, 2_000, 122_000]],
  ])('runs %d times as fast as the wall, from its first frame on', async (speed, wanted) => {
    const wall = new VirtualWall()
    const { came, done } = watched(paced(inputs(0, 20, 1_000, 61_000), speed, wall, new AbortController().signal), wall)
    await wall.pass(200_000)
    await done
    expect(came.map(([, at]) => at)).toEqual(wanted)
    expect(came.map(([t]) => t)).toEqual([0, 20, 1_000, 61_000])
  })

  it('catches up, and does not drift, where the consumer was slow', async () => {
    const wall = new VirtualWall()
    const all = paced(inputs(0, 100, 200, 300, 400), 1, wall, new AbortController().signal)[Symbol.asyncIterator]()
    const next = async () => {
      await all.next()
      return (await all.next()).value as Clock
    }
    await next()
    await wall.pass(250) // the consumer sleeps
    await next()
    await next()
    expect(wall.waits).toEqual([])
    const third = next()
    await wall.pass(49)
    expect(wall.waits).toEqual([1])
    await wall.pass(1)
    expect((await third).t - T0).toBe(300)
    await all.return?.()
  })

  it('waits longer than a timer can', async () => {
    const wall = new VirtualWall()
    const month = 40 * 86_400_000
    const { came, done } = watched(paced(inputs(0, month), 1, wall, new AbortController().signal), wall)
    await wall.pass(0)
    expect(wall.waits).toEqual([2 ** 31 - 1])
    await wall.pass(month)
    await done
    expect(came).toEqual([
      [0, 0],
      [month, month],
    ])
  })

  it('ends when it is told to, in the middle of a wait', async () => {
    const wall = new VirtualWall()
    const stop = new AbortController()
    const { came, done } = watched(paced(inputs(0, 3_600_000), 1, wall, stop.signal), wall)
    await wall.pass(10)
    stop.abort()
    await done
    expect(came).toEqual([[0, 0]])
    expect(wall.waits).toEqual([])
  })

  it('as fast as it can is the replay itself', () => {
    const all = inputs(0)
    expect(paced(all, 'max', new VirtualWall(), new AbortController().signal)).toBe(all)
  })
})
