import { describe, expect, it } from 'vitest'
import { logAt, sync } from '../test/chain.ts'
import { CanonicalLogs } from './canonicalLogs.ts'

const at = (block: number, index: number) => logAt(block, index, sync(1n, 1n))

/** Takes in each that comes next. */
const standing = (...places: (readonly [block: number, index: number])[]) => {
  const logs = new CanonicalLogs<string>()
  for (const [block, index] of places) if (logs.isNext(at(block, index))) logs.add(at(block, index), `${block}.${index}`)
  return logs
}

describe('logs that stand', () => {
  it('are taken in once, in the order of the chain', () => {
    const logs = standing([7, 3])
    const next = [
      [7, 3],
      [7, 2],
      [6, 9],
      [7, 4],
      [8, 0],
    ].map(([block, index]) => logs.isNext(at(block!, index!)))
    expect(next).toEqual([false, false, false, true, true])
  })

  it.each([
    ['the newest first', [3, 2, 1]],
    ['the oldest first', [1, 2, 3]],
  ])('can be taken back, %s, each once; then others come in their place', (_, order) => {
    const logs = standing([7, 0], [8, 1], [8, 2], [8, 3])
    expect(order.map(index => logs.revert(at(8, index)))).toEqual(order.map(index => `8.${index}`))
    expect(order.map(index => logs.revert(at(8, index)))).toEqual([undefined, undefined, undefined])
    // The block that takes the place of another has its own logs, at any index.
    expect([logs.isNext(at(7, 0)), logs.isNext(at(7, 1)), logs.isNext(at(8, 0))]).toEqual([false, true, true])
  })

  it('do not come back where they never were', () => {
    const logs = standing([7, 3])
    expect(logs.revert(at(7, 4))).toBeUndefined()
    expect(logs.isNext(at(7, 3))).toBe(false)
  })

  it('tell what the newest of them did, also when it is final', () => {
    const logs = standing([7, 0], [8, 1], [8, 2])
    const newest = [logs.newestEffect]
    for (const [block, index] of [
      [8, 1],
      [8, 2],
      [7, 0],
    ] as const) {
      logs.revert(at(block, index))
      newest.push(logs.newestEffect)
    }
    expect(newest).toEqual(['8.2', '8.2', '7.0', undefined])
    const old = standing([7, 0], [100, 0])
    old.revert(at(100, 0))
    expect(old.newestEffect).toBe('7.0')
  })

  it('begin after the block through which all are taken in already', () => {
    const logs = new CanonicalLogs<string>(7)
    expect([logs.isNext(at(7, 10 ** 6)), logs.isNext(at(8, 0)), logs.revert(at(7, 0)), logs.newestEffect]).toEqual([
      false,
      true,
      undefined,
      undefined,
    ])
  })

  it('are forgotten when they are final', () => {
    const logs = standing([100, 0], [100, 1], [101, 0], [164, 0])
    expect([100, 101, 164].map(block => logs.revert(at(block, 0)))).toEqual([undefined, '101.0', '164.0'])
    expect([logs.isNext(at(100, 1)), logs.isNext(at(101, 0))]).toEqual([false, true])
  })
})
