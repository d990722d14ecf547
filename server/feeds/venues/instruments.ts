import type { Interner } from '../../../streams/lib/interner.ts'
import type { SymbolMap } from '../../../streams/market/symbols.ts'
import type { Side } from '../../../streams/market/ticks.ts'
import type { TickWriter } from '../../../streams/market/tickWriter.ts'
import { BookMirror, type Levels } from '../live/bookMirror.ts'
import { Sequence } from './sequence.ts'

/** Canonical symbols and names of sources, shared with the pipeline. */
export interface Naming {
  readonly symbols: Interner
  readonly sources: Interner
  readonly map: SymbolMap
  /** Canonical symbols whose order books are shown. */
  readonly books?: ReadonlySet<string>
}

/** The origin of a best bid and ask, the less immediate first: a ticker that is sent at every trade lags behind the book. */
export const TICKER = 0
/** As TICKER: a channel of spreads. */
export const SPREAD = 1
const BOOK = 2

/** One connection's knowledge of one instrument. */
export class ConnectionInstrument {
  book: BookMirror | undefined
  private readonly symbol: number
  private readonly source: number
  /** Its order book is shown, not only the best of it. */
  private readonly shown: boolean
  private readonly trades = new Sequence()
  private origin = TICKER
  /** Undefined: nothing was said on this connection yet. */
  private bid: number | undefined
  private ask: number | undefined
  private quotedAt = Number.NEGATIVE_INFINITY

  constructor(symbol: number, source: number, shown: boolean) {
    this.symbol = symbol
    this.source = source
    this.shown = shown
  }

  /** Writes a trade. `number`: its number, if the venue numbers the trades of an instrument one by one; otherwise NaN. */
  trade(writer: TickWriter, t: number, price: number, size: number, side: Side, id: string, number: number): void {
    this.passed(writer, number)
    writer.trade(this.symbol, this.source, t, price, size, side, id)
  }

  /** Notes the number of a trade that is not taken. */
  passed(writer: TickWriter, number: number): void {
    const missing = this.trades.missing(number)
    if (missing > 0) writer.reject('gap', missing)
  }

  /**
   * Writes a best bid and ask that differ from the last. NaN is a side at which nobody stands, or a `t` (ms) that the venue does not give.
   * Quotes of a less immediate origin than the best one so far are passed over.
   */
  quote(writer: TickWriter, t: number, bid: number, ask: number, origin: number): void {
    if (origin < this.origin) return
    this.origin = origin
    if (Object.is(bid, this.bid) && Object.is(ask, this.ask)) return
    // A venue sends in order: a quote with an older time than the one before it is still the newer one.
    const time = Math.max(t, this.quotedAt)
    if (writer.quote(this.symbol, this.source, time, bid, ask)) this.quoted(time, bid, ask)
    // The quote before it no longer holds: sides that cannot be, such as crossed ones, are unknown.
    else if (this.stands && writer.quote(this.symbol, this.source, time, Number.NaN, Number.NaN)) this.quoted(time, Number.NaN, Number.NaN)
  }

  private get stands(): boolean {
    return !Number.isNaN(this.bid ?? Number.NaN) || !Number.isNaN(this.ask ?? Number.NaN)
  }

  private quoted(time: number, bid: number, ask: number): void {
    this.bid = bid
    this.ask = ask
    if (time > this.quotedAt) this.quotedAt = time
  }

  /** Begins a book that the venue sends whole; `depth`: levels a side that it sends, if it does not send all. */
  beginBook(levels: Levels, depth?: number): void {
    this.book = new BookMirror(depth, this.shown)
    this.book.replace(levels)
  }

  /** Writes the top of the book, and the rest of it if it is shown. */
  quoteBook(writer: TickWriter, t: number): void {
    const { book } = this
    if (book === undefined) return
    const { bid, ask } = book
    this.quote(writer, t, bid ?? Number.NaN, ask ?? Number.NaN, BOOK)
    if (this.shown) writer.levels(this.symbol, this.source, t, () => book.levels(cut => writer.reject('levels', cut)))
  }

  /** The book has a hole: what it shows is not to be believed until the venue sends a whole one. */
  dropBook(writer: TickWriter, t: number): void {
    this.book = undefined
    this.origin = TICKER
    if (this.shown) writer.loseLevels(this.symbol, t)
  }
}

/** Names a venue might invent beyond which no further one is remembered. */
const INSTRUMENTS_MAX = 20_000

/** The instruments of one connection, by the venue's names. */
export class ConnectionInstruments {
  private readonly venue: string
  private readonly perpetual: boolean
  private readonly naming: Naming
  private readonly known = new Map<string, ConnectionInstrument | undefined>()

  constructor(venue: string, perpetual: boolean, naming: Naming) {
    this.venue = venue
    this.perpetual = perpetual
    this.naming = naming
  }

  /** Returns the instrument; undefined, and counted, if neither the configuration nor the name says what it is. */
  get(writer: TickWriter, name: unknown): ConnectionInstrument | undefined {
    const instrument = typeof name === 'string' ? this.find(name) : undefined
    if (instrument === undefined) writer.reject('symbol')
    return instrument
  }

  all(): Iterable<ConnectionInstrument | undefined> {
    return this.known.values()
  }

  private find(name: string): ConnectionInstrument | undefined {
    const known = this.known.get(name)
    if (known !== undefined || this.known.has(name) || this.known.size >= INSTRUMENTS_MAX) return known
    const { symbols, sources, map, books } = this.naming
    const symbol = map.canonical(this.venue, name, this.perpetual)
    const instrument =
      symbol === undefined
        ? undefined
        : new ConnectionInstrument(symbols.index(symbol), sources.index(this.venue), books?.has(symbol) === true)
    this.known.set(name, instrument)
    return instrument
  }
}
