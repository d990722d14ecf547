import { floorTo, HOUR } from '../../streams/market/candles.ts'
import type { HourRow } from '../../streams/pnl/hours.ts'
import type { PortfolioSpec } from '../../streams/pnl/portfolio.ts'
import { ProtocolError } from '../../streams/wire/errors.ts'
import type { Engine } from '../storage/engine/engine.ts'
import { HourCache } from './hourCache.ts'
import { MaterialisedHours } from './materialisedHours.ts'

/** Rows of one answer, oldest first; `next` (ms) is the `from` with which to go on, where there are more. */
export interface HoursPage {
  readonly rows: readonly HourRow[]
  readonly next?: number
}

export interface HoursQuery {
  /** `from ≤ t < to`, ms, of the ends of the hours. */
  readonly from: number
  readonly to: number
  /** ms, a multiple of an hour: of each only the last row, of the one that goes on yet the newest. Days end at midnight UTC. */
  readonly step?: number
  readonly limit?: number
}

/** After so long a page ends, however many hours there are left to compute: what has been computed is kept. */
const PAGE_MS = 1500
/** Figures of one page, of rows and the assets in them. */
const PAGE_FIGURES = 1_000_000

/**
 * Profit and loss through history: how portfolios stood at the end of each hour since their first transaction, computed from
 * the candles in ClickHouse, whether the server ran then or not. What has been computed is kept there by months, and counts as
 * long as rules, transactions and candles are what they were; what follows a change is computed anew, and no more than that.
 */
export class Hours {
  private readonly engine: Engine
  private readonly storedTo: () => number
  private readonly cache = new HourCache()
  private readonly busy = new Map<string, Promise<unknown>>()

  /** `storedTo`: ms of event time up to which all ticks are stored; NaN where none is. An hour is told of when it has ended by then. */
  constructor(engine: Engine, storedTo: () => number) {
    this.engine = engine
    this.storedTo = storedTo
  }

  /** One page. Rows begin with the hour of the first transaction. Throws a Refusal for a step that is none. */
  async rows(portfolio: PortfolioSpec, query: HoursQuery): Promise<HoursPage> {
    const { step = HOUR } = query
    if (!(step > 0 && step % HOUR === 0)) throw new ProtocolError('invalid_params', `step: found ${step}, expected a multiple of ${HOUR}`)
    // One after the other, so that nobody reads what another is about to compute.
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
    portfolio: PortfolioSpec,
    { from, to, step, limit = Number.POSITIVE_INFINITY }: Required<Pick<HoursQuery, 'step'>> & HoursQuery,
  ): Promise<HoursPage> {
    const { transactions } = portfolio
    const ended = floorTo(this.storedTo(), HOUR)
    const begin = transactions.length === 0 ? Number.POSITIVE_INFINITY : Math.ceil(transactions[0]!.t / HOUR) * HOUR - HOUR
    const first = Math.max(Math.ceil(from / HOUR) * HOUR, begin + HOUR)
    const last = Math.min(Math.ceil(to / HOUR) * HOUR - HOUR, ended)
    if (!(first <= last)) return { rows: [] }
    for (let attempt = 0; ; attempt++) {
      const kept = await MaterialisedHours.open(this.engine, this.cache, portfolio, begin, last)
      const computed = await kept.bringTo(last, ended, performance.now() + PAGE_MS)
      // A step that has not been computed to its end yet comes with the next page.
      const end = computed < last ? floorTo(computed, step) : last
      if (end < first) return { rows: [], next: Math.max(from, begin + HOUR) }
      const most = Math.min(limit, kept.rowsOf(PAGE_FIGURES))
      const rows = await kept.rows(first, end, step, most)
      if (wholeRows(rows, first, end, step, most)) {
        const t = rows.at(-1)!.t
        return t < last ? { rows, next: t + 1 } : { rows }
      }
      if (attempt > 0) throw new Error(`portfolio ${portfolio.id}: hours that were stored cannot be read`)
      await kept.invalidate(first, end)
    }
  }
}

/** Whether no row is missing: the engine may have lost a part of its table. */
const wholeRows = (rows: readonly HourRow[], first: number, end: number, step: number, most: number): boolean => {
  let t = first
  for (const row of rows) {
    if (row.t !== Math.min(Math.ceil(t / step) * step, end)) return false
    t = row.t + HOUR
  }
  return rows.length === most || t > end
}
