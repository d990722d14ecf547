import type { Channels } from '../../../streams/channels/channelStates.ts'
import { type FanoutGroup, FRAME_OVERHEAD } from './fanoutGroup.ts'

/** The longest time between two checksums of a channel, ms. */
export const CHECKSUM_MS = 5_000
/** A checksum costs some ten microseconds: at most this many a tick, the others in the next. */
const CHECKSUMS_PER_TICK = 50

/** Proves to all of a group who asked for it that their states are the server's: after each merge and every CHECKSUM_MS. */
export class Checksums {
  private readonly channels: Channels
  private readonly publishTo: (topic: string, bytes: Uint8Array) => void
  /** Wall clock, ms, of each group's next checksum. */
  private readonly dueAt = new Map<FanoutGroup, number>()

  constructor(channels: Channels, publishTo: (topic: string, bytes: Uint8Array) => void) {
    this.channels = channels
    this.publishTo = publishTo
  }

  /** Somebody who asked for checksums has joined the group. */
  joined(group: FanoutGroup, now: number): void {
    if (!this.dueAt.has(group)) this.dueAt.set(group, now + CHECKSUM_MS)
  }

  /** Publishes one to the group, which stands at its channel's newest number. */
  publish(group: FanoutGroup, now: number): void {
    const { bytes } = this.channels.checksum(group.channel)!
    group.checksumBytes += bytes.length + FRAME_OVERHEAD
    this.publishTo(group.checksumTopic, bytes)
    this.dueAt.set(group, now + CHECKSUM_MS)
  }

  /** Publishes those that are due. */
  tick(now: number): void {
    let left = CHECKSUMS_PER_TICK
    for (const [group, at] of this.dueAt) {
      if (group.checksumMembers === 0) {
        this.dueAt.delete(group)
        continue
      }
      // A group between two of its turns is not at the newest number; its next turn brings the checksum along.
      if (at > now || group.seq !== this.channels.seq(group.channel)) continue
      this.publish(group, now)
      left -= 1
      if (left === 0) return
    }
  }
}
