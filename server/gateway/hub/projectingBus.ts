import { map, merge, type Observable, Subject } from 'rxjs'
import { utf8Bytes, utf8Text } from '../../../streams/channels/byteWriter.ts'
import type { Channels, Push } from '../../../streams/channels/channelStates.ts'
import { crc32 } from '../../../streams/wire/crc32.ts'
import { canonical, type JsonObject, type PatchObject } from '../../../streams/wire/mergePatch.ts'
import { Projection } from '../../../streams/wire/projection.ts'
import type { Bus, Flush } from '../../bus/bus.ts'

/** Returns the name under which some members of a channel are followed. No channel's own name has a blank. */
export const projectedName = (channel: string, fields: readonly string[]): string =>
  `${channel} ${JSON.stringify([...new Set(fields)].sort())}`

/** Returns the channel of which a name means some members; undefined if it is a channel's own name. */
const baseOf = (name: string): string | undefined => {
  const blank = name.indexOf(' ')
  return blank < 0 ? undefined : name.slice(0, blank)
}

/** Some members of a channel's state, as of the channel's newest push. They have the channel's own numbers, of which they skip some. */
interface Projected {
  readonly name: string
  readonly base: string
  readonly projection: Projection
  /** The name in its pushes; '' while it waits for its channel. */
  shown: string
  state: JsonObject
  /** The number of the newest push in which something of it changed. */
  seq: number
}

/** A channel of which some members are followed. */
interface Base {
  /** Names that are watched: the channel's own, and those of projections. */
  readonly wanted: Set<string>
  readonly projected: Map<string, Projected>
  ready: boolean
}

/**
 * A bus that also has some members of each channel, under a name of their own: a channel like any other to those who follow it. Without
 * projections it hands everything on as it is.
 */
export class ProjectingBus implements Bus {
  readonly flushes$: Observable<Flush>
  readonly channels: Channels
  private readonly inner: Bus
  private readonly bases = new Map<string, Base>()
  private readonly begun$ = new Subject<Flush>()
  private known: string
  private t = 0
  /** How many projections there are. */
  size = 0

  constructor(inner: Bus) {
    this.inner = inner
    this.known = inner.epoch
    this.flushes$ = merge(inner.flushes$.pipe(map(flush => this.withProjections(flush))), this.begun$)
    this.channels = {
      snapshot: name => (baseOf(name) === undefined ? inner.channels.snapshot(name) : this.snapshot(name)),
      since: (name, seq) => (baseOf(name) === undefined ? inner.channels.since(name, seq) : this.since(name, seq)),
      checksum: name => (baseOf(name) === undefined ? inner.channels.checksum(name) : this.checksum(name)),
      seq: name => (baseOf(name) === undefined ? inner.channels.seq(name) : (this.of(name)?.seq ?? 0)),
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
    if (on) this.bases.set(channel, { wanted: new Set([channel]), projected: new Map(), ready: false })
    this.inner.watch(channel, on)
  }

  private want(channel: string, name: string): void {
    let base = this.bases.get(channel)
    const isNew = base === undefined
    if (base === undefined) {
      base = { wanted: new Set(), projected: new Map(), ready: false }
      this.bases.set(channel, base)
    }
    base.wanted.add(name)
    if (name !== channel && !base.projected.has(name)) {
      const fields = JSON.parse(name.slice(channel.length + 1)) as string[]
      base.projected.set(name, { name, base: channel, projection: new Projection(fields), shown: '', state: {}, seq: 0 })
      this.size += 1
    }
    if (isNew || name === channel) {
      this.inner.watch(channel, true)
      return
    }
    // The channel is there already: what is known of it is the beginning.
    const push = base.ready ? this.inner.channels.snapshot(channel) : undefined
    if (push === undefined) return
    this.start(base.projected.get(name)!, push)
    this.begun$.next({ epoch: this.known, t: this.t, pushes: [], ready: [this.snapshot(name)!] })
  }

  private leave(channel: string, name: string): void {
    const base = this.bases.get(channel)
    if (base === undefined || !base.wanted.delete(name)) return
    if (base.projected.delete(name)) this.size -= 1
    if (base.wanted.size > 0) return
    this.bases.delete(channel)
    this.inner.watch(channel, false)
  }

  private of(name: string): Projected | undefined {
    return this.bases.get(baseOf(name)!)?.projected.get(name)
  }

  /** Adds to a flush what projections have of it. */
  private withProjections(flush: Flush): Flush {
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
      if (base === undefined || base.projected.size === 0) continue
      this.follow(base, push, pushes)
    }
    const ready = [...flush.ready]
    for (const push of flush.ready)
      for (const projected of this.bases.get(push.channel)?.projected.values() ?? []) {
        if (projected.shown !== '') continue
        this.start(projected, push)
        ready.push(this.snapshot(projected.name)!)
      }
    return { ...flush, pushes, ready }
  }

  private markReady(channel: string): void {
    const base = this.bases.get(channel)
    if (base) base.ready = true
  }

  private follow({ projected }: Base, push: Push, pushes: Push[]): void {
    const { d, t } = JSON.parse(utf8Text(push.bytes)) as { d: PatchObject; t: number }
    for (const each of projected.values()) {
      if (each.shown === '') continue
      const step = each.projection.step(each.state, d)
      if (step === undefined) continue
      const prev = each.seq
      each.state = step.state
      each.seq = push.seq
      pushes.push(this.patch(each, prev, t, step.patch, false))
    }
  }

  private start(projected: Projected, { bytes, seq }: Push): void {
    const { ch, snap } = JSON.parse(utf8Text(bytes)) as { ch: string; snap: JsonObject }
    projected.shown = ch
    projected.state = projected.projection.of(snap)
    projected.seq = seq
  }

  private snapshot(name: string): Push | undefined {
    const projected = this.of(name)
    if (projected === undefined || projected.shown === '') return undefined
    const { shown: ch, seq, state: snap } = projected
    return { channel: name, seq, prev: seq, bytes: utf8Bytes(JSON.stringify({ ch, epoch: this.known, seq, t: this.t, snap })) }
  }

  private since(name: string, seq: number): Push | undefined {
    const projected = this.of(name)
    if (projected === undefined || projected.shown === '' || seq > projected.seq) return undefined
    const push = this.inner.channels.since(projected.base, seq)
    if (push === undefined) return undefined
    const { d } = JSON.parse(utf8Text(push.bytes)) as { d: PatchObject }
    return this.patch(projected, seq, this.t, projected.projection.restrict(d, projected.state), true)
  }

  private patch({ name, shown: ch, seq }: Projected, prev: number, t: number, d: PatchObject, merged: boolean): Push {
    const isNext = prev === seq - 1
    const push = { ch, seq, ...(!isNext && { prev }), t, ...(merged && !isNext && { merged: seq - prev }), d }
    return { channel: name, seq, prev, bytes: utf8Bytes(JSON.stringify(push)) }
  }

  private checksum(name: string): Push | undefined {
    const projected = this.of(name)
    if (projected === undefined || projected.shown === '') return undefined
    const { shown: ch, seq, state } = projected
    return { channel: name, seq, prev: seq, bytes: utf8Bytes(JSON.stringify({ ch, seq, h: crc32(utf8Bytes(canonical(state))) })) }
  }
}
