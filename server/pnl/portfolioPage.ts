import { HOUR } from '../../streams/market/candles.ts'
import type { PortfolioSpec } from '../../streams/pnl/portfolio.ts'
import type { Engine } from '../storage/engine/engine.ts'
import { quoted } from '../storage/engine/migrate.ts'
import { type Codec, codecOf } from '../storage/engine/rowBinary.ts'
import { READ_LIMITS, select } from '../storage/engine/select.ts'
import { TIME } from '../storage/engine/tables.ts'
import { readCursor, writeCursor } from '../storage/read/cursor.ts'
import type { PageQuery } from '../storage/read/history.ts'
import { measurePage } from '../storage/read/measurePage.ts'
import type { HistoryPage } from '../storage/read/page.ts'
import { hourState } from './hourState.ts'
import type { Hours } from './hours.ts'

/** Portfolios whose hours can be computed, and how far the prices for that are stored. */
export interface Portfolios {
  /** With all rows that it has got; undefined where there is no such portfolio. */
  of(id: string): PortfolioSpec | undefined
  /** ms of event time up to which all ticks are stored; NaN where none is. */
  storedTo(): number
}

/**
 * One page of a portfolio's past. With a step of whole hours: how it stood at the ends of hours, computed from candles, whether the
 * server ran then or not. Else the states that were stored while it was live, and of the time before the first of them those hours.
 */
export const portfolioPage = async (engine: Engine, hours: Hours, portfolio: PortfolioSpec, query: PageQuery): Promise<HistoryPage> => {
  const { step, limit, to } = query
  const [from = query.from] = (readCursor(query.cursor, 'number') ?? []) as [number?]
  const byHours = async (end: number, span: number): Promise<HistoryPage> => {
    const { rows, next } = await hours.rows(portfolio, { from, to: end, step: span, limit })
    return { rows: rows.map(row => hourState(portfolio, row)), ...(next !== undefined && { next: writeCursor(next) }) }
  }
  if (step !== undefined && step % HOUR === 0) return byHours(to, step)
  const live = await firstState(engine, portfolio.id)
  if (!(from < live)) return measurePage(engine, 'pnl', query)
  const page = await byHours(Math.min(to, live), HOUR)
  if (page.next !== undefined || !(live < to)) return page
  const cursor = writeCursor(live)
  if (page.rows.length === limit) return { ...page, next: cursor }
  const { rows, next } = await measurePage(engine, 'pnl', { ...query, cursor, limit: limit - page.rows.length })
  return { rows: [...page.rows, ...rows], ...(next !== undefined && { next }) }
}

/** ms of the first state that was stored; Infinity where there is none. */
const firstState = async (engine: Engine, id: string): Promise<number> => {
  const query = `SELECT t FROM ${quoted(engine.database)}.pnl WHERE id = {id:String} ORDER BY t LIMIT 1 ${READ_LIMITS}`
  const input = await select(engine, query, { id })
  return input.ended ? Number.POSITIVE_INFINITY : ms.read(input)
}

const ms = codecOf(TIME) as Codec<number>
