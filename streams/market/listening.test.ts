import { expect, it } from 'vitest'
import { Driven, NOON } from '../test/drive.ts'
import { Candle, MINUTE } from './candles.ts'
import type { InstrumentPast } from './marketPast.ts'

const HOUR = 60 * MINUTE

const minuteAt = (t: number, price: number, size: number): Candle => {
  const minute = new Candle(t - (t % MINUTE))
  minute.trade(t, price, size)
  return minute
}

const past = (of: Partial<InstrumentPast> = {}): InstrumentPast => ({
  symbol: 'BTC-USD',
  first: NOON - HOUR,
  newest: [{ t: NOON - 5_000, price: 90, size: 2, side: 1, src: 'venue', id: 'old', span: 0, open: 90, high: 90, low: 90 }],
  minutes: [
    { src: 'venue', minute: minuteAt(NOON - HOUR, 80, 1) },
    { src: 'venue', minute: minuteAt(NOON - 5_000, 90, 2) },
  ],
  given: [],
  gaps: [],
  heard: [{ src: 'venue', until: NOON - 4_000, newest: NOON - 5_000 }],
  last: [],
  ...of,
})

const live = (awaitsPast = true): Driven => {
  const p = new Driven({ feeds: [{ id: 'a', live: true }], awaitsPast })
  p.watch('tick:BTC-USD', 'candle:1m:BTC-USD', 'candle:1h:BTC-USD', 'trades:BTC-USD')
  p.clock(NOON)
  return p
}

const restore = (p: Driven, ...instruments: InstrumentPast[]): void =>
  p.send({ kind: 'past', asOf: Number.POSITIVE_INFINITY, market: { instruments } })

it('day and candles that began before the start are absent until the past is known', () => {
  const p = live()
  p.trades(0, { symbol: 'BTC-USD', t: NOON + 10_000, price: 100 })
  p.clock(NOON + 10_000)
  const state = p.state<{ price?: number; day?: object }>('tick:BTC-USD')
  expect([state.price, state.day]).toEqual([100, undefined])
  expect(p.state('candle:1h:BTC-USD')).toEqual({})
  p.trades(0, { symbol: 'BTC-USD', t: NOON + MINUTE, price: 101 })
  p.clock(NOON + MINUTE)
  // This minute owes nothing to the time before the start.
  expect(p.state('candle:1m:BTC-USD')).toMatchObject({ open_t: NOON + MINUTE, n: 1 })
  restore(p, past())
  p.clock(NOON + MINUTE + 20)
  expect(p.state<{ day: object }>('tick:BTC-USD').day).toMatchObject({ n: 4, volume: 5, open: 80, since: NOON - HOUR })
  expect(p.state('candle:1h:BTC-USD')).toMatchObject({ open_t: NOON, n: 2, prev: { open_t: NOON - HOUR, n: 2 } })
  expect(Object.keys(p.state<{ last: object }>('trades:BTC-USD').last)).toContain('old')
  expect(p.agrees()).toBe(true)
})

it('the day ends with the minute of now from the first frame after a start on, not with that of the newest trade', () => {
  const p = live()
  p.clock(NOON + 23 * HOUR + 30_000)
  restore(p, past())
  p.clock(NOON + 23 * HOUR + 30_020)
  expect(p.state<{ day: object }>('tick:BTC-USD').day).toMatchObject({ n: 1, volume: 2, open: 90 })
  expect(p.agrees()).toBe(true)
})

it('the time in which no run listened is a gap of the candles and the day that it falls into', () => {
  const p = live()
  restore(p, past())
  p.clock(NOON + 20)
  expect(p.state('tick:BTC-USD')).toMatchObject({ price: 90, stale: true, day: { gap: true } })
  p.trades(0, { symbol: 'BTC-USD', t: NOON + 1_000, price: 100 })
  p.clock(NOON + 1_000)
  expect(p.state('tick:BTC-USD')).toMatchObject({ stale: false, day: { gap: true } })
  p.clock(NOON + 6_000)
  p.trades(0, { symbol: 'BTC-USD', t: NOON + HOUR, price: 100 })
  p.clock(NOON + HOUR)
  const hour = p.state<{ gap?: boolean; prev: { gap?: boolean } }>('candle:1h:BTC-USD')
  expect([hour.gap, hour.prev.gap]).toEqual([undefined, true])
  const rows = p.frames.flatMap(({ rows }) => rows.listening ?? [])
  expect(rows.filter(({ kind }) => kind === 'missed')).toMatchObject([{ from: NOON - 4_000, until: NOON + 20 }])
  expect(rows.filter(({ kind }) => kind === 'heard')).toMatchObject([{ from: NOON + 20, until: NOON + 6_000 }])
})

it('a trade that the store has is not counted twice if the venue sends it again after the start', () => {
  const p = live()
  p.trades(
    0,
    { symbol: 'BTC-USD', t: NOON - 5_000, price: 90, size: 2, id: 'old' },
    { symbol: 'BTC-USD', t: NOON - 4_500, price: 91, id: 'new' },
  )
  p.clock(NOON + 20)
  restore(p, past())
  p.clock(NOON + 40)
  expect(p.state<{ day: object }>('tick:BTC-USD').day).toMatchObject({ n: 3, volume: 4 })
})

it('the first start of all is no gap of the day, which says since when it is complete, but one of candles that began before', () => {
  const p = live(false)
  p.trades(0, { symbol: 'BTC-USD', t: NOON + 10, price: 100 })
  p.clock(NOON + 20)
  const { day } = p.state<{ day: { since?: number; gap?: boolean } }>('tick:BTC-USD')
  expect([day.since, day.gap]).toEqual([NOON + 10, undefined])
  p.trades(0, { symbol: 'BTC-USD', t: NOON + MINUTE, price: 100 })
  p.clock(NOON + MINUTE)
  expect(p.state<{ prev: object }>('candle:1m:BTC-USD').prev).not.toHaveProperty('gap')
})
