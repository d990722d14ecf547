import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Changes } from '../../streams/lib/dependencies.ts'
import { Interner } from '../../streams/lib/interner.ts'
import { type AssetEvent, assetEvent, factorOf } from '../../streams/market/assetEvent.ts'
import { Candle } from '../../streams/market/candles.ts'
import { FeedHealth } from '../../streams/market/feedHealth.ts'
import { type Instrument, Market } from '../../streams/market/market.ts'
import { INTERVALS } from '../../streams/wire/channels.ts'
import { readCloses, readLastCloses } from '../pnl/closes.ts'
import type { Engine } from '../storage/engine/engine.ts'
import { openHistory } from '../storage/read/history.ts'
import { marketPast } from '../storage/read/marketPast.ts'
import { pricesAt } from '../storage/read/pricesAt.ts'
import { Bench, openedEngine, openedSink } from './storageKit.ts'
import { candle, type Tick, ticksOf, trade } from './storageRows.ts'

const DAY = 86_400_000
const HOUR = 3_600_000
const MINUTE = 60_000
const T = Date.UTC(2024, 7, 8, 12)
const ORDER = ['b', 'a']
const NAMES = Object.keys(INTERVALS) as (keyof typeof INTERVALS)[]

/** A market that knows what happens, with ticks in the order of their arrival. */
const marketOf = (symbol: string, events: readonly AssetEvent[], ticks: readonly Tick[]): { market: Market; shown: Instrument } => {
  const [symbols, sources] = [new Interner(), new Interner()]
  const market = new Market(symbols, { sources, sourceOrder: ORDER })
  market.follow(events)
  if (ticks.length > 0) market.apply(ticksOf(ticks, symbols, sources), new FeedHealth({ id: 'f', live: false }, DAY), new Changes())
  return { market, shown: market.instrument(symbol) }
}

const relative = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-12 * Math.max(Math.abs(a), Math.abs(b))
const figures = ({ openT, open, high, low, close, volume, n }: Candle) => ({
  open_t: openT,
  o: open,
  h: high,
  l: low,
  c: close,
  v: volume,
  n,
})
type Figures = ReturnType<typeof figures>
const same = (one: Figures, other: Figures): boolean =>
  one.n === other.n && one.open_t === other.open_t && (['o', 'h', 'l', 'c', 'v'] as const).every(key => relative(one[key], other[key]))

/** The candles of an interval by themselves: each trade is converted on its own to the units that hold when its interval ends. */
const alone = (ticks: readonly Tick[], events: readonly AssetEvent[], interval: number): Figures[] => {
  const candles = new Map<number, Candle>()
  for (const { t, price, size } of ticks) {
    const openT = Math.floor(t / interval) * interval
    let factor = 1
    for (const event of events) if (event.t > t && event.t < openT + interval) factor *= factorOf(event.ratio)
    const of = candles.get(openT) ?? new Candle(openT)
    candles.set(openT, of)
    of.trade(t, price / factor, size * factor)
  }
  return [...candles.values()].sort((a, b) => a.openT - b.openT).map(figures)
}

/** A stored candle is on the scale of its own end; this is what it is on that of now. */
const onScaleOfNow = <Row extends Figures>(row: Row, interval: number, events: readonly AssetEvent[]): Row => {
  let factor = 1
  for (const { t, ratio } of events) if (t >= row.open_t + interval) factor *= factorOf(ratio)
  const { o, h, l, c, v } = row
  return { ...row, o: o / factor, h: h / factor, l: l / factor, c: c / factor, v: v * factor }
}

describe('candles of a symbol to whose asset something happens', () => {
  let bench: Bench
  let engine: Engine
  let store: Awaited<ReturnType<typeof openedSink>>
  beforeAll(async () => {
    bench = await Bench.open()
    engine = await openedEngine(bench, 'embedded')
    store = await openedSink(bench, engine)
  })
  afterAll(() => bench.close())

  let assets = 0
  /** An asset that nothing is stored of yet. */
  const fresh = (): { asset: string; symbol: string } => {
    assets += 1
    return { asset: `A${assets}`, symbol: `A${assets}-USD` }
  }

  const stored = async (symbol: string, events: readonly AssetEvent[], ticks: readonly Tick[]) => {
    store.write(
      T,
      ticks.map(tick => ({ ...tick, symbol })),
    )
    await store.sink.until(Number.POSITIVE_INFINITY)
    const history = openHistory(Promise.resolve(engine), { sourceOrder: ORDER, events: () => events })
    await Promise.resolve()
    return async (interval: string, step?: number) => {
      const { rows } = await history.rows({ channel: `candle:${interval}:${symbol}`, from: 0, to: T + DAY, ...(step && { step }) })
      return rows as unknown as (Figures & { gap?: true })[]
    }
  }

  const split = (asset: string, at: number, ratio = '1000'): AssetEvent => assetEvent(T + at, asset, 'redenomination', ratio, '')

  it.each<[where: string, at: number]>([
    ['within a minute', 40 * MINUTE + 30_000],
    ['between two minutes', 40 * MINUTE],
    ['between two hours', HOUR],
    ['after the last trade of its minute', 40 * MINUTE + 59_999],
    ['at the very time of a trade', 40 * MINUTE + 20_000],
  ])('are in the units of their end, trade by trade: an event %s', async (_, at) => {
    const { asset, symbol } = fresh()
    const events = [split(asset, at)]
    const ticks = Array.from({ length: 720 }, (_, i) => {
      const t = i * 10_000
      return trade(T + t, { id: `${i}`, price: (t < at ? 50_000 : 50) + (i % 7), size: (1 + (i % 5)) * (t < at ? 1 : 1000) })
    })
    const candles = await stored(symbol, events, ticks)
    for (const interval of NAMES) {
      const [rows, expected] = [await candles(interval), alone(ticks, events, INTERVALS[interval])]
      expect(rows.length).toBe(expected.length)
      for (const [i, row] of rows.entries()) expect(same(row, expected[i]!), `${interval} ${JSON.stringify([row, expected[i]])}`).toBe(true)
      expect(rows.some(({ gap }) => gap)).toBe(false)
    }
    const tens = await candles('5m', 10 * MINUTE)
    for (const [i, row] of tens.entries()) expect(same(row, alone(ticks, events, 10 * MINUTE)[i]!)).toBe(true)
  })

  const events = fc.array(fc.tuple(fc.integer({ min: 0, max: 3 * HOUR }), fc.constantFrom('1000', '0.5', '3:1')), {
    minLength: 1,
    maxLength: 2,
  })
  const trades = fc.array(fc.tuple(fc.integer({ min: 0, max: 3 * HOUR }), fc.constantFrom('a', 'b')), { minLength: 1, maxLength: 40 })
  const near = fc.array(fc.tuple(fc.integer({ min: -30_000, max: 30_000 }), fc.constantFrom('a', 'b')), { maxLength: 10 })
  const given = fc.array(fc.tuple(fc.integer({ min: 0, max: 180 }), fc.constantFrom(MINUTE, 5 * MINUTE, HOUR)), { maxLength: 8 })

  it('are the same in the store, in the live view and after a start', async () => {
    await fc.assert(
      fc.asyncProperty(events, trades, near, given, fc.boolean(), async (whens, far, close, long, inOrder) => {
        const { asset, symbol } = fresh()
        const known = whens.map(([at, ratio]) => split(asset, at, ratio)).sort((a, b) => a.t - b.t)
        const times = new Set<number>()
        const ticks = [...far, ...close.map(([t, source]) => [whens[0]![0] + t, source] as const)]
          .filter(([t]) => !times.has(t) && times.add(t))
          .map(([t, source], i) => trade(T + t, { id: `${i}`, source, price: 100 + i, size: (i + 1) / 8 }))
        const candles = long.map(([i, span], k) =>
          candle(T + Math.floor((i * MINUTE) / span) * span, span, {
            source: 'c',
            id: `c${span}-${Math.floor((i * MINUTE) / span)}`,
            price: 200 + k,
            high: 300 + k,
          }),
        )
        const seen = new Set<string>()
        const all = [...ticks, ...candles]
          .map(tick => ({ ...tick, symbol }))
          .filter(({ id, t }) => !seen.has(`${id} ${t}`) && seen.add(`${id} ${t}`))
        if (inOrder) all.sort((a, b) => a.t - b.t)
        const last = Math.max(...all.map(({ t }) => t))
        const come = known.filter(({ t }) => t <= last)
        const rows = await stored(symbol, come, all)
        const { shown } = marketOf(symbol, known, all)
        const again = marketOf(symbol, known, [])
        again.market.restore(await marketPast(engine, Number.POSITIVE_INFINITY, { events: known, symbols: [symbol] }), false, new Changes())
        for (const interval of NAMES) {
          const [now, then] = [shown, again.shown].map(({ bars }) => bars.running(INTERVALS[interval])!)
          expect(same(figures(then!.candle), figures(now!.candle)), interval).toBe(true)
          expect(then!.gap, interval).toBe(now!.gap)
          const row = onScaleOfNow((await rows(interval)).at(-1)!, INTERVALS[interval], come)
          expect(same(row, figures(now!.candle)), `${interval} ${JSON.stringify([row, now])}`).toBe(true)
          expect(row.gap ?? false, interval).toBe(now!.gap)
          const [before, beforeThen] = [shown, again.shown].map(({ bars }) => bars.previous(INTERVALS[interval]))
          expect(before === undefined).toBe(beforeThen === undefined)
          if (before) expect(same(figures(beforeThen!.candle), figures(before.candle)), interval).toBe(true)
        }
        const [day, dayThen] = [shown, again.shown].map(({ bars }) => bars.rollingDay()!)
        expect(same(figures(dayThen!.candle), figures(day!.candle))).toBe(true)
        expect([again.shown.price, again.shown.t]).toEqual([shown.price, shown.t])
      }),
      { numRuns: 10 },
    )
  }, 60_000)

  it('are marked if nobody knows their units: a given candle that an event divides, and a minute whose ticks are gone', async () => {
    const at = 30 * MINUTE + 30_000
    const given = fresh()
    const hour = await stored(given.symbol, [split(given.asset, at)], [candle(T, HOUR, { source: 'c', id: 'h' })])
    expect(await hour('1h')).toMatchObject([{ v: 1, gap: true }])
    const { asset, symbol } = fresh()
    const ticks = [trade(T + 30 * MINUTE + 10_000, { id: 'x' }), trade(T + 30 * MINUTE + 40_000, { id: 'y' })]
    const candles = await stored(symbol, [split(asset, at)], ticks)
    expect((await candles('1m'))[0]).toMatchObject({ v: 1001, n: 2 })
    await engine.client.command({ query: `TRUNCATE TABLE ${engine.database}.ticks` })
    expect(await candles('1m')).toMatchObject([{ n: 2, gap: true }])
    expect(await candles('1h')).toMatchObject([{ n: 2, gap: true }])
  })

  it('give prices of the past in the units of the moment that is asked for', async () => {
    const { asset, symbol } = fresh()
    const events = [split(asset, 30 * MINUTE)]
    await stored(symbol, events, [trade(T + 10 * MINUTE, { id: 'x', price: 50_000 }), trade(T + 3 * HOUR, { id: 'y', price: 60 })])
    const at = async (t: number) => (await pricesAt(engine, [symbol], T + t, events)).get(symbol)
    expect(await at(10 * MINUTE + 1_000)).toBe(50_000)
    expect(await at(20 * MINUTE)).toBe(50_000)
    expect(await at(30 * MINUTE)).toBe(50)
    expect(await at(2 * HOUR)).toBe(50)
    expect(await at(3 * HOUR)).toBe(60)
    const spans = new Map([[asset, HOUR]])
    const { closes } = await readCloses(engine, 'USD', spans, T, T + 4 * HOUR, events)
    expect([...closes.get(asset)!]).toEqual([50, Number.NaN, Number.NaN, 60])
    expect((await readLastCloses(engine, 'USD', spans, T + 2 * HOUR, events)).prices).toEqual([[asset, 50, T + HOUR]])
  })
})
