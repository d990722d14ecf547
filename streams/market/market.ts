import { type Changes, Source } from '../lib/dependencies.ts'
import type { Interner } from '../lib/interner.ts'
import { INTERVALS, type Interval } from '../wire/channels.ts'
import { Candle, Candles } from './candles.ts'
import type { FeedHealth } from './feedHealth.ts'
import type { InstrumentPast, MarketPast } from './marketPast.ts'
import { Quotes } from './quotes.ts'
import { RollingDay } from './rollingDay.ts'
import { Tape } from './tape.ts'
import { CANDLE, QUOTE, REFUSED, type Ticks } from './ticks.ts'
import { TradeIds } from './tradeIds.ts'

/** All that is known of one symbol: the newest trade and quote, its candles, its day and its tape. Prices in the quote currency; NaN is unknown. */
export class Instrument extends Source {
  readonly symbol: string
  /** Its number among the symbols, and its place in the columns of `Quotes`. */
  readonly index: number
  size = Number.NaN
  side = 0
  source = 0
  readonly day = new RollingDay()
  readonly tape = new Tape()
  readonly candles: Readonly<Record<Interval, Candles>> = {
    '1m': new Candles(INTERVALS['1m']),
    '5m': new Candles(INTERVALS['5m']),
    '1h': new Candles(INTERVALS['1h']),
    '1d': new Candles(INTERVALS['1d']),
  }
  /** The feeds it has come from. */
  readonly feeds: FeedHealth[] = []
  /** Which trade ids were seen, for each source by its number. */
  private readonly seen: (TradeIds | undefined)[] = []
  private readonly quotes: Quotes

  constructor(symbol: string, index: number, quotes: Quotes) {
    super()
    this.symbol = symbol
    this.index = index
    this.quotes = quotes
    quotes.reserve(index)
  }

  get price(): number {
    return this.quotes.price[this.index]!
  }

  set price(price: number) {
    this.quotes.price[this.index] = price
  }

  /** Event time of the newest trade. */
  get t(): number {
    return this.quotes.t[this.index]!
  }

  set t(t: number) {
    this.quotes.t[this.index] = t
  }

  get bid(): number {
    return this.quotes.bid[this.index]!
  }

  set bid(bid: number) {
    this.quotes.bid[this.index] = bid
  }

  get ask(): number {
    return this.quotes.ask[this.index]!
  }

  set ask(ask: number) {
    this.quotes.ask[this.index] = ask
  }

  get quoteT(): number {
    return this.quotes.quoteT[this.index]!
  }

  set quoteT(t: number) {
    this.quotes.quoteT[this.index] = t
  }

  /** Whether every feed that it comes from is silent. */
  get stale(): boolean {
    return this.quotes.stale[this.index] === 1
  }

  /** Notes that one of its feeds fell silent or spoke again. */
  heard(): void {
    this.quotes.stale[this.index] = this.feeds.length > 0 && this.feeds.every(feed => feed.silent) ? 1 : 0
  }

  /** Remembers a trade id of a source; false if it was seen before. */
  isNew(source: number, id: string): boolean {
    let seen = this.seen[source]
    if (seen === undefined) {
      seen = new TradeIds()
      this.seen[source] = seen
    }
    return seen.add(id)
  }

  /** Takes in what is stored of it: what has come since is newer. */
  restore({ newest }: InstrumentPast, live: boolean, sources: Interner): void {
    if (live && this.feeds.length === 0) this.quotes.stale[this.index] = 1
    const trades = newest.map(({ src, ...trade }) => ({ ...trade, source: sources.index(src) }))
    const fresh = trades.filter(({ source, id }) => this.isNew(source, id))
    this.tape.restore(fresh)
    for (const { t, price, size, side, source } of fresh) if (!(t < this.t)) this.trade(t, price, size, side, source)
  }

  /** The newest trade. */
  trade(t: number, price: number, size: number, side: number, source: number): void {
    this.price = price
    this.size = size
    this.side = side
    this.source = source
    this.t = t
  }

  /** Notes that ticks of it come from a feed. */
  comesFrom(feed: FeedHealth): void {
    if (this.feeds.includes(feed)) return
    this.feeds.push(feed)
    feed.carries.add(this)
    this.heard()
  }
}

const SPANS = Object.keys(INTERVALS) as Interval[]

/** The market as it stands: one instrument a symbol. The only place that prices come from. */
export class Market {
  readonly names: Interner
  readonly quotes = new Quotes()
  /** Called with each instrument as it is made, before its first tick. */
  made: (instrument: Instrument) => void = () => {}
  private readonly instruments: Instrument[] = []
  private readonly active: Instrument[] = []

  constructor(names: Interner) {
    this.names = names
  }

  /** Returns the instrument of a canonical symbol, made if there is none. */
  instrument(symbol: string): Instrument {
    return this.at(this.names.index(symbol))
  }

  /** Says whether a symbol has had a tick. */
  has(symbol: string): boolean {
    const index = this.names.find(symbol)
    return index !== undefined && (this.instruments[index]?.changedAt ?? 0) > 0
  }

  /** Symbols that have had a tick. */
  get seen(): readonly Instrument[] {
    return this.active
  }

  /** Every instrument that was asked for or has had a tick. */
  get all(): readonly Instrument[] {
    return this.instruments.filter(instrument => instrument !== undefined)
  }

  /** Applies one batch of `feed`, and returns its newest time (ms). Trades seen before are marked REFUSED in it and counted. */
  apply(ticks: Ticks, feed: FeedHealth, changes: Changes): number {
    let newest = 0
    const { type, symbol, source, t, price, size, side, id, candle } = ticks.columns
    for (let i = ticks.from; i < ticks.to; i++) {
      const instrument = this.at(symbol[i]!)
      const time = t[i]!
      if (time > newest) newest = time
      if (type[i] === QUOTE) {
        if (time < instrument.quoteT) continue
        instrument.bid = price[i]!
        instrument.ask = size[i]!
        instrument.quoteT = time
      } else {
        if (!instrument.isNew(source[i]!, id[i]!)) {
          type[i] = REFUSED
          feed.count('duplicate')
          continue
        }
        if (time < instrument.t) feed.late += 1
        else instrument.trade(time, price[i]!, size[i]!, side[i]!, source[i]!)
        if (type[i] === CANDLE && candle) {
          const span = candle.span[i]!
          const bar = candleBar(time, span, candle.open[i]!, candle.high[i]!, candle.low[i]!, price[i]!, size[i]!)
          instrument.day.add(bar)
          for (const name of SPANS) if (INTERVALS[name] >= span) instrument.candles[name].at(time)?.merge(bar)
          feed.candlesOf(span)
        } else {
          instrument.day.trade(time, price[i]!, size[i]!)
          for (const name of SPANS) instrument.candles[name].at(time)?.trade(time, price[i]!, size[i]!)
        }
        instrument.tape.push(id[i]!, time, price[i]!, size[i]!, side[i]!, source[i]!)
      }
      feed.ticks += 1
      if (instrument.changedAt === 0) this.active.push(instrument)
      instrument.comesFrom(feed)
      instrument.touch(changes)
    }
    return newest
  }

  /** ms: when the first of the days loses its oldest minute; Infinity if none holds any. */
  get losesAt(): number {
    let at = Number.POSITIVE_INFINITY
    for (const { day } of this.active) at = Math.min(at, day.losesAt)
    return at
  }

  /** Takes in what is stored of the time before this start. If the feeds are `live`, a price is stale until one of them brings its symbol. */
  restore({ instruments }: MarketPast, live: boolean, sources: Interner, changes: Changes): void {
    for (const past of instruments) {
      const instrument = this.instrument(past.symbol)
      instrument.restore(past, live, sources)
      if (instrument.changedAt === 0) this.active.push(instrument)
      instrument.touch(changes)
    }
  }

  /** Lets time come to `t` (ms): days lose their oldest minutes. */
  advance(t: number, changes: Changes): void {
    for (const instrument of this.active) if (instrument.day.advance(t)) instrument.touch(changes)
  }

  private at(index: number): Instrument {
    let instrument = this.instruments[index]
    if (instrument === undefined) {
      instrument = new Instrument(this.names.at(index), index, this.quotes)
      this.instruments[index] = instrument
      this.made(instrument)
    }
    return instrument
  }
}

const candleBar = (t: number, span: number, open: number, high: number, low: number, close: number, volume: number): Candle => {
  const bar = new Candle(t - span + 1)
  bar.add(t - span + 1, t, open, high, low, close, volume, volume * close, 1)
  return bar
}
