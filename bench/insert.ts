import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setImmediate as turn } from 'node:timers/promises'
import { pino } from 'pino'
import { type Engine, openEngine } from '../server/storage/engine/engine.ts'
import { migrate } from '../server/storage/engine/migrate.ts'
import { columnList, TICKS } from '../server/storage/engine/tables.ts'
import { openSink } from '../server/storage/write/sink.ts'
import { Interner } from '../streams/lib/interner.ts'
import { SIDES, type Ticks } from '../streams/market/ticks.ts'
import { assetNames, frames } from './market.ts'
import { type Figure, print, type Report, ratio } from './report.ts'

const ASSETS = 200
const FRAME_MS = 20
const PER_FRAME = 1000
const FRAMES = 1000
/** Frames between two turns of the event loop, as a replay has them. */
const FRAMES_A_TURN = 5
const JSON_FRAMES = 200
const JSON_BATCH = 100_000
const ROUNDS = 5

const log = pino({ level: 'silent' })
const symbols = new Interner()
const sources = new Interner()

interface Sunk {
  readonly rate: number
  /** Event-loop delay meanwhile, ms. */
  readonly p99: number
  readonly max: number
}

/** Rows a second through the sink, from the first written until the last can be read. */
const throughSink = async (engine: Engine, spoolDir: string, batches: readonly Ticks[]): Promise<Sunk> => {
  const sink = await openSink({ spoolDir, engine: Promise.resolve(engine), symbols, sources, log })
  const delays = monitorEventLoopDelay({ resolution: 1 })
  delays.enable()
  const begin = performance.now()
  for (const [k, ticks] of batches.entries()) {
    sink.write({ t: ticks.columns.t[ticks.to - 1]!, ticks: [ticks], measures: [] })
    if (k % FRAMES_A_TURN === 0) await turn()
    await sink.room()
  }
  await sink.until(Number.POSITIVE_INFINITY)
  const rate = perSecond(batches.length * PER_FRAME, begin)
  delays.disable()
  await sink.close(0)
  await checkRows(engine, batches.length * PER_FRAME)
  return { rate, p99: delays.percentile(99) / 1e6, max: delays.max / 1e6 }
}

/** Rows a second that the engine copies from one such table into another. */
const withinEngine = async (from: Engine, to: Engine): Promise<number> => {
  const columns = columnList(TICKS.columns)
  const begin = performance.now()
  await to.client.command({ query: `INSERT INTO ${to.database}.ticks (${columns}) SELECT ${columns} FROM ${from.database}.ticks` })
  const rate = perSecond(FRAMES * PER_FRAME, begin)
  await checkRows(to, FRAMES * PER_FRAME)
  return rate
}

/** Rows a second through the client as its documentation has it: objects, JSONEachRow. */
const throughClient = async (engine: Engine, batches: readonly Ticks[]): Promise<number> => {
  const { client, database } = engine
  const begin = performance.now()
  let rows: object[] = []
  for (const ticks of batches) {
    const { t, price, size, side, id, symbol, source } = ticks.columns
    for (let i = ticks.from; i < ticks.to; i++) {
      const p = price[i]!
      const frame = Math.ceil(t[i]! / FRAME_MS) * FRAME_MS
      const names = { symbol: symbols.at(symbol[i]!), src: sources.at(source[i]!), side: SIDES[side[i]!], id: id[i] }
      rows.push({ ...names, t: t[i], price: p, size: size[i], span: 0, open: p, high: p, low: p, frame, row: i })
    }
    if (rows.length < JSON_BATCH) continue
    await client.insert({ table: `${database}.ticks`, values: rows, format: 'JSONEachRow' })
    rows = []
  }
  if (rows.length > 0) await client.insert({ table: `${database}.ticks`, values: rows, format: 'JSONEachRow' })
  const rate = perSecond(batches.length * PER_FRAME, begin)
  await checkRows(engine, batches.length * PER_FRAME)
  return rate
}

/** A rate counts only where every row is there, in the table and in the candles. */
const checkRows = async ({ client, database }: Engine, rows: number): Promise<void> => {
  const answer = await client.query({
    query: `SELECT toFloat64((SELECT count() FROM ${database}.ticks)) AS ticks, toFloat64((SELECT sum(n) FROM ${database}.candles WHERE span = 60000)) AS n`,
    format: 'JSONEachRow',
  })
  const [found] = await answer.json<{ ticks: number; n: number }>()
  if (found?.ticks !== rows || found.n !== rows) throw new Error(`found ${JSON.stringify(found)}, expected ${rows} of both`)
}

const perSecond = (rows: number, begin: number): number => (rows / (performance.now() - begin)) * 1000

export const insertBench = async (): Promise<Report> => {
  const dir = await mkdtemp(join(tmpdir(), 'bench-insert-'))
  const opened = await openEngine({ source: { dataDir: join(dir, 'engine') }, log })
  const batches = [...frames(symbols, sources, assetNames(ASSETS), FRAMES, PER_FRAME, FRAME_MS)]
  const fresh = async (database: string): Promise<Engine> => {
    await migrate(opened.client, database)
    return { ...opened, database }
  }
  const sunk: Sunk[] = []
  const copied: number[] = []
  const plain: number[] = []
  try {
    for (let round = -1; round < ROUNDS; round++) {
      const [a, b, c] = [await fresh(`sink_${round + 1}`), await fresh(`copy_${round + 1}`), await fresh(`plain_${round + 1}`)]
      const one = await throughSink(a, join(dir, `spool-${round}`), batches)
      const two = await withinEngine(a, b)
      const three = await throughClient(c, batches.slice(0, JSON_FRAMES))
      for (const { database } of [a, b, c]) await opened.client.command({ query: `DROP DATABASE ${database}` })
      if (round < 0) continue // it only warms everything up
      sunk.push(one)
      copied.push(two)
      plain.push(three)
    }
  } finally {
    await opened.close()
    await rm(dir, { recursive: true, force: true })
  }
  const ours: Figure = { what: 'the sink', rounds: sunk.map(({ rate }) => rate), unit: 'rows/s' }
  const engine: Figure = { what: "the engine's INSERT … SELECT", rounds: copied, unit: 'rows/s' }
  const client: Figure = { what: 'client.insert, JSONEachRow', rounds: plain, unit: 'rows/s' }
  return {
    name: 'insert',
    method: `Ticks of ${ASSETS} symbols into embedded ClickHouse, ${(FRAMES * PER_FRAME).toLocaleString('en')} rows a round in frames of ${PER_FRAME}, until the last row can be read: through the spool, with deduplication, candles of four intervals and every part synced to disk. Beside it the engine copying the same rows into the same tables, and plain objects through the client (${(JSON_FRAMES * PER_FRAME).toLocaleString('en')} rows, batches of ${JSON_BATCH.toLocaleString('en')}) into the same tables.`,
    figures: [
      ours,
      { what: 'event-loop delay meanwhile, p99', rounds: sunk.map(({ p99 }) => p99), unit: 'ms' },
      { what: 'event-loop delay meanwhile, greatest', rounds: sunk.map(({ max }) => max), unit: 'ms' },
      engine,
      client,
      ratio('the sink', ours, engine),
      ratio('the sink', ours, client),
    ],
  }
}

if (process.argv[1]?.endsWith('insert.js')) print(await insertBench())
