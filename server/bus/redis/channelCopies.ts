import { utf8Bytes } from '../../../streams/channels/byteWriter.ts'
import type { Channels, Push } from '../../../streams/channels/channelStates.ts'
import { crc32 } from '../../../streams/wire/crc32.ts'
import { canonical, type JsonObject, type PatchObject } from '../../../streams/wire/mergePatch.ts'
import { CopiedState } from './copiedState.ts'

/** Patches are kept as they came until they are this many, or this many bytes: most are never asked about. */
const TAIL_MAX = 32
const TAIL_BYTES = 64 * 1024
/** Patches that are kept for a channel whose snapshot is awaited. */
const EARLY_MAX = 1_000
/** Each copy is brought up to date once in this number of flushes: what it has put down keeps whole frames in memory. */
const ROUND = 1_500

/** The copy of one channel. */
interface Copy {
  /** Of the newest push that it has. */
  seq: number
  /** What it began with; undefined before. Its pushes from the first of `early` on form a chain. */
  snapshot: Push | undefined
  /** Pushes before the snapshot, the first of which changed the state of number `from`. */
  readonly early: Push[]
  from: number
  /** Pushes after it that are not applied yet. */
  tail: Push[]
  tailBytes: number
  state: CopiedState | undefined
  /** The name in its messages. */
  shown: string
  /** A push was lost, or may have been: a snapshot is awaited, and pushes that do not follow are not taken. */
  doubted: boolean
}

/** What a push is to a copy. */
export type Fit = 'next' | 'known' | 'gap'

/**
 * Copies of the channels that somebody follows at a gateway, as of the newest flush. What comes is only put down; it is read when somebody
 * joins late, slowly or at a rate, or when much of it has come.
 */
export class ChannelCopies implements Channels {
  /** Event time of the newest flush, ms. */
  t = 0
  private epoch = '0'
  private readonly copies = new Map<string, Copy>()
  /** The newest numbers of channels that others follow, of the last minute and of the one before. */
  private heard = new Map<string, number>()
  private heardBefore = new Map<string, number>()
  private round: IterableIterator<Copy> | undefined

  /** Forgets everything: the core has started again. */
  restart(epoch: string): void {
    this.epoch = epoch
    this.t = 0
    this.copies.clear()
    this.heard.clear()
    this.heardBefore.clear()
  }

  /** Begins to copy a channel, or ends. */
  watch(name: string, on: boolean): void {
    if (!on) {
      this.copies.delete(name)
      return
    }
    if (this.copies.has(name)) return
    const seq = this.seq(name)
    const empty = { snapshot: undefined, early: [], tail: [], tailBytes: 0, state: undefined, shown: name, doubted: false }
    this.copies.set(name, { seq, from: seq, ...empty })
  }

  /** The channels of which a snapshot is awaited. */
  *lacking(): Iterable<string> {
    for (const [name, { snapshot, doubted }] of this.copies) if (snapshot === undefined || doubted) yield name
  }

  /** Pushes may have been lost, of whatever channel. */
  doubt(): void {
    for (const copy of this.copies.values()) copy.doubted = true
  }

  /** Takes in a push. One that does not follow from those before it is not taken, and so none after it, until a snapshot comes. */
  push(push: Push): Fit {
    const copy = this.copies.get(push.channel)
    if (copy === undefined) {
      this.heard.set(push.channel, push.seq)
      return 'next'
    }
    if (push.seq <= copy.seq) return 'known'
    const follows = push.prev === copy.seq
    if (copy.snapshot === undefined) {
      if (!follows || copy.early.length === EARLY_MAX) {
        copy.early.length = 0
        copy.from = push.prev
      }
      copy.early.push(push)
      copy.seq = push.seq
      return 'next'
    }
    if (!follows) {
      copy.doubted = true
      return 'gap'
    }
    copy.tail.push(push)
    copy.tailBytes += push.bytes.length
    copy.seq = push.seq
    if (copy.tail.length > TAIL_MAX || copy.tailBytes > TAIL_BYTES) this.folded(copy)
    return 'next'
  }

  /**
   * Takes in a snapshot that came behind all pushes up to its number. Returns `begun` if the channel can be read from now on, the patch to
   * it if a push before it was lost, and undefined if it says nothing new.
   */
  snapshotted(push: Push): 'begun' | Push | undefined {
    const copy = this.copies.get(push.channel)
    if (copy === undefined) return undefined
    if (copy.snapshot === undefined) {
      // A snapshot is a slice of a frame that may have many of others.
      copy.snapshot = { ...push, bytes: Uint8Array.from(push.bytes) }
      if (copy.seq !== push.seq) {
        copy.early.length = 0
        copy.seq = push.seq
      }
      copy.doubted = false
      return 'begun'
    }
    copy.doubted = false
    if (push.seq <= copy.seq) return undefined
    const prev = copy.seq
    const state = this.folded(copy)
    state.become((JSON.parse(textOf(push.bytes)) as { snap: JsonObject }).snap, push.seq)
    copy.seq = push.seq
    return this.since(push.channel, prev)
  }

  /** To be called with each flush: brings a few of the copies up to date. */
  tidy(): void {
    for (let left = Math.ceil(this.copies.size / ROUND); left > 0; left--) {
      this.round ??= this.copies.values()
      const { value: copy, done } = this.round.next()
      if (done) this.round = undefined
      else if (copy.tail.length > 0) this.folded(copy)
    }
  }

  /** To be called once a minute: what has not been heard of since the call before last is forgotten. */
  age(): void {
    this.heardBefore = this.heard
    this.heard = new Map()
  }

  seq(name: string): number {
    return this.copies.get(name)?.seq ?? this.heard.get(name) ?? this.heardBefore.get(name) ?? 0
  }

  snapshot(name: string): Push | undefined {
    const copy = this.readable(name)
    if (copy === undefined) return undefined
    const { state: snap, seq } = this.folded(copy)
    return { channel: name, seq, prev: seq, bytes: text({ ch: copy.shown, epoch: this.epoch, seq, t: this.t, snap }) }
  }

  since(name: string, prev: number): Push | undefined {
    const copy = this.readable(name)
    const d = copy && this.folded(copy).since(prev)
    if (copy === undefined || d === undefined) return undefined
    const { shown: ch, seq } = copy
    const merged = seq - prev
    return { channel: name, seq, prev, bytes: text({ ch, seq, t: this.t, ...(merged !== 1 && { prev, merged }), d }) }
  }

  checksum(name: string): Push | undefined {
    const copy = this.readable(name)
    if (copy === undefined) return undefined
    const { state, seq } = this.folded(copy)
    return { channel: name, seq, prev: seq, bytes: text({ ch: copy.shown, seq, h: crc32(utf8Bytes(canonical(state))) }) }
  }

  private readable(name: string): Copy | undefined {
    const copy = this.copies.get(name)
    return copy?.snapshot === undefined ? undefined : copy
  }

  /** Applies what has been put down. */
  private folded(copy: Copy): CopiedState {
    if (copy.state === undefined) {
      const { ch, seq, snap } = JSON.parse(textOf(copy.snapshot!.bytes)) as { ch: string; seq: number; snap: JsonObject }
      copy.state = new CopiedState(snap, seq)
      copy.shown = ch
      if (copy.early.length > 0) copy.state.learn(copy.from, copy.early.map(patchOf))
      copy.early.length = 0
      copy.snapshot = { ...copy.snapshot!, bytes: NO_BYTES }
    }
    for (const push of copy.tail) copy.state.apply(patchOf(push).d, push.seq)
    copy.tail = []
    copy.tailBytes = 0
    return copy.state
  }
}

const NO_BYTES = new Uint8Array(0)

/** Returns the text of bytes. A TextDecoder checks its options at each call, which costs more than to read a patch. */
const textOf = (bytes: Uint8Array): string => (Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes)).toString()

const text = (message: object): Uint8Array => utf8Bytes(JSON.stringify(message))

const patchOf = ({ seq, bytes }: Push): { seq: number; d: PatchObject } => ({ seq, d: (JSON.parse(textOf(bytes)) as { d: PatchObject }).d })
