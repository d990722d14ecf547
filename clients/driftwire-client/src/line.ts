import { waitBefore } from './backoff.ts'
import type { SocketLike } from './socket.ts'

/** How it stands with the connection. */
export interface ConnectionState {
  /**
   * `connecting`: for the first time, or again. `live`: something is heard at least every few seconds. `silent`: open, but even the
   * heartbeats stay away. `reconnecting`: lost, waiting for the next attempt. `closed`: for good.
   */
  readonly state: 'connecting' | 'live' | 'silent' | 'reconnecting' | 'closed'
  /** When something was last heard, ms of this machine's clock; absent before the first time. */
  readonly heard?: number
  /** ms from then until this state was given: the age of what is shown. */
  readonly age?: number
  /** Of `reconnecting`: whole seconds until the next attempt. */
  readonly inSeconds?: number
  /** Why the connection was lost, or why it is given up. */
  readonly why?: string
}

/** What a line needs. */
export interface LineOptions {
  readonly url: string
  readonly open: (url: string) => SocketLike | Promise<SocketLike>
  /** In [0, 1). */
  readonly random: () => number
  readonly opened: () => void
  readonly text: (text: string) => void
  readonly lost: () => void
  readonly changed: (state: ConnectionState) => void
}

/** A heartbeat comes every 5 s. ms of silence after which the line is called silent, and given up. */
const SILENT_MS = 7_500
const DEAD_MS = 15_000
/** ms that the opening of a socket may take, and the answer to the question whether anybody is there. */
const OPENING_MS = 10_000
const PROBE_MS = 3_000
/** A connection that lived for so long begins its attempts again from the shortest wait, ms. */
const SOUND_MS = 10_000
const LOOK_MS = 1_000

/** One connection that is made again whenever it is lost. */
export class Line {
  private readonly options: LineOptions
  private socket: SocketLike | undefined
  private state: ConnectionState['state'] = 'connecting'
  private why: string | undefined
  private heardAt: number | undefined
  /** When the state began; of `reconnecting`, when the next attempt is due. */
  private since = Date.now()
  private due = 0
  private attempts = 0
  private askedToWait: number | undefined
  private probedAt: number | undefined
  private timer: ReturnType<typeof setTimeout> | undefined
  private readonly look: ReturnType<typeof setInterval>

  constructor(options: LineOptions) {
    this.options = options
    this.look = setInterval(() => this.check(Date.now()), LOOK_MS)
  }

  /** Whether something can be sent. */
  get up(): boolean {
    return this.state === 'live' || this.state === 'silent'
  }

  /** How it stands with the connection now. */
  get now(): ConnectionState {
    const { state, heardAt, why } = this
    const now = Date.now()
    return {
      state,
      ...(heardAt !== undefined && { heard: heardAt, age: Math.max(0, now - heardAt) }),
      ...(state === 'reconnecting' && { inSeconds: Math.max(0, Math.ceil((this.due - now) / 1000)) }),
      ...(why !== undefined && { why }),
    }
  }

  /** Makes a connection. */
  connect(): void {
    clearTimeout(this.timer)
    this.become('connecting')
    const token = {}
    this.opening = token
    const use = (socket: SocketLike): void => {
      if (this.opening === token) this.use(socket)
      else {
        socket.onerror = () => {}
        socket.close()
      }
    }
    try {
      const opened = this.options.open(this.options.url)
      if (opened instanceof Promise) opened.then(use, error => this.opening === token && this.drop(String((error as Error).message)))
      else use(opened)
    } catch (error) {
      this.drop(String((error as Error).message))
    }
  }
  /** The attempt that counts: a socket of an earlier one is closed. */
  private opening: object | undefined

  /** Sends a text. To be called only while the line is up. */
  send(text: string): void {
    this.socket?.send(text)
  }

  /** The server is about to stop, and wants to be left alone for a while. */
  bye(reason: string, reconnectInMs: number): void {
    this.why = reason
    this.askedToWait = reconnectInMs
  }

  /** The machine is awake, or has a network again: a line that waits tries at once, and one that may be dead has to prove that it is not. */
  wake(): void {
    if (this.state === 'reconnecting') this.connect()
    else if (this.up && this.probedAt === undefined) {
      this.probedAt = Date.now()
      this.send('{"jsonrpc":"2.0","id":"probe","method":"ping"}')
    }
  }

  /** Closes the line for good. */
  close(why?: string): void {
    if (this.state === 'closed') return
    clearInterval(this.look)
    clearTimeout(this.timer)
    this.why = why
    const { socket } = this
    this.socket = undefined
    this.opening = undefined
    this.become('closed')
    socket?.close(1000)
  }

  private use(socket: SocketLike): void {
    this.socket = socket
    const mine = (): boolean => this.socket === socket
    socket.onopen = () => {
      if (!mine()) return
      this.heardAt = Date.now()
      this.why = undefined
      this.become('live')
      this.options.opened()
    }
    socket.onmessage = (event: { data: unknown }) => {
      if (!mine()) return
      this.heardAt = Date.now()
      this.probedAt = undefined
      if (this.state === 'silent') this.become('live')
      this.options.text(String(event.data))
    }
    socket.onclose = (event: { code?: number; reason?: string }) => {
      if (mine()) this.drop(this.askedToWait === undefined ? `${event.code ?? ''} ${event.reason ?? ''}`.trim() : this.why)
    }
    // A close always follows, with the reason.
    socket.onerror = () => {}
  }

  /** Gives the connection up, and plans the next one. */
  private drop(why: string | undefined): void {
    const { socket } = this
    const now = Date.now()
    const wasUp = this.up
    this.socket = undefined
    this.opening = undefined
    this.probedAt = undefined
    if (wasUp && now - this.since >= SOUND_MS) this.attempts = 0
    const backoff = waitBefore(this.attempts++, this.options.random())
    // A server that stops lets its clients go one by one: this one need not wait for others.
    const wait = this.askedToWait === 0 ? 0 : (this.askedToWait ?? 0) + backoff
    this.askedToWait = undefined
    this.why = why
    this.due = now + wait
    this.become('reconnecting')
    this.timer = setTimeout(() => this.connect(), wait)
    socket?.close()
    if (wasUp) this.options.lost()
  }

  private become(state: ConnectionState['state']): void {
    // A line that was silent and speaks again is still the same connection.
    if (!(this.up && (state === 'live' || state === 'silent'))) this.since = Date.now()
    this.state = state
    this.options.changed(this.now)
  }

  private check(now: number): void {
    if (this.state === 'reconnecting') this.options.changed(this.now)
    else if (this.state === 'connecting') {
      if (now - this.since > OPENING_MS) this.drop('the server does not answer')
    } else if (this.up) {
      const quiet = now - this.heardAt!
      if (quiet >= DEAD_MS || (this.probedAt !== undefined && now - this.probedAt >= PROBE_MS)) this.drop('nothing was heard for too long')
      else if (quiet >= SILENT_MS) this.become('silent')
    }
  }
}
