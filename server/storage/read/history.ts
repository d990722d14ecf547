import type { AssetEvent } from '../../../streams/market/assetEvent.ts'
import { orderOfNames } from '../../../streams/market/sourceOrder.ts'
import { isMeasure } from '../../../streams/measures/rows.ts'
import { INTERVALS, parseChannel } from '../../../streams/wire/channels.ts'
import { ProtocolError } from '../../../streams/wire/errors.ts'
import type { Engine } from '../engine/engine.ts'
import { FIRST_MS, LAST_MS } from '../engine/rowBinary.ts'
import { CANDLE_FIELDS, type CandleRules, candlePage } from './candlePage.ts'
import { type Columns, columnsOf } from './columns.ts'
import { chosen, type Known, leavesOf } from './fields.ts'
import { measurePage } from './measurePage.ts'
import { measureFields } from './measurePieces.ts'
import type { HistoryPage } from './page.ts'
import type { HistoryQuery, PageQuery } from './query.ts'
import { openReader } from './reader.ts'
import { TICK_FIELDS, tickPage } from './tickPage.ts'

/** The rows of one answer by columns, as long as each other; `next` is the cursor of the next page, if there is one. */
export interface ColumnPage {
  readonly columns: Columns
  readonly next?: string
}

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
  /** Returns the same page by columns, null where a row does not have the member. Throws as `rows`. */
  columns(query: HistoryQuery): Promise<ColumnPage>
}

/** Rows of one page. */
const LIMIT = 100_000
/** Reads one page. */
type Pager = (engine: Engine) => Promise<HistoryPage>
/** Returns the reader of one page of a portfolio's past. Throws a ProtocolError if the query asks for what no state has. */
export type PortfolioPager = (query: PageQuery) => Pager

const storedStates: PortfolioPager = query => measurePage('pnl', query)

/** What the history knows beside the store. */
export interface HistoryOptions {
  /** Reads the past of portfolios; without one they have the states that were stored. */
  readonly portfolioPager?: PortfolioPager
  /** The names of sources that count before others in candles. */
  readonly sourceOrder?: readonly string[]
  /** Returns what has happened to assets, in order of time. */
  readonly events?: () => readonly AssetEvent[]
}

/** Opens the history. It answers as soon as there is an engine. */
export const openHistory = (
  engine: Promise<Engine>,
  { portfolioPager = storedStates, sourceOrder = [], events = () => [] }: HistoryOptions = {},
): History => {
  const rules: CandleRules = { order: orderOfNames(sourceOrder), events }
  const read = openReader(engine)
  return {
    rows: async query => read(pagerOf(query, portfolioPager, rules).page),
    async columns(query) {
      const { page, names } = pagerOf(query, portfolioPager, rules)
      const { rows, next } = await read(page)
      return { columns: columnsOf(rows, names), ...(next !== undefined && { next }) }
    },
  }
}

/** How the page of a query is read, and the columns that it has whatever the rows are. */
interface PagerOf {
  readonly page: Pager
  readonly names: readonly string[]
}

/** Checks the query, and returns how its page is read. */
const pagerOf = (query: HistoryQuery, portfolioPager: PortfolioPager, rules: CandleRules): PagerOf => {
  const channel = parseChannel(query.channel)
  if (channel === undefined) throw new ProtocolError('unknown_channel')
  const { from, to, step, limit = LIMIT, asOf, agg } = query
  integer('limit', limit, 1, LIMIT)
  if (step !== undefined) integer('step', step, 1, LAST_MS)
  if (agg !== undefined && step === undefined)
    throw new ProtocolError('invalid_params', `agg: found ${agg} without a step, expected a step`)
  const checked: PageQuery = {
    ...query,
    id: channel.id,
    limit,
    from: inRange('from', from),
    to: inRange('to', to),
    ...(asOf !== undefined && { asOf: inRange('asOf', asOf) }),
  }
  const of = (page: Pager, known: Known): PagerOf => ({ page, names: namesOf(known, query) })
  const { kind } = channel
  switch (kind) {
    case 'tick':
      return of(tickPage(checked), TICK_FIELDS)
    case 'candle':
      return of(candlePage(checked, INTERVALS[channel.interval], rules), CANDLE_FIELDS)
    case 'pnl':
      return of(portfolioPager(checked), measureFields(kind))
    default:
      if (isMeasure(kind)) return of(measurePage(kind, checked), measureFields(kind))
      throw new ProtocolError('invalid_params', `channel: "${query.channel}" has no history`)
  }
}

/** Returns the time, and the members that were asked for by name. */
const namesOf = (known: Known, query: HistoryQuery): string[] => [known.time, ...leavesOf(chosen(known, query))]

const integer = (name: string, value: number, least: number, most: number): void => {
  if (!(Number.isInteger(value) && value >= least && value <= most))
    throw new ProtocolError('invalid_params', `${name}: found ${value}, expected an integer from ${least} to ${most}`)
}

/** Cuts a time to what a column can hold. */
const inRange = (name: string, t: number): number => {
  integer(name, t, -8.64e15, 8.64e15)
  return Math.min(Math.max(t, FIRST_MS), LAST_MS)
}
