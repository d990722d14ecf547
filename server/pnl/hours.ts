import { floorTo, HOUR } from '../../streams/market/candles.ts'
import type { HourRow } from '../../streams/pnl/hours.ts'
import type { PortfolioHistory } from '../../streams/pnl/portfolioSpec.ts'
import { ProtocolError } from '../../streams/wire/errors.ts'
import type { Engine } from '../storage/engine/engine.ts'
import { HourCache } from './hourCache.ts'
import { MaterialisedHours } from './materialisedHours.ts'

/** Rows of one answer, oldest first; `next` (ms) is the `from` of the next page, if there is one. */
export interface HoursPage {
  readonly rows: readonly HourRow[]
  readonly next?: number
}

/** Which hours of a portfolio. */
export interface HoursQuery {
  /** `from ≤ t < to`, ms, of the ends of the hours. */
  readonly from: number
  readonly to: number
  /** ms, a multiple of an hour: only the last row of each step, and the newest of the one that is not over. Days end at midnight UTC. */
  readonly step?: number
  readonly limit?: number
}

/** ms after which a page ends, however many hours are left to compute: those that are computed are stored. */
const PAGE_MS = 1500
/** Figures of one page, in rows and the assets in them. */
const PAGE_FIGURES = 1_000_000

/**
 * Profit and loss through history: portfolios at the end of each hour since their first transaction, computed from the candles in
 * ClickHouse, whether the server ran then or not. Computed hours are stored there by months, and count as long as rules,
 * transactions and candles are what they were; hours after a change are recomputed, and no others.
 */
export class Hours {
  private readonly engine: Engine
  private readonly storedTo: () => number
  private readonly cache = new HourCache()
  private readonly busy = new Map<string, Promise<unknown>>()

  /** `storedTo` returns the event time (ms) up to which all ticks are stored; NaN if none is. Hours that ended by then have rows. */
  constructor(engine: Engine, storedTo: () => number) {
    this.engine = engine
    this.storedTo = storedTo
  }

  /** Returns one page. Rows begin with the hour of the first transaction. Throws a ProtocolError if `step` is not whole hours. */
  async rows(portfolio: PortfolioHistory, query: HoursQuery): Promise<HoursPage> {
    const { step = HOUR } = query
    if (!(step > 0 && step % HOUR === 0)) throw new ProtocolError('invalid_params', `step: found ${step}, expected a multiple of ${HOUR}`)
    // One page after the other, so that none reads hours that another is about to compute.
    const before = this.busy.get(portfolio.id)
    const page = (async () => {
      await before?.catch(() => {})
      return this.page(portfolio, { ...query, step })
    })()
    this.busy.set(portfolio.id, page)
    try {
      return await page
    } finally {
      if (this.busy.get(portfolio.id) === page) this.busy.delete(portfolio.id)
    }
  }

  private async page(
    portfolio: PortfolioHistory,
    { from, to, step, limit = Number.POSITIVE_INFINITY }: Required<Pick<HoursQuery, 'step'>> & HoursQuery,
  ): Promise<HoursPage> {
    const { transactions } = portfolio
    const ended = floorTo(this.storedTo(), HOUR)
    const begin = transactions.length === 0 ? Number.POSITIVE_INFINITY : Math.ceil(transactions[0]!.t / HOUR) * HOUR - HOUR
    const first = Math.max(Math.ceil(from / HOUR) * HOUR, begin + HOUR)
    const last = Math.min(Math.ceil(to / HOUR) * HOUR - HOUR, ended)
    if (!(first <= last)) return { rows: [] }
    for (let attempt = 0; ; attempt++) {
      const hours = await MaterialisedHours.open(this.engine, this.cache, portfolio, begin, last)
      const computed = await hours.bringTo(last, ended, performance.now() + PAGE_MS)
      // A step that is not computed to its end yet comes with the next page.
      const end = computed < last ? floorTo(computed, step) : last
      if (end < first) return { rows: [], next: Math.max(from, begin + HOUR) }
      const most = Math.min(limit, hours.rowsOf(PAGE_FIGURES))
      const rows = await hours.rows(first, end, step, most)
      if (wholeRows(rows, first, end, step, most)) {
        const t = rows.at(-1)!.t
        return t < last ? { rows, next: t + 1 } : { rows }
      }
      if (attempt > 0) throw new Error(`portfolio ${portfolio.id}: hours that were stored cannot be read`)
      await hours.invalidate(first, end)
    }
  }
}

/** Returns whether no row is missing: the engine may have lost a part of its table. */
const wholeRows = (rows: readonly HourRow[], first: number, end: number, step: number, most: number): boolean => {
  let t = first
  for (const row of rows) {
    if (row.t !== Math.min(Math.ceil(t / step) * step, end)) return false
    t = row.t + HOUR
  }
  return rows.length === most || t > end
}
