import type { JsonObject } from '../../../streams/wire/mergePatch.ts'
import type { HistoryAnswer, Identity, Issued, ParamsOf, ResultOf } from '../../../streams/wire/methods.ts'
import type { AnyPush } from '../../../streams/wire/pushes.ts'
import type { StateOf } from '../../../streams/wire/states.ts'
import { Calls, type Reply, type RequestOptions } from './calls.ts'
import { type Channel, channelOf } from './channel.ts'
import { Feeds } from './feeds.ts'
import type { ChannelOptions } from './follower.ts'
import { type Columns, columnsOf, type History, type HistoryQuery, rowsOf } from './history.ts'
import { type ConnectionState, Line } from './line.ts'
import { openSocket } from './openSocket.ts'
import { browserStorage, type OrderStorage, OrderStore } from './orderStore.ts'
import { Orders } from './orders.ts'
import type { RequestError } from './requestError.ts'
import { type GetToken, Session } from './session.ts'
import type { SocketLike } from './socket.ts'
import { Emitter, type Stream } from './stream.ts'

/** How the client connects. */
export interface ConnectOptions {
  /** A token of an earlier login. */
  readonly token?: string
  readonly getToken?: GetToken
  /** Where orders are kept until they are answered; a browser's `localStorage` if left out, elsewhere only the memory. */
  readonly storage?: OrderStorage
  /** An order of an earlier program that the server never saw is sent if it is not older, ms; 60,000 if left out. */
  readonly resendWithinMs?: number
  /** Opens a socket in place of the platform's own. */
  readonly socket?: (url: string) => SocketLike | Promise<SocketLike>
}

/** Something that a program may want to log. None of it ends anything. */
export type WireEvent =
  /** A frame came that is no JSON, or nothing that the protocol knows. */
  | { readonly kind: 'unreadable'; readonly text: string }
  /** An observer threw, or has no callback for an error. */
  | { readonly kind: 'follower'; readonly channel?: string; readonly error: unknown }
  /** A channel was refused; `again`: it is asked for once more later, else its observers failed. */
  | { readonly kind: 'refused'; readonly channel: string; readonly error: RequestError; readonly again: boolean }
  /** A patch or a checksum did not fit: the channel begins again with a snapshot. */
  | { readonly kind: 'healed'; readonly channel: string }
  /** Rows of the past could not be had. */
  | { readonly kind: 'past'; readonly channel: string; readonly error: RequestError }
  /** A token was refused or has ended, or `getToken` failed. */
  | { readonly kind: 'login'; readonly error: unknown }
  /** The server is about to stop. */
  | { readonly kind: 'bye'; readonly reason: string; readonly reconnectInMs: number }

/** A connection to a driftwire server. Made by `connect`. */
export class Driftwire {
  /** How it stands with the connection: its state now, then each change, and once a second the age while nothing is heard. */
  readonly connection: Stream<ConnectionState>
  /** What went wrong without ending anything. */
  readonly events: Stream<WireEvent>
  /** Creations, redemptions and transfers, each done exactly once. */
  readonly orders: Orders
  private readonly line: Line
  private readonly calls: Calls
  private readonly session: Session
  private readonly feeds: Feeds
  private readonly states: Emitter<ConnectionState>
  private readonly happened: Emitter<WireEvent>
  private ready = false
  private isLive = false
  private readonly unplug: () => void

  /** `connect` is the usual way. */
  constructor(url: string, options: ConnectOptions = {}) {
    const { token, getToken, socket = openSocket, storage = browserStorage(), resendWithinMs = 60_000 } = options
    const random = Math.random
    this.happened = new Emitter<WireEvent>(error => logged({ kind: 'follower', error }), undefined, 100)
    this.events = this.happened.stream
    this.states = new Emitter<ConnectionState>(
      error => this.say({ kind: 'follower', error }),
      () => this.line.now,
      16,
    )
    this.connection = this.states.stream
    this.calls = new Calls(text => this.line.send(text))
    this.session = new Session({
      calls: this.calls,
      token,
      getToken,
      bound: other => {
        this.feeds.bound(other)
        this.orders.bound()
      },
      refused: error => this.say({ kind: 'login', error }),
    })
    this.feeds = new Feeds({
      calls: this.calls,
      ready: () => this.ready,
      live: () => this.isLive,
      loggingIn: () => this.session.busy,
      random,
      refused: (channel, error, again) => this.say({ kind: 'refused', channel, error, again }),
      healed: channel => this.say({ kind: 'healed', channel }),
      pastFailed: (channel, error) => this.say({ kind: 'past', channel, error }),
    })
    this.orders = new Orders({
      request: (method, params) => this.calls.request(method, params),
      store: new OrderStore(storage, url),
      user: () => this.session.user,
      resendWithinMs,
      report: error => this.say({ kind: 'follower', error }),
    })
    this.line = new Line({
      url,
      open: socket,
      random,
      opened: () => this.session.open(() => this.begin()),
      text: text => this.receive(text),
      lost: () => this.lost(),
      changed: state => this.changed(state),
    })
    this.unplug = whenAwake(() => this.line.wake())
    this.line.connect()
  }

  /** States proved by a checksum, and states thrown away because a patch or a checksum did not fit. */
  get counts(): { readonly checked: number; readonly healed: number } {
    return this.feeds.counts
  }

  /** The token of now, if somebody is logged in. */
  get token(): string | undefined {
    return this.session.token
  }

  /** The name of the client that is logged in, if it is known. */
  get user(): string | undefined {
    return this.session.user
  }

  /**
   * Returns the states of a channel. It is subscribed while somebody observes it, once for all who do. It fails with a RequestError if the
   * server refuses the channel for good, and completes when the client is closed.
   */
  channel<const Name extends string>(name: Name, options: ChannelOptions<StateOf<Name>> = {}): Channel<Name> {
    return channelOf(this.feeds, name, options as unknown as ChannelOptions, (channel, error) =>
      this.say({ kind: 'follower', channel, error }),
    )
  }

  /**
   * Sends a request as soon as there is a connection. Rejects with a RequestError: the server's, `timeout` (5 s if nothing else is asked for),
   * `not_connected` if the connection is lost before the answer, `closed`.
   */
  request<Method extends string>(method: Method, params?: ParamsOf<Method>, options?: RequestOptions): Promise<ResultOf<Method>> {
    return this.calls.request(method, params, options) as Promise<ResultOf<Method>>
  }

  /** Returns the rows of a channel's past, page by page or all. */
  history(channel: string, query: HistoryQuery): History<readonly JsonObject[]> {
    return this.past(rowsOf, channel, query)
  }

  /** Returns columns of a channel's past: `fields` says which. */
  columns(channel: string, query: HistoryQuery & { readonly fields: readonly string[] }): History<Columns> {
    return this.past(columnsOf, channel, query)
  }

  /** Logs in: from now on the connection speaks for this client, after reconnections, too. */
  login(username: string, password: string, options?: RequestOptions): Promise<Issued> {
    return this.session.login('login', { username, password } as { username: string }, options)
  }

  /** Registers a client, and logs it in. */
  register(username: string, password: string, invite?: string, options?: RequestOptions): Promise<Issued> {
    return this.session.login('register', { username, password, ...(invite !== undefined && { invite }) } as { username: string }, options)
  }

  /** Logs in by a token. */
  auth(token: string, options?: RequestOptions): Promise<Identity> {
    return this.session.auth(token, options)
  }

  /** Ends the login and its token. */
  logout(options?: RequestOptions): Promise<void> {
    return this.session.logout(options)
  }

  /** Closes the connection for good: requests are refused, observers complete. */
  close(): void {
    this.unplug()
    this.session.close()
    this.line.close()
    this.ready = false
    this.calls.close()
    this.feeds.close()
    this.orders.close()
    this.states.complete()
    this.happened.complete()
  }

  private past<Page>(
    read: (
      ask: (params: object, options: RequestOptions) => Promise<HistoryAnswer>,
      params: never,
      options: RequestOptions,
    ) => History<Page>,
    channel: string,
    { signal, timeoutMs, to = Date.now(), ...query }: HistoryQuery,
  ): History<Page> {
    const options = { ...(signal && { signal }), ...(timeoutMs !== undefined && { timeoutMs }) }
    return read(
      (params, how) => this.calls.request('history', params, how) as Promise<HistoryAnswer>,
      { channel, to, ...query } as never,
      options,
    )
  }

  /** The line is up, and it is known for whom it speaks. */
  private begin(): void {
    if (!this.line.up) return
    this.ready = true
    this.feeds.open()
    this.calls.open()
  }

  private lost(): void {
    this.ready = false
    this.calls.lost()
    this.feeds.lost()
  }

  private changed(state: ConnectionState): void {
    const live = state.state === 'live'
    if (live !== this.isLive) {
      this.isLive = live
      this.feeds.restate()
    }
    this.states.emit(state)
  }

  private receive(text: string): void {
    this.guarded(text, () => {
      for (const message of [JSON.parse(text)].flat()) this.guarded(text, () => this.take(message))
    })
  }

  private guarded(text: string, read: () => void): void {
    try {
      read()
    } catch {
      this.say({ kind: 'unreadable', text: text.slice(0, 200) })
    }
  }

  private take(message: AnyPush | Reply): void {
    if ('ch' in message) this.feeds.push(message)
    else if ('id' in message) this.calls.reply(message)
    else if ('bye' in message) {
      this.line.bye(message.bye.reason, message.bye.reconnectInMs)
      this.say({ kind: 'bye', ...message.bye })
    } else if ('stale' in message) this.feeds.cutOff(message.stale)
    else if (!('hb' in message)) throw new TypeError('nothing that the protocol knows')
  }

  /** Says it to all who listen; what a program did wrong is said on the console if nobody does. */
  private say(event: WireEvent): void {
    if (this.happened.heard) this.happened.emit(event)
    else if (event.kind === 'follower') logged(event)
  }
}

const logged = ({ error }: { readonly kind: 'follower'; readonly error: unknown }): void => {
  // biome-ignore lint/suspicious/noConsole: a program that throws in a callback and listens to no events would never learn of it.
  console.error(error)
}

/** Calls back when a browser has a network again, or its page is looked at again. Returns what ends that. */
const whenAwake = (call: () => void): (() => void) => {
  if (typeof addEventListener !== 'function') return () => {}
  const seen = (): void => {
    if (document.visibilityState === 'visible') call()
  }
  const page = typeof document === 'object' ? document : undefined
  addEventListener('online', call)
  page?.addEventListener('visibilitychange', seen)
  return () => {
    removeEventListener('online', call)
    page?.removeEventListener('visibilitychange', seen)
  }
}

/** Connects to a server, `ws://127.0.0.1:8080/ws`, and stays connected until it is closed. */
export const connect = (url: string, options: ConnectOptions = {}): Driftwire => new Driftwire(url, options)
