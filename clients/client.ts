import type { JsonObject } from '../streams/wire/mergePatch.ts'
import type { AnyPush } from '../streams/wire/pushes.ts'
import { Replica } from './replica.ts'

/** A websocket, as far as the client needs it: the browser's own, Node's from 22 on, and that of the package `ws`. */
export interface SocketLike {
  onopen: ((event: never) => void) | null
  onmessage: ((event: never) => void) | null
  onclose: ((event: never) => void) | null
  onerror: ((event: never) => void) | null
  send(text: string): void
  close(code?: number): void
}

/** How the client connects. */
export interface ClientOptions {
  /** `ws://127.0.0.1:8080/ws` */
  readonly url: string
  readonly open?: (url: string) => SocketLike
  /** Sent after every connection, before anything else. */
  readonly token?: string
  /** Is called when the connection is made or lost, with the reason if it is known. */
  readonly onConnection?: (connected: boolean, why: string) => void
}

/** The callbacks of a followed channel. */
export interface Follower {
  /** Is called with the whole state when it has changed, and with its event time. The object is the client's own and goes on changing. */
  readonly state?: (state: JsonObject, t: number) => void
  /** Is called with rows of the past, oldest first, if `from` asked for them; `more` while more of them follow. */
  readonly rows?: (rows: readonly JsonObject[], more: boolean) => void
  /** Is called if the server refuses this channel. */
  readonly error?: (error: RequestError) => void
}

/** How a channel is followed. */
export interface FollowOptions {
  /** Rows since then before the first state, ms. */
  readonly from?: number
  /** The highest number of changes a second. */
  readonly maxRate?: number
  /** Whether states are proved by checksums; a wrong one heals itself. */
  readonly checksum?: boolean
}

/** An error in place of a result: the server's, or `not_connected`. */
export class RequestError extends Error {
  readonly code: string
  readonly retry: boolean
  /** The order, if it was written down as rejected. */
  readonly order: unknown

  constructor(code: string, message: string, retry: boolean, order?: unknown) {
    super(message)
    this.code = code
    this.retry = retry
    this.order = order
  }
}

const BACKOFF_MS = 250
const BACKOFF_MAX_MS = 15_000
/** Silence after which a connection is given up, ms: a heartbeat comes every 5 s, so three are missing then. */
const SILENCE_MS = 16_000

interface Followed {
  readonly channel: string
  readonly options: FollowOptions
  readonly follower: Follower
  readonly replica: Replica
  /** The rows of the past have all come; they are asked for once. */
  pastGiven: boolean
}

interface Asked {
  readonly resolve: (result: unknown) => void
  readonly reject: (error: Error) => void
}

/** Follows channels over one connection, which it makes again whenever it is lost; states go on where they were. */
export class Driftwire {
  /** States proved by a checksum, and states thrown away because a patch or a checksum did not fit. */
  readonly counts = { checked: 0, healed: 0 }
  private readonly options: ClientOptions
  private readonly followed = new Map<string, Followed>()
  private readonly asked = new Map<number, Asked>()
  private awaiting: (() => void)[] = []
  private socket: SocketLike | undefined
  private connected = false
  private closed = false
  private nextId = 1
  private attempts = 0
  private retryTimer: ReturnType<typeof setTimeout> | undefined
  private silenceTimer: ReturnType<typeof setTimeout> | undefined
  private retryAfter: number | undefined

  constructor(options: ClientOptions) {
    this.options = options
    this.connect()
  }

  /** Follows a channel until the returned function is called. Following it again replaces the first. */
  follow(channel: string, follower: Follower, options: FollowOptions = {}): () => void {
    const followed: Followed = { channel, options, follower, replica: new Replica(), pastGiven: false }
    this.followed.set(channel, followed)
    if (this.connected) this.subscribe([followed])
    return () => {
      if (this.followed.get(channel) !== followed) return
      this.followed.delete(channel)
      if (this.connected) this.request('unsubscribe', { channels: [channel] }).catch(() => {})
    }
  }

  /** Returns the newest state of a followed channel; undefined before its first snapshot. */
  state(channel: string): JsonObject | undefined {
    const replica = this.followed.get(channel)?.replica
    return replica?.known ? replica.state : undefined
  }

  /** Sends one request. Rejects with a RequestError, also if the connection is lost before the answer. */
  request<Result = unknown>(method: string, params: object = {}): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (!this.connected) {
        reject(new RequestError('not_connected', 'there is no connection', true))
        return
      }
      const id = this.nextId++
      this.asked.set(id, { resolve: resolve as (result: unknown) => void, reject })
      this.socket!.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }))
    })
  }

  /** Resolves when there is a connection. */
  whenConnected(): Promise<void> {
    return this.connected ? Promise.resolve() : new Promise(resolve => this.awaiting.push(resolve))
  }

  /** Closes the connection for good. */
  close(): void {
    this.closed = true
    clearTimeout(this.retryTimer)
    clearTimeout(this.silenceTimer)
    this.socket?.close(1000)
  }

  private connect(): void {
    const { url, open } = this.options
    const socket = open ? open(url) : (new WebSocket(url) as unknown as SocketLike)
    this.socket = socket
    socket.onopen = () => {
      if (this.socket === socket) this.opened()
    }
    socket.onmessage = (event: { data: unknown }) => {
      if (this.socket === socket && typeof event.data === 'string') this.receive(event.data)
    }
    socket.onclose = (event: { code?: number; reason?: string }) => {
      if (this.socket === socket) this.lost(`${event.code ?? ''} ${event.reason ?? ''}`.trim())
    }
    // A close always follows, with the reason.
    socket.onerror = () => {}
  }

  private opened(): void {
    this.connected = true
    this.attempts = 0
    this.options.onConnection?.(true, '')
    this.listen()
    if (this.options.token !== undefined) this.request('auth', { token: this.options.token }).catch(() => {})
    this.subscribe([...this.followed.values()])
    for (const resolve of this.awaiting.splice(0)) resolve()
  }

  private lost(why: string): void {
    this.connected = false
    clearTimeout(this.silenceTimer)
    for (const { reject } of this.asked.values())
      reject(new RequestError('not_connected', 'the connection was lost before the answer', true))
    this.asked.clear()
    this.options.onConnection?.(false, why)
    if (this.closed) return
    const backoff = Math.min(BACKOFF_MAX_MS, BACKOFF_MS * 2 ** this.attempts++)
    this.retryTimer = setTimeout(() => this.connect(), this.retryAfter ?? backoff * (0.5 + Math.random() / 2))
    this.retryAfter = undefined
  }

  /** Subscribes channels, those with equal options in one request. */
  private subscribe(list: readonly Followed[]): void {
    const groups = new Map<string, Followed[]>()
    for (const followed of list) {
      const { from, maxRate, checksum } = followed.options
      const key = JSON.stringify({ ...(from !== undefined && !followed.pastGiven && { from }), maxRate, checksum })
      groups.set(key, [...(groups.get(key) ?? []), followed])
    }
    for (const [key, group] of groups) {
      const resume = Object.fromEntries(
        group.filter(f => f.replica.known).map(f => [f.channel, { epoch: f.replica.epoch, seq: f.replica.seq }]),
      )
      const params = { channels: group.map(f => f.channel), ...JSON.parse(key), ...(Object.keys(resume).length > 0 && { resume }) }
      this.request<Record<string, { error?: { code: string; message: string; retry: boolean } }>>('subscribe', params).then(
        result => {
          for (const { channel, follower } of group) {
            const error = result[channel]?.error
            if (error) follower.error?.(new RequestError(error.code, error.message, error.retry))
          }
        },
        error => {
          if (error instanceof RequestError && error.code !== 'not_connected') for (const { follower } of group) follower.error?.(error)
        },
      )
    }
  }

  private receive(text: string): void {
    this.listen()
    const message = JSON.parse(text) as
      | AnyPush
      | { id: number; result?: unknown; error?: { message: string; data: { code: string; retry: boolean; order?: unknown } } }
    if ('ch' in message) {
      const followed = this.followed.get(message.ch)
      if (followed === undefined) return
      if ('rows' in message) {
        followed.pastGiven = !message.more
        followed.follower.rows?.(message.rows as readonly JsonObject[], message.more)
      } else this.push(followed, message)
    } else if ('bye' in message) {
      this.retryAfter = message.bye.reconnectInMs
    } else if ('id' in message) {
      const asked = this.asked.get(message.id)
      this.asked.delete(message.id)
      if (message.error) {
        const { code, retry, order } = message.error.data
        asked?.reject(new RequestError(code, message.error.message, retry, order))
      } else asked?.resolve(message.result)
    }
  }

  private push(followed: Followed, push: Parameters<Replica['apply']>[0]): void {
    const { replica, follower } = followed
    const outcome = replica.apply(push)
    if (outcome === 'changed') follower.state?.(replica.state, replica.t)
    if (outcome === 'checked') this.counts.checked += 1
    if (outcome === 'checked' || outcome === 'changed') return
    // This is not the server's state: it is given up, and the channel subscribed again.
    if (!replica.known) return
    replica.known = false
    this.counts.healed += 1
    this.subscribe([followed])
  }

  /** Something has come. A connection on which nothing comes any more, not even a heartbeat, is given up. */
  private listen(): void {
    clearTimeout(this.silenceTimer)
    this.silenceTimer = setTimeout(() => {
      const { socket } = this
      this.socket = undefined
      socket?.close()
      this.lost('nothing was heard for too long')
    }, SILENCE_MS)
  }
}
