import type { ChildProcess } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, beforeAll } from 'vitest'
import { formatDecimal, fromNumber } from '../../streams/lib/decimal.ts'
import { Interner } from '../../streams/lib/interner.ts'
import { CANDLE, TRADE } from '../../streams/market/ticks.ts'
import type { MeasureRow } from '../../streams/measures/rows.ts'
import { type Engine, type EngineOptions, openEngine } from '../storage/engine/engine.ts'
import { addMeasureColumns } from '../storage/engine/measureColumns.ts'
import { migrate } from '../storage/engine/migrate.ts'
import { codecOf } from '../storage/engine/rowBinary.ts'
import { select } from '../storage/engine/select.ts'
import { columnList, TICKS, TIME } from '../storage/engine/tables.ts'
import { openSink, type SinkOptions } from '../storage/write/sink.ts'
import type { Asked, Fault } from './clickhouseServer.ts'
import { isLong } from './effort.ts'
import { end, message, type Program, program } from './program.ts'
import { type Tick, ticksOf } from './storageRows.ts'

export const silent = pino({ level: 'silent' })

/** A directory of its own for each test, and what is to be ended when the test is over, last begun first. */
export class Bench {
  readonly dir: string
  private readonly ends: (() => Promise<unknown>)[] = []

  private constructor(dir: string) {
    this.dir = dir
    this.ends.push(() => rm(dir, { recursive: true, force: true }))
  }

  static async open(): Promise<Bench> {
    return new Bench(await mkdtemp(join(tmpdir(), 'storage-')))
  }

  /** Registers what must be ended. */
  after(end: () => Promise<unknown>): void {
    this.ends.push(end)
  }

  async close(): Promise<void> {
    for (const end of this.ends.reverse()) await end()
  }
}

/** A server of its own, that can be stopped and started again on the same directory and port. */
export class ClickHouseServer {
  private readonly program: Program
  private readonly dir: string
  private port = 0
  private child: ChildProcess | undefined

  private readonly args: readonly string[]

  private constructor(program: Program, dir: string, args: readonly string[]) {
    this.program = program
    this.dir = dir
    this.args = args
  }

  static async start(dir: string, password = '', cluster = ''): Promise<ClickHouseServer> {
    const server = new ClickHouseServer(await program('clickhouseServer'), dir, [password, cluster])
    await server.start()
    return server
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  async start(): Promise<void> {
    this.child = this.program.start(this.dir, String(this.port), ...this.args)
    this.port = (await message<{ port: number }>(this.child)).port
  }

  /** From the next insert on. */
  async fail(fault: Fault | null): Promise<void> {
    const set = message(this.child!)
    this.child!.send(fault as object)
    await set
  }

  /** What it was asked since it was asked this, if it is one of a cluster. */
  asked(): Promise<Asked[]> {
    const answer = message<Asked[]>(this.child!)
    this.child!.send('asked')
    return answer
  }

  stop(): Promise<void> {
    return end(this.child!, 'SIGTERM')
  }

  kill(): Promise<void> {
    return end(this.child!, 'SIGKILL')
  }

  async remove(): Promise<void> {
    await this.stop()
    await this.program.remove()
  }
}

export const KINDS = ['embedded', 'server'] as const
/** Those, and a server that is a cluster of one. */
export type Kind = (typeof KINDS)[number] | 'cluster'
/** The engines of tests of writing and reading; `npm run test:long` takes a cluster, too. */
export const STORES: readonly Kind[] = isLong ? [...KINDS, 'cluster'] : KINDS

/**
 * The engines of tests of what lies above the storage. The storage's own tests hold both to one interface, so the suite needs only one here;
 * `npm run test:long` takes both.
 */
export const KINDS_ABOVE: readonly Kind[] = isLong ? KINDS : ['embedded']

/** An engine of the kind on a directory of the bench, ended with it. */
export const openedEngine = async (bench: Bench, kind: Kind, options: Partial<EngineOptions> = {}): Promise<Engine> => {
  const dataDir = join(bench.dir, 'engine')
  let source: EngineOptions['source'] = { dataDir }
  if (kind !== 'embedded') {
    const cluster = kind === 'cluster' ? 'desk' : undefined
    const server = await ClickHouseServer.start(dataDir, '', cluster)
    bench.after(() => server.remove())
    source = { url: server.url, cluster }
  }
  const engine = await openEngine({ source, log: silent, ...options })
  bench.after(() => engine.close())
  return engine
}

/** An engine shared by the tests of a suite: each gets a database of its own. */
export const sharedEngine = (kind: Kind): (() => Promise<Engine>) => {
  let bench: Bench
  let engine: Engine
  let databases = 0
  beforeAll(async () => {
    bench = await Bench.open()
    engine = await openedEngine(bench, kind)
  })
  afterAll(() => bench.close())
  return async () => {
    const database = `test_${++databases}`
    await migrate(engine.client, database, undefined, engine.layout)
    await addMeasureColumns(engine.client, database, undefined, engine.layout)
    return { ...engine, database }
  }
}

/** Rows of a SELECT, by the types that its columns are read as. */
export const rowsOf = async (engine: Engine, query: string, types: readonly string[], parameters = {}): Promise<unknown[][]> => {
  const codecs = types.map(codecOf)
  const input = await select(engine, query, parameters)
  const rows: unknown[][] = []
  while (!input.ended) rows.push(codecs.map(codec => codec.read(input)))
  return rows
}

/** A single number. */
export const countOf = async (engine: Engine, query: string): Promise<number> =>
  Number((await rowsOf(engine, `SELECT toUInt64(n) FROM (${query})`, ['UInt64']))[0]![0])

/** A sink into the engine, its names and its rows to write, closed with the bench. */
export const openedSink = async (bench: Bench, engine: Engine | Promise<Engine>, options: Partial<SinkOptions> = {}) => {
  const symbols = new Interner()
  const sources = new Interner()
  const sink = await openSink({
    spoolDir: join(bench.dir, 'spool'),
    engine: Promise.resolve(engine),
    symbols,
    sources,
    log: silent,
    ...options,
  })
  bench.after(() => sink.close(10_000))
  return {
    sink,
    /** Writes one frame. */
    write: (t: number, ticks: readonly Tick[], measures: readonly MeasureRow[] = []) =>
      sink.write({ t, ticks: [ticksOf(ticks, symbols, sources)], measures }),
  }
}

/** Ticks as the table has them, but for the moment of storing. */
export const storedTicks = (engine: Engine): Promise<unknown[][]> =>
  rowsOf(
    engine,
    `SELECT ${columnList(TICKS.columns)} FROM ${engine.database}.ticks ORDER BY symbol, t, frame, row, src, id`,
    TICKS.columns.map(column => column.type),
  )

/** Candles as they can be read: symbol, span, open_t, o, h, l, c, v as a decimal, n. */
export const storedCandles = (engine: Engine): Promise<unknown[][]> =>
  rowsOf(
    engine,
    `SELECT symbol, span, open_t, argMinMerge(o), max(h), min(l), argMaxMerge(c), toString(sum(v)), sum(n)
     FROM ${engine.database}.candles GROUP BY symbol, span, open_t ORDER BY symbol, span, open_t`,
    ['String', 'UInt32', TIME, 'Float64', 'Float64', 'Float64', 'Float64', 'String', 'UInt64'],
  )

const SPANS = [60_000, 300_000, 3_600_000, 86_400_000]

/** The candles of ticks in the order of their arrival, worked out one tick at a time. Of several candles of one source, length and end the first counts. */
export const candlesOf = (arrived: readonly Tick[]): unknown[][] => {
  interface Candle {
    key: readonly [string, number, number]
    o: number
    h: number
    l: number
    c: number
    v: bigint
    n: bigint
    firstT: number
    lastT: number
  }
  const candles = new Map<string, Candle>()
  const given = new Set<string>()
  for (const tick of arrived) {
    if (tick.type !== TRADE && tick.type !== CANDLE) continue
    if (tick.type === CANDLE) {
      const identity = [tick.symbol, tick.source, tick.span, tick.t].join(' ')
      if (given.has(identity)) continue
      given.add(identity)
    }
    const firstT = tick.type === CANDLE ? tick.t - tick.span + 1 : tick.t
    for (const span of SPANS.filter(each => each >= tick.span)) {
      const key = [tick.symbol, span, tick.t - (tick.t % span)] as const
      const { open, high, low, price } = tick
      const candle = candles.get(key.join(' ')) ?? { key, o: open, h: high, l: low, c: price, v: 0n, n: 0n, firstT, lastT: tick.t }
      if (firstT < candle.firstT) [candle.o, candle.firstT] = [open, firstT]
      if (tick.t >= candle.lastT) [candle.c, candle.lastT] = [price, tick.t]
      candle.h = Math.max(candle.h, high)
      candle.l = Math.min(candle.l, low)
      candle.v += fromNumber(tick.size)!
      candle.n += 1n
      candles.set(key.join(' '), candle)
    }
  }
  return [...candles.values()]
    .sort((a, b) => (a.key[0] === b.key[0] ? a.key[1] - b.key[1] || a.key[2] - b.key[2] : a.key[0] < b.key[0] ? -1 : 1))
    .map(({ key, o, h, l, c, v, n }) => [...key, o, h, l, c, formatDecimal(v), n])
}
