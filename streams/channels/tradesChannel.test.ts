import { describe, expect, it } from 'vitest'
import { TAPE_LENGTH } from '../market/tape.ts'
import { TickWriter } from '../market/tickWriter.ts'
import { Driven, NOON } from '../test/drive.ts'
import { utf8Text } from './byteWriter.ts'

const CHANNEL = 'trades:BTC-USD'

type Last = Record<string, { t: number; price: number; size: number; side?: string; src: string }>
const last = (p: Driven): Last => p.state<{ last: Last }>(CHANNEL).last ?? {}

/** A frame with trades of these ids, the price of each told by its id. */
const frame = (p: Driven, t: number, ids: readonly number[], source = 'venue'): void => {
  const writer = new TickWriter(0)
  for (const id of ids) {
    writer.message(Number.NaN)
    writer.trade(p.symbols.index('BTC-USD'), p.sources.index(source), t, 100 + id, 1, id % 2 === 0 ? 'buy' : '', `${id}`)
  }
  p.send(writer.drain()!)
  p.clock(t)
}
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i)

describe('the tape of a symbol', () => {
  it('shows each trade by its id, a side only where it is known', () => {
    const p = new Driven()
    p.watch(CHANNEL)
    frame(p, NOON, [7, 8])
    expect(last(p)).toEqual({
      7: { t: NOON, price: 107, size: 1, src: 'venue' },
      8: { t: NOON, price: 108, size: 1, side: 'buy', src: 'venue' },
    })
  })

  it('shows the newest hundred, and takes out the older ones', () => {
    const p = new Driven()
    p.watch(CHANNEL)
    frame(p, NOON, range(0, 60))
    frame(p, NOON + 20, range(60, 130))
    expect(Object.keys(last(p))).toEqual(range(30, 130).map(String))
    expect(p.agrees()).toBe(true)
  })

  it('tells two sources with one id apart', () => {
    const p = new Driven()
    p.watch(CHANNEL)
    frame(p, NOON, [7], 'a')
    frame(p, NOON + 20, [7, 8], 'b')
    frame(p, NOON + 40, [8], 'a')
    expect(Object.entries(last(p)).map(([id, trade]) => `${id} ${trade.src}`)).toEqual(['7 a', '8 b', 'b:7 b', 'a:8 a'])
    frame(p, NOON + 60, range(100, 100 + TAPE_LENGTH), 'a')
    expect(Object.keys(last(p))).toEqual(range(100, 100 + TAPE_LENGTH).map(String))
    expect(p.agrees()).toBe(true)
  })

  it('shows no trade twice to who comes back to it', () => {
    const p = new Driven()
    p.watch(CHANNEL)
    frame(p, NOON, [1, 2, 3])
    p.send({ kind: 'watch', channel: CHANNEL, on: false })
    frame(p, NOON + 20, [4])
    p.watch(CHANNEL)
    frame(p, NOON + 40, [5])
    expect(Object.keys(last(p))).toEqual(['1', '2', '3', '4', '5'])
    expect(p.agrees()).toBe(true)
  })

  it('shows the newest hundred to who comes back after more than those have passed', () => {
    const p = new Driven()
    p.watch(CHANNEL)
    frame(p, NOON, range(0, 90))
    p.send({ kind: 'watch', channel: CHANNEL, on: false })
    frame(p, NOON + 20, range(90, 310))
    p.watch(CHANNEL)
    expect(Object.keys(last(p))).toEqual(range(210, 310).map(String))
  })

  it('lets every trade of a frame through, a hundred a patch', () => {
    const p = new Driven()
    p.watch(CHANNEL)
    frame(p, NOON, range(0, 250))
    const patches = p.frames.at(-1)!.pushes.map(push => Object.keys(JSON.parse(utf8Text(push.bytes)).d.last).length)
    // The hundred; the next hundred in their place; half of these again.
    expect(patches).toEqual([100, 200, 100])
    expect(Object.keys(last(p))).toEqual(range(150, 250).map(String))
  })
})
