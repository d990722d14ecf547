import { describe, expect, it } from 'vitest'
import type { Kind } from '../channels.ts'
import { canHave } from './members.ts'

describe('a path of a state', () => {
  it.each<[Kind, string]>([
    ['fund', 'nav'],
    ['fund', 'inav'],
    ['fund', 'inav.mid'],
    ['fund', 'weights.BTC'],
    ['fund', 'weights.USD.e'],
    ['pnl', 'assets.BTC.qty'],
    ['pnl', 'assets.USD.e.qty'],
    ['pnl', 'accounts.cold.one.BTC'],
    ['pool', 'reserves.0'],
    ['candle', 'prev.c'],
    ['trades', 'last.7.price'],
    ['orders', 'a key.with.dots.amount'],
    ['holdings', 'shares.TOP10'],
    ['status', 'feeds.sim.lag'],
    ['status', 'sink.rows'],
    // An asset may have this name.
    ['pnl', 'assets.BTC.qty.x'],
  ])('%s has %s', (kind, path) => expect(canHave(kind, path)).toBe(true))

  it.each<[Kind, string]>([
    ['fund', 'nave'],
    ['fund', 'inav.middle'],
    ['fund', 'nav.x'],
    ['fund', 'weights.'],
    ['fund', ''],
    ['fund', '.nav'],
    ['fund', 'price'],
    ['tick', 'day.depth'],
    ['pool', 'reserves.2'],
    ['tick', '__proto__'],
    ['tick', 'constructor'],
  ])('%s has no %s', (kind, path) => expect(canHave(kind, path)).toBe(false))
})
