import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { Subject } from 'rxjs'
import { readCloses } from '../server/pnl/closes.ts'
import { Hours } from '../server/pnl/hours.ts'
import { type Engine, openEngine } from '../server/storage/engine/engine.ts'
import { Batches } from '../server/storage/write/batches.ts'
import { StoredIndex } from '../server/storage/write/storedIndex.ts'
import type { Frame } from '../streams/frame.ts'
import type { Input } from '../streams/input.ts'
import { fromNumber, parseDecimal, toNumber } from '../streams/lib/decimal.ts'
import { Interner } from '../streams/lib/interner.ts'
import { HOUR } from '../streams/market/candles.ts'
import type { Ticks } from '../streams/market/ticks.ts'
import { pipeline } from '../streams/pipeline.ts'
import type { PortfolioSpec } from '../streams/pnl/portfolioSpec.ts'
import { Positions } from '../streams/pnl/positions.ts'
import { assetNames, frames, portfoliosOf, random } from './market.ts'
import { type Figure, print, type Report, ratio } from './report.ts'

const ROUNDS = 5

// ---- A year of hours

const YEAR = Date.UTC(2023, 0, 1)
const HOURS = 8760
const HELD = 10
const TRANSACTIONS = 1000
/** The hour that is new in each round, and a few more. */
const MORE_HOURS = 48
/** The naive way is taken for a sample of the hours, and its time multiplied. */
const NAIVE_EVERY = 24

/** Candles of an hour of each asset, as waves. */
const insertYear = ({ client, database }: Engine): Promise<unknown> =>
  client.command({
    query: `INSERT INTO ${database}.ticks (symbol, src, t, id, price, size, span, open, high, low, frame, row)
      SELECT concat('A', toString(number % ${HELD}), '-USD'), 'bench', fromUnixTimestamp64Milli(${YEAR} + intDiv(number, ${HELD}) * ${HOUR} + ${HOUR - 1}, 'UTC') AS t,
        toString(number), round(100 + 50 * sin(number / 997), 4) AS price, 1, ${HOUR}, price, price, price, t, 0
      FROM numbers(${(HOURS + MORE_HOURS) * HELD}) SETTINGS max_partitions_per_insert_block = 0`,
  })

/** Three purchases to a sale, all over the year. */
const yearOf = (id: string): PortfolioSpec => {
  const next = random(17)
  return {
    id,
    quote: 'USD',
    method: 'fifo',
    feesInCost: true,
    transactions: Array.from({ length: TRANSACTIONS }, (_, i) => ({
      t: YEAR + Math.floor(((i + next()) / TRANSACTIONS) * HOURS * HOUR),
      type: i % 4 === 3 ? ('sell' as const) : ('buy' as const),
      asset: `A${i < HELD ? i : Math.floor(next() * HELD)}`,
      qty: parseDecimal(String(1 + Math.floor(next() * 10)))!,
      price: parseDecimal(String(50 + Math.floor(next() * 100)))!,
      fee: parseDecimal('0.1')!,
      cost: undefined,
      account: '',
      toAccount: '',
      id: '',
    })),
  }
}

/** ms to compute hours of the year as one would write it down first: each from the first transaction on, at looked-up closes. */
const naiveYear = async (engine: Engine, { quote, method, feesInCost, transactions }: PortfolioSpec): Promise<number> => {
  const begin = performance.now()
  const spans = new Map(assetNames(HELD).map(asset => [asset, HOUR]))
  const { closes } = await readCloses(engine, quote, spans, YEAR, YEAR + HOURS * HOUR)
  const read = performance.now()
  let value = 0
  for (let hour = 0; hour < HOURS; hour += NAIVE_EVERY) {
    const positions = new Positions({ quote, method, feesInCost, tracksCash: false })
    const end = YEAR + (hour + 1) * HOUR
    for (const tx of transactions) if (tx.t <= end) positions.apply(tx, fromNumber(closes.get(tx.asset)![hour]!))
    for (const { asset, lots } of positions.byAsset.values()) value += toNumber(lots.qty) * closes.get(asset)![hour]!
  }
  if (!(value > 0)) throw new Error('found no value')
  return read - begin + (performance.now() - read) * NAIVE_EVERY
}

const yearFigures = async (): Promise<Figure[]> => {
  const dir = await mkdtemp(join(tmpdir(), 'bench-pnl-'))
  const engine = await openEngine({ source: { dataDir: join(dir, 'engine') }, log: pino({ level: 'silent' }) })
  try {
    await insertYear(engine)
    let ended = YEAR + HOURS * HOUR
    const hours = new Hours(engine, () => ended)
    /** ms until the last page is there. */
    const ask = async (id: string, since = 0, of = hours): Promise<number> => {
      const portfolio = yearOf(id)
      const begin = performance.now()
      let rows = 0
      for (let from: number | undefined = since; from !== undefined; ) {
        const page = await of.rows(portfolio, { from, to: ended + 1 })
        rows += page.rows.length
        from = page.next
      }
      const took = performance.now() - begin
      if (rows < (since === 0 ? HOURS - HOURS / TRANSACTIONS : 1)) throw new Error(`found ${rows} rows`)
      return took
    }
    const first: number[] = []
    const again: number[] = []
    const restarted: number[] = []
    const hour: number[] = []
    const naive: number[] = []
    await ask('warm')
    for (let round = 0; round < ROUNDS; round++) {
      const id = `Y${round}`
      first.push(await ask(id))
      again.push(await ask(id))
      restarted.push(await ask(id, 0, new Hours(engine, () => ended)))
      ended += HOUR
      hour.push(await ask(id, ended))
      naive.push(await naiveYear(engine, yearOf(id)))
    }
    const whole: Figure = { what: 'a year of hours, first time', rounds: first, unit: 'ms' }
    const written: Figure = {
      what: `each hour from the first transaction on (1 in ${NAIVE_EVERY} hours, multiplied)`,
      rounds: naive,
      unit: 'ms',
    }
    return [
      whole,
      { what: 'the same year again', rounds: again, unit: 'ms' },
      { what: 'the same year again, after a restart', rounds: restarted, unit: 'ms' },
      { what: 'one new hour', rounds: hour, unit: 'ms' },
      written,
      ratio('time taken', written, whole),
    ]
  } finally {
    await engine.close()
    await rm(dir, { recursive: true, force: true })
  }
}

// ---- Ten thousand portfolios, live

const FRAME_MS = 20
const ASSETS = 200
const PORTFOLIOS = 10_000
const WATCHED = 1000
const RATE = 50_000
const PER_FRAME = (RATE * FRAME_MS) / 1000
const FRAMES = 250
const NAIVE_FRAMES = 10

const feed = (symbols: Interner, sources: Interner, count: number): Ticks[] => [
  ...frames(symbols, sources, assetNames(ASSETS), count, PER_FRAME, FRAME_MS),
]

/** CPU time of all threads, as a share of the event time. */
const share = (count: number, begin: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(begin)
  return (user + system) / 1000 / (count * FRAME_MS)
}

const ours = (portfolios: readonly PortfolioSpec[], watched: number): number => {
  const symbols = new Interner()
  const sources = new Interner()
  const batches = feed(symbols, sources, FRAMES)
  const flow = pipeline({
    symbols,
    sources,
    frameMs: FRAME_MS,
    staleAfterMs: 10_000,
    pools: [],
    funds: [],
    epoch: 'bench',
    digits: 12,
    storeMs: 1000,
    feeds: [{ id: 'bench', live: false }],
    everything: false,
    portfolios,
  })
  const input$ = new Subject<Input>()
  const store: Batches = new Batches(symbols, sources, new StoredIndex(), batch => store.reuse(batch.out))
  flow.run(input$).subscribe((frame: Frame) => store.accept(frame.rows))
  for (let i = 0; i < watched; i++) input$.next({ kind: 'watch', channel: `pnl:P${i}`, on: true })
  const begin = process.cpuUsage()
  for (const batch of batches) {
    input$.next(batch)
    input$.next({ kind: 'clock', t: Math.ceil(batch.columns.t[batch.to - 1]! / FRAME_MS) * FRAME_MS })
  }
  return share(FRAMES, begin)
}

type State = Record<string, unknown>

const rounded = (value: number): number => Number(value.toPrecision(12))

/** Recomputes every portfolio at the end of each frame, and tells the watched ones as JSON where they changed; nothing is stored. */
const naiveFrames = (portfolios: readonly PortfolioSpec[]): number => {
  const symbols = new Interner()
  const batches = feed(symbols, new Interner(), NAIVE_FRAMES)
  const held = portfolios.map(({ transactions }) =>
    transactions.map(({ asset, qty, price }) => ({
      asset,
      symbol: `${asset}-USD`,
      qty: toNumber(qty),
      cost: toNumber(qty) * toNumber(price!),
    })),
  )
  const prices = new Map<string, number>()
  const sent = new Map<number, string>()
  const begin = process.cpuUsage()
  let bytes = 0
  for (const { columns, from, to } of batches) {
    for (let i = from; i < to; i++) {
      prices.set(symbols.at(columns.symbol[i]!), columns.price[i]!)
      bytes += JSON.stringify({ t: columns.t[i], price: columns.price[i], size: columns.size[i], id: columns.id[i] }).length
    }
    const states = held.map((lots): State => {
      const assets: State = {}
      let value = 0
      let cost = 0
      for (const lot of lots) {
        const price = prices.get(lot.symbol) ?? Number.NaN
        value += lot.qty * price
        cost += lot.cost
        assets[lot.asset] = { ...lot, price, value: rounded(lot.qty * price), unrealised: rounded(lot.qty * price - lot.cost) }
      }
      return { value: rounded(value), cost, unrealised: rounded(value - cost), total: rounded(value - cost), assets }
    })
    for (let i = 0; i < WATCHED; i++) {
      const text = JSON.stringify(states[i])
      if (sent.get(i) === text) continue
      sent.set(i, text)
      bytes += text.length
    }
  }
  if (bytes === 0) throw new Error('found nothing to tell')
  return share(NAIVE_FRAMES, begin)
}

const liveFigures = (): Figure[] => {
  const portfolios = portfoliosOf(PORTFOLIOS, HELD, assetNames(ASSETS))
  const us: number[] = []
  const unwatched: number[] = []
  const them: number[] = []
  ours(portfolios, WATCHED)
  for (let round = 0; round < ROUNDS; round++) {
    if (round % 2 === 1) them.push(naiveFrames(portfolios))
    us.push(ours(portfolios, WATCHED))
    unwatched.push(ours(portfolios, 0))
    if (round % 2 === 0) them.push(naiveFrames(portfolios))
  }
  const mine: Figure = { what: 'portfolios of the moment', rounds: us, unit: 'cores' }
  const peer: Figure = { what: 'every portfolio recomputed each frame', rounds: them, unit: 'cores' }
  return [mine, { what: 'the same with nobody watching', rounds: unwatched, unit: 'cores' }, peer, ratio('CPU time', peer, mine)]
}

export const pnlBench = async (): Promise<Report> => ({
  name: 'pnl',
  method: `Hours: a portfolio of ${HELD} assets and ${TRANSACTIONS.toLocaleString('en')} transactions over a year, from hourly candles in embedded ClickHouse, computed, stored and read back; then the same asked for again; then the one row of an hour that has ended since. Beside it each hour computed from the first transaction on, prices in memory, nothing stored. Live: ${PORTFOLIOS.toLocaleString('en')} portfolios × ${HELD} of ${ASSETS} assets at ${RATE.toLocaleString('en')} ticks a second in frames of ${FRAME_MS} ms; ${WATCHED.toLocaleString('en')} watched, so a patch of each in every frame; every tick, and each second every portfolio, encoded for the store; CPU time of all threads as a share of event time. Beside it plain objects: every portfolio recomputed each frame, JSON of what is watched, nothing stored.`,
  figures: [...(await yearFigures()), ...liveFigures()],
})

if (process.argv[1]?.endsWith('pnl.js')) print(await pnlBench())
