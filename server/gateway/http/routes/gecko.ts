import type { Context } from 'hono'
import { z } from 'zod'
import { ProtocolError } from '../../../../streams/wire/errors.ts'
import { nameOf } from '../../../dex/coin.ts'
import type { Dex } from '../../../dex/dex.ts'
import type { DexMarket, DexTrade, TradeQuery, TradeSums } from '../../../dex/markets.ts'
import type { Env } from '../env.ts'
import { inQuery, numberInQuery, timeInQuery, wholeOf } from '../parameters.ts'
import { answer, type Handler, type Route } from '../route.ts'
import { bookTexts } from './dexBook.ts'
import { DECIMAL, DEX_MS, LEVELS, PAIR, VARIANTS } from './dexForms.ts'
import { AT, askedOf, type DexServices, decimalOf, isNow, marketInPath, momentOf, shortest, timesOf } from './dexQuery.ts'

/** Trades of either type in one answer. */
const TRADES_MAX = 1_000
/** Levels of both sides of an order book together. */
const LEVELS_MAX = 400

const text = z.string()

/** Markets. */
export const GECKO_PAIRS = answer(
  'GeckoPairs',
  z.array(z.strictObject({ ticker_id: PAIR, pool_id: text, base: text, target: text, variants: VARIANTS })),
)

const pairs: Handler<DexServices> = async (c, { dex }) => {
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
}

/** The last day of markets. */
export const GECKO_TICKERS = answer(
  'GeckoTickers',
  z.strictObject({
    last_update: DEX_MS,
    pairs_count: DECIMAL,
    swaps_count: DECIMAL,
    combined_volume_usd: DECIMAL,
    swaps_unpriced: DECIMAL.describe('swaps in no volume in dollars: no price was known of their coins'),
    combined_liquidity_usd: DECIMAL.optional(),
    data: z.array(
      z.strictObject({
        ticker_id: PAIR,
        pool_id: text,
        base_currency: text,
        target_currency: text,
        base_volume: DECIMAL,
        target_volume: DECIMAL,
        bid: DECIMAL.optional(),
        ask: DECIMAL.optional(),
        high: DECIMAL.optional(),
        low: DECIMAL.optional(),
        trades_24hr: DECIMAL,
        last_price: DECIMAL,
        last_trade: DECIMAL,
        last_swap_uuid: text,
        volume_usd_24hr: DECIMAL.optional(),
        liquidity_usd: DECIMAL.optional(),
        liquidity_in_usd: DECIMAL.optional(),
        variants: VARIANTS,
      }),
    ),
  }),
)

const tickers: Handler<DexServices> = async (c, { dex }) => {
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
}

/** Returns a market's last day. `dex` is given if what can be traded now is asked for, too. */
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
    // If no trade had a price, nothing is known of their worth.
    ...((n === 0 || unpriced < n) && { volume_usd_24hr: decimalOf(worth) }),
    liquidity_usd: decimalOf(locked),
    liquidity_in_usd: decimalOf(locked),
    variants,
  }
}

/** An order book. */
export const GECKO_ORDERBOOK = answer(
  'GeckoOrderbook',
  z.strictObject({ ticker_id: PAIR, pool_id: text, timestamp: DEX_MS, variants: VARIANTS, bids: LEVELS, asks: LEVELS }),
)

const orderbook: Handler<DexServices> = (c, { dex }) => {
  const asked = askedOf(dex, c.req.param('id')!)
  const name = nameOf(asked.pair)
  const depth = wholeOf(c, 'depth', 100, 0, LEVELS_MAX)
  // Levels of both sides together; 0 is all that there are.
  const levels = depth === 0 ? LEVELS_MAX / 2 : Math.max(1, Math.floor(depth / 2))
  const book = bookTexts(dex, asked, levels)
  return c.json({ ticker_id: name, pool_id: asked.market ?? name, timestamp: dex.now, variants: [name], ...book })
}

const TRADE = z.strictObject({
  trade_id: text,
  base: text,
  target: text,
  price: DECIMAL,
  base_volume: DECIMAL,
  target_volume: DECIMAL,
  timestamp: DEX_MS,
  trade_timestamp: DEX_MS,
  type: z.enum(['buy', 'sell']),
})

/** Trades, and their sums whether all are listed or not. */
export const GECKO_TRADES = answer(
  'GeckoTrades',
  z.strictObject({
    ticker_id: PAIR,
    pool_id: text,
    base: text,
    target: text,
    start_time: z.int(),
    end_time: z.int(),
    limit: DECIMAL,
    trades_count: DECIMAL,
    sum_base_volume_buys: DECIMAL,
    sum_target_volume_buys: DECIMAL,
    sum_base_volume_sells: DECIMAL,
    sum_target_volume_sells: DECIMAL,
    average_price: DECIMAL.optional().describe('weighted by volume'),
    buy: z.array(TRADE),
    sell: z.array(TRADE),
  }),
)

const trades: Handler<DexServices> = async (c, { dex }) => {
  const { pair, market } = askedOf(dex, c.req.param('id')!)
  const query = { pair, market, ...timesOf(c, dex, 'start_time', 'end_time') }
  const limit = wholeOf(c, 'limit', 100, 0, TRADES_MAX) || TRADES_MAX
  const type = typeOf(c)
  const [sums, buy, sell] = await Promise.all([
    dex.sums(query),
    type === 'sell' ? [] : dex.trades(query, 'buy', limit),
    type === 'buy' ? [] : dex.trades(query, 'sell', limit),
  ])
  return c.json({ ...sumsJson(query, sums, limit), buy: buy.map(tradeJson(query)), sell: sell.map(tradeJson(query)) })
}

/** Reads which trades are asked for, '' for both; the format has two names for it. Throws a ProtocolError. */
const typeOf = (c: Context<Env>): '' | 'buy' | 'sell' => {
  const type = c.req.query('type') ?? c.req.query('trade_type') ?? ''
  if (type !== '' && type !== 'buy' && type !== 'sell')
    throw new ProtocolError('invalid_params', `type: found "${type.slice(0, 40)}", expected buy or sell`)
  return type
}

const sumsJson = ({ pair, market, from, to }: TradeQuery, sums: TradeSums, limit: number): object => ({
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
})

const tradeJson =
  ({ pair }: TradeQuery) =>
  ({ id, price, baseAmount, quoteAmount, t, type }: DexTrade): object => ({
    trade_id: id,
    base: pair.base,
    target: pair.quote,
    price: decimalOf(price),
    base_volume: shortest(baseAmount),
    target_volume: shortest(quoteAmount),
    timestamp: t,
    trade_timestamp: t,
    type,
  })

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0)

/** Decentralised markets in CoinGecko's format. Times are ms; numbers are texts; what is not known is absent. */
export const GECKO_ROUTES: readonly Route<DexServices>[] = [
  {
    method: 'get',
    path: '/gecko/pairs',
    summary: 'Decentralised markets that were traded in seven days, in CoinGecko’s format',
    who: 'all',
    takes: { parameters: [AT] },
    gives: GECKO_PAIRS,
    handler: pairs,
  },
  {
    method: 'get',
    path: '/gecko/tickers',
    summary: 'Their last day',
    who: 'all',
    takes: { parameters: [AT] },
    gives: GECKO_TICKERS,
    handler: tickers,
  },
  {
    method: 'get',
    path: '/gecko/orderbook/:id',
    summary: 'What can be traded in the pools of a pair',
    who: 'all',
    takes: { parameters: [marketInPath('id'), numberInQuery('depth', 'levels of both sides together; 0 for all', LEVELS_MAX)] },
    gives: GECKO_ORDERBOOK,
    handler: orderbook,
  },
  {
    method: 'get',
    path: '/gecko/historical_trades/:id',
    summary: 'Trades, newest first',
    who: 'all',
    takes: {
      parameters: [
        marketInPath('id'),
        inQuery('type', 'both if left out', { enum: ['buy', 'sell'] }),
        inQuery('trade_type', 'another name of type, which the format has, too; type counts if both are given', { enum: ['buy', 'sell'] }),
        numberInQuery('limit', 'trades of either type; 0 for as many as may be', TRADES_MAX),
        timeInQuery('start_time', 'trades after this; a day before the end if left out'),
        timeInQuery('end_time', 'up to this'),
        AT,
      ],
    },
    gives: GECKO_TRADES,
    handler: trades,
  },
]
