import { type Method, orderOf, type Params } from '../../../streams/wire/requests.ts'
import type { Callers, Principal } from '../../identity/access.ts'
import { nextMoment, type Origin } from '../../lib/arrivalOrder.ts'
import type { History } from '../../storage/read/history.ts'
import type { ChannelDirectory } from '../api/channelDirectory.ts'
import type { Explanations } from '../api/explanations.ts'
import type { Orders } from '../api/orders.ts'
import { type PortfolioRows, withoutRows } from '../api/portfolioRows.ts'
import type { Sessions } from '../api/sessionFacts.ts'
import { rowsOfList } from '../api/transactionRows.ts'
import type { Session } from '../hub/session.ts'
import type { Logins } from './logins.ts'
import { requirePast, type Subscriptions } from './subscriptions.ts'

/** What handlers of subscriptions answer with: all of it is where the socket is. */
export interface NearParts {
  readonly directory: ChannelDirectory
  readonly sessions: Sessions
  readonly subscriptions: Subscriptions
  /** Returns the wall clock, ms. */
  readonly now: () => number
}

/** What the other handlers answer with: all of it is in the core. */
export interface CoreParts {
  readonly directory: ChannelDirectory
  readonly history: History
  readonly orders: Orders
  readonly portfolioRows: PortfolioRows
  readonly logins: Logins
  readonly explanations: Explanations
}

/** For whom a method is called: the session of a socket, or what a gateway says of one of its own. */
export interface Caller {
  readonly who: Principal
  /** The socket, and when it was opened among all sockets and requests. */
  readonly origin: Origin
}

/** How a method is answered. */
export interface Handler<M extends Method, Parts, From> {
  /** Who may call it. A handler that names nobody is the admin's alone. */
  readonly who?: Callers
  /** Reads parameters that are right, faster than the schema does; undefined if the schema must say what is wrong. */
  readonly quick?: (params: unknown) => Params<M> | undefined
  /**
   * Returns the result, a ReplyFirst, a SpeaksFor, or a promise of one of them; a string is JSON text already. Throws or rejects with a
   * ProtocolError.
   */
  readonly answer: (parts: Parts, caller: From, params: Params<M>) => unknown
}

/** The methods that are answered where the socket is. */
export type NearMethod = 'subscribe' | 'unsubscribe' | 'channels' | 'session' | 'ping'

/** The methods that the core answers, wherever the socket is. */
export type CoreMethod = Exclude<Method, NearMethod>

/** Every method of the wire stands in one of the two lists. One without an entry does not compile. */
export const NEAR_HANDLERS: { readonly [M in NearMethod]: Handler<M, NearParts, Session> } = {
  subscribe: { who: 'all', answer: ({ subscriptions }, session, params) => subscriptions.subscribe(session, params) },
  unsubscribe: {
    who: 'all',
    answer: ({ subscriptions }, session, { channels }) => {
      subscriptions.unsubscribe(session, channels)
      return {}
    },
  },
  channels: { who: 'all', answer: ({ directory }, { who }, { like }) => directory.list(who, like) },
  session: { who: 'all', answer: ({ sessions }, { who }) => sessions.factsFor(who) },
  ping: { who: 'all', answer: ({ now }) => now() },
}

/** Returns the place of a question for an order in the order of arrival: on its socket, and now. */
const asking = ({ source }: Origin): Origin => ({ source, at: nextMoment() })

/** See NEAR_HANDLERS. */
export const CORE_HANDLERS: { readonly [M in CoreMethod]: Handler<M, CoreParts, Caller> } = {
  history: {
    who: 'all',
    answer: ({ directory, history }, { who }, { columns, ...query }) => {
      directory.authorizeRead(who, query.channel)
      requirePast(query.channel)
      return columns ? history.columns(query) : history.rows(query)
    },
  },
  register: { who: 'all', answer: ({ logins }, { who }, params) => logins.register(who, params) },
  login: { who: 'all', answer: ({ logins }, { who }, params) => logins.login(who, params) },
  auth: { who: 'all', answer: ({ logins }, _, { token }) => logins.authenticate(token) },
  logout: { who: 'all', answer: ({ logins }, _, { token }) => logins.logout(token) },
  create: { who: 'client', quick: orderOf, answer: ({ orders }, { who, origin }, params) => orders.order(who, 'create', params, origin) },
  redeem: { who: 'client', quick: orderOf, answer: ({ orders }, { who, origin }, params) => orders.order(who, 'redeem', params, origin) },
  transfer: { who: 'client', answer: ({ orders }, { who, origin }, params) => orders.transfer(who, params, origin) },
  // Readers of the fund, which its orders ask for themselves.
  quote: { who: 'all', answer: ({ orders }, { who }, params) => orders.quote(who, params) },
  order: { who: 'client', answer: ({ orders }, { who, origin }, { key }) => orders.orderOf(who, key, asking(origin)) },
  holdings: { who: 'client', answer: ({ orders }, { who }) => orders.holdings(who) },
  // The portfolio's owner and operators, which its rows ask for themselves.
  record: {
    who: 'all',
    answer: async ({ portfolioRows }, { who }, { portfolio, transactions }) =>
      withoutRows(await portfolioRows.record(who, portfolio, () => rowsOfList(transactions))),
  },
  // Readers of the channel, which explanations ask for themselves.
  explain: { who: 'all', answer: ({ explanations }, { who }, params) => explanations.of(who, params) },
}

/** Returns whether a method is answered where the socket is. */
export const isNear = (method: Method): method is NearMethod => Object.hasOwn(NEAR_HANDLERS, method)
