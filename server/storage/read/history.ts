import { INTERVALS } from '../../../streams/market/candles.ts'
import { parseChannel } from '../../../streams/wire/channels.ts'
import { ProtocolError } from '../../../streams/wire/errors.ts'
import { Semaphore } from '../../lib/semaphore.ts'
import { Hours } from '../../pnl/hours.ts'
import { type Portfolios, portfolioPage } from '../../pnl/portfolioPage.ts'
import type { Engine } from '../engine/engine.ts'
import { FIRST_MS, LAST_MS } from '../engine/rowBinary.ts'
import { candlePage } from './candlePage.ts'
import { measurePage } from './measurePage.ts'
import type { HistoryPage } from './page.ts'
import { tickPage } from './tickPage.ts'

/**
 * What was stored of a channel, oldest first, numbers unrounded. Ticks `{t,price,size,side,src,id}`, candles
 * `{open_t,o,h,l,c,v,n}`, measures the state as it was at `t`, and a portfolio's hours (see pnl/portfolioPage.ts). What was not
 * known is absent.
 */
export interface History {
  /** One page. Throws a Refusal: what is wrong with the query, `not_ready` without an engine, `too_much` with too many waiting. */
  rows(query: HistoryQuery): Promise<HistoryPage>
}

export interface HistoryQuery {
  readonly channel: string
  /** `from ≤ t < to`, ms; of candles, `open_t`. */
  readonly from: number
  readonly to: number
  /** ms: of ticks and measures only the last row of each step, of portfolios by hours where it is whole hours; candles are put together to candles of this length. */
  readonly step?: number
  readonly limit?: number
  /** `next` of the page before. */
  readonly cursor?: string
  /** A frame, ms: of ticks only those taken in up to it. */
  readonly asOf?: number
}

export type { HistoryPage }

/** A query that has been checked. */
export interface PageQuery extends HistoryQuery {
  readonly id: string
  readonly limit: number
}

const LIMIT = 100_000
const AT_ONCE = 2
const MAY_WAIT = 16

/** The engine, and the hours of portfolios computed from what is in it. */
interface Store {
  readonly engine: Engine
  readonly hours: Hours
}

const NO_PORTFOLIOS: Portfolios = { of: () => undefined, storedTo: () => Number.NaN }

/** Answers as soon as there is an engine. */
export const openHistory = (engine: Promise<Engine>, portfolios: Portfolios = NO_PORTFOLIOS): History => {
  const turns = new Semaphore(AT_ONCE, MAY_WAIT)
  let ready: Store | undefined
  engine.then(
    opened => {
      ready = { engine: opened, hours: new Hours(opened, () => portfolios.storedTo()) }
    },
    () => {}, // without an engine the process does not go on, and whoever opens it says why
  )
  return {
    async rows(query) {
      const page = pageOf(query, portfolios)
      const store = ready
      if (store === undefined) throw new ProtocolError('not_ready', 'ClickHouse has not started yet', 1)
      return turns.run(() => page(store).catch(refuse))
    },
  }
}

const pageOf = (query: HistoryQuery, portfolios: Portfolios): ((store: Store) => Promise<HistoryPage>) => {
  const channel = parseChannel(query.channel)
  if (channel === undefined) throw new ProtocolError('unknown_channel')
  const { from, to, step, limit = LIMIT, asOf } = query
  integer('limit', limit, 1, LIMIT)
  if (step !== undefined) integer('step', step, 1, LAST_MS)
  const checked: PageQuery = {
    ...query,
    id: channel.id,
    limit,
    from: inRange('from', from),
    to: inRange('to', to),
    ...(asOf !== undefined && { asOf: inRange('asOf', asOf) }),
  }
  const { kind } = channel
  switch (kind) {
    case 'tick':
      return ({ engine }) => tickPage(engine, checked)
    case 'candle': {
      const page = candlePage(checked, INTERVALS[channel.interval])
      return ({ engine }) => page(engine)
    }
    case 'pnl': {
      const portfolio = portfolios.of(channel.id)
      if (portfolio !== undefined) return ({ engine, hours }) => portfolioPage(engine, hours, portfolio, checked)
      return ({ engine }) => measurePage(engine, kind, checked)
    }
    case 'fund':
    case 'pool':
      return ({ engine }) => measurePage(engine, kind, checked)
    default:
      throw new ProtocolError('invalid_params', `channel: "${query.channel}" has no history`)
  }
}

const integer = (name: string, value: number, least: number, most: number): void => {
  if (!(Number.isInteger(value) && value >= least && value <= most))
    throw new ProtocolError('invalid_params', `${name}: found ${value}, expected an integer from ${least} to ${most}`)
}

/** Times that no row can bear are as good as the last one that a row can. */
const inRange = (name: string, t: number): number => {
  integer(name, t, -8.64e15, 8.64e15)
  return Math.min(Math.max(t, FIRST_MS), LAST_MS)
}

/** TIMEOUT_EXCEEDED, TOO_SLOW, MEMORY_LIMIT_EXCEEDED. */
const TOO_MUCH = new Set(['159', '160', '241'])

/** What an engine's error is to whoever asked. */
export const refuse = (error: unknown): never => {
  if (error instanceof ProtocolError) throw error
  const { code } = error as { code?: string }
  if (TOO_MUCH.has(code ?? '')) throw new ProtocolError('too_much', 'it takes too long: ask for a shorter time or a greater step')
  // Errors of ClickHouse have a number; what has none is a server that is not there.
  if (!/^\d+$/.test(code ?? '')) throw new ProtocolError('not_ready', 'ClickHouse does not answer', 1)
  throw error
}
