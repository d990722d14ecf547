import type { Logger } from 'pino'
import { CLOSE, type ErrorCode, ProtocolError } from '../../../streams/wire/errors.ts'
import {
  errorText,
  isMethod,
  type Method,
  type RequestId,
  readParams,
  readRequest,
  replyText,
  replyWith,
} from '../../../streams/wire/requests.ts'
import { authorize } from '../../identity/access.ts'
import { logError } from '../../lib/errorEvents.ts'
import type { BackfillSource } from '../../storage/read/backfillSource.ts'
import type { Traced } from '../../telemetry/traces/requests.ts'
import type { ChannelDirectory } from '../api/channelDirectory.ts'
import type { ClientLimits } from '../api/clientLimits.ts'
import type { Sessions } from '../api/sessionFacts.ts'
import type { Hub } from '../hub/hub.ts'
import type { Session } from '../hub/session.ts'
import type { CoreCalls } from './coreCalls.ts'
import { type Handler, isNear, NEAR_HANDLERS, type NearMethod, type NearParts } from './handlers.ts'
import { HeldRequests } from './heldRequests.ts'
import { ReplyFirst } from './replyFirst.ts'
import { SessionAuth } from './sessionAuth.ts'
import { SpeaksFor } from './speaksFor.ts'
import { Subscriptions } from './subscriptions.ts'

/** What one socket may ask for. */
export interface RequestLimits {
  readonly requestBytes: number
  readonly requestsPerSecond: number
  readonly channelsPerSocket: number
}

/** Times the limit by which requests may exceed it; beyond that a socket is no mistake any more but an attack. */
const ABUSE = 10

/** Methods that decide at once for whom a socket speaks: whatever it asks behind them is asked as that one, also if the core is elsewhere. */
const DECISIVE: ReadonlySet<Method> = new Set(['auth', 'logout'])

/** All that requests are answered with. */
export interface DispatcherOptions {
  readonly hub: Hub
  readonly directory: ChannelDirectory
  readonly past: BackfillSource
  readonly sessions: Sessions
  /** Answers the methods of the core, here or wherever it is. */
  readonly core: CoreCalls<Session>
  readonly limits: RequestLimits
  readonly clientLimits: ClientLimits
  /** Traces requests, if that is wanted. */
  readonly traced?: Traced | undefined
  /** Returns the wall clock, ms. */
  readonly now: () => number
  readonly log: Logger
}

/** Answers the requests that come by websocket: reads, checks, hands on, replies. Whatever is wrong with one, the socket lives. */
export class Dispatcher {
  /** Errors answered, by code. */
  readonly refused: Partial<Record<ErrorCode, number>> = {}
  /** Frames that came. */
  taken = 0
  /** For whom each socket speaks. */
  readonly auth: SessionAuth
  private readonly subscriptions: Subscriptions
  private readonly held = new Map<Session, HeldRequests>()
  private readonly options: DispatcherOptions
  private readonly parts: NearParts

  constructor(options: DispatcherOptions) {
    const { hub, directory } = options
    this.options = options
    this.auth = new SessionAuth({ hub, access: directory.access })
    this.subscriptions = new Subscriptions({
      ...options,
      channelsPerSocket: options.limits.channelsPerSocket,
      onRefused: code => this.count(code),
    })
    this.parts = { ...options, subscriptions: this.subscriptions }
  }

  /** Forgets a socket that has closed. */
  closed(session: Session): void {
    this.subscriptions.closed(session)
    this.options.clientLimits.closed(session)
    this.held.delete(session)
  }

  /** Accepts one frame as it came; undefined stands for a binary one. */
  accept(session: Session, text: string | undefined): void {
    const { limits, now } = this.options
    this.taken += 1
    const overdrawn = session.overdraw(limits.requestsPerSecond, now())
    if (overdrawn > limits.requestsPerSecond * ABUSE) {
      session.socket.close(CLOSE.tooManyRequests, 'far too many requests')
      return
    }
    const held = this.held.get(session)
    if (held === undefined) this.handle(session, text, overdrawn > 0)
    else if (!held.add(text, overdrawn > 0)) session.socket.close(CLOSE.tooManyRequests, 'too much waits for a login')
  }

  private handle(session: Session, text: string | undefined, isTooMuch: boolean): void {
    const { limits } = this.options
    let id: RequestId | undefined = null
    try {
      if (text === undefined) throw new ProtocolError('invalid_request', 'found a binary frame, expected a text frame')
      if (text.length > limits.requestBytes || Buffer.byteLength(text) > limits.requestBytes)
        throw new ProtocolError('too_large', `found ${Buffer.byteLength(text)} bytes, expected at most ${limits.requestBytes}`)
      const request = readRequest(text)
      id = request.id
      // Only now: a client that asks several things at once must learn which of them was put off.
      if (isTooMuch)
        throw new ProtocolError('rate_limited', `found more than ${limits.requestsPerSecond} requests a second, expected fewer`, 1)
      this.options.clientLimits.request(session.who, text.length)
      if (!isMethod(request.method))
        throw new ProtocolError('unknown_method', `method: found "${request.method.slice(0, 64)}", which is not a method`)
      const { method, params, traceparent } = request
      const ask = (): unknown => (isNear(method) ? this.call(session, method, params) : this.options.core(session, method, params))
      const { traced } = this.options
      const answer = traced === undefined ? ask() : traced(method, traceparent, ask)
      if (answer instanceof Promise && DECISIVE.has(method)) this.hold(session, answer)
      this.answer(session, id, answer)
    } catch (error) {
      this.refuse(session, id, error)
    }
  }

  /** Lets what a socket asks wait until it is known for whom it speaks. */
  private hold(session: Session, decided: Promise<unknown>): void {
    const held = new HeldRequests()
    this.held.set(session, held)
    const goOn = (): void => {
      if (this.held.get(session) !== held) return
      this.held.delete(session)
      for (const { text, isTooMuch } of held.all) {
        const again = this.held.get(session)
        if (again) again.add(text, isTooMuch)
        else this.handle(session, text, isTooMuch)
      }
    }
    // Behind the answer itself, which binds the socket.
    const later = (): void => void setImmediate(goOn)
    decided.then(later, later)
  }

  /** Checks the parameters, then the caller, then hands the request to its handler. */
  private call<M extends NearMethod>(session: Session, method: M, params: unknown): unknown {
    const handler: Handler<M, NearParts, Session> = NEAR_HANDLERS[method]
    const checked = readParams(method, params)
    authorize(this.options.directory.access, session.who, { act: handler.who })
    return handler.answer(this.parts, session, checked)
  }

  private answer(session: Session, id: RequestId | undefined, answer: unknown): void {
    if (answer instanceof Promise)
      answer.then(
        result => this.answer(session, id, result),
        error => this.refuse(session, id, error),
      )
    else if (answer instanceof SpeaksFor) {
      this.speaks(session, id, answer)
    } else if (answer instanceof ReplyFirst) {
      this.reply(session, id, answer.result)
      answer.after()
    } else this.reply(session, id, answer)
  }

  private speaks(session: Session, id: RequestId | undefined, { who, result }: SpeaksFor): void {
    const { clientLimits } = this.options
    try {
      clientLimits.speaks(session, who)
    } catch (error) {
      this.refuse(session, id, error)
      return
    }
    this.auth.bind(session, who)
    clientLimits.settle(session)
    this.answer(session, id, result)
  }

  /** Orders are JSON text already. */
  private reply(session: Session, id: RequestId | undefined, result: unknown): void {
    if (id !== undefined) session.send(typeof result === 'string' ? replyWith(id, result) : replyText(id, result))
  }

  private refuse(session: Session, id: RequestId | undefined, error: unknown): void {
    if (error instanceof ProtocolError) {
      this.count(error.code)
      if (id !== undefined) session.send(errorText(id, error))
      return
    }
    const requestId = `${session.who.connection ?? session.socket.id}/${String(id ?? '')}`
    logError(this.options.log, 'request_failed', { err: error, requestId })
    this.count('internal')
    if (id !== undefined) session.send(errorText(id, new ProtocolError('internal'), requestId))
  }

  private count(code: ErrorCode): void {
    this.refused[code] = (this.refused[code] ?? 0) + 1
  }
}
