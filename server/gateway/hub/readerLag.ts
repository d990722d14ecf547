/**
 * How far behind a socket's reader is. The kernel hides some megabytes, so what counts is what was sent since the last pong: a
 * pong comes in band, behind all that was sent before its ping, and so proves that it has been read.
 */
export interface ReaderLagLimits {
  /** A reader may owe this many bytes for any time. */
  readonly lagBytes: number
  /** A reader that owes more than `lagBytes` for longer than this is behind, ms. */
  readonly lagMs: number
  /** A reader that owes more than this is behind at once. */
  readonly lagBytesMax: number
  /** A reader that has not answered a ping for so long is gone, ms. */
  readonly deadAfterMs: number
}

/** At least so long between two pings, and at most while something is owed, ms. */
const PING_AT_LEAST_MS = 250
const PING_AT_MOST_MS = 1000

export class ReaderLag {
  private readonly limits: ReaderLagLimits
  private acknowledged = 0
  private ping: { mark: number; total: number; at: number } | undefined
  private lastPingAt = Number.NEGATIVE_INFINITY
  private marks = 0
  /** ms that the last answered ping took. */
  roundTrip = 0

  constructor(limits: ReaderLagLimits) {
    this.limits = limits
  }

  /** Bytes of `total` ever sent that nobody has proved to be read. */
  owed(total: number): number {
    return total - this.acknowledged
  }

  get waiting(): boolean {
    return this.ping !== undefined
  }

  /** Whether it is time to ask, at `now` with `total` bytes ever sent. */
  due(total: number, now: number): boolean {
    const owed = this.owed(total)
    if (this.ping !== undefined || owed === 0) return false
    const since = now - this.lastPingAt
    return since >= PING_AT_MOST_MS || (since >= PING_AT_LEAST_MS && owed > this.limits.lagBytes / 3)
  }

  /** Notes that everything up to `total` is being asked for; the mark to send. */
  ask(total: number, now: number): number {
    this.marks += 1
    this.ping = { mark: this.marks, total, at: now }
    this.lastPingAt = now
    return this.marks
  }

  /** The answer to a ping; false where it answers none of ours. */
  onPong(mark: number | undefined, now: number): boolean {
    if (this.ping === undefined || mark !== this.ping.mark) return false
    this.acknowledged = this.ping.total
    this.roundTrip = now - this.ping.at
    this.ping = undefined
    return true
  }

  isBehind(total: number, now: number): boolean {
    const owed = this.owed(total)
    if (owed > this.limits.lagBytesMax) return true
    return owed > this.limits.lagBytes && this.ping !== undefined && now - this.ping.at > this.limits.lagMs
  }

  isDead(now: number): boolean {
    return this.ping !== undefined && now - this.ping.at > this.limits.deadAfterMs
  }
}
