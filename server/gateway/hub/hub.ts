import { Subject } from 'rxjs'
import { utf8Bytes } from '../../../streams/channels/byteWriter.ts'
import type { Push } from '../../../streams/channels/channelStates.ts'
import { CLOSE } from '../../../streams/wire/errors.ts'
import { RATES, type Rate } from '../../../streams/wire/requests.ts'
import type { Bus, Flush } from '../../bus/bus.ts'
import type { Principal } from '../../identity/access.ts'
import type { Socket } from '../transports/transport.ts'
import { FanoutGroup, FRAME_OVERHEAD, type PushRate } from './fanoutGroup.ts'
import { PacedGroups } from './pacedGroups.ts'
import type { ReaderLagLimits } from './readerLag.ts'
import { ResumeBuffer } from './resumeBuffer.ts'
import { type Follow, NEVER, Session } from './session.ts'

export interface HubLimits extends ReaderLagLimits {
  /** Bytes owed by a reader beyond which nothing is sent to it by itself until it has read. */
  readonly direct: number
  readonly requestsPerSecond: number
  readonly resumeMs: number
  readonly resumeBytes: number
}

export const HUB_LIMITS: HubLimits = {
  window: 32 * 1024,
  lagMs: 500,
  most: 512 * 1024,
  deadAfterMs: 300_000,
  direct: 256 * 1024,
  requestsPerSecond: 100,
  resumeMs: 60_000,
  resumeBytes: 64 * 1024 * 1024,
}

/** Wall time between two calls of `tick`, ms. */
export const TICK_MS = 20
const SWEEP_MS = 100
const HEARTBEAT_MS = 5_000
const CHECKSUM_MS = 5_000
/** A checksum costs some ten microseconds: so many a tick, the others in the next. */
const CHECKSUMS_A_TICK = 50
const HEARTBEATS = 'hb'

export interface HubCounts {
  sockets: number
  slow: number
  follows: number
  channels: number
  pushes: number
  merged: number
  snapshots: number
  resumed: number
  dropped: number
  cutOff: number
  windowBytes: number
}

/** What a subscriber asks for, beside the channel. */
export interface SubscribeOptions {
  readonly rate: PushRate
  readonly checksum: boolean
  readonly resume: { readonly epoch: string; readonly seq: number } | undefined
}

interface Watched {
  follows: number
  ready: boolean
  /** Wall clock since which nobody follows it. */
  idleSince: number
  readonly groups: Map<PushRate, FanoutGroup>
}

/**
 * Brings pushes to sockets. The fast way is the transport's topic: the same bytes for all who follow a channel at one rate. Who
 * reads too slowly leaves its topics and is served by itself, merged, until it keeps up again. A follower is registered before
 * its snapshot is taken, and snapshot, patches and topic follow each other within one turn of the event loop: nothing falls
 * between them.
 */
export class Hub {
  private readonly bus: Bus
  private readonly publish: (topic: string, bytes: Uint8Array) => void
  private readonly limits: HubLimits
  private readonly now: () => number
  private readonly sessions = new Map<Socket<Principal>, Session>()
  private readonly watched = new Map<string, Watched>()
  private readonly window: ResumeBuffer
  private readonly paced = new Map<Rate, PacedGroups>(RATES.map(rate => [rate, new PacedGroups(rate)]))
  private readonly checksumAt = new Map<FanoutGroup, number>()
  /** Sessions with follows that wait for a turn of their rate. */
  private readonly awaitingTurn = new Set<Session>()
  private readonly readers = new Map<Session, (() => void)[]>()
  private sweepAt = 0
  private heartbeatAt = 0
  private readonly counts = { pushes: 0, merged: 0, snapshots: 0, resumed: 0, dropped: 0, cutOff: 0 }
  /** Event time of the newest flush. */
  t = 0
  /** A session has begun to follow something. */
  readonly subscribed$ = new Subject<void>()

  constructor(bus: Bus, publish: (topic: string, bytes: Uint8Array) => void, limits: HubLimits, now: () => number) {
    this.bus = bus
    this.publish = publish
    this.limits = limits
    this.now = now
    this.window = new ResumeBuffer({ maxAgeMs: limits.resumeMs, maxBytes: limits.resumeBytes })
    bus.flushes$.subscribe(flush => this.onFlush(flush))
  }

  open(socket: Socket<Principal>): Session {
    const session = new Session(socket, this.limits, this.limits.requestsPerSecond, this.now())
    this.sessions.set(socket, session)
    socket.subscribe(HEARTBEATS)
    return session
  }

  get all(): Iterable<Session> {
    return this.sessions.values()
  }

  session(socket: Socket<Principal>): Session | undefined {
    return this.sessions.get(socket)
  }

  closed(socket: Socket<Principal>): void {
    const session = this.sessions.get(socket)
    if (session === undefined) return
    for (const channel of [...session.follows.keys()]) this.unfollow(session, channel)
    this.sessions.delete(socket)
    this.awaitingTurn.delete(session)
    this.release(session)
  }

  pong(socket: Socket<Principal>, mark: number | undefined): void {
    const session = this.sessions.get(socket)
    if (session === undefined || !session.onPong(mark, this.now())) return
    this.release(session)
    this.pump(session)
  }

  /** Registers a follower; nothing is sent before `begin`. What the reply says of it. */
  follow(session: Session, channel: string, options: SubscribeOptions): { epoch: string; seq: number; recovered?: boolean } {
    this.unfollow(session, channel)
    const seq = this.bus.channels.seq(channel)
    const { resume } = options
    const missed = resume?.epoch === this.bus.epoch ? this.missed(channel, options.rate, resume.seq, seq) : undefined
    const follow: Follow = {
      group: this.group(channel, options.rate, seq),
      checksum: options.checksum,
      joined: false,
      seq: missed === undefined ? NEVER : seq,
      missed: missed ?? [],
      busy: false,
      begunAt: undefined,
      checkedAt: Number.NEGATIVE_INFINITY,
      joinedAt: 0,
      checksumJoinedAt: 0,
    }
    session.follows.set(channel, follow)
    this.watched.get(channel)!.follows += 1
    if (missed) this.counts.resumed += 1
    return { epoch: this.bus.epoch, seq, ...(resume && { recovered: missed !== undefined }) }
  }

  /** What followed `since` up to `newest`, without a gap: every patch, or one merged of all for who has asked for few pushes. */
  private missed(channel: string, rate: PushRate, since: number, newest: number): readonly Uint8Array[] | undefined {
    const patches = this.window.after(channel, since, newest)
    if (rate === 0 || patches === undefined || patches.length < 2) return patches
    const merged = this.bus.channels.since(channel, since)
    return merged && [merged.bytes]
  }

  /** Lets the followers that `follow` registered have what they asked for, as soon as it is there. */
  begin(session: Session): void {
    for (const [channel] of session.follows) {
      const watched = this.watched.get(channel)!
      if (!watched.ready) this.bus.watch(channel, true)
    }
    this.pump(session)
    this.subscribed$.next()
  }

  /** Sessions that follow something. */
  get subscribers(): number {
    let count = 0
    for (const { follows } of this.sessions.values()) if (follows.size > 0) count += 1
    return count
  }

  unfollow(session: Session, channel: string): void {
    const follow = session.follows.get(channel)
    if (follow === undefined) return
    session.leave(follow)
    session.follows.delete(channel)
    const watched = this.watched.get(channel)!
    watched.follows -= 1
    if (watched.follows === 0) watched.idleSince = this.now()
  }

  /** Resolves when the channel can be read. */
  whenReady(channel: string): Promise<void> {
    this.watch(channel)
    return new Promise(resolve => {
      const watched = this.watched.get(channel)!
      if (watched.ready) return resolve()
      const subscription = this.bus.flushes$.subscribe(({ ready }) => {
        if (!ready.includes(channel)) return
        subscription.unsubscribe()
        resolve()
      })
      this.bus.watch(channel, true)
    })
  }

  /** Resolves when the reader has read so much that it may be sent more by itself, or is gone. */
  whenRoom(session: Session): Promise<void> {
    if (session.owed <= this.limits.direct || session.socket.closed) return Promise.resolve()
    session.ask(this.now())
    return new Promise(resolve => {
      this.readers.set(session, [...(this.readers.get(session) ?? []), resolve])
    })
  }

  /** Begins a channel whose past has been sent: the snapshot that follows it, then what has happened since. */
  beginFrom(session: Session, follow: Follow, snapshot: Push): void {
    session.send(snapshot.bytes)
    follow.busy = false
    follow.seq = snapshot.seq
    follow.missed = []
    follow.begunAt = this.now()
    this.pump(session)
  }

  /** Sends what is waiting for this session, within what its reader has room for. */
  pump(session: Session): void {
    if (session.socket.closed) return
    const now = this.now()
    if (session.slow && (session.waiting || session.owed > 0)) {
      session.ask(now)
      return
    }
    let room = session.slow ? this.limits.direct : this.limits.direct - session.owed
    const served: Follow[] = []
    let unserved = 0
    let paced = 0
    for (const follow of session.follows.values()) {
      if (follow.joined || follow.busy) continue
      if (room > 0 && this.watched.get(follow.group.channel)!.ready) {
        const bytes = this.serve(session, follow, now)
        room -= bytes
        if (bytes > 0) served.push(follow)
      }
      if (follow.joined) continue
      unserved += 1
      if (follow.group.rate !== 0) paced += 1
    }
    if (room <= 0) session.requeue(served)
    if (room <= 0 || (session.slow && room < this.limits.direct)) session.ask(now)
    if (paced > 0 || (unserved > 0 && !session.slow)) this.awaitingTurn.add(session)
    else this.awaitingTurn.delete(session)
  }

  /** To be called every TICK_MS of wall time. */
  tick(): void {
    const now = this.now()
    for (const paced of this.paced.values()) {
      if (paced.begin(now)) for (const group of paced.groups) this.flush(group)
    }
    for (const session of this.awaitingTurn) this.pump(session)
    for (const paced of this.paced.values()) paced.open = false
    this.checksums(now)
    if (now >= this.sweepAt) {
      this.sweepAt = now + SWEEP_MS
      this.sweep(now)
    }
    if (now >= this.heartbeatAt) {
      this.heartbeatAt = now + HEARTBEAT_MS
      this.publish(HEARTBEATS, utf8Bytes(`{"hb":${now}}`))
      this.window.expire(now)
      this.forget(now)
    }
  }

  /** Tells all that the server is about to stop. */
  bye(reason: string, reconnectInMs: number): void {
    this.publish(HEARTBEATS, utf8Bytes(JSON.stringify({ bye: { reason, reconnectInMs } })))
  }

  stats(): HubCounts {
    let slow = 0
    let follows = 0
    for (const session of this.sessions.values()) {
      if (session.slow) slow += 1
      follows += session.follows.size
    }
    return { sockets: this.sessions.size, slow, follows, channels: this.watched.size, windowBytes: this.window.bytes, ...this.counts }
  }

  private onFlush({ t, pushes, ready }: Flush): void {
    this.t = Math.max(this.t, t)
    const now = this.now()
    for (const push of pushes) {
      this.window.add(push, now)
      const group = this.watched.get(push.channel)?.groups.get(0)
      if (group === undefined) continue
      group.seq = push.seq
      this.publishOn(group, push)
    }
    if (ready.length > 0) this.makeReady(ready)
  }

  private makeReady(channels: readonly string[]): void {
    const fresh = new Set<string>()
    for (const channel of channels) {
      const watched = this.watched.get(channel)
      if (watched === undefined || watched.ready) continue
      watched.ready = true
      fresh.add(channel)
    }
    if (fresh.size === 0) return
    for (const session of this.sessions.values()) {
      for (const [channel, follow] of session.follows) {
        if (follow.joined || !fresh.has(channel)) continue
        this.pump(session)
        break
      }
    }
  }

  /**
   * Sends a follower what it lacks, and lets it join its group where it may. Returns the bytes sent. At a rate it begins at once,
   * with a snapshot or what it has missed, and gets everything else in the turns of its rate, the first of them a period later.
   */
  private serve(session: Session, follow: Follow, now: number): number {
    const { channels } = this.bus
    const { group } = follow
    const { channel, rate } = group
    const begins = follow.begunAt === undefined
    const paced = rate === 0 ? undefined : this.paced.get(rate)!
    if (paced && !begins && (!paced.open || now - follow.begunAt! < paced.periodMs)) return 0
    const known = follow.seq !== NEVER
    const newest = paced && begins && known ? follow.seq : channels.seq(channel)
    const patch = known && newest > follow.seq ? channels.since(channel, follow.seq) : undefined
    const frames: (Uint8Array | undefined)[] = [...follow.missed]
    if (patch) frames.push(patch.bytes)
    else if (newest !== follow.seq) frames.push(channels.snapshot(channel)?.bytes)
    const merged = patch !== undefined && patch.prev !== patch.seq - 1
    const whole = patch === undefined && newest !== follow.seq
    if (merged) this.counts.merged += 1
    if (whole) this.counts.snapshots += 1
    if (follow.checksum && newest === channels.seq(channel) && (merged || whole || now - follow.checkedAt >= CHECKSUM_MS)) {
      frames.push(channels.checksum(channel)?.bytes)
      follow.checkedAt = now
    }
    let bytes = 0
    for (const frame of frames) {
      if (frame === undefined) continue
      session.send(frame)
      bytes += frame.length
    }
    follow.missed = []
    follow.seq = newest
    follow.begunAt ??= now
    if (paced && begins) return bytes
    if (rate === 0 || group.members === 0) group.seq = newest
    if (!session.slow && group.seq === newest) {
      session.join(follow)
      if (follow.checksum && !this.checksumAt.has(group)) this.checksumAt.set(group, now + CHECKSUM_MS)
    }
    return bytes
  }

  /** One merged patch to all of a group, where its channel has changed since the last. */
  private flush(group: FanoutGroup): void {
    const { channels } = this.bus
    const newest = channels.seq(group.channel)
    if (group.members === 0 || newest === group.seq) return
    const push = channels.since(group.channel, group.seq) ?? channels.snapshot(group.channel)!
    group.seq = newest
    this.publishOn(group, push)
    if (push.prev === push.seq - 1) return
    this.counts.merged += 1
    if (group.checksumMembers > 0) this.publishChecksum(group)
  }

  private publishOn(group: FanoutGroup, { bytes }: Push): void {
    if (group.members === 0) return
    group.bytes += bytes.length + FRAME_OVERHEAD
    this.counts.pushes += 1
    this.publish(group.topic, bytes)
  }

  private publishChecksum(group: FanoutGroup): void {
    const { bytes } = this.bus.channels.checksum(group.channel)!
    group.checksumBytes += bytes.length + FRAME_OVERHEAD
    this.publish(group.checksumTopic, bytes)
    this.checksumAt.set(group, this.now() + CHECKSUM_MS)
  }

  private checksums(now: number): void {
    let left = CHECKSUMS_A_TICK
    for (const [group, at] of this.checksumAt) {
      if (group.checksumMembers === 0) {
        this.checksumAt.delete(group)
        continue
      }
      // A group between two of its flushes is not at the newest number; its next flush brings the checksum along.
      if (at > now || group.seq !== this.bus.channels.seq(group.channel)) continue
      this.publishChecksum(group)
      left -= 1
      if (left === 0) return
    }
  }

  private sweep(now: number): void {
    for (const session of this.sessions.values()) {
      const { socket } = session
      if (socket.dropped) {
        socket.dropped = false
        this.counts.dropped += 1
        session.fallBehind(now, true)
      }
      const state = session.check(now)
      if (state === 'dead') {
        this.counts.cutOff += 1
        socket.close(CLOSE.tooSlow, 'nothing was read for too long')
        continue
      }
      if (state === 'behind' && !session.slow) session.fallBehind(now, false)
      if (!session.slow || session.waiting) continue
      this.pump(session)
      // With nothing to send it, only answers show that it keeps up again.
      session.ask(now)
    }
  }

  /** Ceases to listen to what nobody has followed for as long as somebody might resume. */
  private forget(now: number): void {
    for (const [channel, watched] of this.watched) {
      if (watched.follows > 0 || now - watched.idleSince <= this.limits.resumeMs) continue
      for (const [rate, group] of watched.groups) if (rate !== 0) this.paced.get(rate)!.groups.delete(group)
      this.watched.delete(channel)
      this.window.forget(channel)
      this.bus.watch(channel, false)
    }
  }

  private release(session: Session): void {
    const waiting = this.readers.get(session)
    this.readers.delete(session)
    for (const resolve of waiting ?? []) resolve()
  }

  private watch(channel: string): Watched {
    let watched = this.watched.get(channel)
    if (watched === undefined) {
      watched = { follows: 0, ready: false, idleSince: this.now(), groups: new Map() }
      this.watched.set(channel, watched)
    }
    return watched
  }

  private group(channel: string, rate: PushRate, seq: number): FanoutGroup {
    const { groups } = this.watch(channel)
    let group = groups.get(rate)
    if (group === undefined) {
      group = new FanoutGroup(channel, rate, seq)
      groups.set(rate, group)
      if (rate !== 0) this.paced.get(rate)!.groups.add(group)
    }
    return group
  }
}
