import { type Changes, Source } from '../lib/dependencies.ts'
import { Interner } from '../lib/interner.ts'
import { type AssetEvent, factorOf } from './assetEvent.ts'
import { type FeedHealth, type FeedLine, feedOf } from './feedHealth.ts'
import { givenCandle } from './givenCandle.ts'
import { Beats, CLOSED, HEALED, Listening, type ListeningRow } from './listening.ts'
import { type InstrumentPast, type MarketPast, type PastTick, Repeats } from './marketPast.ts'
import { Quotes } from './quotes.ts'
import { factorOfAll, type Rescale, Scale } from './rescale.ts'
import { orderOfNumbers, type SourceOrder } from './sourceOrder.ts'
import { SymbolBars } from './symbolBars.ts'
import { splitSymbol } from './symbols.ts'
import { Tape, type TapeTrade } from './tape.ts'
import { AHEAD_MS_MAX, CANDLE, NO_SIDE, QUOTE, REFUSED, type TickColumns, type Ticks, type TradeGap } from './ticks.ts'
import { TradeIds } from './tradeIds.ts'

/** All that is known of one symbol: the newest trade and quote, its candles, its day and its tape. Prices in the quote currency; NaN is unknown. */
export class Instrument extends Source {
  readonly symbol: string
  /** Its number among the symbols, and its place in the columns of `Quotes`. */
  readonly index: number
  size = Number.NaN
  side = 0
  source = 0
  readonly tape = new Tape()
  /** Length of the longest candles that it comes in, ms; 0 if it comes in trades. */
  candleMs = 0
  /** On which scale its numbers are. */
  readonly scale: Scale
  /** Candles and the rolling day. */
  readonly bars: SymbolBars
  /** The connections of feeds that it has come by. */
  readonly feeds: FeedLine[] = []
  /** Its price is that of a stored candle and not of a tick. */
  private ofCandle = false
  /** Which trade ids were seen, for each source by its number. */
  private readonly seen: (TradeIds | undefined)[] = []
  /** When its sources were listened to. */
  readonly listening: Listening
  private readonly quotes: Quotes
  /** Ticks of the moment that the past ends with, until they are taken in. */
  last: readonly PastTick[] | undefined
  /** Those of them that may still come again. */
  repeats: Repeats | undefined

  constructor(symbol: string, index: number, quotes: Quotes, order: SourceOrder) {
    super()
    this.scale = new Scale(symbol)
    this.bars = new SymbolBars(order, this.scale)
    this.listening = new Listening(index, this.bars)
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
  restore({ first, newest, minutes, given, gaps, quote }: InstrumentPast, sources: Interner): void {
    const fresh: TapeTrade[] = []
    // What has happened by the newest tick has happened: each minute comes on the scale of its last trade.
    for (const { t } of newest) if (t >= this.scale.nextAt) this.rescale(this.scale.advance(t))
    for (const { src, ...tick } of newest) {
      const source = sources.index(src)
      if (this.isNew(source, tick.id)) fresh.push({ ...tick, source })
    }
    this.tape.restore(fresh)
    this.candleMs = Math.max(this.candleMs, newest.at(-1)?.span ?? 0)
    for (const { t, price, size, side, source } of fresh) if (!(t < this.t)) this.trade(t, price, size, side, source)
    for (const { src, minute } of minutes) this.bars.add(sources.index(src), minute)
    for (const { src, gap } of gaps) this.bars.miss(sources.index(src), gap)
    this.learn({ first, given }, sources)
    if (quote && Number.isNaN(this.quoteT)) {
      const by = factorOfAll(this.scale.since(quote.t)).price
      this.bid = quote.bid * by
      this.ask = quote.ask * by
      this.quoteT = quote.t
    }
  }

  /**
   * Takes in stored candles, which count where nothing better does and pass through no tape. The newest says what it was worth, unless a
   * trade is as new; of those that end together the last does, so that the order of imports makes no difference.
   */
  learn({ first, given }: Pick<InstrumentPast, 'first' | 'given'>, sources: Interner): void {
    this.bars.first = Math.min(this.bars.first, first)
    for (const { src, openT, span, bar } of given) {
      const [source, t] = [sources.index(src), openT + span - 1]
      this.bars.give({ openT, span, source, bar })
      if (t < this.t || (t === this.t && !this.ofCandle)) continue
      this.trade(t, bar.close, bar.volume, NO_SIDE, source)
      this.ofCandle = true
    }
  }

  /** Counts a tick in candles and the day. */
  count(source: number, { t, price, size, span, open, high, low }: Omit<PastTick, 'src'>): void {
    if (span === 0) this.bars.trade(source, t, price, size)
    else this.bars.give(givenCandle(t - span + 1, span, source, { open, high, low, close: price }, size))
  }

  /** Notes the newest trade. */
  trade(t: number, price: number, size: number, side: number, source: number): void {
    // One of before an event that has come is brought to the scale of now.
    const by = t < this.scale.lastAt ? factorOfAll(this.scale.since(t)) : undefined
    this.price = by === undefined ? price : price * by.price
    this.size = by === undefined ? size : size * by.size
    this.side = side
    this.source = source
    this.t = t
    this.ofCandle = false
  }

  /** Brings the newest trade and quote, if they are of before an event, to the scale of after it; and so the candles. */
  rescale(rescales: readonly Rescale[]): void {
    for (const { event, price, size } of rescales) {
      if (this.t < event.t) {
        this.price *= price
        this.size *= size
      }
      if (!(this.quoteT < event.t)) continue
      this.bid *= price
      this.ask *= price
    }
    if (rescales.length > 0) this.bars.rescale(rescales)
  }

  /** Continues another instrument under a new name, one unit of which has become `factor` units, unless it has a price of its own. */
  succeed(other: Instrument, factor: number): boolean {
    if (!Number.isNaN(this.price) || Number.isNaN(other.price)) return false
    this.trade(other.t, other.price / factor, other.size * factor, other.side, other.source)
    for (const feed of other.feeds) this.comesFrom(feed)
    return true
  }

  /** Notes that ticks of it come by a connection. */
  comesFrom(line: FeedLine): void {
    if (this.feeds.includes(line)) return
    this.feeds.push(line)
    line.carries.add(this)
    this.heard()
  }
}

/** What a market knows beside its symbols. */
export interface MarketOptions {
  /** The names of where ticks come from, by the numbers that ticks have. */
  readonly sources: Interner
  /** The names of sources that count before others for the same time, first the one that counts most. */
  readonly sourceOrder: readonly string[]
  /** Something may have been stored before this start. */
  readonly awaitsPast: boolean
}

/** A tick from before the start, which may have been stored: it counts in no candle until the past is known. */
interface WaitingTick {
  readonly instrument: Instrument
  readonly source: number
  readonly tick: Omit<PastTick, 'src'>
}

/** Ticks that may wait for the past; those beyond count as missed. */
const WAITING_MAX = 100_000

/** The market as it stands: one instrument a symbol. The only place that prices come from. */
export class Market {
  readonly names: Interner
  readonly quotes = new Quotes()
  /** Called with each instrument as it is made, before its first tick. */
  made: (instrument: Instrument) => void = () => {}
  /** ms: candles that begin from here on owe nothing to the past; -Infinity if the past is known. */
  knownFrom = Number.NEGATIVE_INFINITY
  private readonly sources: Interner
  private readonly order: SourceOrder
  private readonly instruments: Instrument[] = []
  private readonly active: Instrument[] = []
  /** End of the last frame, ms. */
  private t = 0
  private readonly beats = new Beats()
  private listened: ListeningRow[] = []
  private waiting: WaitingTick[] = []
  /** Sources that have begun before the past was known. */
  private begun: { readonly instrument: Instrument; readonly source: number }[] = []
  /** Events of assets that are known, in order of time. */
  events: readonly AssetEvent[] = []
  /** Instruments with ticks of the moment that the past ends with. */
  private ending: Instrument[] = []

  constructor(symbols: Interner, { sources = new Interner(), sourceOrder = [], awaitsPast = false }: Partial<MarketOptions> = {}) {
    this.names = symbols
    this.sources = sources
    this.order = orderOfNumbers(sources, sourceOrder)
    if (awaitsPast) this.knownFrom = Number.POSITIVE_INFINITY
  }

  /** Whether the past has been put in, or there is none. */
  get pastKnown(): boolean {
    return this.knownFrom === Number.NEGATIVE_INFINITY
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
      if (time >= instrument.scale.nextAt) instrument.rescale(instrument.scale.advance(time))
      if (time > newest) newest = time
      if (type[i] === QUOTE) {
        if (time < instrument.quoteT) continue
        const by = time < instrument.scale.lastAt ? factorOfAll(instrument.scale.since(time)).price : 1
        instrument.bid = price[i]! * by
        instrument.ask = size[i]! * by
        instrument.quoteT = time
      } else {
        if (instrument.last) this.endPast(instrument, changes)
        const repeats = time === instrument.repeats?.t && instrument.repeats.take(id[i]!)
        if (!instrument.isNew(source[i]!, id[i]!) && !repeats) {
          type[i] = REFUSED
          feed.count('duplicate')
          continue
        }
        if (time < instrument.t) feed.late += 1
        else instrument.trade(time, price[i]!, size[i]!, side[i]!, source[i]!)
        const span = type[i] === CANDLE ? candle!.span[i]! : 0
        if (span > 0) feed.candlesOf(span)
        if (span > instrument.candleMs) instrument.candleMs = span
        if (!repeats) {
          if (time < this.knownFrom) this.wait(instrument, ticks.columns, i)
          else if (span > 0) instrument.bars.give(givenCandle(time - span + 1, span, source[i]!, pricesOf(ticks.columns, i), size[i]!))
          else instrument.bars.trade(source[i]!, time, price[i]!, size[i]!)
          instrument.tape.push(id[i]!, time, price[i]!, size[i]!, side[i]!, source[i]!)
        }
      }
      feed.ticks += 1
      const line = feed.line(ticks.line)
      instrument.comesFrom(line)
      if (feed.live && !instrument.listening.hears(source[i]!)) this.hear(instrument, source[i]!, line)
      this.changed(instrument, changes)
    }
    for (const gap of ticks.gaps ?? []) this.missed(gap, changes)
    return newest
  }

  /** Notes trades that were skipped, or have come after all. */
  private missed({ symbol, source, from, to, healed }: TradeGap, changes: Changes): void {
    const instrument = this.at(symbol)
    const gap = { from, to: to + 1 }
    const [until, version] = healed ? [from, HEALED] : [gap.to, CLOSED]
    this.listened.push({ symbol, source, kind: 'missed', from, until, version })
    if (healed) instrument.bars.heal(source, gap)
    else instrument.bars.miss(source, gap)
    if (instrument.changedAt > 0) instrument.touch(changes)
  }

  /** ms: when the first of the days loses its oldest minute; Infinity if none holds any. */
  get losesAt(): number {
    let at = Number.POSITIVE_INFINITY
    for (const { bars } of this.active) at = Math.min(at, bars.losesAt)
    return at
  }

  /**
   * Takes in what is stored of the time before this start, and counts what has waited for it. If the feeds are `live`, a price is stale
   * until one of them brings its symbol.
   */
  restore({ instruments }: MarketPast, live: boolean, changes: Changes): void {
    this.knownFrom = Number.NEGATIVE_INFINITY
    for (const past of instruments) {
      const instrument = this.instrument(past.symbol)
      if (past.last.length > 0) {
        instrument.last = past.last
        this.ending.push(instrument)
      }
      if (past.newest.length + past.minutes.length + past.given.length === 0) continue
      instrument.restore(past, this.sources)
      if (live) for (const { src, ...before } of past.heard) instrument.listening.restore(this.sources.index(src), before)
      if (live && instrument.feeds.length === 0) this.quotes.stale[instrument.index] = 1
      this.changed(instrument, changes)
    }
    for (const { instrument, source } of this.begun.splice(0)) this.listened.push(...instrument.listening.resume(source))
    const known = new Map(instruments.map(({ symbol, newest }) => [symbol, new Set(newest.map(({ src, id }) => `${src} ${id}`))]))
    for (const { instrument, source, tick } of this.waiting.splice(0)) {
      if (known.get(instrument.symbol)?.has(`${this.sources.at(source)} ${tick.id}`)) continue
      instrument.count(source, tick)
      instrument.touch(changes)
    }
  }

  /** Lets replays go on where a former run ended: until then each had brought what `feeds` say that it will bring. */
  resume(feeds: readonly FeedHealth[]): void {
    for (const instrument of this.active) {
      const { symbol, t, quoteT, candleMs } = instrument
      const feed = feedOf(feeds, symbol)
      if (feed === undefined) continue
      if (candleMs > 0) feed.candlesOf(candleMs)
      instrument.comesFrom(feed.line())
      feed.line().heard(Math.max(t || 0, quoteT || 0))
    }
  }

  /** Takes in candles that were imported while this runs. If the feeds are `live`, the price of a symbol that none of them brings is stale. */
  learn({ instruments }: MarketPast, live: boolean, changes: Changes): void {
    for (const past of instruments) {
      const instrument = this.instrument(past.symbol)
      instrument.learn(past, this.sources)
      if (live && instrument.feeds.length === 0) this.quotes.stale[instrument.index] = 1
      this.changed(instrument, changes)
    }
  }

  /** Lets time come to `t` (ms): days lose their oldest minutes. */
  advance(t: number, changes: Changes): void {
    for (const instrument of this.active) if (instrument.bars.advance(t)) instrument.touch(changes)
  }

  /** Returns what is to be stored of the hearing of trades since the last call. */
  drainListening(): ListeningRow[] {
    return this.listened.splice(0)
  }

  /** Ends the frame `t` (ms): what the past ends with is known to have come, or not to come, again. */
  endFrame(t: number, changes: Changes): void {
    if (this.knownFrom === Number.POSITIVE_INFINITY) this.knownFrom = t + AHEAD_MS_MAX
    this.ending = this.ending.filter(instrument => {
      const [last] = instrument.last ?? []
      if (last && last.t > t) return true
      if (last) this.endPast(instrument, changes)
      return false
    })
    this.t = t
  }

  /** Notes every few seconds, at `t` (ms), which sources are heard. */
  beat(t: number): void {
    if (this.pastKnown && this.beats.due(t)) for (const { listening } of this.active) this.listened.push(...listening.beat(t))
  }

  /** A source begins to bring a symbol in this run. */
  private hear(instrument: Instrument, source: number, line: FeedLine): void {
    instrument.listening.begin(source, line, this.t)
    if (this.pastKnown) this.listened.push(...instrument.listening.resume(source))
    else this.begun.push({ instrument, source })
  }

  /** Takes in all events of assets that are known, in order of time. */
  follow(events: readonly AssetEvent[]): void {
    this.events = events
    for (const instrument of this.all) instrument.rescale(instrument.scale.follow(events))
  }

  /** Lets events of assets happen that have come by `t` (ms): `due` are those since the last time. */
  happen(t: number, due: readonly AssetEvent[], changes: Changes): void {
    for (const instrument of this.all) {
      const rescales = instrument.scale.advance(t)
      if (rescales.length === 0) continue
      instrument.rescale(rescales)
      if (instrument.changedAt > 0) instrument.touch(changes)
    }
    for (const { asset, to, ratio } of due) {
      if (to === asset) continue
      for (const before of this.all.filter(({ symbol, price }) => !Number.isNaN(price) && splitSymbol(symbol)?.base === asset)) {
        const after = this.instrument(`${to}${before.symbol.slice(asset.length)}`)
        if (after.succeed(before, factorOf(ratio))) this.changed(after, changes)
      }
    }
  }

  /** Takes in the ticks of the moment that the past ends with, before those that a replay brings. */
  private endPast(instrument: Instrument, changes: Changes): void {
    const last = instrument.last!
    instrument.last = undefined
    instrument.repeats = new Repeats(
      last[0]!.t,
      last.map(({ id }) => id),
    )
    for (const { src, ...tick } of last) {
      const source = this.sources.index(src)
      instrument.isNew(source, tick.id)
      if (!(tick.t < instrument.t)) instrument.trade(tick.t, tick.price, tick.size, tick.side, source)
      instrument.count(source, tick)
      instrument.tape.push(tick.id, tick.t, tick.price, tick.size, tick.side, source)
    }
    this.changed(instrument, changes)
  }

  private wait(instrument: Instrument, columns: TickColumns, i: number): void {
    const { type, source, t, price, size, side, id, candle } = columns
    if (this.waiting.length === WAITING_MAX) {
      const gap = { from: t[i]!, to: t[i]! + 1 }
      instrument.bars.miss(source[i]!, gap)
      this.listened.push({ symbol: instrument.index, source: source[i]!, kind: 'missed', from: gap.from, until: gap.to, version: CLOSED })
      return
    }
    const span = type[i] === CANDLE ? candle!.span[i]! : 0
    const tick = { t: t[i]!, price: price[i]!, size: size[i]!, side: side[i]!, id: id[i]!, span, ...pricesOf(columns, i) }
    this.waiting.push({ instrument, source: source[i]!, tick })
  }

  private changed(instrument: Instrument, changes: Changes): void {
    if (instrument.changedAt === 0) this.active.push(instrument)
    instrument.touch(changes)
  }

  private at(index: number): Instrument {
    let instrument = this.instruments[index]
    if (instrument === undefined) {
      instrument = new Instrument(this.names.at(index), index, this.quotes, this.order)
      this.instruments[index] = instrument
      if (this.events.length > 0) instrument.rescale(instrument.scale.follow(this.events))
      this.made(instrument)
    }
    return instrument
  }
}

/** Returns the prices of a candle; those of a trade are all its price. */
const pricesOf = ({ type, price, candle }: TickColumns, i: number): { open: number; high: number; low: number; close: number } => {
  const close = price[i]!
  if (type[i] !== CANDLE) return { open: close, high: close, low: close, close }
  return { open: candle!.open[i]!, high: candle!.high[i]!, low: candle!.low[i]!, close }
}
