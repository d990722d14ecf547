import type { Principal } from '../../identity/access.ts'
import { nextMoment, type Origin } from '../../lib/arrivalOrder.ts'
import type { Socket } from '../transports/transport.ts'
import { type FanoutGroup, FRAME_OVERHEAD } from './fanoutGroup.ts'
import { ReaderLag, type ReaderLagLimits } from './readerLag.ts'

/** One channel that a session follows. */
export interface Follow {
  /** The channel that was asked for. The group may be of some of its members only. */
  readonly channel: string
  readonly group: FanoutGroup
  readonly checksum: boolean
  /** On the group's topic. Otherwise it is served by itself, from `seq` on, until it can join. */
  joined: boolean
  /** The number that its client has, if it has not joined; NEVER before its first snapshot. */
  seq: number
  /** Patches that were promised to it when it resumed, up to `seq`. */
  missed: readonly Uint8Array[]
  /** Rows of the past are on their way to it: nothing else may come before them. */
  busy: boolean
  /** Wall clock, ms: when it got its snapshot, or what it had missed; undefined before. */
  begunAt: number | undefined
  /** Wall clock, ms: when its state was last proved by a checksum. */
  checkedAt: number
  /** Readings of the group's counters when it joined. */
  joinedAt: number
  checksumJoinedAt: number
}

/** The `seq` of a client that has nothing yet. */
export const NEVER = -1

/** A slow session goes back on its groups after this many quick answers in a row, and not before its hold time is over. */
const QUICK_ANSWERS = 3
/** A quick answer takes less than this, ms. */
const QUICK_MS = 250
/** The hold time, ms: it doubles each time a session falls behind again within RELAPSE_MS. */
const HOLD_MIN_MS = 1_000
const HOLD_MAX_MS = 30_000
const RELAPSE_MS = 10_000

/**
 * One socket and what it follows. Mostly it only stands on topics. How much it is sent by itself, and when it counts as slow,
 * depends on what its reader has proved to have read.
 */
export class Session {
  readonly socket: Socket<Principal>
  /** The owner, once logged in. */
  who: Principal
  /** When it was opened, among all sockets and requests. */
  readonly origin: Origin
  readonly follows = new Map<string, Follow>()
  /** Off all groups: it gets one merged patch a channel, from one frame, each time it has read what came before. */
  slow = false
  private readonly readerLag: ReaderLag
  private sent = 0
  private quick = 0
  private holdMs = HOLD_MIN_MS
  private slowSince = 0
  private fastSince = Number.NEGATIVE_INFINITY
  private tokens: number
  private tokensAt: number

  constructor(socket: Socket<Principal>, limits: ReaderLagLimits, requestsPerSecond: number, now: number) {
    const at = nextMoment()
    this.socket = socket
    this.origin = { source: at, at }
    this.who = socket.data
    this.readerLag = new ReaderLag(limits)
    this.tokens = requestsPerSecond
    this.tokensAt = now
  }

  /** Takes one request from a bucket that fills at `perSecond`. Returns by how many requests it is overdrawn, or 0. */
  overdraw(perSecond: number, now: number): number {
    this.tokens = Math.min(perSecond, this.tokens + ((now - this.tokensAt) * perSecond) / 1000) - 1
    this.tokensAt = now
    return this.tokens < 0 ? -this.tokens : 0
  }

  /** Sends a frame by itself, and counts it. */
  send(frame: Uint8Array | string): void {
    this.sent += frame.length + FRAME_OVERHEAD
    this.socket.send(frame)
  }

  /** Bytes sent since the start, by itself and by topics. */
  get total(): number {
    let total = this.sent
    for (const follow of this.follows.values()) if (follow.joined) total += bytesByTopics(follow)
    return total
  }

  /** Bytes sent that its reader has not proved to have read. */
  get owed(): number {
    return this.readerLag.owed(this.total)
  }

  /** A ping is under way. */
  get waiting(): boolean {
    return this.readerLag.waiting
  }

  /** Puts the session on the topics of the group, whose number its client has. */
  join(follow: Follow): void {
    const { group } = follow
    follow.joined = true
    follow.joinedAt = group.bytes
    follow.checksumJoinedAt = group.checksumBytes
    group.members += 1
    this.socket.subscribe(group.topic)
    if (follow.checksum) {
      group.checksumMembers += 1
      this.socket.subscribe(group.checksumTopic)
    }
  }

  /** Takes the session off the topics of the group, if it is on them. */
  leave(follow: Follow): void {
    if (!follow.joined) return
    const { group } = follow
    this.sent += bytesByTopics(follow)
    follow.joined = false
    follow.seq = group.seq
    group.members -= 1
    this.socket.unsubscribe(group.topic)
    if (follow.checksum) {
      group.checksumMembers -= 1
      this.socket.unsubscribe(group.checksumTopic)
    }
  }

  /** Takes the session off all groups, and forgets what its client has. */
  lose(): void {
    for (const follow of this.follows.values()) {
      this.leave(follow)
      follow.seq = NEVER
      follow.missed = []
      follow.begunAt = undefined
    }
  }

  /** Takes the session off all groups, until its reader keeps up again. */
  fallBehind(now: number): void {
    for (const follow of this.follows.values()) this.leave(follow)
    if (this.slow) return
    this.slow = true
    this.slowSince = now
    this.quick = 0
    this.holdMs = now - this.fastSince < RELAPSE_MS ? Math.min(HOLD_MAX_MS, this.holdMs * 2) : HOLD_MIN_MS
  }

  /** Asks the reader how far it is, if no ping is under way. */
  ask(now: number): void {
    if (!this.readerLag.waiting) this.socket.ping(this.readerLag.ask(this.total, now))
  }

  /** Puts these follows behind all others, so that each has its turn. */
  requeue(follows: readonly Follow[]): void {
    for (const follow of follows) {
      this.follows.delete(follow.channel)
      this.follows.set(follow.channel, follow)
    }
  }

  /** Accepts a pong. Returns whether it answers the ping under way. A reader that is quick for a while is not slow any more. */
  onPong(mark: number | undefined, now: number): boolean {
    if (!this.readerLag.onPong(mark, now)) return false
    if (this.slow) {
      this.quick = this.readerLag.roundTrip < QUICK_MS ? this.quick + 1 : 0
      if (this.quick >= QUICK_ANSWERS && now - this.slowSince >= this.holdMs && this.socket.buffered() === 0) {
        this.slow = false
        this.fastSince = now
      }
    }
    return true
  }

  /** Returns how far its reader is, and asks it if it is time to. */
  check(now: number): 'well' | 'behind' | 'dead' {
    if (this.readerLag.isDead(now)) return 'dead'
    const { total } = this
    if (this.readerLag.isBehind(total, now)) return 'behind'
    if (this.readerLag.due(total, now)) this.socket.ping(this.readerLag.ask(total, now))
    return 'well'
  }
}

/** Returns the bytes that a follow has been sent by topics since it joined. */
const bytesByTopics = ({ group, checksum, joinedAt, checksumJoinedAt }: Follow): number =>
  group.bytes - joinedAt + (checksum ? group.checksumBytes - checksumJoinedAt : 0)
