import type { Logger } from 'pino'
import { type RawData, WebSocket } from 'ws'
import type { FeedState, Troubles } from '../../../streams/market/feedHealth.ts'
import type { BookLevels } from '../../../streams/market/levels.ts'
import type { Bad, Ticks } from '../../../streams/market/ticks.ts'
import { TickWriter } from '../../../streams/market/tickWriter.ts'
import { Backoff } from '../../lib/backoff.ts'
import type { Environment } from '../environment.ts'
import { RejectLog } from '../rejectLog.ts'
import type { Naming } from '../venues/instruments.ts'
import type { Decoder, MissingTrades, Notice, SocketPlan, Venue } from '../venues/venue.ts'
import { AskedSymbols } from './askedSymbols.ts'
import { type GetPage, Refetch } from './refetch.ts'
import { Subscriptions } from './subscriptions.ts'

/** How long a venue is waited for and how much of what it says is kept for a slow consumer. */
export interface ConnectionTimeouts {
  /** ms until a socket must be open. */
  readonly connectMs: number
  /** ms without market data, a heartbeat that the venue sends by itself or a ping of the protocol, after which a connection counts as dead. */
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

/** ms after which a symbol that was asked for and did not come is reported. */
const MISSING_MS = 30_000

/** A socket to keep open, and what it feeds. */
export interface ConnectionOptions {
  readonly feed: number
  /** Its number among the connections of the feed. */
  readonly line: number
  readonly venue: Venue
  readonly plan: SocketPlan
  readonly naming: Naming
  /** Returns the address to use in the place of a venue's. */
  readonly at: (url: string) => string
  readonly get: GetPage
  readonly timeouts: ConnectionTimeouts
  readonly environment: Environment
  readonly log: Logger
  /** Something will be there to be taken when this turn is over, or the state has changed. */
  readonly onNews: () => void
}

/** One socket of a venue, opened again as often as it breaks, until it is closed. */
export class Connection {
  state: FeedState = 'connecting'
  /** What was refused or is missing has changed since it was last reset. */
  troubled = false
  private readonly options: ConnectionOptions
  private readonly log: Logger
  private readonly url: string
  private readonly writer: TickWriter
  /** What was fetched after all; it is no sign of life of the socket. */
  private readonly fetched: TickWriter
  private readonly refetch: Refetch | undefined
  private readonly subscriptions: Subscriptions
  private readonly asked: AskedSymbols
  private readonly naming: Naming
  private readonly backoff: Backoff
  private readonly leftOut: RejectLog
  private decoder: Decoder
  private socket: WebSocket | undefined
  private openedAt = Number.NaN
  private heardAt = Number.NaN
  private complainedAt = Number.NEGATIVE_INFINITY
  private closed = false
  /** Symbols that never came are reported. */
  private overdue = false
  private stopWaiting: (() => void) | undefined
  /** Calls off what this attempt, or the wait for the next one, has set up. */
  private timers: Record<string, () => void> = {}

  constructor(options: ConnectionOptions) {
    const { feed, line, venue, plan, naming, at, get, environment, log, onNews } = options
    this.options = options
    this.url = at(plan.url)
    this.log = log.child({ url: this.url })
    this.leftOut = new RejectLog(log, environment)
    const onReject = (kind: Bad, n: number): void => this.leftOut.note(kind, n, this.url)
    this.writer = new TickWriter(feed, onReject, line)
    this.fetched = new TickWriter(feed, onReject, line)
    this.backoff = new Backoff(environment.random)
    this.subscriptions = new Subscriptions(plan.topics, (topics, id) => venue.request(topics, id))
    this.asked = new AskedSymbols(venue, plan.symbols, naming.map)
    const { missing } = venue
    if (missing) {
      const page: MissingTrades['page'] = (...which) => at(missing.page(...which))
      this.refetch = new Refetch({ missing: { ...missing, page }, get, writer: this.fetched, environment, log: this.log, onNews })
    }
    this.naming = {
      ...naming,
      asked: this.asked.names,
      lasting: new Map(),
      onGap: (instrument, gap) => this.refetch?.add(instrument, gap),
      onData: symbol => {
        if (this.asked.comes(symbol) && this.overdue) this.trouble()
      },
    }
    this.decoder = venue.decoder(this.naming)
    this.dial()
  }

  /** Returns the ticks since the last call. */
  drain(): readonly Ticks[] {
    const [said, fetched] = [this.writer.drain(), this.fetched.drain()]
    return [...(said ? [said] : []), ...(fetched ? [{ ...fetched, heard: false }] : [])]
  }

  /** Returns the shown books that have changed, as of the ticks drained. */
  drainLevels(): readonly BookLevels[] {
    return this.writer.drainLevels()
  }

  /** What the venue refused, with its words. */
  get refused(): Troubles {
    return Object.fromEntries([...this.subscriptions.refused].map(([topic, { why }]) => [topic, why]))
  }

  /** Symbols that were asked for and never came; none as long as they may still come. */
  get missing(): Troubles {
    return this.overdue ? this.asked.missing : {}
  }

  close(): void {
    this.closed = true
    this.callOff()
    this.stopWaiting?.()
    this.refetch?.close()
    this.socket?.terminate()
    this.leftOut.flush()
  }

  private dial(): void {
    const { venue, timeouts } = this.options
    this.decoder = venue.decoder(this.naming)
    this.writer.reconnect()
    this.openedAt = Number.NaN
    this.become('connecting')
    const socket = new WebSocket(this.url, { perMessageDeflate: false, maxPayload: MAX_MESSAGE })
    this.socket = socket
    let error = ''
    socket.on('open', () => this.opened(socket))
    socket.on('message', (data, isBinary) => this.heard(data, isBinary))
    // A venue's own ping shows that the connection is there. An answer to ours does not: it comes also if nothing else does.
    socket.on('ping', () => this.alive())
    socket.on('error', e => {
      error = e.message
    })
    socket.on('close', (code, reason) => this.lost(code, reason.toString() || error))
    this.after('connect', timeouts.connectMs, () => socket.terminate())
  }

  private opened(socket: WebSocket): void {
    const { environment } = this.options
    this.callOff()
    this.openedAt = environment.now()
    this.heardAt = this.openedAt
    for (const message of this.subscriptions.open(this.openedAt)) socket.send(message)
    this.stopWaiting ??= environment.after(MISSING_MS, () => {
      this.overdue = true
      this.reportMissing()
    })
    this.beat(socket)
    this.listen(socket)
    this.become('live')
  }

  private beat(socket: WebSocket): void {
    const { everyMs, text } = this.options.venue.heartbeat
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

  /** Market data, or the venue's word that it is there. */
  private alive(): void {
    this.heardAt = this.options.environment.now()
  }

  private heard(data: RawData, isBinary: boolean): void {
    if (this.closed) return
    const { writer, options } = this
    writer.message(options.environment.now())
    options.onNews()
    const before = writer.heard
    if (isBinary) writer.reject('unreadable')
    else {
      const notice = this.decoder.decode(data.toString(), writer)
      if (notice) this.note(notice)
    }
    if (writer.heard > before) this.alive()
    const { waitingTicks } = options.timeouts
    if (writer.pending > waitingTicks) writer.shed(waitingTicks / 2)
    if (this.decoder.lost) this.socket?.terminate()
  }

  private note(notice: Notice): void {
    switch (notice.kind) {
      case 'heartbeat':
        this.alive()
        break
      case 'accepted':
        if (this.subscriptions.accepted(notice.request, notice.topics)) this.trouble()
        break
      case 'refused': {
        const again = this.subscriptions.refuse(notice.why, notice.request, notice.alone, this.options.environment.now())
        this.complain(notice.why)
        if (again === undefined) break
        this.trouble()
        for (const message of again) this.socket?.send(message)
        break
      }
      case 'complaint':
        this.complain(notice.why)
    }
  }

  private trouble(): void {
    this.troubled = true
    this.options.onNews()
  }

  private reportMissing(): void {
    const missing = Object.keys(this.missing)
    if (missing.length === 0) return
    this.log.warn({ missing }, 'symbols that were asked for do not come')
    this.trouble()
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
    this.subscriptions.lost(environment.now())
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
