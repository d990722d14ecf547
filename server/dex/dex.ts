import type { Levels } from '../../streams/market/levels.ts'
import type { Pool } from '../../streams/pools/pool.ts'
import { ProtocolError } from '../../streams/wire/errors.ts'
import type { Engine } from '../storage/engine/engine.ts'
import { openReader, type Reader } from '../storage/read/reader.ts'
import { type CapOf, type Pair, pairOf } from './coin.ts'
import { type Liquidity, liquidityOf } from './liquidity.ts'
import {
  candlesOf,
  type DexCandle,
  type DexMarket,
  type DexTrade,
  marketsAt,
  sumsOf,
  type TradeQuery,
  type TradeSums,
  tradesOf,
} from './markets.ts'
import { poolBook } from './poolBook.ts'
import { type SwapsPage, type SwapsQuery, swapsOf } from './poolSwaps.ts'

/** What decentralised markets are answered from. */
export interface DexOptions {
  readonly engine: Promise<Engine>
  readonly pools: ReadonlyMap<string, Pool>
  /** Returns the price of an asset in the quote currency at the moment; NaN if it is unknown. */
  readonly priceOf: (asset: string) => number
  readonly capOf: CapOf
  /** Returns event time, ms. */
  readonly now: () => number
}

/** An answer serves all who ask within this time, ms by the wall. */
const FRESH_MS = 2_000

/** Answers what is traded on decentralised exchanges, and what could be: by imported swaps and the server's own pools. */
export class Dex {
  private readonly options: DexOptions
  private readonly ask: Reader
  /** The answer of the moment: many ask at once. */
  private latest: { readonly since: number; readonly markets: Promise<DexMarket[]> } | undefined

  constructor(options: DexOptions) {
    this.options = options
    this.ask = openReader(options.engine)
  }

  /** Event time, ms. */
  get now(): number {
    return this.options.now()
  }

  /** Returns two coins as a pair, in the order that `pairOf` gives them. */
  orient = (a: string, b: string): Pair => pairOf(a, b, this.options.capOf)

  /** Returns the markets that were traded in the seven days up to `at` (ms). The answer of now may be some seconds old. */
  markets(at: number): Promise<DexMarket[]> {
    const { latest } = this
    const since = performance.now()
    const isNow = at === this.now
    if (latest && isNow && since - latest.since < FRESH_MS) return latest.markets
    const markets = this.ask(engine => marketsAt(engine, at, this.orient))
    if (isNow) {
      const asked = { since, markets }
      this.latest = asked
      markets.catch(() => {
        if (this.latest === asked) this.latest = undefined
      })
    }
    return markets
  }

  /** Returns trades, newest first, at most `limit`. */
  trades(query: TradeQuery, type: 'buy' | 'sell', limit: number): Promise<DexTrade[]> {
    return this.ask(engine => tradesOf(engine, query, type, limit))
  }

  /** Returns the sums of all trades that a query is about. */
  sums(query: TradeQuery): Promise<TradeSums> {
    return this.ask(engine => sumsOf(engine, query))
  }

  /** Returns candles of `span` ms, oldest first, at most `limit`. */
  candles(query: TradeQuery, span: number, limit: number): Promise<DexCandle[]> {
    return this.ask(engine => candlesOf(engine, query, span, limit))
  }

  /** Returns what lay in the pools of a pair, `from ≤ t < to`, oldest first. */
  liquidity(pair: Pair, range: { readonly from: number; readonly to: number; readonly limit: number }): Promise<Liquidity[]> {
    return this.ask(engine => liquidityOf(engine, pair, range))
  }

  /** Returns what was swapped in a pool, newest first. Rejects with `not_found` if nothing can be: it is an order book. */
  swaps(id: string, query: SwapsQuery): Promise<SwapsPage> {
    const pool = this.options.pools.get(id)
    if (pool === undefined || pool.spec.kind === 'orderbook')
      throw new ProtocolError('not_found', `pool ${id}: found an order book, expected a pool that tokens are swapped in`)
    return this.ask(engine => swapsOf(engine, id, pool.units01, query))
  }

  /** Returns the tokens of a pool as a pair; undefined if there is no such pool, or its tokens are not known. */
  pairOfPool(id: string): Pair | undefined {
    const { token0, token1 } = this.options.pools.get(id)?.spec ?? {}
    return token0 && token1 && this.orient(token0.symbol, token1.symbol)
  }

  /** Returns what lies in a pool, in the quote currency; NaN if it is unknown, or no longer known. */
  locked(pool: string): number {
    return this.fresh(pool)?.figures.tvl ?? Number.NaN
  }

  /** Returns what can be traded now in the pools of a pair, or in one of them, best levels first; undefined if no order book is known. */
  book(pair: Pair, market: string | undefined, levels: number): Levels | undefined {
    const books = [...this.options.pools.values()].flatMap(({ spec: { id, token0, token1 } }) => {
      const symbols = [token0?.symbol, token1?.symbol]
      if ((market !== undefined && market !== id) || !symbols.includes(pair.base) || !symbols.includes(pair.quote)) return []
      const pool = this.fresh(id)
      return (pool && poolBook(pool, pair, levels, this.options.priceOf)) ?? []
    })
    if (books.length === 0) return undefined
    return {
      bids: books
        .flatMap(({ bids }) => bids)
        .sort(([a], [b]) => b - a)
        .slice(0, levels),
      asks: books
        .flatMap(({ asks }) => asks)
        .sort(([a], [b]) => a - b)
        .slice(0, levels),
    }
  }

  /** Returns a pool with figures as of now: if nobody watches it they are computed only when they are stored. Undefined if its feed is silent. */
  private fresh(id: string): Pool | undefined {
    const pool = this.options.pools.get(id)
    pool?.evaluate(this.now)
    return pool?.figures.stale ? undefined : pool
  }
}
