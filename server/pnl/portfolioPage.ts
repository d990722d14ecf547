import { HOUR } from '../../streams/market/candles.ts'
import type { PortfolioHistory } from '../../streams/pnl/portfolioSpec.ts'
import { projected } from '../../streams/wire/statePath.ts'
import type { Engine } from '../storage/engine/engine.ts'
import { quoted } from '../storage/engine/migrate.ts'
import { type Codec, codecOf } from '../storage/engine/rowBinary.ts'
import { READ_LIMITS, select } from '../storage/engine/select.ts'
import { TIME } from '../storage/engine/tables.ts'
import { readCursor, writeCursor } from '../storage/read/cursor.ts'
import { type Chosen, chosen, leavesOf } from '../storage/read/fields.ts'
import { folded } from '../storage/read/folded.ts'
import type { PortfolioPager } from '../storage/read/history.ts'
import { measurePage } from '../storage/read/measurePage.ts'
import { measureFields } from '../storage/read/measurePieces.ts'
import type { HistoryPage } from '../storage/read/page.ts'
import type { PageQuery } from '../storage/read/query.ts'
import { hourState } from './hourState.ts'
import { Hours } from './hours.ts'

/** The portfolios whose hours can be computed, and how far the prices are stored. */
export interface Portfolios {
  /** Returns a portfolio with all its transactions; undefined if there is none of this id. */
  of(id: string): PortfolioHistory | undefined
  /** Returns the event time (ms) up to which all ticks are stored; NaN if none is. */
  storedTo(): number
}

/**
 * Returns a pager of portfolios. With a step of whole hours a page holds the portfolio at the ends of hours, computed from candles,
 * whether the server ran then or not. Otherwise it holds the states that were stored while it was live, and before the first of them
 * those hours.
 */
export const portfolioPager = (portfolios: Portfolios): PortfolioPager => {
  let hours: Hours | undefined
  return query => {
    const wanted = chosen(measureFields('pnl'), query)
    return engine => {
      const portfolio = portfolios.of(query.id)
      if (portfolio === undefined) return measurePage('pnl', query)(engine)
      hours ??= new Hours(engine, () => portfolios.storedTo())
      return portfolioPage(engine, hoursPager(hours, portfolio, wanted), portfolio, query)
    }
  }
}

/** Reads one page of hours: the last of each `span` ms, or with `agg` of what it becomes. */
type HoursPager = (query: PageQuery, span: number) => (engine: Engine) => Promise<HistoryPage>

const hoursPager = (hours: Hours, portfolio: PortfolioHistory, wanted: Chosen | undefined): HoursPager => {
  const page = async ({ cursor, to, limit, ...query }: PageQuery, step: number): Promise<HistoryPage> => {
    const [from = query.from] = (readCursor(cursor, 'number') ?? []) as [number?]
    const { rows, next } = await hours.rows(portfolio, { from, to, step, limit })
    const states = rows.map(row => hourState(portfolio, row))
    return {
      rows: wanted === undefined ? states : states.map(state => projected(state, ['t', ...wanted.names])),
      ...(next !== undefined && { next: writeCursor(next) }),
    }
  }
  return (query, span) => {
    const { agg = 'last', step = span } = query
    if (agg === 'last') return () => page(query, span)
    return folded(part => () => page(part, HOUR), query, measureFields('pnl'), step, leavesOf(wanted))
  }
}

const portfolioPage = async (engine: Engine, byHours: HoursPager, { id }: PortfolioHistory, query: PageQuery): Promise<HistoryPage> => {
  const { step, limit, to } = query
  const [from = query.from] = (readCursor(query.cursor, 'number') ?? []) as [number?]
  if (step !== undefined && step % HOUR === 0) return byHours(query, step)(engine)
  const live = await firstState(engine, id)
  if (!(from < live)) return measurePage('pnl', query)(engine)
  const page = await byHours({ ...query, to: Math.min(to, live) }, HOUR)(engine)
  if (page.next !== undefined || !(live < to)) return page
  const cursor = writeCursor(live)
  if (page.rows.length === limit) return { ...page, next: cursor }
  const { rows, next } = await measurePage('pnl', { ...query, cursor, limit: limit - page.rows.length })(engine)
  return { rows: [...page.rows, ...rows], ...(next !== undefined && { next }) }
}

/** Returns the time (ms) of the first stored state; Infinity if there is none. */
const firstState = async (engine: Engine, id: string): Promise<number> => {
  const query = `SELECT t FROM ${quoted(engine.database)}.pnl WHERE id = {id:String} ORDER BY t LIMIT 1 ${READ_LIMITS}`
  const input = await select(engine, query, { id })
  return input.ended ? Number.POSITIVE_INFINITY : ms.read(input)
}

const ms = codecOf(TIME) as Codec<number>
