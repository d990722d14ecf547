import type { Logger } from 'pino'
import type { FrameRows } from '../../../streams/frame.ts'
import type { Interner } from '../../../streams/lib/interner.ts'
import type { ListeningRow } from '../../../streams/market/listening.ts'
import { QUOTE } from '../../../streams/market/ticks.ts'
import { logError } from '../../lib/errorEvents.ts'
import type { Figures } from '../../lib/figures.ts'
import type { Engine } from '../engine/engine.ts'
import { quoted } from '../engine/migrate.ts'
import { LAST_MS } from '../engine/rowBinary.ts'
import { KeptRows } from './keptRows.ts'
import { queueFigures, RowQueue } from './rowQueue.ts'

/** A row of the table `listening`. */
type StoredListening = { readonly [column: string]: string | number }

/** The newest quote of a symbol; NaN is a side at which nobody stands. */
interface Quote {
  readonly t: number
  readonly bid: number
  readonly ask: number
}

/** What market notes need. */
export interface MarketNotesOptions {
  readonly engine: Promise<Engine>
  readonly symbols: Interner
  readonly sources: Interner
  readonly file: string
  readonly log: Logger
}

/** ms between two writings of the quotes that have changed. */
const QUOTES_MS = 1_000
/** Rows that wait at which nothing more is said of sources that are heard: a gap that is too long is no harm, one that is lost is. */
const WAITING_MAX = 50_000
/** The same of rows that are set aside. */
const ASIDE_MAX = 1_000

/**
 * Stores what a start has to know of a market beside its ticks: when trades were listened to, and the newest quotes. Rows of `listening` go in
 * in their order, so a word that a source was heard is never there without the gaps before it. Gaps are kept in a file until they are stored; of
 * the rest, what a kill takes away makes the next gap longer, never shorter.
 */
export class MarketNotes {
  private readonly symbols: Interner
  private readonly sources: Interner
  private readonly listening: RowQueue<StoredListening>
  private readonly quotes: RowQueue<StoredListening>
  /** Those that have changed since they were written. */
  private readonly changed = new Map<number, Quote>()
  private readonly timer: NodeJS.Timeout
  private readonly gaps: KeptRows<StoredListening>
  /** Gaps are kept that may not be stored. */
  private keeping = false
  private skipped = 0
  private readonly log: Logger

  /** `file` keeps gaps that are not stored yet. Throws if it cannot be read. */
  constructor({ engine, symbols, sources, file, log }: MarketNotesOptions) {
    this.symbols = symbols
    this.sources = sources
    this.log = log
    const groupOf = ({ symbol, src }: StoredListening): string => `${symbol} ${src}`
    this.listening = new RowQueue(engine, { insert: insertInto('listening'), groupOf }, log)
    this.quotes = new RowQueue(engine, { insert: insertInto('quotes') }, log)
    this.gaps = new KeptRows(file)
    const left = this.gaps.left()
    for (const row of left) this.listening.put(row)
    if (left.length > 0) void this.clearWhenStored()
    this.timer = setInterval(() => this.writeQuotes(), QUOTES_MS)
    this.timer.unref()
  }

  /** Takes the rows of a frame. */
  take({ ticks, listening = [] }: FrameRows): void {
    if (listening.length > 0) this.note(listening)
    for (const { columns, from, to } of ticks) {
      for (let i = from; i < to; i++) {
        if (columns.type[i] !== QUOTE) continue
        const [t, symbol] = [columns.t[i]!, columns.symbol[i]!]
        if (t >= (this.changed.get(symbol)?.t ?? 0)) this.changed.set(symbol, { t, bid: columns.price[i]!, ask: columns.size[i]! })
      }
    }
  }

  /** Resolves when the gaps that a former process has left are stored or set aside, or when it has ended. */
  async stored(): Promise<void> {
    if (this.keeping) await this.listening.stored()
  }

  /** Returns what has become of the rows. `skipped` are words that a source is heard, which the next one makes up for. */
  figures(): Figures {
    return { ...queueFigures({ listening: this.listening, quotes: this.quotes }), skipped: this.skipped }
  }

  /** Sends the rows that are set aside again. Returns how many these are. */
  retrySetAside(): number {
    const rows = this.listening.retrySetAside()
    if (rows > 0) void this.clearWhenStored()
    return rows + this.quotes.retrySetAside()
  }

  /** Writes what waits, and ends. */
  async close(): Promise<void> {
    clearInterval(this.timer)
    this.writeQuotes()
    await Promise.all([this.listening.close(), this.quotes.close()])
  }

  private note(rows: readonly ListeningRow[]): void {
    const gaps = rows.filter(({ kind }) => kind === 'missed').map(row => this.listeningRow(row))
    if (gaps.length > 0) this.keep(gaps)
    for (const row of rows) {
      if (row.kind === 'missed' || this.hasRoom()) this.listening.put(this.listeningRow(row))
      else this.skipped += 1
    }
    if (gaps.length > 0) void this.clearWhenStored()
  }

  /** What waits behind a row that is set aside would only fill the room for others. */
  private hasRoom(): boolean {
    const { waiting, setAside } = this.listening.stats()
    return waiting < WAITING_MAX && setAside < ASIDE_MAX
  }

  private keep(rows: readonly StoredListening[]): void {
    try {
      this.gaps.add(rows)
    } catch (error) {
      logError(this.log, 'gap_not_kept', { error: (error as Error).message })
    }
  }

  private async clearWhenStored(): Promise<void> {
    if (this.keeping) return
    this.keeping = true
    // Without the engine the queue ends with rows in it: they stay for the next start, as do those that are set aside.
    while (this.listening.stats().waiting > 0 && !this.listening.ended) await this.listening.stored()
    this.keeping = false
    const { waiting, setAside, dropped } = this.listening.stats()
    if (waiting + setAside + dropped === 0) this.forget()
  }

  private forget(): void {
    try {
      this.gaps.clear()
    } catch (error) {
      this.log.warn({ error: (error as Error).message }, 'gaps that are stored cannot be forgotten: the next start stores them again')
    }
  }

  private writeQuotes(): void {
    if (this.quotes.stats().waiting > WAITING_MAX) return
    for (const [symbol, { t, bid, ask }] of this.changed) {
      this.quotes.put({ symbol: this.symbols.at(symbol), t, ...(!Number.isNaN(bid) && { bid }), ...(!Number.isNaN(ask) && { ask }) })
    }
    this.changed.clear()
  }

  private listeningRow({ symbol, source, kind, from, until, version }: ListeningRow): StoredListening {
    return { symbol: this.symbols.at(symbol), src: this.sources.at(source), kind, t: from, until: Math.min(until, LAST_MS), version }
  }
}

/** A time in ms as ClickHouse reads it. */
const seconds = (ms: string | number | undefined): string => (Number(ms) / 1000).toFixed(3)

const insertInto =
  (table: string) =>
  async ({ client, database }: Engine, rows: readonly StoredListening[]): Promise<void> => {
    const inMs = ({ t, until, ...row }: StoredListening) => ({
      ...row,
      t: seconds(t),
      ...(until !== undefined && { until: seconds(until) }),
    })
    await client.insert({ table: `${quoted(database)}.${table}`, values: rows.map(inMs), format: 'JSONEachRow' })
  }
