import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DAY } from '../market/candles.ts'
import { logAt, lonelyPool, poolSpec, removed, swapV3, sync, token } from '../test/chain.ts'
import { Driven, NOON } from '../test/drive.ts'
import type { ChainLog } from './chainLog.ts'
import { impermanentLoss } from './impermanentLoss.ts'

const RATIO = fc.double({ min: 1e-6, max: 1e6, noNaN: true })

describe('impermanent loss', () => {
  it('is what a position in x·y = k is worth beside what was put in, less one', () => {
    fc.assert(
      fc.property(RATIO, RATIO, (price, moved) => {
        // One token1 and its worth in token0 are put in; then the price moves along the curve.
        const k = price
        const after = price * moved
        const [x, y] = [Math.sqrt(k * after), Math.sqrt(k / after)]
        expect(impermanentLoss(moved)).toBeCloseTo((x + y * after) / (price + after) - 1, 9)
      }),
    )
  })

  it('is the same for a price that rose as for one that fell by as much, and never a gain', () => {
    fc.assert(
      fc.property(RATIO, ratio => {
        expect(impermanentLoss(ratio)).toBeCloseTo(impermanentLoss(1 / ratio), 12)
        return impermanentLoss(ratio) <= 1e-12
      }),
    )
  })

  it.each([
    [1, 0],
    [4, -0.2],
    [1.25, -0.00619],
    [2, -0.05719],
  ])('of a price times %d is %d', (ratio, loss) => expect(impermanentLoss(ratio)).toBeCloseTo(loss, 5))
})

describe('a pool’s since the day began', () => {
  const MIDNIGHT = NOON + DAY / 2
  const flat = poolSpec({ token0: token('USD', 0, 'USD'), token1: token('B', 0) })
  const told = (p: Driven, ...logs: ChainLog[]): void => {
    p.send({ kind: 'chain', feed: 0, logs, messages: 1, bad: {} })
    p.clock(Math.ceil(logs.at(-1)!.t / 20) * 20)
  }
  const il = (p: Driven) => p.state<{ il?: number }>('pool:P').il

  it('begins with the first price where none stood at midnight, and again with the price that stands at the next', () => {
    const p = new Driven({ pools: [flat] })
    p.watch('pool:P')
    p.clock(NOON)
    expect(il(p)).toBeUndefined()
    told(p, logAt(1, 0, sync(100, 100), NOON + 20))
    expect(il(p)).toBe(0)
    told(p, logAt(2, 0, sync(400, 100), NOON + 40))
    expect(il(p)).toBe(-0.2)
    // Midnight comes without any log; the price of four is then what the day began with.
    p.clock(MIDNIGHT)
    expect(il(p)).toBe(0)
    told(p, logAt(3, 0, sync(100, 100), MIDNIGHT + 5_000))
    expect(il(p)).toBe(-0.2)
    expect(p.agrees()).toBe(true)
  })

  it('is measured from the price that stood at midnight also where the first log after it is the first that is heard of', () => {
    const pool = lonelyPool(flat)
    pool.apply(logAt(1, 0, sync(100, 100), NOON))
    pool.apply(logAt(2, 0, sync(400, 100), MIDNIGHT + 1))
    expect(pool.figures(MIDNIGHT + 20).il).toBeCloseTo(-0.2, 12)
  })

  it('forgets what was taken back', () => {
    const pool = lonelyPool(flat)
    const wrong = logAt(1, 0, sync(100, 100), NOON)
    pool.apply(wrong)
    pool.apply(removed(wrong))
    expect(pool.figures(NOON).il).toBeNaN()
    pool.apply(logAt(1, 1, sync(400, 100), NOON))
    expect(pool.figures(NOON).il).toBe(0)
    const moved = logAt(2, 0, sync(100, 100), MIDNIGHT + 1)
    pool.apply(moved)
    pool.apply(removed(moved))
    expect(pool.figures(MIDNIGHT + 20).il).toBe(0)
  })

  it('of a v3 pool is that of a position over all prices', () => {
    const pool = lonelyPool({ ...flat, kind: 'uniswap-v3' })
    pool.apply(logAt(1, 0, swapV3(1n, -1n, 2n ** 96n, 1n, 0)))
    pool.apply(logAt(2, 0, swapV3(1n, -1n, 2n ** 95n, 1n, -13864)))
    expect(pool.figures().il).toBeCloseTo(-0.2, 12)
  })
})
