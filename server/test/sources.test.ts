import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Interner } from '../../streams/lib/interner.ts'
import { givenCandle } from '../../streams/market/givenCandle.ts'
import { orderOfNumbers } from '../../streams/market/sourceOrder.ts'
import { SymbolBars } from '../../streams/market/symbolBars.ts'
import { CANDLE } from '../../streams/market/ticks.ts'
import { INTERVALS } from '../../streams/wire/channels.ts'
import { openCoverages } from '../storage/read/coverage.ts'
import { openHistory } from '../storage/read/history.ts'
import { marketPast } from '../storage/read/marketPast.ts'
import { tries } from './effort.ts'
import { Bench, openedSink, sharedEngine } from './storageKit.ts'
import { candle, type Tick, trade } from './storageRows.ts'

const T = Date.UTC(2024, 7, 8, 12)
const MINUTE = 60_000
const HOUR = 60 * MINUTE

let bench: Bench
beforeEach(async () => {
  bench = await Bench.open()
})
afterEach(() => bench.close())

/** The live view of ticks in the order of their arrival. */
const liveOf = (ticks: readonly Tick[], order: readonly string[]): SymbolBars => {
  const sources = new Interner()
  const bars = new SymbolBars(orderOfNumbers(sources, order))
  for (const { type, source, t, price, size, span, open, high, low } of ticks) {
    const index = sources.index(source)
    if (type === CANDLE) bars.give(givenCandle(t - span + 1, span, index, { open, high, low, close: price }, size))
    else bars.trade(index, t, price, size)
  }
  return bars
}

describe('a time that several sources speak of', () => {
  const fresh = sharedEngine('embedded')

  /** Stores ticks one import after another, and reads the candles of an interval. */
  const stored = async (imports: readonly (readonly Tick[])[], order: readonly string[] = []) => {
    const engine = await fresh()
    const { sink, write } = await openedSink(bench, engine, { spoolDir: `${bench.dir}/spool-${engine.database}` })
    for (const ticks of imports) {
      write(T, ticks)
      await sink.until(Number.POSITIVE_INFINITY)
    }
    const history = openHistory(Promise.resolve(engine), { sourceOrder: order })
    await Promise.resolve()
    const candles = async (interval: keyof typeof INTERVALS) =>
      (await history.rows({ channel: `candle:${interval}:BTC-USD`, from: 0, to: T + 100 * HOUR })).rows
    return { engine, candles }
  }

  const minutes = (from: number, n: number, of: Partial<Tick> = {}): Tick[] =>
    Array.from({ length: n }, (_, i) => candle(from + i * MINUTE, MINUTE, { source: 'replay', id: `m${from}-${i}`, size: 2, ...of }))
  const hours = (from: number, n: number, of: Partial<Tick> = {}): Tick[] =>
    Array.from({ length: n }, (_, i) => candle(from + i * HOUR, HOUR, { source: 'replay', id: `h${from}-${i}`, size: 1000, ...of }))
  const volumes = (rows: readonly { v?: unknown }[]) => rows.map(({ v }) => v)

  it('is counted from its minutes if hours are imported over them, and from the hours if minutes are missing', async () => {
    for (const imports of [
      [minutes(T, 90), hours(T, 3)],
      [hours(T, 3), minutes(T, 90)],
    ]) {
      const { candles } = await stored(imports)
      // The second hour has half its minutes only, the third none.
      expect(volumes(await candles('1h'))).toEqual([120, 1000, 1000])
      expect(volumes(await candles('1d'))).toEqual([2120])
      expect(volumes(await candles('1m'))).toEqual(Array(90).fill(2))
    }
  })

  it('is counted from its trades if candles are imported over them, and from the candles where there are none', async () => {
    const trades = [trade(T + 10, { size: 3 }), trade(T + 20, { size: 4 }), trade(T + 2 * MINUTE, { size: 5 })]
    for (const imports of [
      [trades, minutes(T, 5)],
      [minutes(T, 5), trades],
    ]) {
      const { candles } = await stored(imports)
      expect(volumes(await candles('1m'))).toEqual([7, 2, 5, 2, 2])
      expect(volumes(await candles('5m'))).toEqual([18])
      expect(volumes(await candles('1d'))).toEqual([18])
    }
  })

  it('is counted from the venue that stands first', async () => {
    const of = (source: string, size: number, ...at: number[]) => at.map(t => trade(T + t, { source, size, id: `${source}${t}` }))
    const both = [of('kraken', 1, 0, 10, MINUTE, 3 * MINUTE), of('binance', 10, 5, 2 * MINUTE, 3 * MINUTE)]
    expect(volumes(await (await stored(both)).candles('1m'))).toEqual([10, 1, 10, 10])
    expect(volumes(await (await stored(both, ['kraken', 'binance'])).candles('1m'))).toEqual([2, 1, 10, 1])
  })

  it('keeps what was there if the same candles come once more from elsewhere', async () => {
    const { candles } = await stored([minutes(T, 3), minutes(T, 5, { size: 9 }).map(each => ({ ...each, id: `other-${each.id}` }))])
    expect(volumes(await candles('1m'))).toEqual([2, 2, 2, 9, 9])
  })

  it('is listed stretch by stretch, with what counts in it and where trades are missing', async () => {
    const trades = [trade(T + 2 * MINUTE, { source: 'binance' }), trade(T + 4 * MINUTE + 30_000, { source: 'binance', id: 'b' })]
    const { engine } = await stored([minutes(T, 60), trades, hours(T + HOUR, 2)])
    const coverages = openCoverages(Promise.resolve(engine), [])
    await Promise.resolve()
    const at = (from: number, to: number, source: string, span: number) => ({ from: T + from, to: T + to, source, span })
    const all = [
      at(0, 2 * MINUTE, 'replay', MINUTE),
      at(2 * MINUTE, 3 * MINUTE, 'binance', 0),
      at(3 * MINUTE, 4 * MINUTE, 'replay', MINUTE),
      at(4 * MINUTE, 5 * MINUTE, 'binance', 0),
      at(5 * MINUTE, HOUR, 'replay', MINUTE),
      at(HOUR, 3 * HOUR, 'replay', HOUR),
    ]
    expect(await coverages.of('BTC-USD', 0, 8e15)).toEqual(all)
    expect(await coverages.of('BTC-USD', T + 2 * MINUTE, T + 4 * MINUTE)).toEqual(all.slice(1, 3))
    expect(await coverages.of('NONE-USD', 0, 8e15)).toEqual([])
  })

  it('is counted from candles that are imported if trades are missing in it, and is a gap until then', async () => {
    const { engine, candles } = await stored([[trade(T + 10, { size: 3 }), trade(T + HOUR - 10, { size: 4 })]])
    const gap = {
      symbol: 'BTC-USD',
      src: 'sim',
      kind: 'missed',
      t: ((T + 60_000) / 1000).toFixed(3),
      until: ((T + 90_000) / 1000).toFixed(3),
      version: 1,
    }
    await engine.client.insert({ table: `${engine.database}.listening`, values: [gap], format: 'JSONEachRow' })
    expect(await candles('1h')).toMatchObject([{ v: 7, gap: true }])
    expect((await candles('1m')).map(({ gap }) => gap)).toEqual([undefined, undefined])
    const { write, sink } = await openedSink(bench, engine, { spoolDir: `${bench.dir}/spool-later` })
    write(T, hours(T, 1, { size: 50 }))
    await sink.until(Number.POSITIVE_INFINITY)
    const [hour] = await candles('1h')
    expect([hour!.v, hour!.gap]).toEqual([50, undefined])
    expect(await candles('1d')).toMatchObject([{ v: 50 }])
    expect(volumes(await candles('1m'))).toEqual([3, 4])
  })

  const sources = fc.constantFrom('a', 'b')
  const ticks = fc.array(
    fc.oneof(
      { weight: 3, arbitrary: fc.tuple(fc.integer({ min: 0, max: 4 * HOUR }), sources).map(([t, source]) => trade(T + t, { source })) },
      fc
        .tuple(fc.integer({ min: 0, max: 200 }), fc.constantFrom(MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR), sources)
        .map(([i, span, source]) => candle(T + Math.floor((i * MINUTE) / span) * span, span, { source })),
    ),
    { minLength: 1, maxLength: 60 },
  )

  it(
    'is the same in the store, in the live view and after a start, whatever the order of the imports',
    async () => {
      await fc.assert(
        fc.asyncProperty(ticks, fc.integer({ min: 0, max: 60 }), async (list, cut) => {
          const seen = new Set<string>()
          const all = list
            .map((tick, i): Tick => ({ ...tick, price: 100 + i, open: 100 + i, high: 101 + i, low: 99 + i, size: (i + 1) / 8 }))
            // A candle counts once; a trade has a time and an id of its own.
            .map(
              (tick, i): Tick =>
                tick.type === CANDLE
                  ? { ...tick, id: `c${tick.span}` }
                  : { ...tick, id: `${i}`, open: tick.price, high: tick.price, low: tick.price },
            )
            .filter(({ source, t, id }) => !seen.has(`${source} ${t} ${id}`) && seen.add(`${source} ${t} ${id}`))
          const [one, other] = [all.slice(0, cut), all.slice(cut)]
          const live = liveOf(all, ['b', 'a'])
          const { candles, engine } = await stored(
            [one, other].filter(part => part.length > 0),
            ['b', 'a'],
          )
          const reverse = await stored(
            [other, one].filter(part => part.length > 0),
            ['b', 'a'],
          )
          for (const interval of ['1m', '5m', '1h', '1d'] as const) {
            const rows = await candles(interval)
            const { o: _o, c: _c, ...running } = Object.fromEntries(Object.entries(rows.at(-1) ?? {}))
            const shown = live.running(INTERVALS[interval])?.candle
            if (shown === undefined) expect(rows).toEqual([])
            else expect(running).toMatchObject({ open_t: shown.openT, h: shown.high, l: shown.low, v: shown.volume, n: shown.n })
            expect(volumes(await reverse.candles(interval))).toEqual(volumes(rows))
          }
          const [past] = (await marketPast(engine, Number.POSITIVE_INFINITY)).instruments
          const restored = new SymbolBars(orderOfNumbers(names, ['b', 'a']))
          for (const { src, minute } of past!.minutes) restored.add(names.index(src), minute)
          for (const { src, openT, span, bar } of past!.given) restored.give({ source: names.index(src), openT, span, bar })
          const day = (bars: SymbolBars) => {
            const { volume, notional, n, high, low } = bars.rollingDay()!.candle
            return { volume, notional, n, high, low }
          }
          expect(day(restored)).toEqual(day(live))
        }),
        { numRuns: tries(6) },
      )
    },
    tries(120_000),
  )
  const names = new Interner()
})
