import type { Subscription } from 'rxjs'
import type { Push } from '../../../streams/channels/channelStates.ts'
import type { TermWriter } from '../../redis/termWriter.ts'
import type { Bus, Flush } from '../bus.ts'
import type { SharedBus } from '../sharedBus.ts'
import { encodeFrame, type Part } from './frameCodec.ts'
import { type Wish, Wishes } from './wish.ts'

/** A frame is written at least this often, ms, an empty one if need be: gateways take silence for a fault. */
const BEAT_MS = 250
/** Bytes of snapshots in one frame. */
const SNAPSHOT_BYTES = 512 * 1024
const EXPIRE_MS = 1_000
const NO_PUSHES: readonly Push[] = []

/** What a core has published since the start. */
export interface PublishedFigures {
  /** Gateways, and channels that they want. */
  gateways: number
  wanted: number
  snapshots: number
}

/**
 * Publishes what a bus brings as frames, one a turn of the event loop, and watches what gateways want. The snapshots that they ask for
 * stand in a frame of their own, behind all pushes up to their numbers.
 */
export class FramePublisher {
  private readonly bus: Bus
  private readonly shared: SharedBus
  private readonly writer: TermWriter
  private readonly now: () => number
  private readonly wishes = new Wishes()
  private readonly awaited = new Set<string>()
  private readonly timers: ReturnType<typeof setInterval>[]
  private readonly flushes: Subscription
  private parts: Part[] = []
  private t = 0
  private writtenAt = Number.NEGATIVE_INFINITY
  private turn: NodeJS.Immediate | undefined
  private snapshots = 0

  /** `now`: ms. */
  constructor({ shared, writer, now }: { shared: SharedBus; writer: TermWriter; now: () => number }) {
    this.shared = shared
    this.bus = shared.member()
    this.writer = writer
    this.now = now
    this.flushes = this.bus.flushes$.subscribe(flush => this.take(flush))
    this.timers = [
      setInterval(() => this.beat(), BEAT_MS / 2),
      setInterval(() => {
        for (const channel of this.wishes.expire(this.now())) this.drop(channel)
      }, EXPIRE_MS),
    ]
    this.write()
  }

  get figures(): PublishedFigures {
    return { gateways: this.wishes.size, wanted: this.wishes.channels, snapshots: this.snapshots }
  }

  /** Takes in what a gateway wants. */
  accept(wish: Wish): void {
    const { on, off, snapshots } = this.wishes.accept(wish, this.now())
    for (const channel of off) this.drop(channel)
    for (const channel of snapshots) this.awaited.add(channel)
    for (const channel of on) this.bus.watch(channel, true)
    if (snapshots.some(channel => this.shared.canRead(channel))) this.soon()
  }

  /** Writes the last frame, and nothing any more. */
  end(): void {
    for (const timer of this.timers) clearInterval(timer)
    this.flushes.unsubscribe()
    this.write()
  }

  private drop(channel: string): void {
    this.awaited.delete(channel)
    this.bus.watch(channel, false)
  }

  private take({ t, pushes, ready }: Flush): void {
    this.t = t
    if (pushes.length > 0) this.parts.push({ t, pushes, ready: NO_PUSHES })
    if (pushes.length > 0 || ready.some(({ channel }) => this.awaited.has(channel))) this.soon()
    else this.beat()
  }

  private soon(): void {
    this.turn ??= setImmediate(() => this.write())
  }

  private beat(): void {
    if (this.turn === undefined && this.now() - this.writtenAt >= BEAT_MS) this.write()
  }

  private write(): void {
    clearImmediate(this.turn)
    this.turn = undefined
    const { parts } = this
    this.parts = []
    this.writtenAt = this.now()
    const ready = this.readable()
    if (parts.length > 0) this.writer.append(encodeFrame(parts))
    // By themselves: gateways keep patches for a minute, and with them the whole frame.
    if (parts.length === 0 || ready.length > 0) this.writer.append(encodeFrame([{ t: this.t, pushes: NO_PUSHES, ready }]))
  }

  /** Takes snapshots of what is awaited and can be read, up to the bytes of a frame; the rest goes into the next. */
  private readable(): Push[] {
    const pushes: Push[] = []
    let bytes = 0
    for (const channel of this.awaited) {
      if (!this.shared.canRead(channel)) continue
      if (bytes > SNAPSHOT_BYTES) {
        this.soon()
        break
      }
      const push = this.bus.channels.snapshot(channel)
      if (push === undefined) continue
      pushes.push(push)
      bytes += push.bytes.length
      this.awaited.delete(channel)
    }
    this.snapshots += pushes.length
    return pushes
  }
}
