import { stampTime, US_FROM } from '../lib/time.ts'
import { DepthSampler } from './depthSampler.ts'
import type { BookLevels, Levels } from './levels.ts'
import {
  AHEAD_MS_MAX,
  type Bad,
  BUY,
  CANDLE,
  candleColumns,
  copyRow,
  grown,
  isPrice,
  isSize,
  isTime,
  isVolume,
  NO_SIDE,
  QUOTE,
  SELL,
  type Side,
  type TickColumns,
  type Ticks,
  TRADE,
  type TradeGap,
  tickColumns,
} from './ticks.ts'

/** Returns ms of a stamp in ms, µs or ns. */
const inMs = (t: number): number => (t < US_FROM ? t : stampTime(t))

const SIDE_CODE = { '': NO_SIDE, buy: BUY, sell: SELL } as const

/** NaN: nobody stands there. */
const isSideOfQuote = (price: number): boolean => Number.isNaN(price) || isPrice(price)

/**
 * The one way in for ticks: it checks each value, counts what it rejects by kind, and packs the rest into batches. One writer serves one
 * connection, because a message without a time takes the newest time of its connection. Times are in ms; some venues send µs or ns, which their
 * size gives away.
 */
export class TickWriter {
  /** ms: no event is later; of a recording, what is ahead of now. */
  latest = Number.POSITIVE_INFINITY
  private readonly feed: number
  private readonly line: number
  private readonly books: DepthSampler
  private readonly onReject: ((kind: Bad, n: number) => void) | undefined
  private columns: TickColumns
  private length = 0
  private messages = 0
  private heardTimes = 0
  private heardBefore = 0
  private gaps: TradeGap[] = []
  private passed: Record<string, number> = {}
  private bad: Partial<Record<Bad, number>> = {}
  private received = Number.NaN
  private newest = Number.NaN
  private lag = Number.NaN

  /** `onReject` is called with everything that is counted as rejected, as it happens. `line`: the number of the connection within its feed. */
  constructor(feed: number, onReject?: (kind: Bad, n: number) => void, line = 0) {
    this.feed = feed
    this.line = line
    this.onReject = onReject
    this.columns = tickColumns(64)
    this.books = new DepthSampler(feed, line)
  }

  /** Begins a new connection: the times of the one before say nothing about it, and its books are lost. */
  reconnect(): void {
    this.newest = Number.NaN
    this.books.allLost()
  }

  /** Begins a message, received at `at` (ms; NaN if a recording does not say). */
  message(at: number): void {
    this.messages += 1
    this.received = at
  }

  /** Counts something that cannot become a tick. */
  reject(kind: Bad, n = 1): void {
    this.bad[kind] = (this.bad[kind] ?? 0) + n
    this.onReject?.(kind, n)
  }

  /** Counts market data of a kind that is not read. */
  pass(kind: string): void {
    this.heardTimes += 1
    this.passed[kind] = (this.passed[kind] ?? 0) + 1
  }

  /** Notes trades that are missing, or have come after all; their number counts as `gap`. */
  gap(gap: TradeGap): void {
    this.gaps.push(gap)
    if (!gap.healed && gap.missing > 0) this.reject('gap', gap.missing)
  }

  /** Notes market data that changes nothing, such as the same quote once more. */
  unchanged(): void {
    this.heardTimes += 1
  }

  /** How often market data came; what was rejected is none. */
  get heard(): number {
    return this.heardTimes
  }

  /** Notes an exchange time (ms) that came without a tick: messages without a time take the newest of the connection, whatever brought it. */
  time(t: number): void {
    const time = inMs(t)
    if (this.timely(time)) this.note(time)
  }

  /** Writes one trade. `t` in ms; sizes in base units; `id` unique for its source and symbol. */
  trade(symbol: number, source: number, t: number, price: number, size: number, side: Side, id: string): void {
    const time = inMs(t)
    if (!this.timely(time) || !this.priced(price) || !this.sized(size)) return
    this.note(time)
    this.put(TRADE, symbol, source, time, price, size, SIDE_CODE[side], id)
  }

  /**
   * Writes a best bid and ask; a side at which nobody stands is NaN. Returns false if they are rejected: crossed, absurd or at a time that
   * cannot be. `t` in ms, NaN if the venue does not say.
   */
  quote(symbol: number, source: number, t: number, bid: number, ask: number): boolean {
    const time = this.timeOf(t)
    if (!this.timely(time)) return false
    if (bid > ask || !isSideOfQuote(bid) || !isSideOfQuote(ask)) {
      this.reject('quote')
      return false
    }
    // The moment of receipt is no exchange time: only a time from the venue becomes the connection's newest.
    if (!Number.isNaN(t)) this.note(time)
    this.put(QUOTE, symbol, source, time, bid, ask, NO_SIDE, '')
    return true
  }

  /** Notes that the book of a symbol changed at `t` (ms). `read` returns its levels when it is sampled, undefined if they cannot be shown. */
  levels(symbol: number, source: number, t: number, read: () => Levels | undefined): void {
    const time = this.timeOf(t)
    if (!this.timely(time)) return
    this.unchanged()
    this.books.changed(symbol, source, time, read)
  }

  /** Notes that the book of a symbol has a gap since `t` (ms). */
  loseLevels(symbol: number, t: number): void {
    const time = this.timeOf(t)
    this.books.lost(symbol, this.timely(time) ? time : Number.NaN)
  }

  /** Returns the samples of changed books that are due; with `all` every changed book, because nothing more comes. They come after the ticks so far. */
  drainLevels(all = false): readonly BookLevels[] {
    return this.books.drain(this.newest, this.received, all)
  }

  /** Writes one candle of `span` ms that opened at `openTime` (ms): a tick at its last millisecond, at its close. */
  candle(
    symbol: number,
    source: number,
    openTime: number,
    span: number,
    prices: { open: number; high: number; low: number; close: number },
    volume: number,
    id: string,
  ): void {
    const { open, high, low, close } = prices
    const t = openTime + span - 1
    if (!this.timely(t)) return
    if (!isVolume(volume)) {
      this.reject('size')
      return
    }
    if (!(isPrice(low) && low <= Math.min(open, close) && high >= Math.max(open, close) && isPrice(high))) {
      this.reject('price')
      return
    }
    this.note(t)
    this.put(CANDLE, symbol, source, t, close, volume, NO_SIDE, id)
    const i = this.length - 1
    this.columns.candle ??= candleColumns(this.columns.type.length)
    const candle = this.columns.candle
    candle.open[i] = open
    candle.high[i] = high
    candle.low[i] = low
    candle.span[i] = span
  }

  /** Returns what was written since the last call, undefined if nothing came, and begins new columns. */
  drain(): Ticks | undefined {
    if (this.messages === 0 && this.length === 0 && this.gaps.length === 0) return undefined
    const batch: Ticks = {
      kind: 'ticks',
      feed: this.feed,
      columns: this.columns,
      from: 0,
      to: this.length,
      line: this.line,
      messages: this.messages,
      heard: this.heardTimes > this.heardBefore,
      bad: this.bad,
      lag: this.lag,
      ...(this.gaps.length > 0 && { gaps: this.gaps }),
      ...(Object.keys(this.passed).length > 0 && { passed: this.passed }),
    }
    this.heardBefore = this.heardTimes
    if (this.gaps.length > 0) this.gaps = []
    if (batch.passed) this.passed = {}
    this.columns = tickColumns(Math.max(16, this.length))
    this.length = 0
    this.messages = 0
    this.bad = {}
    return batch
  }

  /** Rows written since the last drain. */
  get pending(): number {
    return this.length
  }

  /**
   * Cuts the pending rows down to `rows`, because nobody drains them: the oldest quotes go first, since newer ones replace them, and the
   * oldest trades only if no quotes are left. Both are counted as `dropped`.
   */
  shed(rows: number): void {
    let excess = this.length - rows
    if (excess <= 0) return
    let kept = 0
    for (let i = 0; i < this.length; i++) {
      if (excess > 0 && this.columns.type[i] === QUOTE) excess -= 1
      else copyRow(this.columns, i, kept++)
    }
    const dropped = this.length - rows
    if (excess > 0) {
      this.gaps.push(...gapsOf(this.columns, excess))
      for (let i = excess; i < kept; i++) copyRow(this.columns, i, i - excess)
    }
    this.length = kept - excess
    this.columns.id.length = this.length
    this.reject('dropped', dropped)
  }

  /** Returns a message's own time, or the connection's newest if it has none. */
  private timeOf(t: number): number {
    return Number.isNaN(t) ? (Number.isNaN(this.newest) ? Math.floor(this.received) : this.newest) : inMs(t)
  }

  private timely(t: number): boolean {
    if (isTime(t) && t <= this.latest && !(t - this.received > AHEAD_MS_MAX)) return true
    this.reject('time')
    return false
  }

  private priced(price: number): boolean {
    if (isPrice(price)) return true
    this.reject('price')
    return false
  }

  private sized(size: number): boolean {
    if (isSize(size)) return true
    this.reject('size')
    return false
  }

  private note(t: number): void {
    if (t <= this.newest) return
    this.newest = t
    this.lag = this.received - t
  }

  private put(type: number, symbol: number, source: number, t: number, price: number, size: number, side: number, id: string): void {
    if (this.length === this.columns.type.length) this.columns = grown(this.columns)
    this.heardTimes += 1
    const i = this.length++
    const c = this.columns
    c.type[i] = type
    c.symbol[i] = symbol
    c.source[i] = source
    c.t[i] = t
    c.price[i] = price
    c.size[i] = size
    c.side[i] = side
    c.id[i] = id
  }
}

/** Returns the times of the first `rows` ticks, by symbol and source: their trades are lost. */
const gapsOf = ({ symbol, source, t }: TickColumns, rows: number): TradeGap[] => {
  const gaps = new Map<string, TradeGap>()
  for (let i = 0; i < rows; i++) {
    const key = `${symbol[i]} ${source[i]}`
    const { from, to } = gaps.get(key) ?? { from: t[i]!, to: t[i]! }
    const span = { from: Math.min(from, t[i]!), to: Math.max(to, t[i]!) }
    gaps.set(key, { symbol: symbol[i]!, source: source[i]!, ...span, missing: Number.NaN, healed: false })
  }
  return [...gaps.values()]
}
