import type { Interner } from '../../../streams/lib/interner.ts'
import type { Perpetual, SymbolMap } from '../../../streams/market/symbols.ts'
import type { TickWriter } from '../../../streams/market/tickWriter.ts'
import { BookMirror, type Level, type Levels } from '../live/bookMirror.ts'
import { LastingInstrument, type VenueTrade } from './lastingInstrument.ts'
import type { NumberGap } from './tradeNumbers.ts'

/** Canonical symbols and names of sources, shared with the pipeline. */
export interface Naming {
  readonly symbols: Interner
  readonly sources: Interner
  readonly map: SymbolMap
  /** Canonical symbols whose order books are shown. */
  readonly books?: ReadonlySet<string>
  /** What was asked for: canonical symbols by the name that the venue answers under. Whatever comes is read if it is left out. */
  readonly asked?: ReadonlyMap<string, string>
  /** What stays from one connection to the next, by the venue's names. */
  readonly lasting?: Map<string, LastingInstrument>
  /** Called with trades that were skipped. */
  readonly onGap?: (instrument: LastingInstrument, gap: NumberGap) => void
  /** Called with each canonical symbol as the first data of it come on a connection. */
  readonly onData?: (symbol: string) => void
}

/** The origin of a best bid and ask, the less immediate first: a ticker that is sent at every trade lags behind the book. */
export const TICKER = 0
/** As TICKER: a channel of spreads. */
export const SPREAD = 1
const BOOK = 2

/** Runs of numbers that are remembered: there is a new one only where trades are missing. */
const RUNS_MAX = 100

/** The instruments of a market of contracts: how much quote currency one of them is worth, by name. */
export type ContractValue = (name: string) => number

/** One connection's knowledge of one instrument. */
export class ConnectionInstrument {
  book: BookMirror | undefined
  private readonly lasting: LastingInstrument
  /** Its order book is shown, not only the best of it. */
  private readonly shown: boolean
  private origin = TICKER
  /** Undefined: nothing was said on this connection yet. */
  private bid: number | undefined
  private ask: number | undefined
  private quotedAt = Number.NEGATIVE_INFINITY
  private resumed = false
  /** Trades come one by one: what sums them up is passed over. */
  private single = false
  /** Runs of the numbers of trades that were read as parts of sums, the newest last. */
  private readonly summed: [first: number, last: number][] = []

  constructor(lasting: LastingInstrument, shown: boolean) {
    this.lasting = lasting
    this.shown = shown
  }

  /** Writes one trade, unless a sum that was read has it. */
  trade(writer: TickWriter, trade: VenueTrade): void {
    if (this.summed.some(([first, last]) => trade.number >= first && trade.number <= last)) {
      writer.pass('trade')
      return
    }
    this.single = true
    this.resume(writer, trade.t)
    this.lasting.trade(writer, trade)
  }

  /** Writes a tick that sums up the trades `first` to `last`, unless trades come one by one. `kind` names what is passed over. */
  sum(writer: TickWriter, trade: Omit<VenueTrade, 'number'>, first: number, last: number, kind: string): void {
    const { newest } = this.lasting
    if (this.single || !(last > newest || Number.isNaN(newest))) {
      writer.pass(kind)
      return
    }
    this.resume(writer, trade.t)
    // Some of it was read before, one by one: the rest cannot be told apart, and is missing.
    if (first <= newest) {
      writer.pass(kind)
      this.lasting.take(writer, last + 1, last, trade.t)
      return
    }
    const run = this.summed.at(-1)
    if (run && first === run[1] + 1) run[1] = last
    else this.summed.push([first, last])
    if (this.summed.length > RUNS_MAX) this.summed.shift()
    this.lasting.aggregate(writer, { ...trade, number: last }, first, last)
  }

  /** Notes a number of the trades that is no trade on the market. */
  passed(writer: TickWriter, number: number, t: number): void {
    this.lasting.take(writer, number, number, t)
  }

  /**
   * Writes a best bid and ask that differ from the last. NaN is a side at which nobody stands, or a `t` (ms) that the venue does not give.
   * Quotes of a less immediate origin than the best one so far are passed over.
   */
  quote(writer: TickWriter, t: number, bid: number, ask: number, origin: number): void {
    this.resume(writer, t)
    if (origin < this.origin) return
    this.origin = origin
    if (Object.is(bid, this.bid) && Object.is(ask, this.ask)) {
      writer.unchanged()
      return
    }
    // A venue sends in order: a quote with an older time than the one before it is still the newer one.
    const time = Math.max(t, this.quotedAt)
    if (this.write(writer, time, bid, ask)) this.quoted(time, bid, ask)
    // The quote before it no longer holds: sides that cannot be, such as crossed ones, are unknown.
    else if (this.stands && this.write(writer, time, Number.NaN, Number.NaN)) this.quoted(time, Number.NaN, Number.NaN)
  }

  /** Begins a book that the venue sends whole; `depth`: levels a side that it sends, if it does not send all. */
  beginBook(levels: Levels, depth?: number): void {
    this.book = new BookMirror(depth, this.shown)
    this.book.replace(this.inBaseUnits(levels))
  }

  /** Changes levels of the book; of a book that was never sent whole they say nothing. */
  updateBook(levels: Levels): void {
    this.book?.update(this.inBaseUnits(levels))
  }

  /** Writes the top of the book, and the rest of it if it is shown. */
  quoteBook(writer: TickWriter, t: number): void {
    const { book } = this
    if (book === undefined) return
    const { bid, ask } = book
    this.quote(writer, t, bid ?? Number.NaN, ask ?? Number.NaN, BOOK)
    if (!this.shown) return
    writer.levels(this.lasting.symbol, this.lasting.source, t, () => book.levels(cut => writer.reject('levels', cut)))
  }

  /** The book has a hole: what it shows is not to be believed until the venue sends a whole one. */
  dropBook(writer: TickWriter, t: number): void {
    if (this.book && this.stands && this.write(writer, Math.max(t, this.quotedAt), Number.NaN, Number.NaN))
      this.quoted(Math.max(t, this.quotedAt), Number.NaN, Number.NaN)
    this.book = undefined
    this.origin = TICKER
    if (this.shown) writer.loseLevels(this.lasting.symbol, t)
  }

  private write(writer: TickWriter, time: number, bid: number, ask: number): boolean {
    return writer.quote(this.lasting.symbol, this.lasting.source, time, bid, ask)
  }

  private get stands(): boolean {
    return !Number.isNaN(this.bid ?? Number.NaN) || !Number.isNaN(this.ask ?? Number.NaN)
  }

  private quoted(time: number, bid: number, ask: number): void {
    this.bid = bid
    this.ask = ask
    if (time > this.quotedAt) this.quotedAt = time
  }

  private resume(writer: TickWriter, t: number): void {
    if (!this.resumed) this.lasting.resume(writer, t)
    this.resumed = true
    this.lasting.heard(t)
  }

  private inBaseUnits(levels: Levels): Levels {
    if (!this.lasting.inContracts) return levels
    const turned = (side: Iterable<Level>): Level[] => [...side].map(([price, size]) => [price, this.lasting.baseUnits(size, price)])
    return { bids: turned(levels.bids), asks: turned(levels.asks) }
  }
}

/** Names a venue might invent beyond which no further one is remembered. */
const INSTRUMENTS_MAX = 20_000

/** The instruments of one connection, by the venue's names. */
export class ConnectionInstruments {
  private readonly venue: string
  private readonly perpetual: Perpetual
  private readonly naming: Naming
  private readonly contractValue: ContractValue
  private readonly lasting: Map<string, LastingInstrument>
  private readonly known = new Map<string, ConnectionInstrument | undefined>()

  constructor(venue: string, perpetual: Perpetual, naming: Naming, contractValue: ContractValue = () => 0) {
    this.venue = venue
    this.perpetual = perpetual
    this.naming = naming
    this.contractValue = contractValue
    this.lasting = naming.lasting ?? new Map()
  }

  /** Returns the instrument; undefined, and counted, if nobody asked for it, or neither the configuration nor the name says what it is. */
  get(writer: TickWriter, name: unknown): ConnectionInstrument | undefined {
    const instrument = typeof name === 'string' ? this.find(name) : undefined
    if (instrument === undefined) writer.reject('symbol')
    return instrument
  }

  /** Returns all that were named so far; undefined is a name that means nothing here. */
  all(): Iterable<ConnectionInstrument | undefined> {
    return this.known.values()
  }

  private find(name: string): ConnectionInstrument | undefined {
    const known = this.known.get(name)
    if (known !== undefined || this.known.has(name) || this.known.size >= INSTRUMENTS_MAX) return known
    const canonical = this.canonical(name)
    const instrument = canonical === undefined ? undefined : this.open(name, canonical)
    this.known.set(name, instrument)
    return instrument
  }

  private canonical(name: string): string | undefined {
    const { asked, map } = this.naming
    return asked ? (asked.get(name) ?? asked.get(name.toUpperCase())) : map.canonical(this.venue, name, this.perpetual)
  }

  private open(name: string, canonical: string): ConnectionInstrument {
    const { symbols, sources, books, onGap, onData } = this.naming
    let lasting = this.lasting.get(name)
    if (lasting === undefined) {
      lasting = new LastingInstrument(name, symbols.index(canonical), sources.index(this.venue), this.contractValue(name), onGap)
      this.lasting.set(name, lasting)
    }
    onData?.(canonical)
    return new ConnectionInstrument(lasting, books?.has(canonical) === true)
  }
}
