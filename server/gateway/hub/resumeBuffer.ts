import type { Push } from '../../../streams/channels/channelStates.ts'
import { Queue } from '../../lib/queue.ts'

interface Entry {
  readonly channel: string
  readonly seq: number
  readonly prev: number
  readonly bytes: Uint8Array
  /** Wall clock, ms. */
  readonly at: number
}

/**
 * The patches of the last minute, with which a client that lost its connection goes on where it was. Bounded in time and, over all
 * channels together, in bytes; the oldest go first, of whatever channel.
 */
export class ResumeBuffer {
  private readonly maxAgeMs: number
  private readonly maxBytes: number
  private readonly entries = new Queue<Entry>()
  private readonly byChannel = new Map<string, Queue<Entry>>()
  private total = 0

  constructor(limits: { readonly maxAgeMs: number; readonly maxBytes: number }) {
    this.maxAgeMs = limits.maxAgeMs
    this.maxBytes = limits.maxBytes
  }

  /** Bytes of all patches. */
  get bytes(): number {
    return this.total
  }

  /** Adds the newest patch of a channel. */
  add({ channel, seq, prev, bytes }: Push, at: number): void {
    const entry = { channel, seq, prev, bytes, at }
    let entries = this.byChannel.get(channel)
    // Behind a gateway pushes of a channel that nobody follows here may be missing: what lies before such a gap is of no use.
    if (entries === undefined || entries.newest?.seq !== prev) {
      entries = new Queue()
      this.byChannel.set(channel, entries)
    }
    entries.push(entry)
    this.entries.push(entry)
    this.total += bytes.length
    this.expire(at)
  }

  /** Returns the patches after `seq` up to `newest`, without a gap; undefined if one of them is gone or never was. */
  after(channel: string, seq: number, newest: number): readonly Uint8Array[] | undefined {
    if (seq === newest) return []
    const entries = this.byChannel.get(channel)
    if (seq > newest || entries?.oldest === undefined || entries.oldest.prev > seq) return undefined
    const { oldest } = entries
    // Those of some members of a channel skip numbers.
    const isDense = oldest.seq + entries.size - 1 === newest
    const missed = isDense ? entries.after(seq + 1 - oldest.seq) : entries.after(0).filter(entry => entry.seq > seq)
    return missed[0]?.prev === seq ? missed.map(entry => entry.bytes) : undefined
  }

  /** Forgets a channel that is not watched any more: if it comes again, its numbers do not go on from these. */
  forget(channel: string): void {
    this.byChannel.delete(channel)
  }

  /** Forgets all channels: their numbers begin again. */
  clear(): void {
    this.byChannel.clear()
  }

  /** Drops what is too old or exceeds the bytes. */
  expire(now: number): void {
    for (let entry = this.entries.oldest; entry !== undefined; entry = this.entries.oldest) {
      if (this.total <= this.maxBytes && now - entry.at <= this.maxAgeMs) return
      this.entries.shift()
      this.total -= entry.bytes.length
      const entries = this.byChannel.get(entry.channel)
      if (entries?.oldest !== entry) continue
      entries.shift()
      if (entries.size === 0) this.byChannel.delete(entry.channel)
    }
  }
}
