import { describe, expect, it } from 'vitest'
import { HOUR } from '../../streams/market/candles.ts'
import type { HourRow } from '../../streams/pnl/hours.ts'
import { UNKNOWN } from '../../streams/pnl/sums.ts'
import type { MonthCheckpoint } from './checkpoints.ts'
import { figuresOf, HourCache } from './hourCache.ts'

const checkpoint = (of: Partial<MonthCheckpoint> = {}): MonthCheckpoint => ({
  month: 0,
  t: HOUR,
  digest: 'd',
  content: 'c',
  candles: { ticks: 1, newest: 1 },
  stored: 1,
  ...of,
})

const rows = (count: number): HourRow[] =>
  Array.from({ length: count }, (_, i) => ({ ...UNKNOWN, t: (i + 1) * HOUR, assets: [], unpriced: [], carried: [] }))

describe('the cache of hours', () => {
  it.each<[what: string, id: string, of: Partial<MonthCheckpoint>]>([
    ['portfolio', 'b', {}],
    ['month', 'a', { month: 1 }],
    ['last hour', 'a', { t: 2 * HOUR }],
    ['digest', 'a', { digest: 'e' }],
    ['count of ticks', 'a', { candles: { ticks: 2, newest: 1 } }],
    ['newest tick', 'a', { candles: { ticks: 1, newest: 2 } }],
  ])('gives nothing of another %s', (_what, id, of) => {
    const cache = new HourCache()
    const month = rows(1)
    cache.put('a', checkpoint(), month)
    expect(cache.of('a', checkpoint())).toBe(month)
    expect(cache.of(id, checkpoint(of))).toBeUndefined()
  })

  it('holds a bounded number of figures; what was used longest ago goes first', () => {
    const cache = new HourCache(figuresOf(10, 0))
    const month = (i: number): MonthCheckpoint => checkpoint({ month: i })
    for (const i of [1, 2]) cache.put('a', month(i), rows(5))
    expect(cache.of('a', month(1))).toHaveLength(5)
    cache.put('a', month(3), rows(5))
    expect([1, 2, 3].map(i => cache.of('a', month(i))?.length)).toEqual([5, undefined, 5])
    // The same month again counts once.
    for (let i = 0; i < 5; i++) cache.put('a', month(3), rows(5))
    expect([1, 3].map(i => cache.of('a', month(i))?.length)).toEqual([5, 5])
    cache.put('a', month(4), rows(11))
    expect([1, 3, 4].map(i => cache.of('a', month(i)))).toEqual([undefined, undefined, undefined])
  })

  it('has room again for what was forgotten', () => {
    const cache = new HourCache(figuresOf(2, 0))
    cache.put('a', checkpoint({ month: 1 }), rows(1))
    cache.put('a', checkpoint({ month: 2 }), rows(1))
    cache.forget('a', checkpoint({ month: 2 }))
    cache.put('a', checkpoint({ month: 3 }), rows(1))
    expect([1, 2, 3].map(month => cache.of('a', checkpoint({ month }))?.length)).toEqual([1, undefined, 1])
  })
})
