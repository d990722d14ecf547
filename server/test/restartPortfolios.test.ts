import fc from 'fast-check'
import { Subject } from 'rxjs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { utf8Text } from '../../streams/channels/byteWriter.ts'
import type { Input } from '../../streams/input.ts'
import { Interner } from '../../streams/lib/interner.ts'
import { DAY, HOUR, MINUTE } from '../../streams/market/candles.ts'
import type { PnlRow } from '../../streams/measures/rows.ts'
import { type Pipeline, pipeline } from '../../streams/pipeline.ts'
import type { PortfolioSpec } from '../../streams/pnl/portfolioSpec.ts'
import type { Transaction } from '../../streams/pnl/transaction.ts'
import { transaction } from '../../streams/test/transactions.ts'
import { readPortfolioPast } from '../pnl/portfolioPasts.ts'
import type { Engine } from '../storage/engine/engine.ts'
import { MEASURE_TABLES } from '../storage/engine/measureTables.ts'
import { select } from '../storage/engine/select.ts'
import { columnList } from '../storage/engine/tables.ts'
import { readPast } from '../storage/read/past.ts'
import { lastFrame } from '../storage/read/storedFrames.ts'
import { openSink, type Sink } from '../storage/write/sink.ts'
import { tries } from './effort.ts'
import { Bench, KINDS_ABOVE, sharedEngine, silent } from './storageKit.ts'
import { type Tick, ticksOf, trade } from './storageRows.ts'

const FRAME = 20
const T = Date.UTC(2024, 7, 8, 22)

interface Event {
  /** Of the trade, unlike every other. */
  readonly id: string
  readonly t: number
  readonly asset: string
  readonly price: number
}

let bench: Bench
let spools = 0
beforeEach(async () => {
  bench = await Bench.open()
})
afterEach(() => bench.close())

/** One run over a part of a recording, as a replay makes it. */
class Run {
  readonly flow: Pipeline
  /** The newest row of each portfolio and time. */
  readonly rows = new Map<string, PnlRow>()
  private readonly engine: Engine | undefined
  private readonly sink: Sink | undefined
  private readonly symbols: Interner
  private readonly sources: Interner
  private readonly input = new Subject<Input>()
  private readonly specs: readonly PortfolioSpec[]

  private constructor(
    portfolios: readonly PortfolioSpec[],
    again: boolean,
    symbols: Interner,
    sources: Interner,
    engine?: Engine,
    sink?: Sink,
  ) {
    this.engine = engine
    this.sink = sink
    this.symbols = symbols
    this.sources = sources
    this.specs = portfolios
    this.flow = pipeline({
      ...{ symbols, sources, portfolios, funds: [], pools: [] },
      ...{ frameMs: FRAME, staleAfterMs: 2 * DAY, storeMs: 1000, epoch: 'e', digits: 15, everything: false },
      feeds: [{ id: 'a', live: false }],
      awaitsPast: again,
    })
    this.flow.run(this.input).subscribe(({ rows }) => {
      for (const row of rows.measures) if (row.kind === 'pnl') this.rows.set(`${row.id} ${row.t}`, row)
      sink?.write(rows)
    })
  }

  /** A run whose rows go nowhere. */
  static alone(portfolios: readonly PortfolioSpec[]): Run {
    return new Run(portfolios, false, new Interner(), new Interner())
  }

  /** A run with a store, the first one on it or `again`. */
  static async on(engine: Engine, portfolios: readonly PortfolioSpec[], again: boolean): Promise<Run> {
    const [symbols, sources] = [new Interner(), new Interner()]
    const sink = await openSink({
      spoolDir: `${bench.dir}/spool${++spools}`,
      engine: Promise.resolve(engine),
      symbols,
      sources,
      log: silent,
    })
    return new Run(portfolios, again, symbols, sources, engine, sink)
  }

  /** Runs over these events; `ended` if the recording ends with them. */
  async over(events: readonly Event[], again: boolean, ended: boolean): Promise<void> {
    const [first] = events
    if (first !== undefined && again) await this.restore(first.t)
    let frame = 0
    let batch: Tick[] = []
    const close = (): void => {
      if (batch.length > 0) this.input.next(ticksOf(batch, this.symbols, this.sources))
      batch = []
      if (frame > 0) this.input.next({ kind: 'clock', t: frame })
    }
    for (const { id, t, asset, price } of events) {
      const end = Math.ceil(t / FRAME) * FRAME
      if (end > frame) {
        close()
        // Time comes to the beginning of a frame before its events do.
        const { t: now } = this.flow.view
        if (now > 0 && now < end - FRAME) this.input.next({ kind: 'clock', t: end - FRAME })
        frame = end
      }
      batch.push(trade(t, { symbol: `${asset}-USD`, price, id }))
    }
    if (ended) this.input.next({ kind: 'feed', feed: 0, state: 'ended' })
    close()
    await this.sink?.close(10_000)
  }

  /** The state of a channel, as a new subscriber gets it. */
  state(channel: string): unknown {
    this.input.next({ kind: 'watch', channel, on: true })
    return JSON.parse(utf8Text(this.flow.channels.snapshot(channel)!.bytes)).snap
  }

  private async restore(asOf: number): Promise<void> {
    const resumedAt = await lastFrame(this.engine!, asOf, FRAME)
    const to = resumedAt ?? (Math.ceil(asOf / FRAME) - 1) * FRAME
    const past = await readPast(this.engine!, asOf, { pools: [] })
    const portfolios = []
    for (const spec of this.specs)
      portfolios.push(
        await readPortfolioPast(this.engine!, { ...spec, ofFile: spec.transactions }, { before: asOf, to, frameMs: FRAME, live: false }),
      )
    this.input.next({ ...past, portfolios, ...(resumedAt !== undefined && { resumedAt }) })
  }
}

/** The stored rows, by portfolio and time. */
const storedRows = async (engine: Engine): Promise<Map<string, PnlRow>> => {
  const table = MEASURE_TABLES.pnl
  const input = await select(engine, `SELECT ${columnList(table.columns)} FROM ${engine.database}.pnl FINAL ORDER BY id, t`, {})
  const rows = new Map<string, PnlRow>()
  while (!input.ended) {
    const row = table.read(input)
    rows.set(`${row.id} ${row.t}`, row)
  }
  return rows
}

const portfolio = (id: string, transactions: readonly Transaction[], of: Partial<PortfolioSpec> = {}): PortfolioSpec => ({
  ...{ id, quote: 'USD', method: 'fifo', feesInCost: true, transactions },
  ...of,
})

const gap = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 900 }) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 20_000 }) },
  { weight: 1, arbitrary: fc.integer({ min: MINUTE, max: 3 * HOUR }) },
)
const event = fc.record({ gap, asset: fc.constantFrom('BTC', 'BTC', 'ETH'), price: fc.integer({ min: 50, max: 200 }) })
const events: fc.Arbitrary<Event[]> = fc.array(event, { minLength: 4, maxLength: 30 }).map(list => {
  let t = T
  return list.map(({ gap: after, asset, price }, i) => {
    t += after
    return { id: String(i), t, asset, price }
  })
})
const row = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  text: fc.constantFrom(
    'buy BTC 2 100 1',
    'sell BTC 1 120',
    'deposit USD 500',
    'income ETH 1',
    'withdraw ETH 0.5',
    'fee BTC 0.25',
    'buy ETH 3 90',
  ),
})

describe.each(KINDS_ABOVE)('a recording that is cut and continued by a new start, with %s', kind => {
  const opened = sharedEngine(kind)

  it(
    'leaves portfolios and their rows as an uninterrupted run does',
    async () => {
      const engine = await opened()
      await fc.assert(
        fc.asyncProperty(
          events,
          fc.array(row, { maxLength: 8 }),
          fc.nat(),
          fc.constantFrom('the rest', 'all'),
          async (list, rows, cut, again) => {
            for (const table of ['ticks', 'bars', 'given', 'pnl'])
              await engine.client.command({ query: `TRUNCATE TABLE ${engine.database}.${table}` })
            const span = list.at(-1)!.t - T
            const transactions = rows.map(({ at, text }) => transaction(text, Math.round(T + at * span))).sort((a, b) => a.t - b.t)
            const specs = [portfolio('P', transactions), portfolio('Q', transactions, { method: 'average', ignore: new Set(['ETH']) })]
            const at = 1 + (cut % (list.length - 1))
            const uncut = Run.alone(specs)
            await uncut.over(list, false, true)
            await (await Run.on(engine, specs, false)).over(list.slice(0, at), false, false)
            const after = await Run.on(engine, specs, true)
            await after.over(again === 'all' ? list : list.slice(at), true, true)
            for (const { id } of specs) expect(after.state(`pnl:${id}`)).toEqual(uncut.state(`pnl:${id}`))
            expect(await storedRows(engine)).toEqual(uncut.rows)
          },
        ),
        { numRuns: tries(6) },
      )
    },
    tries(240_000),
  )
})
