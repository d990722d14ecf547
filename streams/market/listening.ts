import { DAY, floorTo } from './candles.ts'
import type { FeedLine } from './feedHealth.ts'
import type { SymbolBars } from './symbolBars.ts'

/** What is stored of the hearing of trades. */
export interface ListeningRow {
  readonly symbol: number
  readonly source: number
  /** `heard`: the server listened to the source in this time. `missed`: trades of this time are missing. */
  readonly kind: 'heard' | 'missed'
  /** ms; `until` is Infinity if a gap is open. */
  readonly from: number
  readonly until: number
  /** Of several rows of one beginning the highest counts. */
  readonly version: number
}

/** A gap whose end is known. */
export const CLOSED = 1
/** A gap whose trades have come after all. */
export const HEALED = 2

/** ms between two rows that say that the server listens. */
const BEAT_MS = 5_000

/** A source that this run listens to. */
interface Heard {
  readonly from: number
  readonly line: FeedLine
}

/** What was known of a source before this start. */
export interface HeardBefore {
  /** The server listened until then, ms; NaN if it never did. */
  readonly until: number
  /** The newest trade that was stored, ms; -Infinity if there is none. */
  readonly newest: number
}

/**
 * When the sources of one symbol were listened to: the time between two runs, in which nobody did, is a gap that begins with the last sign of
 * the former run and ends with the first market data of the connection that brings the symbol now.
 */
export class Listening {
  private readonly symbol: number
  private readonly bars: SymbolBars
  private readonly heard: (Heard | undefined)[] = []
  private readonly before = new Map<number, HeardBefore>()

  constructor(symbol: number, bars: SymbolBars) {
    this.symbol = symbol
    this.bars = bars
  }

  /** Says whether this run listens to a source. */
  hears(source: number): boolean {
    return this.heard[source] !== undefined
  }

  /** Notes that a source has begun to bring the symbol by a connection, at `t` (ms). Returns what is to be stored once the past is known. */
  begin(source: number, line: FeedLine, t: number): void {
    this.heard[source] = { from: Math.min(line.firstHeard, t), line }
  }

  /** Takes in what is known of the time before this start. A source that was listened to is not heard until it begins again. */
  restore(source: number, before: HeardBefore): void {
    this.before.set(source, before)
    if (!Number.isNaN(before.until) && !this.hears(source)) this.bars.miss(source, { from: startOf(before), to: Number.POSITIVE_INFINITY })
  }

  /** Returns the row of the gap before this run, which ends with the beginning of a source; none if there is no gap. */
  resume(source: number): ListeningRow[] {
    const { from: to } = this.heard[source]!
    const before = this.before.get(source)
    const open = before && startOf(before)
    if (open !== undefined) this.bars.heal(source, { from: open, to: Number.POSITIVE_INFINITY })
    // Nobody knows what was traded before the first start: the candles that it falls into are not whole.
    const from = Math.max(open ?? Number.NEGATIVE_INFINITY, before === undefined || Number.isNaN(before.until) ? floorTo(to, DAY) : 0)
    if (!(from < to)) return []
    this.bars.miss(source, { from, to })
    return [{ symbol: this.symbol, source, kind: 'missed', from, until: to, version: CLOSED }]
  }

  /** Returns rows that say that the server has listened until `t` (ms). */
  beat(t: number): ListeningRow[] {
    return this.heard.flatMap((heard, source) =>
      heard === undefined || heard.line.silent
        ? []
        : [{ symbol: this.symbol, source, kind: 'heard', from: heard.from, until: t, version: t }],
    )
  }
}

const startOf = ({ until, newest }: HeardBefore): number => Math.max(Number.isNaN(until) ? Number.NEGATIVE_INFINITY : until, newest + 1)

/** The beats of a market: true once in each BEAT_MS. */
export class Beats {
  private next = Number.NEGATIVE_INFINITY

  /** Says whether a beat is due at `t` (ms). */
  due(t: number): boolean {
    if (t < this.next) return false
    this.next = t + BEAT_MS
    return true
  }
}
