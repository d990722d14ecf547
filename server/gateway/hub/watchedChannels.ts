import type { Push } from '../../../streams/channels/channelStates.ts'
import { RATES, type Rate } from '../../../streams/wire/requests.ts'
import type { Bus } from '../../bus/bus.ts'
import { FanoutGroup, type PushRate } from './fanoutGroup.ts'
import { PacedGroups } from './pacedGroups.ts'

/** A channel that somebody follows, or followed not long ago. */
export interface Watched {
  readonly channel: string
  /** Sessions that follow it. */
  follows: number
  /** The bus has been asked for it. */
  asked: boolean
  /** Its state can be read. */
  ready: boolean
  /** Wall clock, ms, since when nobody follows it. */
  idleSince: number
  readonly groups: Map<PushRate, FanoutGroup>
  /** Called with its first snapshot, once. */
  awaiting: ((snapshot: Push) => void)[]
}

/** What is watched, and by how many. A channel is closed when nobody has followed it for as long as somebody might resume. */
export class WatchedChannels {
  /** The groups of each rate, and their turns. */
  readonly paced: ReadonlyMap<Rate, PacedGroups> = new Map(RATES.map(rate => [rate, new PacedGroups(rate)]))
  private readonly bus: Bus
  private readonly idleMs: number
  private readonly channels = new Map<string, Watched>()

  constructor(bus: Bus, idleMs: number) {
    this.bus = bus
    this.idleMs = idleMs
  }

  get size(): number {
    return this.channels.size
  }

  get(channel: string): Watched | undefined {
    return this.channels.get(channel)
  }

  /** Returns the channel, and makes it if it is not watched yet. The bus is not asked before `listen`. */
  open(channel: string, now: number): Watched {
    let watched = this.channels.get(channel)
    if (watched === undefined) {
      watched = { channel, follows: 0, asked: false, ready: false, idleSince: now, groups: new Map(), awaiting: [] }
      this.channels.set(channel, watched)
    }
    return watched
  }

  /** Asks the bus for the channel, once. The bus may answer before this returns. */
  listen(watched: Watched): void {
    if (watched.asked) return
    watched.asked = true
    this.bus.watch(watched.channel, true)
  }

  /** Returns all who follow the channel at that rate. A new group stands at `seq`. */
  group({ channel, groups }: Watched, rate: PushRate, seq: number): FanoutGroup {
    let group = groups.get(rate)
    if (group === undefined) {
      group = new FanoutGroup(channel, rate, seq)
      groups.set(rate, group)
      if (rate !== 0) this.paced.get(rate)!.groups.add(group)
    }
    return group
  }

  /** Notes that these channels can be read. Returns the snapshots of those that could not be read before, by channel. */
  markReady(snapshots: readonly Push[]): ReadonlyMap<string, Push> {
    const fresh = new Map<string, Push>()
    for (const snapshot of snapshots) {
      const watched = this.channels.get(snapshot.channel)
      if (watched === undefined || watched.ready) continue
      watched.ready = true
      fresh.set(snapshot.channel, snapshot)
      for (const resolve of watched.awaiting.splice(0)) resolve(snapshot)
    }
    return fresh
  }

  /** Closes what has been idle for too long. Returns the names. */
  closeIdle(now: number): string[] {
    const closed: string[] = []
    for (const [channel, watched] of this.channels) {
      if (watched.follows > 0 || watched.awaiting.length > 0 || now - watched.idleSince <= this.idleMs) continue
      this.close(watched)
      closed.push(channel)
    }
    return closed
  }

  /** Nothing can be read any more: the core has started again and knows nothing of what was watched. */
  lose(): void {
    for (const watched of this.channels.values()) {
      watched.asked = false
      watched.ready = false
    }
  }

  /** Asks the bus again for all that somebody still wants, and closes the rest. */
  listenAgain(): void {
    for (const watched of this.channels.values()) {
      if (watched.follows > 0 || watched.awaiting.length > 0) this.listen(watched)
      else this.close(watched)
    }
  }

  private close({ channel, asked, groups }: Watched): void {
    for (const [rate, group] of groups) if (rate !== 0) this.paced.get(rate)!.groups.delete(group)
    this.channels.delete(channel)
    if (asked) this.bus.watch(channel, false)
  }
}
