import { type Method, orderOf, type Params } from '../../../streams/wire/requests.ts'
import type { Callers } from '../../identity/access.ts'
import { nextMoment, type Origin } from '../../lib/arrivalOrder.ts'
import type { History } from '../../storage/read/history.ts'
import type { ChannelDirectory } from '../api/channelDirectory.ts'
import type { Explanations } from '../api/explanations.ts'
import type { Orders } from '../api/orders.ts'
import { type PortfolioRows, withoutRows } from '../api/portfolioRows.ts'
import type { Sessions } from '../api/sessionFacts.ts'
import { rowsOfList } from '../api/transactionRows.ts'
import type { Hub } from '../hub/hub.ts'
import type { Session } from '../hub/session.ts'
import type { SessionAuth } from './sessionAuth.ts'
import { requirePast, type Subscriptions } from './subscriptions.ts'

/** What handlers answer with. */
export interface HandlerParts {
  readonly hub: Hub
  readonly directory: ChannelDirectory
  readonly history: History
  readonly orders: Orders
  readonly portfolioRows: PortfolioRows
  readonly auth: SessionAuth
  readonly sessions: Sessions
  readonly explanations: Explanations
  readonly subscriptions: Subscriptions
  /** Returns the wall clock, ms. */
  readonly now: () => number
}

/** How a method is answered. */
export interface Handler<M extends Method> {
  /** Who may call it. A handler that names nobody is the admin's alone. */
  readonly who?: Callers
  /** Reads parameters that are right, faster than the schema does; undefined if the schema must say what is wrong. */
  readonly quick?: (params: unknown) => Params<M> | undefined
  /** Returns the result, a promise of it, or a ReplyFirst; a string is JSON text already. Throws or rejects with a ProtocolError. */
  readonly answer: (parts: HandlerParts, session: Session, params: Params<M>) => unknown
}

/** Returns the place of a request in the order of arrival: that of its socket, and its own if it asks for an order. */
const originOf = (session: Session, asks = false): Origin => ({ source: session.opened, at: asks ? nextMoment() : session.opened })

/** Every method of the wire. One without an entry does not compile. */
export const HANDLERS: { readonly [M in Method]: Handler<M> } = {
  subscribe: { who: 'all', answer: ({ subscriptions }, session, params) => subscriptions.subscribe(session, params) },
  unsubscribe: {
    who: 'all',
    answer: ({ subscriptions }, session, { channels }) => {
      subscriptions.unsubscribe(session, channels)
      return {}
    },
  },
  channels: { who: 'all', answer: ({ directory }, { who }, { like }) => directory.list(who, like) },
  history: {
    who: 'all',
    answer: ({ directory, history }, { who }, { columns, ...query }) => {
      directory.authorizeRead(who, query.channel)
      requirePast(query.channel)
      return columns ? history.columns(query) : history.rows(query)
    },
  },
  register: { who: 'all', answer: ({ auth }, session, params) => auth.register(session, params) },
  login: { who: 'all', answer: ({ auth }, session, params) => auth.login(session, params) },
  auth: { who: 'all', answer: ({ auth }, session, { token }) => auth.authenticate(session, token) },
  logout: { who: 'all', answer: ({ auth }, session, { token }) => auth.logout(session, token) },
  create: {
    who: 'client',
    quick: orderOf,
    answer: ({ orders }, session, params) => orders.order(session.who, 'create', params, originOf(session)),
  },
  redeem: {
    who: 'client',
    quick: orderOf,
    answer: ({ orders }, session, params) => orders.order(session.who, 'redeem', params, originOf(session)),
  },
  transfer: { who: 'client', answer: ({ orders }, session, params) => orders.transfer(session.who, params, originOf(session)) },
  // Readers of the fund, which its orders ask for themselves.
  quote: { who: 'all', answer: ({ orders }, { who }, params) => orders.quote(who, params) },
  order: { who: 'client', answer: ({ orders }, session, { key }) => orders.orderOf(session.who, key, originOf(session, true)) },
  holdings: { who: 'client', answer: ({ orders }, { who }) => orders.holdings(who) },
  // The portfolio's owner and operators, which its rows ask for themselves.
  record: {
    who: 'all',
    answer: async ({ portfolioRows }, { who }, { portfolio, transactions }) =>
      withoutRows(await portfolioRows.record(who, portfolio, () => rowsOfList(transactions))),
  },
  // Readers of the channel, which explanations ask for themselves.
  explain: { who: 'all', answer: ({ explanations }, { who }, params) => explanations.of(who, params) },
  session: { who: 'all', answer: ({ sessions }, { who }) => sessions.factsFor(who) },
  ping: { who: 'all', answer: ({ now }) => now() },
}
