import { describe, expect, it } from 'vitest'
import { ProtocolError } from '../../streams/wire/errors.ts'
import { deferred } from './deferred.ts'
import { Semaphore } from './semaphore.ts'

describe('turns', () => {
  it('let two go on at once, the others in order, and refuse who comes when too many wait', async () => {
    const turns = new Semaphore(2, 2, () => new ProtocolError('too_much'))
    const begun: number[] = []
    const gates = [0, 1, 2, 3].map(() => deferred<void>())
    const work = (i: number) =>
      turns.run(async () => {
        begun.push(i)
        await gates[i]!.promise
        if (i === 1) throw new Error('it failed')
        return i
      })
    const all = Promise.allSettled([0, 1, 2, 3].map(work))
    expect(begun).toEqual([0, 1])
    await expect(turns.run(async () => 9)).rejects.toMatchObject({ code: 'too_much', retry: true })
    gates[1]!.resolve()
    await expect.poll(() => begun).toEqual([0, 1, 2])
    gates[0]!.resolve()
    gates[2]!.resolve()
    gates[3]!.resolve()
    expect((await all).map(one => one.status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled'])
    expect(begun).toEqual([0, 1, 2, 3])
    expect(await turns.run(async () => 'free again')).toBe('free again')
  })

  it('free the place of one that gives up while it waits, at once', async () => {
    const turns = new Semaphore(1, 2, () => new ProtocolError('too_much'))
    const gate = deferred<void>()
    const begun: string[] = []
    const work = (name: string, signal?: AbortSignal) =>
      turns.run(async () => {
        begun.push(name)
        await gate.promise
        return name
      }, signal)
    const stop = new AbortController()
    const first = work('first', stop.signal)
    const leaves = new AbortController()
    const gone = work('gone', leaves.signal)
    const second = work('second', stop.signal)
    await expect(work('refused')).rejects.toMatchObject({ code: 'too_much' })
    const reason = new Error('given up')
    leaves.abort(reason)
    const third = work('third')
    await expect(gone).rejects.toBe(reason)
    await expect(work('too late', leaves.signal)).rejects.toBe(reason)
    gate.resolve()
    expect(await Promise.all([first, second, third])).toEqual(['first', 'second', 'third'])
    // Who has begun has left nothing behind on the signal.
    stop.abort()
    expect(await work('last')).toBe('last')
    expect(begun).toEqual(['first', 'second', 'third', 'last'])
  })
})
