/** When a reader counts as behind, or as gone. */
export interface ReaderLagLimits {
  /** A reader may owe this many bytes for any time. */
  readonly lagBytes: number
  /** A reader that owes more than `lagBytes` for longer than this is behind, ms. */
  readonly lagMs: number
  /** A reader that owes more than this is behind at once. */
  readonly lagBytesMax: number
  /** A reader that has not answered a ping for this long is gone, ms. */
  readonly deadAfterMs: number
}

/** The shortest time between two pings, ms. */
const PING_MIN_MS = 250
/** The longest, while something is owed, ms. */
const PING_MAX_MS = 1000

/**
 * How far behind a socket's reader is. The kernel hides some megabytes, so what counts is what was sent since the last pong: a
 * pong comes in band, behind all that was sent before its ping, and so proves that this has been read.
 */
export class ReaderLag {
  private readonly limits: ReaderLagLimits
  private acknowledged = 0
  private ping: { mark: number; total: number; at: number } | undefined
  private lastPingAt = Number.NEGATIVE_INFINITY
  private marks = 0
  /** Time that the last answered ping took, ms. */
  roundTrip = 0

  constructor(limits: ReaderLagLimits) {
    this.limits = limits
  }

  /** Returns how many of the `total` bytes sent are not proved to be read. */
  owed(total: number): number {
    return total - this.acknowledged
  }

  /** A ping is under way. */
  get waiting(): boolean {
    return this.ping !== undefined
  }

  /** Whether it is time for a ping, at `now` with `total` bytes sent. */
  due(total: number, now: number): boolean {
    const owed = this.owed(total)
    if (this.ping !== undefined || owed === 0) return false
    const since = now - this.lastPingAt
    return since >= PING_MAX_MS || (since >= PING_MIN_MS && owed > this.limits.lagBytes / 3)
  }

  /** Notes a ping behind the first `total` bytes. Returns its number. */
  ask(total: number, now: number): number {
    this.marks += 1
    this.ping = { mark: this.marks, total, at: now }
    this.lastPingAt = now
    return this.marks
  }

  /** Accepts the answer to a ping. Returns false if it is not the one under way. */
  onPong(mark: number | undefined, now: number): boolean {
    if (this.ping === undefined || mark !== this.ping.mark) return false
    this.acknowledged = this.ping.total
    this.roundTrip = now - this.ping.at
    this.ping = undefined
    return true
  }

  /** Whether the reader is too far behind to be sent everything. */
  isBehind(total: number, now: number): boolean {
    const owed = this.owed(total)
    if (owed > this.limits.lagBytesMax) return true
    return owed > this.limits.lagBytes && this.ping !== undefined && now - this.ping.at > this.limits.lagMs
  }

  /** Whether the reader counts as gone. */
  isDead(now: number): boolean {
    return this.ping !== undefined && now - this.ping.at > this.limits.deadAfterMs
  }
}
