import type { Channels, Push } from '../../../streams/channels/channelStates.ts'
import { CHECKSUM_MS, type Checksums } from './checksums.ts'
import { type Follow, NEVER, type Session } from './session.ts'
import type { WatchedChannels } from './watchedChannels.ts'

const NO_SNAPSHOTS: ReadonlyMap<string, Push> = new Map()

/**
 * What goes to one session by itself and not by a topic: what a follow begins with, what it lacks when it joins its group, and
 * everything for a slow reader, merged. A reader is never sent more than it has room for.
 */
export class DirectDelivery {
  /** Merged patches and snapshots sent since the start. */
  readonly counts = { merged: 0, snapshots: 0 }
  private readonly channels: Channels
  private readonly watched: WatchedChannels
  private readonly checksums: Checksums
  private readonly directBytes: number
  private readonly now: () => number
  /** Sessions with follows that wait for a turn of their rate. */
  private readonly awaitingTurn = new Set<Session>()
  private readonly awaitingRoom = new Map<Session, (() => void)[]>()
  /** Snapshots that came with the flush in hand. */
  private fresh = NO_SNAPSHOTS

  constructor(channels: Channels, watched: WatchedChannels, checksums: Checksums, directBytes: number, now: () => number) {
    this.channels = channels
    this.watched = watched
    this.checksums = checksums
    this.directBytes = directBytes
    this.now = now
  }

  /** Sends what is waiting for this session, within what its reader has room for. */
  pump(session: Session): void {
    if (session.socket.closed) return
    const now = this.now()
    if (session.slow && (session.waiting || session.owed > 0)) {
      session.ask(now)
      return
    }
    let room = session.slow ? this.directBytes : this.directBytes - session.owed
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
    if (room <= 0 || (session.slow && room < this.directBytes)) session.ask(now)
    if (paced > 0 || (unserved > 0 && !session.slow)) this.awaitingTurn.add(session)
    else this.awaitingTurn.delete(session)
  }

  /** Serves all sessions that follow one of these channels, which can be read from now on. The snapshots are as of now. */
  begin(fresh: ReadonlyMap<string, Push>, sessions: Iterable<Session>): void {
    if (fresh.size === 0) return
    this.fresh = fresh
    for (const session of sessions) {
      for (const follow of session.follows.values()) {
        if (follow.joined || !fresh.has(follow.group.channel)) continue
        this.pump(session)
        break
      }
    }
    this.fresh = NO_SNAPSHOTS
  }

  /** Serves the sessions with follows that wait for a turn of their rate. */
  turn(): void {
    for (const session of this.awaitingTurn) this.pump(session)
  }

  /** Resolves when the reader has read enough to be sent more by itself, or is gone. */
  whenRoom(session: Session): Promise<void> {
    if (session.owed <= this.directBytes || session.socket.closed) return Promise.resolve()
    session.ask(this.now())
    return new Promise(resolve => {
      this.awaitingRoom.set(session, [...(this.awaitingRoom.get(session) ?? []), resolve])
    })
  }

  /** The reader has answered a ping: it has room again. */
  hasRead(session: Session): void {
    this.release(session)
    this.pump(session)
  }

  /** Forgets a session whose socket has closed. */
  closed(session: Session): void {
    this.awaitingTurn.delete(session)
    this.release(session)
  }

  /**
   * Sends a follower what it lacks, and lets it join its group if it can. Returns the bytes sent. At a rate it begins at once,
   * with a snapshot or what it has missed, and gets everything else in the turns of its rate, the first of them a period later.
   */
  private serve(session: Session, follow: Follow, now: number): number {
    const { channels } = this
    const { group } = follow
    const { channel, rate } = group
    const begins = follow.begunAt === undefined
    const paced = rate === 0 ? undefined : this.watched.paced.get(rate)!
    if (paced && !begins && (!paced.open || now - follow.begunAt! < paced.periodMs)) return 0
    const known = follow.seq !== NEVER
    const newest = paced && begins && known ? follow.seq : channels.seq(channel)
    const patch = known && newest > follow.seq ? channels.since(channel, follow.seq) : undefined
    const frames: (Uint8Array | undefined)[] = [...follow.missed]
    if (patch) frames.push(patch.bytes)
    else if (newest !== follow.seq) frames.push((this.fresh.get(channel) ?? channels.snapshot(channel))?.bytes)
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
      if (follow.checksum) this.checksums.joined(group, now)
    }
    return bytes
  }

  private release(session: Session): void {
    const waiting = this.awaitingRoom.get(session)
    this.awaitingRoom.delete(session)
    for (const resolve of waiting ?? []) resolve()
  }
}
