import { map, merge, type Observable, Subject } from 'rxjs'
import { utf8Text } from '../../../streams/channels/byteWriter.ts'
import type { Channels, Push } from '../../../streams/channels/channelStates.ts'
import type { PatchObject } from '../../../streams/wire/mergePatch.ts'
import type { Bus, Flush } from '../../bus/bus.ts'
import { baseOf, ChannelPart } from './channelPart.ts'

/** A channel of which a part is followed. */
interface Base {
  /** Names that are watched: the channel's own, and those of parts. */
  readonly wanted: Set<string>
  readonly parts: Map<string, ChannelPart>
  ready: boolean
}

/**
 * A bus that also has parts of each channel, under names of their own: channels like any other to those who follow them. Without parts it
 * hands everything on as it is.
 */
export class ProjectingBus implements Bus {
  readonly flushes$: Observable<Flush>
  readonly silence$: Observable<number | undefined>
  readonly channels: Channels
  private readonly inner: Bus
  private readonly bases = new Map<string, Base>()
  private readonly begun$ = new Subject<Flush>()
  private known: string
  private t = 0
  /** How many parts there are. */
  size = 0

  constructor(inner: Bus) {
    this.inner = inner
    this.known = inner.epoch
    this.silence$ = inner.silence$
    this.flushes$ = merge(inner.flushes$.pipe(map(flush => this.withParts(flush))), this.begun$)
    this.channels = {
      snapshot: name => (baseOf(name) === undefined ? inner.channels.snapshot(name) : this.snapshot(name)),
      since: (name, seq) => (baseOf(name) === undefined ? inner.channels.since(name, seq) : this.since(name, seq)),
      checksum: name => (baseOf(name) === undefined ? inner.channels.checksum(name) : this.checksum(name)),
      seq: name => (baseOf(name) === undefined ? inner.channels.seq(name) : (this.begun(name)?.seq ?? 0)),
    }
  }

  get epoch(): string {
    return this.inner.epoch
  }

  watch(name: string, on: boolean): void {
    const channel = baseOf(name) ?? name
    const base = this.bases.get(channel)
    if (base === undefined && channel === name) {
      // Nobody follows some of it: the channel is none of our business, except that it may be followed already when somebody does.
      this.begin(name, on)
      return
    }
    if (on) this.want(channel, name)
    else this.leave(channel, name)
  }

  private begin(channel: string, on: boolean): void {
    if (on) this.bases.set(channel, { wanted: new Set([channel]), parts: new Map(), ready: false })
    this.inner.watch(channel, on)
  }

  private want(channel: string, name: string): void {
    let base = this.bases.get(channel)
    const isNew = base === undefined
    if (base === undefined) {
      base = { wanted: new Set(), parts: new Map(), ready: false }
      this.bases.set(channel, base)
    }
    base.wanted.add(name)
    if (name !== channel && !base.parts.has(name)) {
      base.parts.set(name, new ChannelPart(name, channel))
      this.size += 1
    }
    if (isNew || name === channel) {
      this.inner.watch(channel, true)
      return
    }
    // The channel is there already: what is known of it is the beginning.
    const push = base.ready ? this.inner.channels.snapshot(channel) : undefined
    if (push === undefined) return
    base.parts.get(name)!.begin(push, this.t)
    this.begun$.next({ epoch: this.known, t: this.t, pushes: [], ready: [this.snapshot(name)!] })
  }

  private leave(channel: string, name: string): void {
    const base = this.bases.get(channel)
    if (base === undefined || !base.wanted.delete(name)) return
    if (base.parts.delete(name)) this.size -= 1
    if (base.wanted.size > 0) return
    this.bases.delete(channel)
    this.inner.watch(channel, false)
  }

  /** Pushes what a condition has kept back: a new follower gets the newest state. */
  catchUp(name: string): void {
    if (baseOf(name) === undefined) return
    const push = this.begun(name)?.catchUp()
    if (push) this.begun$.next({ epoch: this.known, t: this.t, pushes: [push], ready: [] })
  }

  /** Returns a part whose channel is there. */
  private begun(name: string): ChannelPart | undefined {
    const part = this.bases.get(baseOf(name)!)?.parts.get(name)
    return part?.begun ? part : undefined
  }

  /** Adds to a flush what parts have of it. */
  private withParts(flush: Flush): Flush {
    if (flush.epoch !== this.known) {
      // The core has started again, and nothing is watched any more.
      this.known = flush.epoch
      this.t = 0
      this.bases.clear()
      this.size = 0
    }
    if (flush.t > this.t) this.t = flush.t
    if (flush.ready.length > 0) for (const { channel } of flush.ready) this.markReady(channel)
    if (this.size === 0) return flush
    const pushes: Push[] = []
    for (const push of flush.pushes) {
      pushes.push(push)
      const base = this.bases.get(push.channel)
      if (base === undefined || base.parts.size === 0) continue
      this.follow(base, push, pushes)
    }
    const ready = [...flush.ready]
    for (const push of flush.ready)
      for (const part of this.bases.get(push.channel)?.parts.values() ?? []) {
        if (part.begun) continue
        part.begin(push, this.t)
        ready.push(part.snapshot(this.known, this.t))
      }
    return { ...flush, pushes, ready }
  }

  private markReady(channel: string): void {
    const base = this.bases.get(channel)
    if (base) base.ready = true
  }

  private follow({ parts }: Base, push: Push, pushes: Push[]): void {
    const { d, t } = JSON.parse(utf8Text(push.bytes)) as { d: PatchObject; t: number }
    for (const part of parts.values()) {
      const own = part.begun ? part.accept(push.seq, t, d) : undefined
      if (own) pushes.push(own)
    }
  }

  private snapshot(name: string): Push | undefined {
    return this.begun(name)?.snapshot(this.known, this.t)
  }

  private since(name: string, seq: number): Push | undefined {
    const part = this.begun(name)
    if (part === undefined || seq > part.seq) return undefined
    const push = this.inner.channels.since(part.base, seq)
    return push && part.since(seq, (JSON.parse(utf8Text(push.bytes)) as { d: PatchObject }).d, this.t)
  }

  private checksum(name: string): Push | undefined {
    return this.begun(name)?.checksum()
  }
}
