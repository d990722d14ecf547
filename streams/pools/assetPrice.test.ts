import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { PoolRow } from '../measures/rows.ts'
import { logAt, poolSpec, removed, swapV2, sync, token } from '../test/chain.ts'
import { Driven, NOON } from '../test/drive.ts'
import type { ChainLog } from './chainLog.ts'
import type { PoolSpec } from './spec.ts'

const address = (n: number): string => `0x${n.toString(16).padStart(40, '0')}`
/** A pool of two tokens of no decimals. */
const pair = (id: string, n: number, asset0: string, asset1: string): PoolSpec =>
  poolSpec({ id, address: address(n), token0: token(asset0, 0), token1: token(asset1, 0) })

const shown = (p: Driven, id: string) => p.state<{ tvl?: number; volume24h?: number }>(`pool:${id}`)
const told = (p: Driven, ...logs: ChainLog[]): void => {
  p.send({ kind: 'chain', feed: 0, logs, messages: 1, bad: {} })
  p.clock(Math.ceil(logs.at(-1)!.t / 20) * 20)
}
const priced = (p: Driven, symbol: string, t: number, price: number): void => {
  p.trades(0, { symbol, t, price })
  p.clock(Math.ceil(t / 20) * 20)
}
const at = (n: number, block: number, said: ReturnType<typeof sync>, t = NOON): ChainLog => ({
  ...logAt(block, 0, said, t),
  address: address(n),
})

describe('a price that the book does not know', () => {
  /** X lies beside USD in a deep and in a shallow pool, and beside Y, which nobody prices. */
  const POOLS = [pair('shallow', 1, 'USD', 'X'), pair('deep', 2, 'USD', 'X'), pair('lost', 3, 'Y', 'X')]

  it('is that of the deepest pool beside one that it knows', () => {
    const p = new Driven({ pools: POOLS })
    p.watch('pool:lost', 'pool:shallow')
    told(p, at(1, 1, sync(20_000, 10_000)), at(2, 1, sync(90_000, 30_000)), at(3, 1, sync(500, 100)))
    // 3 a piece: 100 X beside 500 Y, each of which this pool then puts at 3/5.
    expect(shown(p, 'lost').tvl).toBe(600)
    expect(shown(p, 'shallow').tvl).toBe(20_000 + 3 * 10_000)
    expect(p.agrees()).toBe(true)
  })

  it('moves what shows it when that pool moves, another becomes the deepest, or the book comes to know it', () => {
    const p = new Driven({ pools: POOLS })
    p.watch('pool:lost')
    told(p, at(1, 1, sync(20_000, 10_000)), at(2, 1, sync(90_000, 30_000)), at(3, 1, sync(500, 100)))
    told(p, at(2, 2, sync(90_000, 45_000), NOON + 20))
    expect(shown(p, 'lost').tvl).toBe(400)
    told(p, at(1, 3, sync(100_000, 10_000), NOON + 40))
    expect(shown(p, 'lost').tvl).toBe(2_000)
    told(p, { ...removed(at(1, 3, sync(100_000, 10_000))), t: NOON + 60 })
    expect(shown(p, 'lost').tvl).toBe(400)
    priced(p, 'X-USD', NOON + 80, 7)
    expect(shown(p, 'lost').tvl).toBe(1_400)
    told(p, at(2, 4, sync(90_000, 30_000), NOON + 100))
    expect(shown(p, 'lost').tvl).toBe(1_400)
    expect(p.agrees()).toBe(true)
  })

  it('is not believed of a pool that anybody can move', () => {
    const p = new Driven({ pools: POOLS })
    p.watch('pool:lost', 'pool:shallow')
    told(p, at(1, 1, sync(9_999, 1)), at(3, 1, sync(500, 100)))
    expect(shown(p, 'lost')).not.toHaveProperty('tvl')
    // Of what lies in itself a pool may tell.
    expect(shown(p, 'shallow').tvl).toBe(19_998)
  })

  it('never comes of one that came of a pool itself: there is no circle', () => {
    const p = new Driven({ pools: [pair('xy', 1, 'X', 'Y'), pair('yz', 2, 'Y', 'Z'), pair('zx', 3, 'Z', 'X')] })
    p.watch('pool:xy', 'pool:yz', 'pool:zx')
    told(p, ...[1, 2, 3].map(n => at(n, 1, sync(10n ** 9n, 10n ** 9n))))
    for (const id of ['xy', 'yz', 'zx']) expect(shown(p, id)).not.toHaveProperty('tvl')
    priced(p, 'X-USD', NOON + 20, 2)
    // X tells of Y and Z by the pools that it lies in.
    for (const id of ['xy', 'yz', 'zx']) expect(shown(p, id).tvl).toBe(4e9)
    expect(p.agrees()).toBe(true)
  })

  it('gives the volume where the book knows neither side, and only there', () => {
    const p = new Driven({ pools: POOLS })
    p.watch('pool:lost', 'pool:deep')
    told(p, at(2, 1, sync(90_000, 30_000)), at(3, 1, swapV2(50, 0, 0, 10)), at(2, 2, swapV2(60, 0, 0, 19)))
    expect(shown(p, 'lost').volume24h).toBe(30)
    expect(shown(p, 'deep').volume24h).toBe(60)
  })

  it('is stored the same no matter who watches', () => {
    const event = fc.record({
      after: fc.integer({ min: 0, max: 1_500 }),
      what: fc.constantFrom(1, 2, 3, 'price', 'watch', 'unwatch'),
      size: fc.integer({ min: 1, max: 50 }),
    })
    fc.assert(
      fc.property(fc.array(event, { minLength: 1, maxLength: 20 }), events => {
        const run = (watchers: boolean): PoolRow[] => {
          const p = new Driven({ pools: POOLS })
          let t = NOON
          events.forEach(({ after, what, size }, i) => {
            t += after
            if (typeof what === 'number') told(p, at(what, i, sync(size * 1_000, size + 900), t))
            else if (what === 'price') priced(p, 'Y-USD', t, size)
            else if (watchers) for (const { id } of POOLS) p.send({ kind: 'watch', channel: `pool:${id}`, on: what === 'watch' })
          })
          p.clock(Math.ceil(t / 20) * 20 + 2_000)
          return p.frames.flatMap(f => f.rows.measures.filter(row => row.kind === 'pool'))
        }
        expect(run(true)).toEqual(run(false))
      }),
      { numRuns: 60 },
    )
  })
})
