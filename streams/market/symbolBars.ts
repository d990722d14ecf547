import { Candle, DAY, floorTo, MINUTE } from './candles.ts'
import { type Composed, composed, type Lane, type Piece } from './composed.ts'
import { type Gap, hasGap } from './gaps.ts'
import { type GivenCandle, lastMinute } from './givenCandle.ts'
import { Minutes } from './minutes.ts'
import { factorOfAll, type Rescale, Scale } from './rescale.ts'
import type { SourceOrder } from './sourceOrder.ts'

/** A candle as it is shown. */
export type ShownCandle = Pick<Composed, 'candle' | 'gap'>

interface OwnLane extends Lane {
  gaps: Gap[]
}

/**
 * What was traded of one symbol in the last two days that had trades: candles of any interval and the rolling day, each part of time counted
 * once. Nothing is kept but minutes of each source and candles as they were given; all else is composed of these when it is asked for.
 */
export class SymbolBars {
  /** Event time of the oldest trade ever, ms; Infinity if there is none. */
  first = Number.POSITIVE_INFINITY
  private readonly order: SourceOrder
  private readonly lanes: OwnLane[] = []
  private readonly bySource: (OwnLane | undefined)[] = []
  /** In the order of the time at which they count, then of their source, then of arrival. */
  private given: GivenCandle[] = []
  /** The newest minute that something was traded in, ms. */
  private minute = Number.NEGATIVE_INFINITY
  /** The minute that time has come to. */
  private now = Number.NEGATIVE_INFINITY
  /** The two newest days with trades, ms. */
  private day = Number.NEGATIVE_INFINITY
  private dayBefore = Number.NEGATIVE_INFINITY
  /** What was composed, by the beginning of each interval; all of it is forgotten when something behind the newest minute changes. */
  private readonly known = new Map<string, ShownCandle>()

  /** On which scale it is to be shown. What is kept has that of its own time; minutes in which it changed have that of their end. */
  private readonly scale: Scale

  constructor(order: SourceOrder, scale = new Scale('')) {
    this.order = order
    this.scale = scale
  }

  /** Adds one trade. One before the two newest days is left out. */
  trade(source: number, t: number, price: number, size: number): void {
    if (t < this.scale.lastAt && this.scale.within(t, floorTo(t, MINUTE) + MINUTE).length > 0) {
      const one = new Candle(floorTo(t, MINUTE))
      one.trade(t, price, size)
      this.add(source, one)
      return
    }
    const isNow = t >= this.minute && t < this.minute + MINUTE
    if (!isNow && !this.comes(t, t)) return
    const lane = this.bySource[source] ?? this.newLane(source)
    if (lane.minutes.trade(t, price, size) || t < this.minute) this.known.clear()
  }

  /** Adds what was traded in one minute, or some of it. */
  add(source: number, minute: Candle): void {
    if (!this.comes(minute.firstT, minute.openT)) return
    const lane = this.bySource[source] ?? this.newLane(source)
    lane.minutes.add(minute.scaled(factorOfAll(this.scale.within(minute.lastT, minute.openT + MINUTE))))
    this.known.clear()
  }

  /** Adds a candle as it was given. One of more than a day says nothing of what is shown here. */
  give(candle: GivenCandle): void {
    const { openT, span, source } = candle
    if (span > DAY) return
    const at = lastMinute(candle)
    if (!this.comes(openT, at)) return
    const isSame = (other: GivenCandle): boolean => other.openT === openT && other.span === span && other.source === source
    this.known.clear()
    let i = this.given.length
    if (i === 0 || lastMinute(this.given[i - 1]!) < at) {
      this.given.push(candle)
      return
    }
    while (i > 0 && lastMinute(this.given[i - 1]!) > at) i -= 1
    for (let same = i - 1; same >= 0 && lastMinute(this.given[same]!) === at; same--) if (isSame(this.given[same]!)) return
    while (i > 0 && lastMinute(this.given[i - 1]!) === at && this.order(this.given[i - 1]!.source, source) > 0) i -= 1
    this.given.splice(i, 0, candle)
  }

  /** Notes that trades of a source were not heard in `gap`. */
  miss(source: number, gap: Gap): void {
    const { gaps } = this.bySource[source] ?? this.newLane(source)
    gaps.push(gap)
    gaps.sort((a, b) => a.from - b.from)
    this.known.clear()
  }

  /** Notes that the trades of a gap have come after all. */
  heal(source: number, { from, to }: Gap): void {
    const lane = this.bySource[source]
    const at = lane?.gaps.findIndex(gap => gap.from === from && gap.to === to) ?? -1
    if (at < 0) return
    lane!.gaps.splice(at, 1)
    this.known.clear()
  }

  /** Brings minutes that an event divides, if it came when all was traded before it, to the scale of their end. */
  rescale(rescales: readonly Rescale[]): void {
    for (const { minutes, gaps } of this.lanes) {
      for (const rescale of rescales) {
        const { t } = rescale.event
        // What was traded on both scales cannot be told apart any more.
        if (!minutes.rescale(floorTo(t, MINUTE), t, rescale)) gaps.push({ from: floorTo(t, MINUTE), to: t })
      }
      gaps.sort((a, b) => a.from - b.from)
    }
    this.known.clear()
  }

  /** ms: when the rolling day loses its oldest minute; Infinity if it holds none. */
  get losesAt(): number {
    const from = Math.max(this.now, this.minute) - DAY + MINUTE
    let oldest = Number.POSITIVE_INFINITY
    for (const { minutes } of this.lanes) oldest = Math.min(oldest, minutes.oldestFrom(from))
    const candle = this.given[firstFrom(this.given, from)]
    if (candle) oldest = Math.min(oldest, lastMinute(candle))
    return oldest + DAY
  }

  /** Lets time come to `t` (ms). Returns whether the rolling day lost something by that. */
  advance(t: number): boolean {
    const minute = floorTo(t, MINUTE)
    if (minute <= this.now) return false
    const loses = this.losesAt <= minute
    this.now = minute
    return loses
  }

  /**
   * Returns the running minute and the 1,439 before it; undefined if nothing was traded in them. Nothing is missing of the time before the
   * first trade: `first` says so.
   */
  rollingDay(): ShownCandle | undefined {
    const from = this.dayFrom
    return this.composed(from, from + DAY, DAY, this.first)
  }

  /** Where the rolling day begins, ms. */
  get dayFrom(): number {
    return Math.max(this.now, this.minute) - DAY + MINUTE
  }

  /** Returns the newest candle of `interval` ms; undefined if there is none. */
  running(interval: number): ShownCandle | undefined {
    const newest = this.newestBefore(Number.POSITIVE_INFINITY, interval)
    return newest === undefined ? undefined : this.composed(newest, newest + interval, interval)
  }

  /** Returns the candle of `interval` ms before the newest; undefined if there is none. */
  previous(interval: number): ShownCandle | undefined {
    const newest = this.newestBefore(Number.POSITIVE_INFINITY, interval)
    const before = newest === undefined ? undefined : this.newestBefore(newest, interval)
    return before === undefined ? undefined : this.composed(before, before + interval, interval)
  }

  /** Returns the parts that the rolling day is composed of, each counted once, on the scale of now, oldest first. */
  get dayParts(): readonly Piece[] {
    return this.parts(this.dayFrom, this.dayFrom + DAY, DAY)
  }

  /** Returns the parts that the newest candle of `interval` ms is composed of, or the one `before` it. */
  candleParts(interval: number, before = false): readonly Piece[] {
    const newest = this.newestBefore(Number.POSITIVE_INFINITY, interval)
    const from = before && newest !== undefined ? this.newestBefore(newest, interval) : newest
    return from === undefined ? [] : this.parts(from, from + interval, interval)
  }

  private parts(from: number, to: number, longest: number): readonly Piece[] {
    return composed({ lanes: this.lanes, given: this.given }, from, to, { longest, rescales: this.scale.since(from - DAY) }).pieces
  }

  /** Returns the beginning (ms) of the newest interval before `t` (ms) in which something was traded; undefined if there is none. */
  private newestBefore(t: number, interval: number): number | undefined {
    let newest = Number.NEGATIVE_INFINITY
    for (const { minutes } of this.lanes) newest = Math.max(newest, minutes.newestBefore(t))
    for (let i = this.given.length - 1; i >= 0; i--) {
      const at = lastMinute(this.given[i]!)
      if (at <= newest) break
      if (at < t && this.given[i]!.span <= interval) newest = at
    }
    return newest === Number.NEGATIVE_INFINITY ? undefined : floorTo(newest, interval)
  }

  /** What is behind the newest minute is composed once; what goes on in it, each time. */
  private composed(from: number, to: number, longest: number, first = Number.NEGATIVE_INFINITY): ShownCandle | undefined {
    const isOver = to <= this.minute || this.minute < from
    const closed = isOver ? to : this.minute
    if (!isOver && this.longerEndsNow) return shown(this.compose(from, to, longest, first))
    const key = `${from} ${closed} ${longest} ${first}`
    let past = this.known.get(key)
    if (past === undefined) {
      if (this.known.size > 64) this.known.clear()
      past = this.compose(from, closed, longest, first)
      this.known.set(key, past)
    }
    if (isOver) return shown(past)
    const now = this.compose(this.minute, to, longest, first)
    const candle = new Candle(from)
    candle.merge(past.candle)
    candle.merge(now.candle)
    return shown({ candle, gap: past.gap || now.gap })
  }

  /** Whether a longer candle ends in the newest minute: it may replace what is behind. */
  private get longerEndsNow(): boolean {
    for (let i = this.given.length - 1; i >= 0 && lastMinute(this.given[i]!) >= this.minute; i--)
      if (this.given[i]!.span > MINUTE) return true
    return false
  }

  /** Composes on the scale of now. */
  private compose(from: number, to: number, longest: number, first: number): ShownCandle {
    const [lane] = this.lanes
    const missedFrom = Math.max(from, first)
    // A longer candle may begin before the stretch that it ends in.
    const rescales = this.scale.since(from - DAY)
    if (this.lanes.length > 1 || this.given.length > 0 || rescales.length > 0)
      return composed({ lanes: this.lanes, given: this.given }, from, to, { longest, missedFrom, rescales })
    // As long as there is one source and one scale there is nothing to choose.
    const candle = new Candle(from)
    lane?.minutes.sum(candle, from, to)
    return { candle, gap: lane !== undefined && hasGap(lane.gaps, missedFrom, to) }
  }

  /** Takes note of something at `t` (ms) that was traded from `first` on. Returns false if that is too long ago. */
  private comes(first: number, t: number): boolean {
    if (first < this.first) this.first = first
    const day = floorTo(t, DAY)
    if (day < this.dayBefore) return false
    if (day > this.day) {
      this.dayBefore = this.day
      this.day = day
      this.forget()
    } else if (day < this.day && day > this.dayBefore) {
      this.dayBefore = day
      this.forget()
    }
    if (t >= this.minute + MINUTE) this.minute = floorTo(t, MINUTE)
    return true
  }

  /** Forgets what came before the two newest days. */
  private forget(): void {
    const { dayBefore } = this
    for (const lane of this.lanes) {
      lane.minutes.forget(dayBefore)
      lane.gaps = lane.gaps.filter(gap => gap.to > dayBefore)
    }
    this.given = this.given.filter(candle => lastMinute(candle) >= dayBefore)
    this.known.clear()
  }

  private newLane(source: number): OwnLane {
    const lane: OwnLane = { source, minutes: new Minutes(), gaps: [] }
    this.bySource[source] = lane
    this.lanes.push(lane)
    this.lanes.sort((a, b) => this.order(a.source, b.source))
    this.known.clear()
    return lane
  }
}

/** The place of the first of these candles that counts at `t` (ms) or later. */
const firstFrom = (given: readonly GivenCandle[], t: number): number => {
  let [low, high] = [0, given.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (lastMinute(given[middle]!) < t) low = middle + 1
    else high = middle
  }
  return low
}

const shown = (figure: ShownCandle): ShownCandle | undefined => (figure.candle.n > 0 ? figure : undefined)
