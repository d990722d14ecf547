import type { Source } from '../lib/dependencies.ts'
import type { Bad, BadCounts } from './ticks.ts'

/** A feed before it begins. `live`: it goes by the wall; otherwise it is a replay. */
export interface FeedInfo {
  readonly id: string
  readonly live: boolean
}

/**
 * One feed: its state, when it last spoke, and what was counted. A silent feed makes stale what rests on it; a replay that has ended does
 * not, because its data are complete.
 */
export class FeedHealth {
  readonly id: string
  readonly live: boolean
  state: FeedState = 'connecting'
  silent = false
  ticks = 0
  late = 0
  messages = 0
  readonly bad: Partial<Record<Bad, number>> = {}
  /** ms between the newest tick's own time and its receipt; NaN if unknown. */
  lag = Number.NaN
  /** What rests on this feed. */
  readonly carries = new Set<Source>()
  private lastSeen = Number.NEGATIVE_INFINITY
  private staleAfterMs: number

  constructor(info: FeedInfo, staleAfterMs: number) {
    this.id = info.id
    this.live = info.live
    this.staleAfterMs = staleAfterMs
  }

  /** Notes that the feed said something at `t` (ms). */
  seen(t: number, messages: number, bad: BadCounts, lag: number): void {
    this.lastSeen = Math.max(this.lastSeen, t)
    this.messages += messages
    if (this.state === 'connecting') this.state = 'live'
    if (!Number.isNaN(lag)) this.lag = lag
    for (const kind in bad) this.count(kind as Bad, bad[kind as Bad]!)
  }

  /** Counts ticks or lines that were left out. */
  count(kind: Bad, n = 1): void {
    this.bad[kind] = (this.bad[kind] ?? 0) + n
  }

  /** Notes that the feed has candles of `span` ms: such a feed is not silent between two of them. */
  candlesOf(span: number): void {
    if (this.staleAfterMs < 2 * span) this.staleAfterMs = 2 * span
  }

  /** ms: when it becomes silent if it says nothing more; Infinity if it cannot. */
  get silentAt(): number {
    return this.silent || this.state === 'ended' || !this.spoke ? Number.POSITIVE_INFINITY : this.lastSeen + this.staleAfterMs
  }

  /** Lets time come to `t` (ms). Returns whether the feed fell silent or spoke again. */
  advance(t: number): boolean {
    const silent = this.state !== 'ended' && this.spoke && t >= this.lastSeen + this.staleAfterMs
    if (silent === this.silent) return false
    this.silent = silent
    return true
  }

  private get spoke(): boolean {
    return this.lastSeen > Number.NEGATIVE_INFINITY
  }
}

/** What a feed says of itself; `down` is a live feed without a connection. */
export type FeedState = 'connecting' | 'live' | 'ended' | 'down'
