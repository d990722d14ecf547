import { Subject } from 'rxjs'
import { utf8Bytes } from '../../../streams/channels/byteWriter.ts'
import type { Push } from '../../../streams/channels/channelStates.ts'
import { CLOSE } from '../../../streams/wire/errors.ts'
import type { Bus, Flush } from '../../bus/bus.ts'
import type { Principal } from '../../identity/access.ts'
import type { Socket } from '../transports/transport.ts'
import { type PartOptions, partName } from './channelPart.ts'
import { Checksums } from './checksums.ts'
import { DirectDelivery } from './directDelivery.ts'
import { type FanoutGroup, FRAME_OVERHEAD, type PushRate } from './fanoutGroup.ts'
import type { HubLimits } from './limits.ts'
import { mergedPatch } from './mergedPatch.ts'
import { ProjectingBus } from './projectingBus.ts'
import { ResumeBuffer } from './resumeBuffer.ts'
import { type Follow, NEVER, Session } from './session.ts'
import { Silence } from './silence.ts'
import { WatchedChannels } from './watchedChannels.ts'

/** Wall time between two calls of `tick`, ms. */
export const TICK_MS = 20
const SWEEP_MS = 100
const HEARTBEAT_MS = 5_000
/** The topic of heartbeats and of the notice before a stop; every socket is on it. */
const HEARTBEATS = 'hb'

/** The hub's figures in `status`: sockets, slow ones among them, follows and channels now; the others since the start. */
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

/** What a subscriber asks for beside the channel. */
export interface SubscribeOptions extends PartOptions {
  readonly rate: PushRate
  readonly checksum: boolean
  readonly resume: { readonly epoch: string; readonly seq: number } | undefined
}

/** A channel's state at a moment. */
export interface Reading {
  readonly epoch: string
  /** Event time up to which every number is computed, ms. */
  readonly t: number
  readonly snapshot: Push
}

/**
 * Brings pushes to sockets. The fast way is the transport's topic: the same bytes for all who follow a channel at one rate. A
 * socket that reads too slowly leaves its topics and is served by itself, merged, until it keeps up again. A follower is
 * registered before its snapshot is taken, and snapshot, patches and topic follow each other within one turn of the event loop:
 * nothing falls between them.
 */
export class Hub {
  private readonly bus: ProjectingBus
  private readonly publish: (topic: string, bytes: Uint8Array) => void
  private readonly limits: HubLimits
  private readonly now: () => number
  private readonly sessions = new Map<Socket<Principal>, Session>()
  private readonly watched: WatchedChannels
  private readonly resumeBuffer: ResumeBuffer
  private readonly checksums: Checksums
  private readonly direct: DirectDelivery
  private readonly silence: Silence
  private epoch: string
  private sweepAt = 0
  private heartbeatAt = 0
  private readonly counts = { pushes: 0, merged: 0, resumed: 0, dropped: 0, cutOff: 0 }
  /** Event time of the newest flush. */
  t = 0
  /** A session has begun to follow something. */
  readonly subscribed$ = new Subject<void>()

  constructor(bus: Bus, publish: (topic: string, bytes: Uint8Array) => void, limits: HubLimits, now: () => number) {
    this.bus = new ProjectingBus(bus)
    this.publish = publish
    this.limits = limits
    this.now = now
    this.epoch = bus.epoch
    this.watched = new WatchedChannels(this.bus, limits.resumeMs)
    this.resumeBuffer = new ResumeBuffer({ maxAgeMs: limits.resumeMs, maxBytes: limits.resumeBytes })
    this.checksums = new Checksums(this.bus.channels, publish)
    this.direct = new DirectDelivery(this.bus.channels, this.watched, this.checksums, limits.directBytes, now)
    this.bus.flushes$.subscribe(flush => this.onFlush(flush))
    this.silence = new Silence(bus.silence$, () => this.sessions.values())
  }

  /** Takes in a socket that has just opened. */
  open(socket: Socket<Principal>): Session {
    const session = new Session(socket, this.limits, this.limits.requestsPerSecond, this.now())
    this.sessions.set(socket, session)
    socket.subscribe(HEARTBEATS)
    return session
  }

  /** The sessions of all open sockets. */
  get all(): Iterable<Session> {
    return this.sessions.values()
  }

  /** The session of a socket, until it has closed. */
  session(socket: Socket<Principal>): Session | undefined {
    return this.sessions.get(socket)
  }

  /** Forgets a socket that has closed. */
  closed(socket: Socket<Principal>): void {
    const session = this.sessions.get(socket)
    if (session === undefined) return
    for (const channel of [...session.follows.keys()]) this.unfollow(session, channel)
    this.sessions.delete(socket)
    this.direct.closed(session)
  }

  /** Takes the answer to a ping: the reader has read all that was sent before that. */
  pong(socket: Socket<Principal>, mark: number | undefined): void {
    const session = this.sessions.get(socket)
    if (session === undefined || !session.onPong(mark, this.now())) return
    this.direct.hasRead(session)
  }

  /** Registers a follower, and returns what the reply says of it. Nothing is sent before `begin`. */
  follow(session: Session, channel: string, options: SubscribeOptions): { epoch: string; seq: number; recovered?: boolean } {
    this.unfollow(session, channel)
    const { resume } = options
    const delivered = partName(channel, options)
    this.bus.catchUp(delivered)
    const watched = this.watched.open(delivered, this.now())
    watched.follows += 1
    const seq = this.bus.channels.seq(delivered)
    const missed = resume?.epoch === this.epoch ? this.missed(delivered, options.rate, resume.seq, seq) : undefined
    const follow: Follow = {
      channel,
      group: this.watched.group(watched, options.rate, seq),
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
    if (missed) this.counts.resumed += 1
    return { epoch: this.epoch, seq, ...(resume && { recovered: missed !== undefined }) }
  }

  /** Gives the followers that `follow` registered what they asked for, as soon as it is there. */
  begin(session: Session): void {
    this.silence.begun(session)
    for (const { group } of session.follows.values()) this.watched.listen(this.watched.get(group.channel)!)
    this.direct.pump(session)
    this.subscribed$.next()
  }

  /** Sessions that follow something. */
  get subscribers(): number {
    let count = 0
    for (const { follows } of this.sessions.values()) if (follows.size > 0) count += 1
    return count
  }

  /** Sessions that follow something and have got all of it. */
  get served(): number {
    let count = 0
    for (const { follows } of this.sessions.values())
      if (follows.size > 0 && ![...follows.values()].some(({ begunAt }) => begunAt === undefined)) count += 1
    return count
  }

  /** Ends a follow, if there is one. */
  unfollow(session: Session, channel: string): void {
    const follow = session.follows.get(channel)
    if (follow === undefined) return
    session.leave(follow)
    session.follows.delete(channel)
    const watched = this.watched.get(follow.group.channel)!
    watched.follows -= 1
    if (watched.follows === 0) watched.idleSince = this.now()
  }

  /** How many parts of channels, by some members or a condition, are followed, or were not long ago. */
  get parts(): number {
    return this.bus.size
  }

  /** Reads a channel. Resolves as soon as it can be read. */
  read(channel: string): Promise<Reading> {
    this.bus.catchUp(channel)
    const watched = this.watched.open(channel, this.now())
    if (watched.ready) return Promise.resolve(this.reading(this.bus.channels.snapshot(channel)!))
    return new Promise(resolve => {
      watched.awaiting.push(snapshot => resolve(this.reading(snapshot)))
      this.watched.listen(watched)
    })
  }

  /** Resolves when the reader has read enough to be sent more by itself, or is gone. */
  whenRoom(session: Session): Promise<void> {
    return this.direct.whenRoom(session)
  }

  /** Begins a channel whose past has been sent: the state up to which the past went, then what has changed since. */
  beginFrom(session: Session, follow: Follow, { epoch, snapshot }: Reading): void {
    follow.busy = false
    if (epoch === this.epoch) {
      session.send(snapshot.bytes)
      follow.seq = snapshot.seq
      follow.missed = []
      follow.begunAt = this.now()
    }
    this.direct.pump(session)
  }

  /** To be called every TICK_MS of wall time. */
  tick(): void {
    const now = this.now()
    for (const paced of this.watched.paced.values()) {
      if (paced.begin(now)) for (const group of paced.groups) this.flush(group, now)
    }
    this.direct.turn()
    for (const paced of this.watched.paced.values()) paced.open = false
    this.checksums.tick(now)
    if (now >= this.sweepAt) {
      this.sweepAt = now + SWEEP_MS
      this.sweep(now)
    }
    if (now >= this.heartbeatAt) {
      this.heartbeatAt = now + HEARTBEAT_MS
      this.publish(HEARTBEATS, utf8Bytes(`{"hb":${now}}`))
      this.resumeBuffer.expire(now)
      for (const channel of this.watched.closeIdle(now)) this.resumeBuffer.forget(channel)
    }
  }

  /** Says to all that the server is about to stop. */
  bye(reason: string, reconnectInMs: number): void {
    this.publish(HEARTBEATS, utf8Bytes(JSON.stringify({ bye: { reason, reconnectInMs } })))
  }

  /** Returns the hub's figures. */
  stats(): HubCounts {
    let slow = 0
    let follows = 0
    for (const session of this.sessions.values()) {
      if (session.slow) slow += 1
      follows += session.follows.size
    }
    const { merged, snapshots } = this.direct.counts
    return {
      ...this.counts,
      sockets: this.sessions.size,
      slow,
      follows,
      channels: this.watched.size,
      merged: this.counts.merged + merged,
      snapshots,
      windowBytes: this.resumeBuffer.bytes,
    }
  }

  /**
   * Returns what followed `since` up to `newest`: each patch or, at a rate, all of them merged into one. Undefined if some of them
   * are not known any more.
   */
  private missed(channel: string, rate: PushRate, since: number, newest: number): readonly Uint8Array[] | undefined {
    const patches = this.resumeBuffer.after(channel, since, newest)
    if (rate === 0 || patches === undefined || patches.length < 2) return patches
    // Behind a gateway the client may have followed it elsewhere, and here nobody has.
    const merged = this.bus.channels.since(channel, since)?.bytes ?? mergedPatch(patches, since)
    return merged && [merged]
  }

  private onFlush({ epoch, t, pushes, ready }: Flush): void {
    const lost = epoch !== this.epoch
    if (lost) this.restart(epoch)
    this.t = Math.max(this.t, t)
    const now = this.now()
    for (const push of pushes) {
      this.resumeBuffer.add(push, now)
      const group = this.watched.get(push.channel)?.groups.get(0)
      if (group === undefined) continue
      group.seq = push.seq
      this.publishOn(group, push)
    }
    if (ready.length > 0) this.direct.begin(this.watched.markReady(ready), this.sessions.values())
    if (lost) this.watched.listenAgain()
  }

  /** The core has started again: all that was known of its channels is void, and each of them begins again with a snapshot. */
  private restart(epoch: string): void {
    this.epoch = epoch
    this.t = 0
    this.resumeBuffer.clear()
    this.watched.lose()
    for (const session of this.sessions.values()) session.lose()
  }

  private reading(snapshot: Push): Reading {
    return { epoch: this.epoch, t: this.t, snapshot }
  }

  /** Publishes one merged patch to all of a group, if its channel has changed since the last. */
  private flush(group: FanoutGroup, now: number): void {
    const { channels } = this.bus
    const newest = channels.seq(group.channel)
    if (group.members === 0 || newest === group.seq) return
    const push = channels.since(group.channel, group.seq) ?? channels.snapshot(group.channel)!
    group.seq = newest
    this.publishOn(group, push)
    if (push.prev === push.seq - 1) return
    this.counts.merged += 1
    if (group.checksumMembers > 0) this.checksums.publish(group, now)
  }

  private publishOn(group: FanoutGroup, { bytes }: Push): void {
    if (group.members === 0) return
    group.bytes += bytes.length + FRAME_OVERHEAD
    this.counts.pushes += 1
    this.publish(group.topic, bytes)
  }

  private sweep(now: number): void {
    for (const session of this.sessions.values()) {
      const { socket } = session
      if (socket.dropped) {
        socket.dropped = false
        this.counts.dropped += 1
        session.lose()
        session.fallBehind(now)
      }
      const state = session.check(now)
      if (state === 'dead') {
        this.counts.cutOff += 1
        socket.close(CLOSE.tooSlow, 'nothing was read for too long')
        continue
      }
      if (state === 'behind' && !session.slow) session.fallBehind(now)
      if (!session.slow || session.waiting) continue
      this.direct.pump(session)
      // With nothing to send it, only answers show that it keeps up again.
      session.ask(now)
    }
  }
}
