import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { MEASURES, type MeasureKind, type MeasureRow } from '../../streams/measures/rows.ts'
import { stateOf } from '../../streams/measures/stateOf.ts'
import type { JsonObject } from '../../streams/wire/mergePatch.ts'
import { openEngine } from '../storage/engine/engine.ts'
import { type History, openHistory } from '../storage/read/history.ts'
import type { HistoryQuery } from '../storage/read/query.ts'
import { Bench, ClickHouseServer, candlesOf, openedEngine, openedSink, STORES, silent } from './storageKit.ts'
import { measureRows, type Tick, trade } from './storageRows.ts'

const T = Date.UTC(2024, 7, 8, 23, 54)
const MINUTE = 60_000

/** All pages of at most `limit` rows, put together, and how many they were. */
const all = async (history: History, query: HistoryQuery): Promise<{ rows: JsonObject[]; pages: number }> => {
  const rows: JsonObject[] = []
  let cursor: string | undefined
  for (let pages = 1; ; pages++) {
    const page = await history.rows({ ...query, ...(cursor !== undefined && { cursor }) })
    if (query.limit) expect(page.rows.length).toBeLessThanOrEqual(query.limit)
    rows.push(...page.rows)
    if (page.next === undefined) return { rows, pages }
    cursor = page.next
  }
}

/** Ticks with many ties of time: of two sources, three frames, and in an order of arrival that is not that of their ids. */
const TICKS: Tick[] = Array.from({ length: 240 }, (_, i) =>
  trade(T + Math.floor(i / 6) * 7000, {
    id: `${(i * 7919) % 1000}`,
    source: i % 2 ? 'x' : 'y',
    side: i % 3,
    price: i + 0.1,
    size: i / 8,
    symbol: i % 5 ? 'BTC-USD' : 'ETH-USD',
  }),
)
const minuteOf = (t: number): number => Math.floor(t / MINUTE)
const FRAMES = [0, 80, 160]
const frameOf = (i: number): number => T + Math.floor(i / 80) * 1000

/** Those that count in candles: of each minute the trades of the first source that has any. */
const counted = TICKS.filter(
  ({ symbol, source, t }) =>
    source === 'x' || !TICKS.some(other => other.symbol === symbol && other.source === 'x' && minuteOf(other.t) === minuteOf(t)),
)

const told = (tick: Tick): JsonObject => {
  const { t, price, size, side, source, id } = tick
  return { t, price, size, ...(side > 0 && { side: side === 1 ? 'buy' : 'sell' }), src: source, id }
}

const MEASURE_KINDS = Object.keys(MEASURES) as MeasureKind[]
const sample = (): MeasureRow[][] => {
  const [rows] = fc.sample(fc.array(measureRows(), { minLength: 40, maxLength: 40 }), 1)
  return MEASURE_KINDS.map(kind => rows!.filter(row => row.kind === kind).map((row, i) => ({ ...row, id: 'main', t: T + i * 1500 })))
}

describe.each(STORES)('history of the %s engine', kind => {
  /** Of each kind of measure, its rows and the first two of them once more with other contents. */
  const first = sample()
  const second = sample().map(rows => rows.slice(0, 2))
  let shared: Bench
  let history: History

  beforeAll(async () => {
    shared = await Bench.open()
    const engine = await openedEngine(shared, kind)
    const { sink, write } = await openedSink(shared, engine)
    for (const from of FRAMES) write(frameOf(from), TICKS.slice(from, from + 80))
    write(T + 10_000, [], first.flat())
    await sink.until(T + 10_000)
    write(T + 10_020, [], second.flat())
    await sink.until(T + 10_020)
    history = openHistory(Promise.resolve(engine))
  })
  afterAll(() => shared.close())

  it('tells ticks by time, then by arrival, on pages of any size', async () => {
    const expected = TICKS.filter(tick => tick.symbol === 'BTC-USD').map(told)
    const query = { channel: 'tick:BTC-USD', from: 0, to: T + 1e7 }
    for (const limit of [1000, 192, 191, 50, 7]) {
      const { rows, pages } = await all(history, { ...query, limit })
      expect(rows).toEqual(expected)
      expect(pages).toBe(Math.max(1, Math.ceil(expected.length / limit)))
    }
    const from = TICKS[60]!.t
    const to = TICKS[120]!.t
    expect((await all(history, { ...query, from, to })).rows).toEqual(expected.filter(row => Number(row.t) >= from && Number(row.t) < to))
    expect(await history.rows({ ...query, from: to, to: from })).toEqual({ rows: [] })
    expect(await history.rows({ ...query, channel: 'tick:NEVER-USD' })).toEqual({ rows: [] })
  })

  it('tells of ticks only those that a frame had taken in', async () => {
    const { rows } = await history.rows({ channel: 'tick:BTC-USD', from: 0, to: T + 1e7, asOf: frameOf(80) })
    expect(rows).toEqual(
      TICKS.slice(0, 160)
        .filter(tick => tick.symbol === 'BTC-USD')
        .map(told),
    )
  })

  it('tells the last tick of each step', async () => {
    const step = 20_000
    const last = new Map<number, Tick>()
    for (const tick of TICKS) if (tick.symbol === 'BTC-USD') last.set(Math.floor(tick.t / step), tick)
    for (const limit of [1000, 3]) {
      expect((await all(history, { channel: 'tick:BTC-USD', from: 0, to: T + 1e7, step, limit })).rows).toEqual(
        [...last.values()].map(told),
      )
    }
  })

  it.each([
    ['1m', MINUTE],
    ['5m', 5 * MINUTE],
    ['1h', 60 * MINUTE],
    ['1d', 1440 * MINUTE],
  ])('tells candles of %s', async (interval, span) => {
    const expected = candlesOf(counted)
      .filter(row => row[0] === 'BTC-USD' && row[1] === span)
      .map(([, , open_t, o, h, l, c, v, n]) => ({ open_t, o, h, l, c, v: Number(v), n: Number(n) }))
    for (const limit of [1000, 2]) {
      expect((await all(history, { channel: `candle:${interval}:BTC-USD`, from: 0, to: T + 1e7, limit })).rows).toEqual(expected)
    }
  })

  it('puts candles together to longer ones', async () => {
    const step = 3 * MINUTE
    const { rows } = await all(history, { channel: 'candle:1m:BTC-USD', from: 0, to: T + 1e7, step, limit: 1 })
    const ticks = counted.filter(tick => tick.symbol === 'BTC-USD')
    const expected = [...new Set(ticks.map(tick => tick.t - (tick.t % step)))].map(open_t => {
      const within = ticks.filter(tick => tick.t - (tick.t % step) === open_t)
      const prices = within.map(tick => tick.price)
      const v = within.reduce((sum, tick) => sum + tick.size, 0) // eighths: exact
      return { open_t, o: prices[0], h: Math.max(...prices), l: Math.min(...prices), c: prices.at(-1), v, n: within.length }
    })
    expect(rows).toEqual(expected)
  })

  it('tells the states of measures, the newest version of each, and the last of each step', async () => {
    for (const [i, measure] of MEASURE_KINDS.entries()) {
      const expected = [...second[i]!, ...first[i]!.slice(second[i]!.length)].map(stateOf)
      const query = { channel: `${measure}:main`, from: T, to: T + 1e6 }
      for (const limit of [1000, 3]) expect((await all(history, { ...query, limit })).rows).toEqual(expected)
      const last = new Map(expected.map(state => [Math.floor(Number(state.t) / 4000), state]))
      for (const limit of [1000, 2]) expect((await all(history, { ...query, step: 4000, limit })).rows).toEqual([...last.values()])
    }
  })
})

describe('history', () => {
  let bench: Bench
  beforeEach(async () => {
    bench = await Bench.open()
  })
  afterEach(() => bench.close())

  const history = openHistory(new Promise<never>(() => {}))
  const query = { channel: 'tick:BTC-USD', from: 0, to: 1 }

  it.each([
    [{ channel: 'nothing' }, { code: 'unknown_channel' }],
    [{ channel: 'trades:BTC-USD' }, { code: 'invalid_params', message: 'channel: "trades:BTC-USD" has no history' }],
    [{ limit: 100_001 }, { code: 'invalid_params', message: 'limit: found 100001, expected an integer from 1 to 100000' }],
    [{ limit: 0 }, { code: 'invalid_params' }],
    [{ step: 0.5 }, { code: 'invalid_params' }],
    [{ from: Number.NaN }, { code: 'invalid_params' }],
    [
      { channel: 'candle:5m:BTC-USD', step: MINUTE },
      { code: 'invalid_params', message: 'step: found 60000, expected a multiple of the interval, 300000' },
    ],
    [{ channel: 'candle:5m:BTC-USD', cursor: 'x' }, { code: 'invalid_params' }],
    [{}, { code: 'not_ready', retry: true }],
  ])('refuses %j', (change, refusal) => expect(history.rows({ ...query, ...change })).rejects.toMatchObject(refusal))

  it('answers two at a time, lets some wait, and refuses the rest, who may try again', async () => {
    const engine = await openedEngine(bench, 'embedded')
    const open = openHistory(Promise.resolve(engine))
    await Promise.resolve()
    const answers = await Promise.allSettled(Array.from({ length: 30 }, () => open.rows(query)))
    expect(answers.filter(answer => answer.status === 'fulfilled')).toHaveLength(18)
    expect(answers.find(answer => answer.status === 'rejected')).toMatchObject({ reason: { code: 'too_much', retry: true } })
    expect(await open.rows(query)).toEqual({ rows: [] })
  })

  it('gives up what takes longer than two seconds, and tells what to ask for instead', async () => {
    const engine = await openedEngine(bench, 'embedded')
    const { client, database } = engine
    await client.command({ query: `RENAME TABLE ${database}.candles TO ${database}.candles_before` })
    await client.command({
      query: `CREATE VIEW ${database}.candles AS SELECT 'BTC-USD' AS symbol, 60000 AS span, fromUnixTimestamp64Milli(toInt64(number), 'UTC') AS open_t,
        initializeAggregation('argMinState', 1., toUInt128(1)) AS o, 1. AS h, 1. AS l, initializeAggregation('argMaxState', 1., toUInt128(1)) AS c,
        toDecimal256(1, 18) AS v, 1 AS n FROM numbers(1000000000000)`,
    })
    const open = openHistory(Promise.resolve(engine))
    await Promise.resolve()
    const start = performance.now()
    await expect(open.rows({ channel: 'candle:1m:BTC-USD', from: 0, to: T })).rejects.toMatchObject({
      code: 'too_much',
      message: 'the answer takes too long: ask for a shorter time or a greater step',
    })
    const took = performance.now() - start
    expect(took > 1900 && took < 4000).toBe(true)
  })

  it('is not ready while the server is away, and ready when it is back', async () => {
    const server = await ClickHouseServer.start(join(bench.dir, 'engine'))
    bench.after(() => server.remove())
    const engine = await openEngine({ source: { url: server.url }, log: silent })
    bench.after(() => engine.close())
    const open = openHistory(Promise.resolve(engine))
    await server.stop()
    await expect(open.rows(query)).rejects.toMatchObject({ code: 'not_ready', retry: true })
    await server.start()
    expect(await open.rows(query)).toEqual({ rows: [] })
  })
})
