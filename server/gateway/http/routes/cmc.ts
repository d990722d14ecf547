import { createHash } from 'node:crypto'
import { z } from 'zod'
import { nameOf } from '../../../dex/coin.ts'
import type { DexMarket, DexTrade } from '../../../dex/markets.ts'
import { timeInQuery } from '../parameters.ts'
import { answer, type Handler, type Route } from '../route.ts'
import { bookTexts } from './dexBook.ts'
import { DECIMAL, DEX_MS, LEVELS, PAIR } from './dexForms.ts'
import { AT, askedOf, type DexServices, decimalOf, isNow, marketInPath, momentOf, numberOf, timesOf } from './dexQuery.ts'

/** Trades of either type in one answer. */
const TRADES_MAX = 500
/** Levels a side of an order book. */
const LEVELS_PER_SIDE = 50
/** What the taker of an atomic swap pays: 1/777. */
const SWAP_FEE = '0.001287'

const text = z.string()

/** Pairs and their last day. */
export const CMC_SUMMARY = answer(
  'CmcSummary',
  z.array(
    z.strictObject({
      trading_pairs: PAIR,
      base_currency: text,
      quote_currency: text,
      last_price: z.number(),
      lowest_ask: z.number().optional(),
      highest_bid: z.number().optional(),
      base_volume: z.number(),
      quote_volume: z.number(),
      price_change_percent_24h: z.number().optional(),
      highest_price_24h: z.number().optional(),
      lowest_price_24h: z.number().optional(),
    }),
  ),
)

const summary: Handler<DexServices> = async (c, { dex }) => {
  const pairs = together(await dex.markets(momentOf(c, dex)))
  return c.json(
    pairs.map(({ pair, last, before, base, quote, high, low }) => {
      const book = isNow(c) ? dex.book(pair, undefined, 1) : undefined
      return {
        trading_pairs: nameOf(pair),
        base_currency: pair.base,
        quote_currency: pair.quote,
        last_price: numberOf(last.price),
        lowest_ask: numberOf(book?.asks[0]?.[0] ?? Number.NaN),
        highest_bid: numberOf(book?.bids[0]?.[0] ?? Number.NaN),
        base_volume: numberOf(base),
        quote_volume: numberOf(quote),
        price_change_percent_24h: numberOf((last.price / before - 1) * 100),
        highest_price_24h: numberOf(high),
        lowest_price_24h: numberOf(low),
      }
    }),
  )
}

/** Coins by name. */
export const CMC_ASSETS = answer(
  'CmcAssets',
  z.record(text, z.strictObject({ name: text, can_withdraw: text, can_deposit: text, maker_fee: DECIMAL, taker_fee: DECIMAL.optional() })),
)

const assets: Handler<DexServices> = async (c, { dex }) => {
  const coins = new Map<string, object>()
  for (const { pair, market } of await dex.markets(momentOf(c, dex)))
    for (const coin of [pair.base, pair.quote]) {
      // The fee of a swap between two people is the same everywhere; a coin that is swapped so shows it.
      const swapped = market === ''
      if (!swapped && coins.has(coin)) continue
      const fees = { maker_fee: '0', ...(swapped && { taker_fee: SWAP_FEE }) }
      coins.set(coin, { name: coin, can_withdraw: 'true', can_deposit: 'true', ...fees })
    }
  return c.json(Object.fromEntries(coins))
}

/** The last day of pairs. */
export const CMC_TICKER = answer(
  'CmcTicker',
  z.array(
    z.record(PAIR, z.strictObject({ last_price: z.number(), base_volume: z.number(), quote_volume: z.number(), isFrozen: z.literal('0') })),
  ),
)

const ticker: Handler<DexServices> = async (c, { dex }) => {
  const pairs = together(await dex.markets(momentOf(c, dex)))
  return c.json(
    pairs.map(({ pair, last, base, quote }) => ({
      [nameOf(pair)]: { last_price: numberOf(last.price), base_volume: numberOf(base), quote_volume: numberOf(quote), isFrozen: '0' },
    })),
  )
}

/** An order book. */
export const CMC_ORDERBOOK = answer('CmcOrderbook', z.strictObject({ timestamp: DEX_MS, bids: LEVELS, asks: LEVELS }))

const orderbook: Handler<DexServices> = (c, { dex }) =>
  c.json({ timestamp: dex.now, ...bookTexts(dex, askedOf(dex, c.req.param('pair')!), LEVELS_PER_SIDE) })

/** Trades, newest first. */
export const CMC_TRADES = answer(
  'CmcTrades',
  z.array(
    z.strictObject({
      trade_id: z.int(),
      price: DECIMAL,
      base_volume: DECIMAL,
      quote_volume: DECIMAL,
      timestamp: DEX_MS,
      type: z.enum(['buy', 'sell']).describe('what the taker did with the base'),
    }),
  ),
)

const trades: Handler<DexServices> = async (c, { dex }) => {
  const query = { ...askedOf(dex, c.req.param('pair')!), ...timesOf(c, dex, 'start_time', 'end_time') }
  const found = await Promise.all([dex.trades(query, 'buy', TRADES_MAX), dex.trades(query, 'sell', TRADES_MAX)])
  return c.json(
    found
      .flat()
      .sort((a, b) => b.t - a.t)
      .map(trade => ({
        trade_id: numberFor(trade),
        price: decimalOf(trade.price),
        base_volume: trade.baseAmount,
        quote_volume: trade.quoteAmount,
        timestamp: trade.t,
        type: trade.type,
      })),
  )
}

/** Returns the integer that the format wants, the same for the same trade: 53 bits of a digest of its id. */
const numberFor = ({ id }: DexTrade): number => Number(createHash('sha256').update(id).digest().readBigUInt64BE() >> 11n)

/** All markets of a pair together. */
interface Together {
  readonly pair: DexMarket['pair']
  readonly last: DexMarket['last']
  readonly before: number
  readonly base: number
  readonly quote: number
  readonly high: number
  readonly low: number
}

/** Returns all markets of a pair as one: this format knows pairs only. */
const together = (markets: readonly DexMarket[]): Together[] => {
  const pairs = new Map<string, DexMarket[]>()
  for (const market of markets) pairs.set(nameOf(market.pair), [...(pairs.get(nameOf(market.pair)) ?? []), market])
  return [...pairs.values()].map(all => {
    const newest = all.reduce((a, b) => (b.last.t > a.last.t ? b : a))
    const traded = all.filter(({ n }) => n > 0)
    return {
      pair: newest.pair,
      last: newest.last,
      before: newest.before,
      base: all.reduce((sum, { baseVolume }) => sum + Number(baseVolume), 0),
      quote: all.reduce((sum, { quoteVolume }) => sum + Number(quoteVolume), 0),
      high: traded.length > 0 ? Math.max(...traded.map(({ high }) => high)) : Number.NaN,
      low: traded.length > 0 ? Math.min(...traded.map(({ low }) => low)) : Number.NaN,
    }
  })
}

/** Decentralised markets in CoinMarketCap's format. Times are ms; what is not known is absent. */
export const CMC_ROUTES: readonly Route<DexServices>[] = [
  {
    method: 'get',
    path: '/cmc/summary',
    summary: 'Decentralised pairs that were traded in seven days, in CoinMarketCap’s format',
    who: 'all',
    takes: { parameters: [AT] },
    gives: CMC_SUMMARY,
    handler: summary,
  },
  {
    method: 'get',
    path: '/cmc/assets',
    summary: 'Their coins',
    who: 'all',
    takes: { parameters: [AT] },
    gives: CMC_ASSETS,
    handler: assets,
  },
  {
    method: 'get',
    path: '/cmc/ticker',
    summary: 'Their last day',
    who: 'all',
    takes: { parameters: [AT] },
    gives: CMC_TICKER,
    handler: ticker,
  },
  {
    method: 'get',
    path: '/cmc/orderbook/:pair',
    summary: 'What can be traded in the pools of a pair',
    who: 'all',
    takes: { parameters: [marketInPath('pair')] },
    gives: CMC_ORDERBOOK,
    handler: orderbook,
  },
  {
    method: 'get',
    path: '/cmc/trades/:pair',
    summary: 'Trades of a day, newest first',
    who: 'all',
    takes: {
      parameters: [marketInPath('pair'), timeInQuery('start_time', 'trades after this'), timeInQuery('end_time', 'up to this'), AT],
    },
    gives: CMC_TRADES,
    handler: trades,
  },
]
