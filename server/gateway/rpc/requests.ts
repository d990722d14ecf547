import type { Logger } from 'pino'
import { hasPast, parseChannel } from '../../../streams/wire/channels.ts'
import { CLOSE, ERRORS, type ErrorCode, ProtocolError } from '../../../streams/wire/errors.ts'
import {
  errorText,
  isMethod,
  type Method,
  orderOf,
  type Params,
  type RequestId,
  rateOf,
  readParams,
  readRequest,
  replyText,
  replyWith,
} from '../../../streams/wire/requests.ts'
import type { Bus } from '../../bus/bus.ts'
import { rowsOfList } from '../../clearing/transactionRows.ts'
import { type Access, ANONYMOUS, channelFor, ownerOf, type Principal } from '../../identity/access.ts'
import type { Accounts } from '../../identity/accounts.ts'
import type { Issued } from '../../identity/tokens.ts'
import { nextMoment, type Origin } from '../../lib/arrivalOrder.ts'
import type { BackfillSource } from '../../storage/read/backfillSource.ts'
import type { History } from '../../storage/read/history.ts'
import type { ChannelDirectory } from '../api/channelDirectory.ts'
import type { Orders } from '../api/orders.ts'
import type { PortfolioRows } from '../api/portfolioRows.ts'
import { backfill } from '../hub/backfill.ts'
import type { Hub } from '../hub/hub.ts'
import type { Session } from '../hub/session.ts'

export interface RequestLimits {
  readonly requestBytes: number
  readonly requestsPerSecond: number
  readonly channelsPerSocket: number
}

/** Requests a second, over and above the limit, at which a socket is no mistake any more but an attack. */
const ABUSE = 10

export interface RequestsOptions {
  readonly hub: Hub
  readonly bus: Bus
  readonly access: Access
  readonly catalogue: ChannelDirectory
  readonly history: History
  readonly past: BackfillSource
  readonly accounts: Accounts
  readonly orders: Orders
  readonly portfolioRows: PortfolioRows
  readonly limits: RequestLimits
  readonly now: () => number
  readonly log: Logger
}

/** Answers the requests that come by websocket: reads, checks, does, replies; whatever is wrong with one, the socket lives. */
export class Requests {
  /** Errors answered, by code. */
  readonly refused: Partial<Record<ErrorCode, number>> = {}
  taken = 0
  private readonly options: RequestsOptions

  constructor(options: RequestsOptions) {
    this.options = options
  }

  /** One frame as it came; undefined where it was binary. */
  accept(session: Session, text: string | undefined): void {
    const { limits, now } = this.options
    this.taken += 1
    const overdrawn = session.overdraw(limits.requestsPerSecond, now())
    if (overdrawn > limits.requestsPerSecond * ABUSE) {
      session.socket.close(CLOSE.tooManyRequests, 'far too many requests')
      return
    }
    let id: RequestId | undefined = null
    try {
      if (text === undefined) throw new ProtocolError('invalid_request', 'found a binary frame, expected a text frame')
      if (text.length > limits.requestBytes || Buffer.byteLength(text) > limits.requestBytes)
        throw new ProtocolError('too_large', `found ${Buffer.byteLength(text)} bytes, expected at most ${limits.requestBytes}`)
      const request = readRequest(text)
      id = request.id
      // Only now, because who asks several things at once must learn which of them was put off.
      if (overdrawn > 0) throw new ProtocolError('rate_limited', `more than ${limits.requestsPerSecond} requests a second`, 1)
      if (!isMethod(request.method))
        throw new ProtocolError('unknown_method', `method: found "${request.method.slice(0, 64)}", which is not known here`)
      this.answer(session, id, request.method, request.params)
    } catch (error) {
      this.refuse(session, id, error)
    }
  }

  private answer(session: Session, id: RequestId | undefined, method: Method, params: unknown): void {
    const reply = (result: unknown): void => {
      if (id !== undefined) session.send(replyText(id, result))
    }
    const { who } = session
    const { orders, portfolioRows, accounts } = this.options
    /** Answers when the clearing house has; its orders are JSON already. */
    const later = (work: Promise<unknown>): void => {
      work.then(
        result => {
          if (id !== undefined) session.send(typeof result === 'string' ? replyWith(id, result) : replyText(id, result))
        },
        error => this.refuse(session, id, error),
      )
    }
    switch (method) {
      case 'subscribe':
        this.subscribe(session, readParams(method, params), reply)
        return
      case 'unsubscribe':
        for (const channel of readParams(method, params).channels) this.options.hub.unfollow(session, channelFor(who, channel))
        reply({})
        return
      case 'channels':
        reply(this.options.catalogue.list(session.who, readParams(method, params).like))
        return
      case 'history':
        this.history(session, readParams(method, params)).then(reply, error => this.refuse(session, id, error))
        return
      case 'register': {
        const { username, password, invite } = readParams(method, params)
        later(this.loggedIn(session, accounts.register(username, password, who.address ?? '', invite)))
        return
      }
      case 'login': {
        const { username, password } = readParams(method, params)
        later(this.loggedIn(session, accounts.login(username, password, who.address ?? '')))
        return
      }
      case 'auth': {
        const { token } = readParams(method, params)
        const known = accounts.authenticate(token)
        if (known === undefined) throw new ProtocolError('bad_credentials')
        this.bind(session, known)
        reply({ token, ...(known.expires !== undefined && { expires: known.expires }), user: known.user, admin: known.admin })
        return
      }
      case 'logout':
        later(this.loggedOut(session, readParams(method, params).token))
        return
      case 'create':
      case 'redeem':
        later(orders.order(who, method, orderOf(params) ?? readParams(method, params), this.originOf(session)))
        return
      case 'transfer':
        later(orders.transfer(who, readParams(method, params), this.originOf(session)))
        return
      case 'quote':
        later(orders.quote(who, readParams(method, params)))
        return
      case 'order':
        later(orders.orderOf(who, readParams(method, params).key, this.originOf(session, true)))
        return
      case 'holdings':
        readParams(method, params)
        later(orders.holdings(who))
        return
      case 'record': {
        const { portfolio, transactions } = readParams(method, params)
        later(portfolioRows.record(who, portfolio, () => rowsOfList(transactions)))
        return
      }
      case 'ping':
        readParams(method, params)
        reply(this.options.now())
    }
  }

  /** Ends what was bound to a token that is good no more. */
  ended(token: string): void {
    for (const session of this.options.hub.all) if (session.who.token === token) this.bind(session, ANONYMOUS)
  }

  /** The socket speaks for `who` from now on; what was another's own it follows no longer. */
  private bind(session: Session, who: Principal): void {
    const { address } = session.who
    session.who = address === undefined ? who : { ...who, address }
    for (const channel of [...session.follows.keys()]) {
      const owner = ownerOf(channel)
      const readable = owner === undefined ? this.options.access(session.who, { read: channel }) : owner === who.user
      if (!readable) this.options.hub.unfollow(session, channel)
    }
  }

  private async loggedIn(session: Session, issuing: Promise<Issued>): Promise<Issued> {
    const issued = await issuing
    const who = this.options.accounts.authenticate(issued.token)
    if (who) this.bind(session, who)
    return issued
  }

  private async loggedOut(session: Session, token: string | undefined): Promise<object> {
    this.bind(session, ANONYMOUS)
    if (token !== undefined) await this.options.accounts.logout(token)
    return {}
  }

  private originOf(session: Session, asks = false): Origin {
    return { source: session.opened, at: asks ? nextMoment() : session.opened }
  }

  /** The reply comes before any channel's first push, so the channels begin only after it. */
  private subscribe(session: Session, params: Params<'subscribe'>, reply: (result: unknown) => void): void {
    const { hub, bus, past } = this.options
    const rate = params.maxRate === undefined ? undefined : rateOf(params.maxRate)
    const result: Record<string, unknown> = Object.create(null)
    const begun: string[] = []
    for (const channel of new Set(params.channels)) {
      const refusal = this.whyNot(session, channel, params.from)
      if (refusal) {
        result[channel] = { error: { code: refusal.code, message: refusal.message, retry: ERRORS[refusal.code].retry } }
        this.count(refusal.code)
        continue
      }
      const wish = { rate: rate ?? (0 as const), checksum: params.checksum ?? false, resume: params.resume?.[channel] }
      const name = channelFor(session.who, channel)
      result[channel] = { ...hub.follow(session, name, wish), ...(rate !== undefined && { rate }) }
      begun.push(channel)
    }
    reply(result)
    if (params.from !== undefined) {
      for (const channel of begun) {
        backfill(session, channel, params.from, hub, bus, past).catch(error => {
          this.options.log.error({ err: error, channel }, 'splicing failed')
        })
      }
    }
    hub.begin(session)
  }

  private whyNot(session: Session, channel: string, from: number | undefined): ProtocolError | undefined {
    const { catalogue, access, limits } = this.options
    if (parseChannel(channel) === undefined || !catalogue.has(channel)) return new ProtocolError('unknown_channel')
    if (!access(session.who, { read: channel }))
      return new ProtocolError(session.who.user === '' && session.who.operator === undefined ? 'not_logged_in' : 'not_allowed')
    if (!session.follows.has(channelFor(session.who, channel)) && session.follows.size >= limits.channelsPerSocket)
      return new ProtocolError('too_much', `a socket follows at most ${limits.channelsPerSocket} channels`)
    if (from !== undefined && !hasPast(channel)) return new ProtocolError('invalid_params', `params.from: "${channel}" has no history`)
    return undefined
  }

  private async history(session: Session, { channel, from, to, step, cursor }: Params<'history'>): Promise<unknown> {
    const refusal = this.whyNot(session, channel, from)
    if (refusal && refusal.code !== 'too_much') throw refusal
    return this.options.history.rows({ channel, from, to, ...(step !== undefined && { step }), ...(cursor !== undefined && { cursor }) })
  }

  private refuse(session: Session, id: RequestId | undefined, error: unknown): void {
    let refusal = error
    if (!(refusal instanceof ProtocolError)) {
      this.options.log.error({ err: error }, 'a request failed')
      refusal = new ProtocolError('internal')
    }
    this.count((refusal as ProtocolError).code)
    if (id !== undefined) session.send(errorText(id, refusal as ProtocolError))
  }

  private count(code: ErrorCode): void {
    this.refused[code] = (this.refused[code] ?? 0) + 1
  }
}
