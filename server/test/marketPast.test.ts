import { afterEach, beforeEach, expect, it } from 'vitest'
import { TickWriter } from '../../streams/market/tickWriter.ts'
import { Driven, NOON } from '../../streams/test/drive.ts'
import type { Engine } from '../storage/engine/engine.ts'
import { marketPast } from '../storage/read/marketPast.ts'
import { KeptRows } from '../storage/write/keptRows.ts'
import { MarketNotes } from '../storage/write/marketNotes.ts'
import { Bench, countOf, openedEngine, openedSink, silent } from './storageKit.ts'
import { trade } from './storageRows.ts'

const T = Date.UTC(2024, 7, 8, 12)

let bench: Bench
beforeEach(async () => {
  bench = await Bench.open()
})
afterEach(() => bench.close())

it('the past of a market has the newest trades up to its moment, in the order they came', async () => {
  const engine = await openedEngine(bench, 'embedded')
  const { sink, write } = await openedSink(bench, engine)
  const at = (t: number, id: string) => trade(t, { id })
  write(T + 20, [at(T + 10, 'a'), at(T + 5, 'late')])
  write(T + 40, [at(T + 40, 'b'), trade(T + 30, { symbol: 'ETH-USD', id: 'e' })])
  write(T + 7_200_000, [at(T + 7_200_000, 'c')])
  await sink.until(Number.POSITIVE_INFINITY)
  const ids = async (asOf: number) =>
    (await marketPast(engine, asOf)).instruments.flatMap(({ symbol, newest, last }) =>
      newest.length + last.length === 0 ? [] : [[symbol, [...newest, { id: '|' }, ...last].map(({ id }) => id).join(' ')]],
    )
  expect(await ids(Number.POSITIVE_INFINITY)).toEqual([
    ['BTC-USD', 'a late b c |'],
    ['ETH-USD', 'e |'],
  ])
  expect(await ids(T + 40)).toEqual([
    ['BTC-USD', 'a late | b'],
    ['ETH-USD', 'e |'],
  ])
  expect(await ids(T)).toEqual([])
})

it('a gap that was noticed right before a kill is a gap of the running minute and of the day after the next start', async () => {
  const live = { feeds: [{ id: 'a', live: true }] }
  const before = new Driven(live)
  const after = new Driven({ ...live, awaitsPast: true })
  const notes = (engine: Promise<Engine>): MarketNotes =>
    new MarketNotes({ engine, symbols: before.symbols, sources: before.sources, file: `${bench.dir}/gaps.ndjson`, log: silent })
  const first = notes(new Promise<Engine>(() => {}))
  const trades = (p: Driven, ...at: readonly number[]): void =>
    p.trades(0, ...at.map(t => ({ symbol: 'BTC-USD', t, price: 100 + (t % 7), id: `${t}` })))
  before.clock(NOON)
  trades(before, NOON + 61_000, NOON + 62_000)
  const writer = new TickWriter(0)
  writer.gap({ symbol: 0, source: 0, from: NOON + 62_000, to: NOON + 63_000, missing: 1, healed: false })
  before.send(writer.drain()!)
  trades(before, NOON + 63_000)
  before.clock(NOON + 63_000)
  // The process ends here: what it had in memory is gone.
  for (const { rows } of before.frames) first.take(rows)

  const engine = await openedEngine(bench, 'embedded')
  const { sink } = await openedSink(bench, engine, { symbols: before.symbols, sources: before.sources })
  for (const { rows } of before.frames) sink.write(rows)
  await sink.until(Number.POSITIVE_INFINITY)
  const second = notes(Promise.resolve(engine))
  await second.stored()
  after.send({ kind: 'past', asOf: Number.POSITIVE_INFINITY, market: await marketPast(engine, Number.POSITIVE_INFINITY) })
  for (const p of [before, after]) {
    trades(p, NOON + 70_000)
    p.clock(NOON + 70_000)
    p.watch('candle:1m:BTC-USD', 'tick:BTC-USD')
  }
  const candle = { open_t: NOON + 60_000, n: 4, gap: true }
  expect([before.state('candle:1m:BTC-USD'), after.state('candle:1m:BTC-USD')]).toMatchObject([candle, candle])
  expect(after.state<{ day: object }>('tick:BTC-USD').day).toMatchObject({ n: 4, gap: true })
  await second.close()
})

it('a gap that ClickHouse does not take holds up nothing, and stays for the next start until it is stored', async () => {
  const engine = await openedEngine(bench, 'embedded')
  const { symbols, sources } = new Driven()
  const file = `${bench.dir}/gaps.ndjson`
  const notes = () => new MarketNotes({ engine: Promise.resolve(engine), symbols, sources, file, log: silent })
  const [symbol, other, source] = [symbols.index('BTC-USD'), symbols.index('ETH-USD'), sources.index('a')]
  const missed = { source, kind: 'missed', from: NOON, until: NOON + 1, version: 1 } as const
  const stored = () => countOf(engine, `SELECT count() AS n FROM ${engine.database}.listening`)
  const refuse = (sql: string) => engine.client.command({ query: `ALTER TABLE ${engine.database}.listening ${sql}` })
  await refuse(`ADD CONSTRAINT none CHECK symbol != 'BTC-USD'`)
  const first = notes()
  first.take({
    t: NOON,
    ticks: [],
    measures: [],
    listening: [
      { ...missed, symbol },
      { ...missed, symbol: other },
    ],
  })
  await expect
    .poll(() => first.figures())
    .toMatchObject({ waiting: { listening: 0 }, setAside: { listening: 1 }, stored: { listening: 1 } })
  await first.close()
  const second = notes()
  await second.stored()
  expect(second.figures()).toMatchObject({ setAside: { listening: 1 } })
  expect(new KeptRows(file).left()).toHaveLength(2)
  await refuse('DROP CONSTRAINT none')
  expect(second.retrySetAside()).toBe(1)
  await expect.poll(() => new KeptRows(file).left()).toEqual([])
  expect(second.figures()).toMatchObject({ setAside: { listening: 0 }, stored: { listening: 2 } })
  expect(await stored()).toBeGreaterThanOrEqual(2)
  await second.close()
})
