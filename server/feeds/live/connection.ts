import type { Logger } from 'pino'
import { type RawData, WebSocket } from 'ws'
import type { FeedState } from '../../../streams/market/feedHealth.ts'
import type { BookLevels } from '../../../streams/market/levels.ts'
import type { Ticks } from '../../../streams/market/ticks.ts'
import { TickWriter } from '../../../streams/market/tickWriter.ts'
import { Backoff } from '../../lib/backoff.ts'
import type { Environment } from '../environment.ts'
import { RejectLog } from '../rejectLog.ts'
import type { Decoder, Heartbeat } from '../venues/venue.ts'

/** How long a venue is waited for and how much of what it says is kept for a slow consumer. */
export interface ConnectionTimeouts {
  /** ms until a socket must be open. */
  readonly connectMs: number
  /** ms without a message, a ping or a pong after which a connection counts as dead. */
  readonly silentMs: number
  /** Ticks that wait to be taken; the oldest quotes beyond are dropped and counted. */
  readonly waitingTicks: number
}

/** The usual limits of a connection. */
export const CONNECTION_TIMEOUTS: ConnectionTimeouts = { connectMs: 10_000, silentMs: 30_000, waitingTicks: 100_000 }

/** After which an attempt counts as a success, and the next failure as the first. */
const HEALTHY_MS = 60_000

/** Bytes of one message; the largest order books take some four million. */
const MAX_MESSAGE = 32 * 1024 * 1024

/** A socket to keep open, and what it feeds. */
export interface ConnectionOptions {
  readonly feed: number
  readonly url: string
  readonly hello: readonly string[]
  readonly heartbeat: Heartbeat
  readonly decoder: () => Decoder
  readonly timeouts: ConnectionTimeouts
  readonly environment: Environment
  readonly log: Logger
  /** Something will be there to be taken when this turn is over, or the state has changed. */
  readonly onNews: () => void
}

/** One socket of a venue, opened again as often as it breaks, until it is closed. */
export class Connection {
  state: FeedState = 'connecting'
  private readonly options: ConnectionOptions
  private readonly log: Logger
  private readonly writer: TickWriter
  private readonly backoff: Backoff
  private readonly leftOut: RejectLog
  private decoder: Decoder
  private socket: WebSocket | undefined
  private openedAt = Number.NaN
  private heardAt = Number.NaN
  private complainedAt = Number.NEGATIVE_INFINITY
  private closed = false
  /** Calls off what this attempt, or the wait for the next one, has set up. */
  private timers: Record<string, () => void> = {}

  constructor(options: ConnectionOptions) {
    this.options = options
    this.log = options.log.child({ url: options.url })
    this.leftOut = new RejectLog(options.log, options.environment)
    this.writer = new TickWriter(options.feed, (kind, n) => this.leftOut.note(kind, n, options.url))
    this.backoff = new Backoff(options.environment.random)
    this.decoder = options.decoder()
    this.dial()
  }

  /** Returns the ticks since the last call; undefined if there are none. */
  drain(): Ticks | undefined {
    return this.writer.drain()
  }

  /** Returns the shown books that have changed, as of the ticks drained. */
  drainLevels(): readonly BookLevels[] {
    return this.writer.drainLevels()
  }

  close(): void {
    this.closed = true
    this.callOff()
    this.socket?.terminate()
    this.leftOut.flush()
  }

  private dial(): void {
    const { url, decoder, timeouts } = this.options
    this.decoder = decoder()
    this.writer.reconnect()
    this.openedAt = Number.NaN
    this.become('connecting')
    const socket = new WebSocket(url, { perMessageDeflate: false, maxPayload: MAX_MESSAGE })
    this.socket = socket
    let error = ''
    socket.on('open', () => this.opened(socket))
    socket.on('message', (data, isBinary) => this.heard(data, isBinary))
    socket.on('ping', () => this.alive())
    socket.on('pong', () => this.alive())
    socket.on('error', e => {
      error = e.message
    })
    socket.on('close', (code, reason) => this.lost(code, reason.toString() || error))
    this.after('connect', timeouts.connectMs, () => socket.terminate())
  }

  private opened(socket: WebSocket): void {
    const { hello, environment } = this.options
    this.callOff()
    this.openedAt = environment.now()
    this.heardAt = this.openedAt
    for (const message of hello) socket.send(message)
    this.beat(socket)
    this.listen(socket)
    this.become('live')
  }

  private beat(socket: WebSocket): void {
    const { everyMs, text } = this.options.heartbeat
    this.after('heartbeat', everyMs, () => {
      if (text === undefined) socket.ping()
      else socket.send(text)
      this.beat(socket)
    })
  }

  /** Ends a connection that has fallen silent. */
  private listen(socket: WebSocket): void {
    const { timeouts, environment } = this.options
    this.after('silence', this.heardAt + timeouts.silentMs - environment.now(), () => {
      if (environment.now() - this.heardAt < timeouts.silentMs) this.listen(socket)
      else socket.terminate()
    })
  }

  /** A message, or a sign of life without a word: the feed is not silent. */
  private alive(): void {
    if (this.closed) return
    this.heardAt = this.options.environment.now()
    this.writer.message(this.heardAt)
    this.options.onNews()
  }

  private heard(data: RawData, isBinary: boolean): void {
    if (this.closed) return
    this.alive()
    if (isBinary) this.writer.reject('unreadable')
    else {
      const complaint = this.decoder.decode(data.toString(), this.writer)
      if (complaint !== undefined) this.complain(complaint)
    }
    const { waitingTicks } = this.options.timeouts
    if (this.writer.pending > waitingTicks) this.writer.shed(waitingTicks / 2)
    if (this.decoder.lost) this.socket?.terminate()
  }

  /** Says at most once a second what the venue has against us. */
  private complain(complaint: string): void {
    const now = this.options.environment.now()
    if (now - this.complainedAt < 1_000) return
    this.complainedAt = now
    this.log.warn({ complaint }, 'the venue reports an error')
  }

  private lost(code: number, reason: string): void {
    const { environment } = this.options
    this.callOff()
    if (this.closed) return
    if (environment.now() - this.openedAt >= HEALTHY_MS) this.backoff.reset()
    const retryMs = Math.round(this.backoff.next())
    this.log.warn({ code, reason, retryMs }, 'connection lost; retrying')
    this.become('down')
    this.after('retry', retryMs, () => this.dial())
  }

  private become(state: FeedState): void {
    if (this.state === state) return
    this.state = state
    this.options.onNews()
  }

  private after(what: string, ms: number, run: () => void): void {
    this.timers[what] = this.options.environment.after(ms, run)
  }

  private callOff(): void {
    for (const what in this.timers) this.timers[what]!()
    this.timers = {}
  }
}
