import type { Dependent, Source } from '../lib/dependencies.ts'
import { crc32 } from '../wire/crc32.ts'
import { ByteWriter, utf8Bytes } from './byteWriter.ts'
import { StateTree } from './stateTree.ts'

/** One message to all who follow a channel, as it is written on the wire. */
export interface Push {
  readonly channel: string
  readonly seq: number
  /** The sequence number of the state it applies to. */
  readonly prev: number
  readonly bytes: Uint8Array
}

/** All that a hub asks of the channels; its answers are complete pushes. */
export interface Channels {
  /** Returns the whole state as of the last frame; undefined for a channel that nobody has begun to watch. */
  snapshot(channel: string): Push | undefined
  /** Returns all changes after `seq` as one patch; undefined if that is too long ago, or a number that was never given. */
  since(channel: string, seq: number): Push | undefined
  /** Returns the checksum of the state as of the last frame; undefined for a channel that nobody has begun to watch. */
  checksum(channel: string): Push | undefined
  /** Returns the number of the channel's newest patch; 0 before the first. */
  seq(channel: string): number
}

/** What a channel shows, and how. */
export interface ChannelView {
  /** The tree that `write` writes into. */
  readonly state: StateTree
  /** Writes the figures as of `t` (ms) into the state; each `commit` in between ends a patch. */
  readonly write: (t: number, commit: () => void) => void
  /** Called when the first watcher comes and when the last has gone. */
  readonly listen?: (on: boolean) => void
  /** What its messages call it, if not by its name. */
  readonly shown?: string
}

/**
 * A state that can be watched. It is written at the end of a frame if what it shows has changed, and only while somebody watches: `write`
 * puts the figures of the moment into the state.
 */
export class Channel implements Dependent {
  readonly name: string
  /** How its messages begin: `{"ch":"tick:BTC-USD"` */
  readonly opening: Uint8Array
  readonly state: StateTree
  dirty = false
  private readonly frames: ChannelStates
  private readonly source: Source
  private readonly write: (t: number, commit: () => void) => void
  private readonly listen: (on: boolean) => void
  /** Somebody gets its pushes. */
  watched = false
  private kept = false
  /** Called when its state was written, for those that read it whether anybody watches or not. */
  private readonly readers: (() => void)[] = []

  constructor(frames: ChannelStates, name: string, source: Source, view: ChannelView) {
    this.frames = frames
    this.name = name
    this.opening = utf8Bytes(`{"ch":${JSON.stringify(view.shown ?? name)}`)
    this.source = source
    this.state = view.state
    this.write = view.write
    this.listen = view.listen ?? (() => {})
  }

  /** Begins or ends to watch it. */
  watch(on: boolean): void {
    if (on === this.watched || this.kept) return
    this.watched = on
    if (this.readers.length === 0) this.compute(on)
  }

  /** Keeps its state up from now on, and calls `written` whenever it was written. Its pushes are made for those who watch only. */
  follow(written: () => void): void {
    if (!this.watched && this.readers.length === 0) this.compute(true)
    this.readers.push(written)
  }

  /** Watches it from now on, whatever `watch` says. */
  keep(): void {
    this.watch(true)
    this.kept = true
  }

  refresh(t: number): void {
    const commit = () => this.frames.commit(this, t)
    this.write(t, commit)
    commit()
    if (this.readers.length > 0) for (const written of this.readers) written()
  }

  private compute(on: boolean): void {
    if (on) this.source.add(this)
    else this.source.remove(this)
    this.listen(on)
  }
}

/** All channels: numbers their patches, and returns their states. */
export class ChannelStates implements Channels {
  /** The last frame, ms. */
  t = 0
  private readonly epoch: string
  private readonly digits: number
  private readonly channels = new Map<string, Channel>()
  private pushes: Push[] = []
  private hushed: Set<Channel> | undefined
  /** The number that new channels begin with. */
  private base = 0
  private readonly out = new ByteWriter()

  /** `digits`: significant digits of rounded numbers. */
  constructor(epoch: string, digits: number) {
    this.epoch = epoch
    this.digits = digits
  }

  /** Returns the channel of that name; undefined if there is none. */
  get(name: string): Channel | undefined {
    return this.channels.get(name)
  }

  /** Returns the channel of that name; if there is none, it is made, and its state shows `source`. */
  open(name: string, source: Source, show: (state: StateTree) => ChannelView): Channel {
    const known = this.channels.get(name)
    if (known) return known
    const state = new StateTree(this.digits)
    state.seq = this.base
    state.floor = this.base
    const channel = new Channel(this, name, source, show(state))
    this.channels.set(name, channel)
    return channel
  }

  /** Forgets a channel that nobody watches. Should it come again, its numbers are new ones. */
  drop(name: string): void {
    const channel = this.channels.get(name)
    if (channel === undefined) return
    this.base = Math.max(this.base, channel.state.seq + 1)
    this.channels.delete(name)
  }

  /** What is written until `speak` waits for the patch of the next frame. */
  hush(): void {
    this.hushed = new Set()
  }

  /** Ends what `hush` began. Returns the channels that were written. */
  speak(): Iterable<Channel> {
    const { hushed } = this
    this.hushed = undefined
    return hushed ?? []
  }

  /** Numbers what was written into a channel's state since its last patch; nothing if nothing changed. It is a push if somebody watches. */
  commit(channel: Channel, t: number): void {
    if (this.hushed) {
      this.hushed.add(channel)
      return
    }
    const prev = channel.state.seq
    if (!channel.state.commit() || !channel.watched) return
    this.numbered(channel, t)
    this.out.ascii(',"d":')
    channel.state.since(prev, this.out)
    this.pushes.push(this.finished(channel, prev))
  }

  /** Returns the patches since the last call. */
  drain(): readonly Push[] {
    const pushes = this.pushes
    this.pushes = []
    return pushes
  }

  snapshot(name: string): Push | undefined {
    const channel = this.channels.get(name)
    if (channel === undefined) return undefined
    this.out.bytes(channel.opening)
    this.out.ascii(`,"epoch":${JSON.stringify(this.epoch)},"seq":${channel.state.seq},"t":${this.t},"snap":`)
    channel.state.snapshot(this.out)
    return this.finished(channel, channel.state.seq)
  }

  since(name: string, seq: number): Push | undefined {
    const channel = this.channels.get(name)
    if (channel === undefined || seq < channel.state.floor || seq > channel.state.seq) return undefined
    const merged = channel.state.seq - seq
    this.numbered(channel, this.t)
    this.out.ascii(merged === 1 ? ',"d":' : `,"prev":${seq},"merged":${merged},"d":`)
    channel.state.since(seq, this.out)
    return this.finished(channel, seq)
  }

  checksum(name: string): Push | undefined {
    const channel = this.channels.get(name)
    if (channel === undefined) return undefined
    channel.state.canonical(this.out)
    const sum = crc32(this.out.drain())
    this.out.bytes(channel.opening)
    this.out.ascii(`,"seq":${channel.state.seq},"h":"${sum}"`)
    return this.finished(channel, channel.state.seq)
  }

  seq(name: string): number {
    return this.channels.get(name)?.state.seq ?? 0
  }

  private numbered(channel: Channel, t: number): void {
    this.out.bytes(channel.opening)
    this.out.ascii(',"seq":')
    this.out.decimal(channel.state.seq, 0)
    this.out.ascii(',"t":')
    this.out.decimal(t, 0)
  }

  private finished({ name, state }: Channel, prev: number): Push {
    this.out.byte(CLOSE)
    return { channel: name, seq: state.seq, prev, bytes: this.out.drain() }
  }
}

const CLOSE = 0x7d
