import { describe, expect, it } from 'vitest'
import type { Ticks } from '../../../streams/market/ticks.ts'
import { TickWriter } from '../../../streams/market/tickWriter.ts'
import { Continuity } from './continuity.ts'

const T = Date.UTC(2024, 7, 8, 12)
const trades = (...list: readonly (readonly [symbol: number, source: number, t: number])[]): Ticks => {
  const writer = new TickWriter(0)
  writer.message(Number.NaN)
  for (const [i, [symbol, source, t]] of list.entries()) writer.trade(symbol, source, T + t, 100, 1, 'buy', `${symbol} ${source} ${t} ${i}`)
  return writer.drain()!
}
const gap = (symbol: number, source: number, from: number, to: number) => ({
  symbol,
  source,
  from: T + from,
  to: T + to,
  missing: Number.NaN,
  healed: false,
})

describe('continuity', () => {
  it('leaves ticks as they are if nothing was missed', () => {
    const continuity = new Continuity()
    const [first, second] = [trades([0, 0, 1], [1, 0, 2]), trades([0, 0, 3], [0, 1, 4])]
    expect([continuity.take(first), continuity.take(second)]).toEqual([first, second])
  })

  it('has a gap of each symbol and source from its newest trade before a hole to its first newer one behind it, once', () => {
    const continuity = new Continuity()
    continuity.take(trades([0, 0, 1], [0, 0, 5], [1, 0, 2], [0, 1, 3]))
    continuity.doubt()
    // A late trade says nothing of the time after the newest.
    expect(continuity.take(trades([0, 0, 4])).gaps).toBeUndefined()
    expect(continuity.take(trades([0, 0, 9], [0, 0, 10], [0, 1, 8])).gaps).toEqual([gap(0, 0, 5, 9), gap(0, 1, 3, 8)])
    expect(continuity.take(trades([0, 0, 12], [1, 0, 20], [2, 2, 20])).gaps).toEqual([gap(1, 0, 2, 20)])
    expect(continuity.take(trades([0, 0, 13], [1, 0, 21])).gaps).toBeUndefined()
  })
})
