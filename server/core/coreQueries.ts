import { firstValueFrom, map, type Observable } from 'rxjs'
import { type Explanation, explain } from '../../streams/explain/explain.ts'
import type { PastFacts } from '../../streams/fund/backtest.ts'
import type { Depth } from '../../streams/market/levels.ts'
import { type LotsPage, type LotsQuery, openLots } from '../../streams/pnl/openLots.ts'
import { type ShownBook, shownBook } from '../../streams/pools/bookLevels.ts'
import type { Pool } from '../../streams/pools/pool.ts'
import { type Quoted, type QuoteWish, quoteOf } from '../../streams/pools/quote.ts'
import { type LiquidityRanges, liquidityRanges, type TicksQuery } from '../../streams/pools/uniswapV3/liquidityRanges.ts'
import type { View } from '../../streams/view.ts'

/** How far a pool's price moves, as of the event time `t` (ms). */
export interface PoolDepth {
  readonly t: number
  /** Of a token1 in token0; NaN if unknown. */
  readonly price: number
  /** One for each fraction that was asked for. */
  readonly depth: readonly Depth[]
}

/** A price, and its event time in ms. */
export interface PricedAt {
  readonly t: number
  readonly price: number
}

/** All that somebody outside the core may ask of the view. Promises, because a gateway in another process asks by message. */
export interface CoreQueries {
  /** Returns the price of a symbol and its event time (ms); undefined if it never had one. */
  price(symbol: string): Promise<PricedAt | undefined>
  /** Returns the depth of a pool for each fraction of the price; undefined if there is no such pool. */
  depth(pool: string, fractions: readonly number[]): Promise<PoolDepth | undefined>
  /** Returns the liquidity of a pool by its ticks; undefined if there is no such pool, or its kind has none. */
  ticks(pool: string, query: TicksQuery): Promise<LiquidityRanges | undefined>
  /** Returns the best levels of a pool; null while they are not known, undefined if there is no such pool, or it is no order book. */
  book(pool: string, levels: number): Promise<ShownBook | null | undefined>
  /** Returns what a swap would do now, or why that cannot be said; undefined if there is no such pool. */
  quote(pool: string, wish: QuoteWish): Promise<Quoted | undefined>
  /** Explains a figure of a channel that is watched; undefined if its state has no such figure now. */
  explain(channel: string, field: string): Promise<Explanation | undefined>
  /** Returns all facts about assets that have a date. */
  facts(): Promise<PastFacts>
  /** Returns open lots of a portfolio; undefined if there is no such portfolio. */
  lots(portfolio: string, query: LotsQuery): Promise<LotsPage | undefined>
}

/** Answers from the view of this process, between two frames. */
export const coreQueries = (view: View, frames$: Observable<unknown>): CoreQueries => {
  // Half a frame is no view of a moment: the answer waits for its end.
  const between = async <T>(look: () => T): Promise<T> => (view.open ? firstValueFrom(frames$.pipe(map(look))) : look())
  const ofPool = <T>(id: string, look: (pool: Pool) => T): Promise<T | undefined> =>
    between(() => {
      const pool = view.pools.get(id)
      return pool && look(pool)
    })
  return {
    async price(symbol) {
      if (!view.market.has(symbol)) return undefined
      const { price, t } = view.market.instrument(symbol)
      return { price, t }
    },
    depth: (id, fractions) =>
      ofPool(id, pool => ({ t: view.t, price: pool.figures.price, depth: fractions.map(fraction => pool.depth(fraction)) })),
    ticks: (id, query) => ofPool(id, pool => liquidityRanges(pool, view.t, query)),
    book: (id, levels) => ofPool(id, pool => shownBook(pool, levels)),
    quote: (id, wish) => ofPool(id, pool => quoteOf(pool, view.t, wish)),
    facts: () => between(() => view.pastFacts),
    explain: (channel, field) => between(() => explain(view, view.t, channel, field)),
    lots: (id, query) =>
      between(() => {
        const portfolio = view.portfolios.get(id)
        return portfolio && openLots(portfolio, view.t, query)
      }),
  }
}
