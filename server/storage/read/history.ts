import { orderOfNames, type SourceOrder } from '../../../streams/market/sourceOrder.ts'
import { isMeasure } from '../../../streams/measures/rows.ts'
import { INTERVALS, parseChannel } from '../../../streams/wire/channels.ts'
import { ProtocolError } from '../../../streams/wire/errors.ts'
import { Semaphore } from '../../lib/semaphore.ts'
import type { Engine } from '../engine/engine.ts'
import { FIRST_MS, LAST_MS } from '../engine/rowBinary.ts'
import { candlePage } from './candlePage.ts'
import { measurePage } from './measurePage.ts'
import type { HistoryPage } from './page.ts'
import type { HistoryQuery, PageQuery } from './query.ts'
import { tickPage } from './tickPage.ts'

/**
 * The stored rows of a channel, oldest first, numbers unrounded. Ticks `{t,price,size,side,src,id}`, candles
 * `{open_t,o,h,l,c,v,n}`, measures the state as it was at `t`, and a portfolio's hours (see pnl/portfolioPage.ts). Unknown figures
 * are absent.
 */
export interface History {
  /**
   * Returns one page. Throws a ProtocolError: `invalid_params` or `unknown_channel` for the query, `not_ready` without an engine,
   * `too_much` if too many are waiting or the page takes too long.
   */
  rows(query: HistoryQuery): Promise<HistoryPage>
}

/** Rows of one page. */
const LIMIT = 100_000
/** Pages that are read at once, and that may wait. */
const AT_ONCE = 2
const MAY_WAIT = 16

/** Reads one page of a portfolio's past. */
export type PortfolioPager = (engine: Engine, query: PageQuery) => Promise<HistoryPage>

const storedStates: PortfolioPager = (engine, query) => measurePage(engine, 'pnl', query)

/**
 * Opens the history. It answers as soon as there is an engine. `portfolioPager` reads the past of portfolios; without one they have the
 * states that were stored. `sourceOrder` names the sources that count before others in candles.
 */
export const openHistory = (
  engine: Promise<Engine>,
  portfolioPager: PortfolioPager = storedStates,
  sourceOrder: readonly string[] = [],
): History => {
  const order = orderOfNames(sourceOrder)
  const turns = new Semaphore(AT_ONCE, MAY_WAIT, () => new ProtocolError('too_much', 'too many questions about the past are waiting'))
  let ready: Engine | undefined
  engine.then(
    opened => {
      ready = opened
    },
    () => {}, // without an engine the process ends, and its opener says why
  )
  return {
    async rows(query) {
      const page = pageOf(query, portfolioPager, order)
      const opened = ready
      if (opened === undefined) throw new ProtocolError('not_ready', 'ClickHouse has not started yet', 1)
      return turns.run(() => page(opened).catch(refuse))
    },
  }
}

/** Checks the query, and returns how its page is read. */
const pageOf = (
  query: HistoryQuery,
  portfolioPager: PortfolioPager,
  order: SourceOrder<string>,
): ((engine: Engine) => Promise<HistoryPage>) => {
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
      return engine => tickPage(engine, checked)
    case 'candle':
      return candlePage(checked, INTERVALS[channel.interval], order)
    case 'pnl':
      return engine => portfolioPager(engine, checked)
    default:
      if (isMeasure(kind)) return engine => measurePage(engine, kind, checked)
      throw new ProtocolError('invalid_params', `channel: "${query.channel}" has no history`)
  }
}

const integer = (name: string, value: number, least: number, most: number): void => {
  if (!(Number.isInteger(value) && value >= least && value <= most))
    throw new ProtocolError('invalid_params', `${name}: found ${value}, expected an integer from ${least} to ${most}`)
}

/** Cuts a time to what a column can hold. */
const inRange = (name: string, t: number): number => {
  integer(name, t, -8.64e15, 8.64e15)
  return Math.min(Math.max(t, FIRST_MS), LAST_MS)
}

/** TIMEOUT_EXCEEDED, TOO_SLOW, MEMORY_LIMIT_EXCEEDED. */
const TOO_MUCH = new Set(['159', '160', '241'])

/** Throws what the client gets for an error of the engine: `too_much`, `not_ready`, or the error itself. */
export const refuse = (error: unknown): never => {
  if (error instanceof ProtocolError) throw error
  const { code } = error as { code?: string }
  if (TOO_MUCH.has(code ?? '')) throw new ProtocolError('too_much', 'the answer takes too long: ask for a shorter time or a greater step')
  // An error of ClickHouse has a number. One without a number comes from a server that is not there.
  if (!/^\d+$/.test(code ?? '')) throw new ProtocolError('not_ready', 'ClickHouse does not answer', 1)
  throw error
}
