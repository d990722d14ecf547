import type { Hono } from 'hono'
import type { Levels } from '../../../../streams/market/levels.ts'
import { ProtocolError } from '../../../../streams/wire/errors.ts'
import { nameOf } from '../../../dex/coin.ts'
import type { Dex } from '../../../dex/dex.ts'
import type { DexMarket, DexTrade } from '../../../dex/markets.ts'
import type { Env } from '../app.ts'
import { askedOf, decimalOf, isNow, momentOf, shortest, timesOf, wholeOf } from './dexQuery.ts'

/** Trades of either type in one answer. */
const TRADES_MAX = 1_000
/** Levels of both sides of a book together. */
const LEVELS_MAX = 400

/** Decentralised markets in CoinGecko's format. Times are ms; numbers are texts; what is not known is absent. */
export const geckoRoutes = (app: Hono<Env>, dex: Dex): void => {
  app.get('/gecko/pairs', async c => {
    const markets = await dex.markets(momentOf(c, dex))
    return c.json(
      markets.map(({ pair, market, variants }) => ({
        ticker_id: nameOf(pair),
        pool_id: market || nameOf(pair),
        base: pair.base,
        target: pair.quote,
        variants,
      })),
    )
  })

  app.get('/gecko/tickers', async c => {
    const at = momentOf(c, dex)
    const markets = await dex.markets(at)
    const pools = new Set(markets.map(({ market }) => market).filter(Boolean))
    const locked = isNow(c) ? [...pools].map(pool => dex.locked(pool)) : []
    const known = locked.filter(Number.isFinite)
    return c.json({
      last_update: at,
      pairs_count: String(markets.length),
      swaps_count: String(sum(markets.map(({ n }) => n))),
      combined_volume_usd: decimalOf(sum(markets.map(({ worth }) => worth))),
      // Trades whose coins had no price are in no volume in dollars.
      swaps_unpriced: String(sum(markets.map(({ unpriced }) => unpriced))),
      ...(known.length > 0 && { combined_liquidity_usd: decimalOf(sum(known)) }),
      data: markets.map(market => tickerOf(market, isNow(c) ? dex : undefined)),
    })
  })

  app.get('/gecko/orderbook/:id', c => {
    const { pair, market } = askedOf(dex, c.req.param('id'))
    const depth = wholeOf(c, 'depth', 100, 0, LEVELS_MAX)
    // Levels of both sides together; 0 is all that there are.
    const book = bookOf(dex, pair, market, depth === 0 ? LEVELS_MAX / 2 : Math.max(1, Math.floor(depth / 2)))
    return c.json({
      ticker_id: nameOf(pair),
      pool_id: market ?? nameOf(pair),
      timestamp: dex.now,
      variants: [nameOf(pair)],
      ...levelsOf(book),
    })
  })

  app.get('/gecko/historical_trades/:id', async c => {
    const { pair, market } = askedOf(dex, c.req.param('id'))
    const { from, to } = timesOf(c, dex, 'start_time', 'end_time')
    const asked = wholeOf(c, 'limit', 100, 0, TRADES_MAX)
    const limit = asked === 0 ? TRADES_MAX : asked
    const type = c.req.query('type') ?? c.req.query('trade_type') ?? ''
    if (!['', 'buy', 'sell'].includes(type))
      throw new ProtocolError('invalid_params', `type: found "${type.slice(0, 40)}", expected buy or sell`)
    const query = { pair, market, from, to }
    const [sums, buy, sell] = await Promise.all([
      dex.sums(query),
      type === 'sell' ? [] : dex.trades(query, 'buy', limit),
      type === 'buy' ? [] : dex.trades(query, 'sell', limit),
    ])
    const shown = (trades: readonly DexTrade[]): object[] =>
      trades.map(trade => ({
        trade_id: trade.id,
        base: pair.base,
        target: pair.quote,
        price: decimalOf(trade.price),
        base_volume: shortest(trade.baseAmount),
        target_volume: shortest(trade.quoteAmount),
        timestamp: trade.t,
        trade_timestamp: trade.t,
        type: trade.type,
      }))
    return c.json({
      ticker_id: nameOf(pair),
      pool_id: market ?? nameOf(pair),
      base: pair.base,
      target: pair.quote,
      start_time: from,
      end_time: to,
      limit: String(limit),
      trades_count: String(sums.n),
      sum_base_volume_buys: shortest(sums.baseBought),
      sum_target_volume_buys: shortest(sums.quoteBought),
      sum_base_volume_sells: shortest(sums.baseSold),
      sum_target_volume_sells: shortest(sums.quoteSold),
      ...(sums.n > 0 && { average_price: decimalOf(sums.vwap) }),
      buy: shown(buy),
      sell: shown(sell),
    })
  })
}

/** `dex` where what can be traded now is asked for, too. */
const tickerOf = (
  { pair, market, variants, last, n, baseVolume, quoteVolume, high, low, worth, unpriced }: DexMarket,
  dex: Dex | undefined,
): object => {
  const book = market === '' ? undefined : dex?.book(pair, market, 1)
  const locked = dex?.locked(market) ?? Number.NaN
  return {
    ticker_id: nameOf(pair),
    pool_id: market || nameOf(pair),
    base_currency: pair.base,
    target_currency: pair.quote,
    base_volume: shortest(baseVolume),
    target_volume: shortest(quoteVolume),
    bid: decimalOf(book?.bids[0]?.[0] ?? Number.NaN),
    ask: decimalOf(book?.asks[0]?.[0] ?? Number.NaN),
    high: decimalOf(high),
    low: decimalOf(low),
    trades_24hr: String(n),
    last_price: decimalOf(last.price),
    last_trade: String(last.t),
    last_swap_uuid: last.id,
    // Of nothing but unpriced trades nothing is known.
    ...((n === 0 || unpriced < n) && { volume_usd_24hr: decimalOf(worth) }),
    liquidity_usd: decimalOf(locked),
    liquidity_in_usd: decimalOf(locked),
    variants,
  }
}

/** The pools' book. Throws a Refusal where there is none: swaps between two people leave no orders behind. */
export const bookOf = (dex: Dex, pair: Parameters<Dex['book']>[0], market: string | undefined, levels: number): Levels => {
  const book = dex.book(pair, market, levels)
  if (book === undefined) throw new ProtocolError('not_found', `of ${market ?? nameOf(pair)} no order book is known`)
  return book
}

/** As texts, price before volume. */
export const levelsOf = ({ bids, asks }: Levels): { bids: unknown[]; asks: unknown[] } => {
  const shown = (levels: Levels['bids']): unknown[] => levels.map(([price, base]) => [decimalOf(price), decimalOf(base)])
  return { bids: shown(bids), asks: shown(asks) }
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0)
