import type { Source } from '../lib/dependencies.ts'
import type { Bad, BadCounts } from './ticks.ts'

/** A feed before it begins. `live`: it goes by the wall; otherwise it is a replay. */
export interface FeedInfo {
  readonly id: string
  readonly live: boolean
  /** The symbols that it brings, if that is known before. */
  readonly symbols?: readonly string[]
}

/** One connection of a feed: when it last brought market data, and what rests on it. If it falls silent, that is stale. */
export class FeedLine {
  silent = false
  readonly carries = new Set<Source>()
  /** ms: when it brought market data for the first time; Infinity if it did not yet. */
  firstHeard = Number.POSITIVE_INFINITY
  private lastHeard = Number.NEGATIVE_INFINITY

  /** Notes that market data came at `t` (ms). */
  heard(t: number): void {
    if (t > this.lastHeard) this.lastHeard = t
  }

  /** Returns when it becomes silent (ms) if it brings nothing more for `staleAfterMs`; Infinity if it is, or brought nothing yet. */
  silentAt(staleAfterMs: number): number {
    return this.silent || this.lastHeard === Number.NEGATIVE_INFINITY ? Number.POSITIVE_INFINITY : this.lastHeard + staleAfterMs
  }

  /** Lets time come to `t` (ms). Returns whether it fell silent or spoke again. `ended`: nothing more will come, and it is not silent. */
  advance(t: number, staleAfterMs: number, ended: boolean): boolean {
    const silent = !ended && this.lastHeard > Number.NEGATIVE_INFINITY && t >= this.lastHeard + staleAfterMs
    if (silent === this.silent) return false
    this.silent = silent
    return true
  }
}

/** Kinds of messages that are counted one by one; a venue might invent more. */
const PASSED_KINDS_MAX = 32
/** The name under which the rest is counted. */
const OTHER_KINDS = 'other'

/** Symbols and topics, each with what is wrong with it. */
export type Troubles = Readonly<Record<string, string>>

/**
 * One feed: its state, its connections, and what was counted. A silent connection makes stale what rests on it alone; a replay that has
 * ended does not, because its data are complete.
 */
export class FeedHealth {
  readonly id: string
  readonly live: boolean
  readonly symbols: readonly string[] | undefined
  state: FeedState = 'connecting'
  ticks = 0
  late = 0
  messages = 0
  readonly bad: Partial<Record<Bad, number>> = {}
  /** Messages of kinds that are not read, by kind. */
  readonly passed: Record<string, number> = {}
  /** What the venue refused, with its words. */
  refused: Troubles = {}
  /** Symbols that were asked for and never came. */
  missing: Troubles = {}
  /** ms between the newest tick's own time and its receipt; NaN if unknown. */
  lag = Number.NaN
  private readonly lines: FeedLine[] = []
  private staleAfterMs: number

  constructor(info: FeedInfo, staleAfterMs: number) {
    this.id = info.id
    this.live = info.live
    this.symbols = info.symbols
    this.staleAfterMs = staleAfterMs
  }

  /** Returns one of its connections, by its number. */
  line(number = 0): FeedLine {
    while (this.lines.length <= number) this.lines.push(new FeedLine())
    return this.lines[number]!
  }

  /** Takes note of its state at `t` (ms). A live feed that begins has as long to speak as any other. */
  become(state: FeedState, t: number): void {
    if (this.live && this.lines.length === 0 && t > 0) this.line().heard(t)
    this.state = state
  }

  /** Notes messages that came at `t` (ms); `heard`: with market data. */
  seen(t: number, messages: number, heard: boolean, bad: BadCounts, lag: number, line = 0): void {
    if (heard) {
      const by = this.line(line)
      by.heard(t)
      if (t < by.firstHeard) by.firstHeard = t
    }
    this.messages += messages
    if (this.state === 'connecting') this.state = 'live'
    if (!Number.isNaN(lag)) this.lag = lag
    for (const kind in bad) this.count(kind as Bad, bad[kind as Bad]!)
  }

  /** Counts ticks or lines that were left out. */
  count(kind: Bad, n = 1): void {
    this.bad[kind] = (this.bad[kind] ?? 0) + n
  }

  /** Counts messages of kinds that are not read. */
  pass(passed: Readonly<Record<string, number>>): void {
    for (const kind of Object.keys(passed)) {
      const isNew = this.passed[kind] === undefined && Object.keys(this.passed).length >= PASSED_KINDS_MAX
      const name = isNew ? OTHER_KINDS : kind
      this.passed[name] = (this.passed[name] ?? 0) + passed[kind]!
    }
  }

  /** Notes that the feed has candles of `span` ms: such a feed is not silent between two of them. */
  candlesOf(span: number): void {
    if (this.staleAfterMs < 2 * span) this.staleAfterMs = 2 * span
  }

  /** Whether none of its connections brings market data any more. */
  get silent(): boolean {
    return this.lines.length > 0 && this.lines.every(line => line.silent)
  }

  /** ms: when one of its connections becomes silent if it brings nothing more; Infinity if none can. */
  get silentAt(): number {
    if (this.state === 'ended') return Number.POSITIVE_INFINITY
    return this.lines.reduce((least, line) => Math.min(least, line.silentAt(this.staleAfterMs)), Number.POSITIVE_INFINITY)
  }

  /** Lets time come to `t` (ms). Returns the connections that fell silent or spoke again. */
  advance(t: number): readonly FeedLine[] {
    return this.lines.filter(line => line.advance(t, this.staleAfterMs, this.state === 'ended'))
  }
}

/** What a feed says of itself; `down` is a live feed without a connection. */
export type FeedState = 'connecting' | 'live' | 'ended' | 'down'

/** Returns the feed that will bring a symbol, as far as that is known; of a symbol of no name, the only feed that there is. */
export const feedOf = (feeds: readonly FeedHealth[], symbol?: string): FeedHealth | undefined =>
  feeds.length === 1 ? feeds[0] : feeds.find(({ symbols }) => symbol !== undefined && symbols?.includes(symbol))
