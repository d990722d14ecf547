import { pino } from 'pino'
import { Subject, type Subscription } from 'rxjs'
import { vi } from 'vitest'
import { type ChannelOptions, connect, type JsonObject, type SocketLike } from '../../clients/driftwire-client/src/index.ts'
import { utf8Text } from '../../streams/channels/byteWriter.ts'
import type { Channels } from '../../streams/channels/channelStates.ts'
import type { Bus, Flush } from '../bus/bus.ts'
import { ChannelDirectory } from '../gateway/api/channelDirectory.ts'
import { ClientLimits } from '../gateway/api/clientLimits.ts'
import { MemoryUsage } from '../gateway/api/usage.ts'
import { Hub, TICK_MS } from '../gateway/hub/hub.ts'
import { HUB_LIMITS, type HubLimits } from '../gateway/hub/limits.ts'
import { Dispatcher } from '../gateway/rpc/dispatcher.ts'
import type { Socket } from '../gateway/transports/transport.ts'
import { ANONYMOUS, type Principal } from '../identity/access.ts'
import type { BackfillSource } from '../storage/read/backfillSource.ts'
import { LabCore, type LabTrade } from './labCore.ts'

/**
 * Pipeline, bus, hub, requests and the client library as they are, with a network between them that the test holds in its hand:
 * it decides what is read when and what is lost. Time is vitest's.
 */
export class Lab {
  readonly hub: Hub
  readonly bus = new RestartableBus()
  readonly requests: Dispatcher
  readonly lines = new Set<Line>()
  /** Sees every frame at the moment when the server sends it. */
  sent: (line: Line, text: string) => void = () => {}
  private core!: LabCore
  private starts = 0
  private readonly topics = new Map<string, Set<Line>>()
  private readonly timer: ReturnType<typeof setInterval>

  constructor(options: { limits?: Partial<HubLimits>; past?: BackfillSource } = {}) {
    this.bus.connect(this.startCore())
    const limits = { ...HUB_LIMITS, ...options.limits }
    this.hub = new Hub(this.bus, (topic, bytes) => this.publish(topic, bytes), limits, Date.now)
    const directory = new ChannelDirectory({ openEnded: true, readers: new Map(), byDefault: [], recorders: new Map() })
    const past = options.past ?? { rows: async () => ({ rows: [] }), until: async () => {} }
    this.requests = new Dispatcher({
      hub: this.hub,
      directory,
      past,
      // Nobody logs in or orders here.
      core: undefined as never,
      sessions: undefined as never,
      limits: { requestBytes: 65_536, requestsPerSecond: limits.requestsPerSecond, channelsPerSocket: 1000 },
      clientLimits: new ClientLimits({ address: {}, user: {} }, new MemoryUsage(() => 0)),
      now: Date.now,
      log: pino({ level: 'silent' }),
    })
    this.timer = setInterval(() => this.hub.tick(), TICK_MS)
  }

  /** The core is gone and another begins, with an epoch of its own and nothing known. */
  restart(): void {
    this.bus.connect(this.startCore())
  }

  private startCore(): Bus {
    this.starts += 1
    this.core = new LabCore(`lab${this.starts}`)
    return this.core.bus
  }

  /** A client of the library, over lines that read as `reads` says. */
  client(reads: Reader): LabClient {
    return new LabClient(() => new Line(this, reads).near)
  }

  /** Trades, and the end of the frame they fell in. */
  frame(trades: readonly LabTrade[]): void {
    this.core.frame(Date.now(), trades)
  }

  state(channel: string): unknown {
    return JSON.parse(utf8Text(this.bus.channels.snapshot(channel)!.bytes)).snap
  }

  subscribe(topic: string, line: Line, on: boolean): void {
    const lines = this.topics.get(topic) ?? new Set()
    this.topics.set(topic, lines)
    if (on) lines.add(line)
    else lines.delete(line)
  }

  close(): void {
    clearInterval(this.timer)
    for (const line of this.lines) line.cut()
  }

  private publish(topic: string, bytes: Uint8Array): void {
    for (const line of this.topics.get(topic) ?? []) line.toClient(utf8Text(bytes))
  }
}

/** The client package, and the newest state of each channel that it follows. */
export class LabClient {
  private readonly wire
  private readonly newest = new Map<string, JsonObject>()
  private readonly followed = new Map<string, { unsubscribe(): void }>()

  constructor(socket: () => SocketLike) {
    this.wire = connect('lab', { socket })
  }

  get counts() {
    return this.wire.counts
  }

  /** Follows a channel until the returned function is called, in place of an earlier follower. States that only became stale are left out. */
  follow(
    channel: string,
    { state: show, ...rows }: Pick<ChannelOptions, 'rows'> & { state?: (state: JsonObject, t: number) => void },
    options: ChannelOptions = {},
  ): () => void {
    let last: { state: JsonObject; seq: number } | undefined
    const subscription = this.wire.channel(channel, { ...options, ...rows }).subscribe(({ state, t, seq }) => {
      if (last?.state === state && last.seq === seq) return
      last = { state, seq }
      this.newest.set(channel, state)
      show?.(state, t)
    })
    this.followed.get(channel)?.unsubscribe()
    this.followed.set(channel, subscription)
    return () => subscription.unsubscribe()
  }

  state(channel: string): JsonObject | undefined {
    return this.newest.get(channel)
  }

  close(): void {
    this.wire.close()
  }
}

/** A bus to a core that can start again. */
class RestartableBus implements Bus {
  readonly flushes$ = new Subject<Flush>()
  readonly silence$ = new Subject<number | undefined>()
  readonly channels: Channels = {
    snapshot: name => this.core.channels.snapshot(name),
    since: (name, seq) => this.core.channels.since(name, seq),
    checksum: name => this.core.channels.checksum(name),
    seq: name => this.core.channels.seq(name),
  }
  private core!: Bus
  private subscription: Subscription | undefined

  get epoch(): string {
    return this.core.epoch
  }

  watch(channel: string, on: boolean): void {
    this.core.watch(channel, on)
  }

  connect(core: Bus): void {
    this.subscription?.unsubscribe()
    this.core = core
    this.subscription = core.flushes$.subscribe(this.flushes$)
    this.subscription.add(core.silence$.subscribe(since => this.silence$.next(since)))
    this.flushes$.next({ epoch: core.epoch, t: 0, pushes: [], ready: [] })
  }
}

/** How a line is read: bytes a second; Infinity: at once. May change while it is used. */
export interface Reader {
  bytesPerSecond: number
}

/** What the server keeps for one socket before it drops. */
const MAX_BACKPRESSURE = 1024 * 1024

/** One connection: in order, as slow as its reader, and lost with all that is on it when it is cut. */
export class Line {
  readonly near: SocketLike
  private readonly lab: Lab
  private readonly reader: Reader
  private readonly far: Socket<Principal>
  private readonly followed = new Set<string>()
  private readonly queue: (string | { mark: number })[] = []
  private queued = 0
  private credit = 0
  private readonly timer: ReturnType<typeof setInterval>

  constructor(lab: Lab, reader: Reader) {
    this.lab = lab
    this.reader = reader
    lab.lines.add(this)
    const far = {
      id: 0,
      data: ANONYMOUS,
      closed: false,
      dropped: false,
      send: (frame: Uint8Array | string) => this.toClient(typeof frame === 'string' ? frame : utf8Text(frame)),
      subscribe: (topic: string) => {
        this.followed.add(topic)
        lab.subscribe(topic, this, true)
      },
      unsubscribe: (topic: string) => lab.subscribe(topic, this, false),
      ping: (mark: number) => this.queue.push({ mark }),
      buffered: () => 0,
      close: (code: number, reason: string) => this.cut(code, reason),
    }
    this.far = far
    this.near = {
      onopen: null,
      onmessage: null,
      onclose: null,
      onerror: null,
      send: text => {
        if (far.closed) return
        const session = lab.hub.session(far)
        if (session) lab.requests.accept(session, text)
      },
      close: () => this.cut(1000),
    }
    this.timer = setInterval(() => this.read(), 10)
    setTimeout(() => {
      if (far.closed) return
      lab.hub.open(far)
      this.near.onopen?.({} as never)
    }, 1)
  }

  toClient(text: string): void {
    if (this.far.closed) return
    this.lab.sent(this, text)
    if (this.queued > MAX_BACKPRESSURE) {
      this.far.dropped = true
      return
    }
    this.queue.push(text)
    this.queued += text.length
  }

  cut(code = 1006, reason = ''): void {
    if (this.far.closed) return
    ;(this.far as { closed: boolean }).closed = true
    clearInterval(this.timer)
    this.lab.lines.delete(this)
    for (const topic of this.followed) this.lab.subscribe(topic, this, false)
    this.lab.hub.closed(this.far)
    this.near.onclose?.({ code, reason } as never)
  }

  private read(): void {
    const { bytesPerSecond } = this.reader
    if (bytesPerSecond === 0) return
    this.credit = Math.min(this.credit + bytesPerSecond / 100, Math.max(bytesPerSecond, 1))
    while (this.queue.length > 0 && !this.far.closed) {
      const next = this.queue[0]!
      const size = typeof next === 'string' ? next.length : 8
      if (size > this.credit && bytesPerSecond !== Number.POSITIVE_INFINITY) {
        // What is longer than a second's reading still gets through, in its time.
        if (this.credit < bytesPerSecond) return
        this.credit = 0
      } else this.credit -= size
      this.queue.shift()
      if (typeof next === 'string') {
        this.queued -= next.length
        this.near.onmessage?.({ data: next } as never)
      } else this.lab.hub.pong(this.far, next.mark)
    }
  }
}

export const virtualTime = (start: number): void => {
  vi.useFakeTimers({ now: start })
}
