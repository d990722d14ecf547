import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CANDLE, QUOTE, REFUSED, TRADE } from '../../streams/market/ticks.ts'
import type { MeasureRow } from '../../streams/measures/rows.ts'
import type { Engine } from '../storage/engine/engine.ts'
import { measureTableOf } from '../storage/engine/measureTables.ts'
import { quoted } from '../storage/engine/migrate.ts'
import { select } from '../storage/engine/select.ts'
import { columnList } from '../storage/engine/tables.ts'
import { Bench, candlesOf, countOf, openedSink, STORES, sharedEngine, storedCandles, storedTicks } from './storageKit.ts'
import { candle, measureRows, names, poolRows, type Tick, times, trade } from './storageRows.ts'

const T = Date.UTC(2024, 7, 8, 23, 54)
const EVER = Number.POSITIVE_INFINITY

let bench: Bench
beforeEach(async () => {
  bench = await Bench.open()
})
afterEach(() => bench.close())

const storedMeasures = async (engine: Engine, kind: MeasureRow['kind']): Promise<MeasureRow[]> => {
  const table = measureTableOf(kind)
  const input = await select(
    engine,
    `SELECT ${columnList(table.columns)} FROM ${quoted(engine.database)}.${table.name} FINAL ORDER BY id, t`,
    {},
  )
  const rows: MeasureRow[] = []
  while (!input.ended) rows.push(table.read(input))
  return rows
}

const byIdAndTime = (a: MeasureRow, b: MeasureRow): number => (a.id === b.id ? a.t - b.t : a.id < b.id ? -1 : 1)

/** A column of the ticks as `storedTicks` gives them. */
const [SYMBOL, SRC, AT, ID] = [0, 1, 2, 3]

describe.each(STORES)('a sink into the %s engine', kind => {
  const opened = sharedEngine(kind)

  it('stores rows of every kind as they were, to the last digit, and no quotes and no refused ticks', async () => {
    const engine = await opened()
    const { sink, write } = await openedSink(bench, engine)
    const tick: fc.Arbitrary<Tick> = fc.record({
      type: fc.constantFrom(TRADE, CANDLE, QUOTE, REFUSED),
      symbol: names,
      source: names,
      t: times,
      price: fc.double({ min: 1e-18, max: 1e15, noNaN: true }),
      size: fc.oneof(fc.constantFrom(0, 1e-18, 1e18), fc.double({ min: 0, max: 1e18, noNaN: true })),
      side: fc.constantFrom(0, 1, 2),
      id: fc.string({ unit: 'grapheme', maxLength: 40 }),
      span: fc.constantFrom(60_000, 7_200_000, 2 ** 32 - 1),
      open: fc.double({ noNaN: true, noDefaultInfinity: true }),
      high: fc.double({ noNaN: true, noDefaultInfinity: true }),
      low: fc.double({ noNaN: true, noDefaultInfinity: true }),
    })
    const key = (row: Tick) => JSON.stringify([row.symbol, row.t, row.source, row.id])
    const [ticks] = fc.sample(fc.uniqueArray(tick, { minLength: 300, maxLength: 300, selector: key }), 1)
    const [measures] = fc.sample(
      fc.uniqueArray(measureRows(), { minLength: 200, maxLength: 200, selector: row => `${row.kind} ${row.id} ${row.t}` }),
      1,
    )
    write(T, ticks!, measures!)
    await sink.until(T)
    const stored = ticks!.filter(row => row.type === TRADE || row.type === CANDLE)
    const expected = stored.map((row, i) => [
      ...[row.symbol, row.source, row.t, row.id, row.price, row.size, row.side],
      ...(row.type === CANDLE ? [row.span, row.open, row.high, row.low] : [0, row.price, row.price, row.price]),
      ...[T, i],
    ])
    const sorted = (rows: unknown[][]) => rows.map(row => JSON.stringify(row)).sort()
    expect(sorted(await storedTicks(engine))).toEqual(sorted(expected))
    for (const each of ['pnl', 'fund', 'pool'] as const) {
      expect((await storedMeasures(engine, each)).sort(byIdAndTime)).toEqual(measures!.filter(row => row.kind === each).sort(byIdAndTime))
    }
    expect(sink.stats()).toMatchObject({ waiting: { rows: 0, bytes: 0, files: 0 }, storedTo: T, retries: 0, lastError: undefined })
  })

  it('makes candles of every interval that can hold a tick, exact in their opens, closes and volumes', async () => {
    const engine = await opened()
    const { sink, write } = await openedSink(bench, engine)
    const arrived: Tick[] = []
    const random = fc.sample(
      fc.tuple(fc.integer({ min: 0, max: 7_500_000 }), fc.integer({ min: 1, max: 1e6 }), fc.constantFrom('A-USD', 'B-USD')),
      3000,
    )
    for (let frame = 0; frame < 10; frame++) {
      const ticks = random
        .slice(frame * 300, frame * 300 + 300)
        .map(([t, price, symbol], i) => trade(T + t - (t % 1000), { id: `${frame}-${i}`, symbol, price, size: price / 1000 }))
      ticks.push(candle(T - (T % 60_000) + frame * 60_000, 60_000, { id: 'm', price: 5, open: 4, high: 2e6, low: 3, size: 0.1 }))
      ticks.push(candle(T - (T % 300_000) + frame * 300_000, 300_000, { id: '5m', price: 5, open: 4, high: 3e6, low: 2, size: 0.2 }))
      ticks.push(candle(T - (T % 3_600_000) + frame * 3_600_000, 3_600_000, { id: 'h', price: 6, open: 5, high: 4e6, low: 1, size: 0.3 }))
      ticks.push(candle(T - (T % 86_400_000), 7 * 86_400_000, { id: `w${frame}`, price: 7, open: 1, high: 9e6, low: 0.1, size: 9 }))
      write(T + frame * 20, ticks)
      arrived.push(...ticks)
      if (frame % 3 === 0) await sink.until(T + frame * 20) // several inserts for one candle
    }
    await sink.until(EVER)
    const candles = await storedCandles(engine)
    expect(candles).toEqual(candlesOf(arrived))
    expect(new Set(candles.map(row => row[1]))).toEqual(new Set([60_000, 300_000, 3_600_000, 86_400_000]))
  })

  it('adds nothing, to no table and no candle, when the same content is written again after a start', async () => {
    const engine = await opened()
    const [measures] = fc.sample(
      fc.uniqueArray(measureRows(), { minLength: 60, maxLength: 60, selector: row => `${row.kind} ${row.id}` }),
      1,
    )
    const frames = Array.from({ length: 20 }, (_, k) =>
      Array.from({ length: 100 }, (_, i) =>
        trade(T + k * 1000 + i, { id: `${k}-${i}`, symbol: i % 2 ? 'A-USD' : 'B-USD', source: i % 3 ? 'x' : 'y' }),
      ),
    )
    const run = async () => {
      const { sink, write } = await openedSink(bench, engine)
      for (const [k, ticks] of frames.entries()) write(T + k * 20, ticks, measures!.slice(k * 3, k * 3 + 3))
      await sink.until(EVER)
      await sink.close(1000)
      return sink.stats()
    }
    const first = await run()
    expect(first.stored).toMatchObject({ ticks: 2000 })
    const before = [await storedTicks(engine), await storedCandles(engine), await storedMeasures(engine, 'fund')]
    const second = await run()
    expect(second.stored).toEqual({ ticks: 0, pnl: 0, funds: 0, pools: 0 })
    expect(second.known).toEqual(first.stored)
    expect([await storedTicks(engine), await storedCandles(engine), await storedMeasures(engine, 'fund')]).toEqual(before)
    expect(await countOf(engine, `SELECT count() AS n FROM ${engine.database}.ticks`)).toBe(2000)
  })

  it('adds only what is new where old and new come mixed: late ticks, another source, a later time', async () => {
    const engine = await opened()
    const stored = Array.from({ length: 300 }, (_, i) => trade(T + i * 1000, { source: 'x' }))
    const fresh = [
      ...Array.from({ length: 300 }, (_, i) => trade(T + i * 1000 + 7, { source: 'x' })),
      ...Array.from({ length: 300 }, (_, i) => trade(T + i * 1000, { source: 'y' })),
      trade(T + 1e6, { source: 'x' }),
      trade(T - 1e6, { source: 'x' }),
    ]
    const one = await openedSink(bench, engine)
    one.write(T, stored)
    await one.sink.close(10_000)
    const two = await openedSink(bench, engine)
    // The newest comes first: what is older than all that this run has asked about may be stored, too.
    const mixed = [...stored, ...fresh].sort((a, b) => Number(a.id) - Number(b.id))
    mixed.unshift(mixed.pop()!)
    for (const [from, to] of [
      [0, 1],
      [1, 300],
      [300, 600],
      [600, mixed.length],
    ]) {
      two.write(T + to!, mixed.slice(from, to))
      if (to! < 600) await two.sink.until(EVER)
    }
    await two.sink.until(EVER)
    expect(two.sink.stats().known.ticks).toBe(stored.length)
    expect((await storedTicks(engine)).map(row => `${row[SRC]} ${row[AT]}`).sort()).toEqual(
      [...stored, ...fresh].map(row => `${row.source} ${row.t}`).sort(),
    )
    expect((await storedCandles(engine)).reduce((n, row) => n + (row[1] === 86_400_000 ? Number(row[8]) : 0), 0)).toBe(
      stored.length + fresh.length,
    )
  })

  it('finds the few that are stored among far more that lie between them', async () => {
    const engine = await opened()
    await engine.client.command({
      query: `INSERT INTO ${engine.database}.ticks (symbol, src, t, id, price, size, frame)
        SELECT 'BTC-USD', 'sim', fromUnixTimestamp64Milli(${T} + toInt64(number) * 10), toString(${T} + number * 10), 1, 1, fromUnixTimestamp64Milli(toInt64(${T})) FROM numbers(60000)`,
    })
    const { sink, write } = await openedSink(bench, engine)
    const far = [trade(T), trade(T + 5), trade(T + 300_000), trade(T + 300_001), trade(T + 599_990), trade(T + 600_001)]
    write(T, far)
    await sink.until(EVER)
    expect(sink.stats()).toMatchObject({ known: { ticks: 3 }, stored: { ticks: 3 } })
    expect(await countOf(engine, `SELECT count() AS n FROM ${engine.database}.ticks`)).toBe(60_003)
  })

  it('stores a measure that comes again with other contents as a newer version of its row', async () => {
    const engine = await opened()
    const [row] = fc.sample(poolRows(), 1)
    const other = { ...row!, stale: !row!.stale }
    for (const version of [row!, other]) {
      const { sink, write } = await openedSink(bench, engine)
      write(T, [], [version])
      await sink.close(10_000)
      expect(await storedMeasures(engine, 'pool')).toEqual([version])
    }
  })

  it('spreads a batch over as many months as it has', async () => {
    const engine = await opened()
    const { sink, write } = await openedSink(bench, engine)
    const ticks = Array.from({ length: 110 }, (_, i) => trade(Date.UTC(2009, i, 15)))
    write(T, ticks)
    await sink.until(T)
    expect(await storedCandles(engine)).toEqual(candlesOf(ticks))
    expect(await storedTicks(engine)).toHaveLength(ticks.length)
  })

  it('can be asked for a frame, and its rows are there', async () => {
    const engine = await opened()
    const { sink, write } = await openedSink(bench, engine)
    for (let k = 1; k <= 5; k++) {
      write(T + k * 20, [trade(T + k * 20)])
      await sink.until(T + k * 20)
      expect((await storedTicks(engine)).map(row => row[ID])).toEqual(Array.from({ length: k }, (_, i) => `${T + (i + 1) * 20}`))
    }
    expect((await storedTicks(engine))[0]![SYMBOL]).toBe('BTC-USD')
  })

  it('stores rows by itself within a second', async () => {
    const engine = await opened()
    const { sink, write } = await openedSink(bench, engine)
    write(T, [trade(T)])
    await expect.poll(() => sink.stats().stored.ticks, { timeout: 1000, interval: 10 }).toBe(1)
  })

  it('leaves out, and counts, what no column can hold', async () => {
    const engine = await opened()
    const { sink, write } = await openedSink(bench, engine)
    const [pool] = fc.sample(
      measureRows().filter(row => row.kind === 'pool'),
      1,
    )
    write(T, [trade(T), trade(8e15)], [pool!, { ...pool!, id: 'other', reserve0: -1n } as MeasureRow])
    await sink.until(T)
    expect(sink.stats()).toMatchObject({ stored: { ticks: 1, pools: 1 }, rejected: { ticks: 1, pools: 1 } })
  })
})
