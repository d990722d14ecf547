import { z } from 'zod'
import { INTERVALS } from '../../../streams/wire/channels.ts'
import type { Parameter, Route } from './openapi.ts'

const text = z.string()
const decimal = z
  .string()
  .regex(/^-?\d+(\.\d+)?$/)
  .describe('a plain decimal')
const ms = z.int().min(1e12).describe('ms since the epoch')
const pair = z.string().describe('BASE_TARGET')
const levels = z.array(z.tuple([decimal, decimal])).describe('price and base volume, best first')
const variants = z.array(text).describe('the coins as they were named, with their platforms')

const GECKO_TRADE = z.strictObject({
  trade_id: text,
  base: text,
  target: text,
  price: decimal,
  base_volume: decimal,
  target_volume: decimal,
  timestamp: ms,
  trade_timestamp: ms,
  type: z.enum(['buy', 'sell']),
})

/** Answers about decentralised markets. What is optional is absent where it is not known. */
export const DEX_ANSWERS = {
  GeckoPairs: z.array(z.strictObject({ ticker_id: pair, pool_id: text, base: text, target: text, variants })),
  GeckoTickers: z.strictObject({
    last_update: ms,
    pairs_count: decimal,
    swaps_count: decimal,
    combined_volume_usd: decimal,
    swaps_unpriced: decimal.describe('swaps in no volume in dollars: no price was known of their coins'),
    combined_liquidity_usd: decimal.optional(),
    data: z.array(
      z.strictObject({
        ticker_id: pair,
        pool_id: text,
        base_currency: text,
        target_currency: text,
        base_volume: decimal,
        target_volume: decimal,
        bid: decimal.optional(),
        ask: decimal.optional(),
        high: decimal.optional(),
        low: decimal.optional(),
        trades_24hr: decimal,
        last_price: decimal,
        last_trade: decimal,
        last_swap_uuid: text,
        volume_usd_24hr: decimal.optional(),
        liquidity_usd: decimal.optional(),
        liquidity_in_usd: decimal.optional(),
        variants,
      }),
    ),
  }),
  GeckoOrderbook: z.strictObject({ ticker_id: pair, pool_id: text, timestamp: ms, variants, bids: levels, asks: levels }),
  GeckoTrades: z.strictObject({
    ticker_id: pair,
    pool_id: text,
    base: text,
    target: text,
    start_time: z.int(),
    end_time: z.int(),
    limit: decimal,
    trades_count: decimal,
    sum_base_volume_buys: decimal,
    sum_target_volume_buys: decimal,
    sum_base_volume_sells: decimal,
    sum_target_volume_sells: decimal,
    average_price: decimal.optional().describe('weighted by volume'),
    buy: z.array(GECKO_TRADE),
    sell: z.array(GECKO_TRADE),
  }),
  CmcSummary: z.array(
    z.strictObject({
      trading_pairs: pair,
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
  CmcAssets: z.record(
    text,
    z.strictObject({ name: text, can_withdraw: text, can_deposit: text, maker_fee: decimal, taker_fee: decimal.optional() }),
  ),
  CmcTicker: z.array(
    z.record(pair, z.strictObject({ last_price: z.number(), base_volume: z.number(), quote_volume: z.number(), isFrozen: z.literal('0') })),
  ),
  CmcOrderbook: z.strictObject({ timestamp: ms, bids: levels, asks: levels }),
  CmcTrades: z.array(
    z.strictObject({
      trade_id: z.int(),
      price: decimal,
      base_volume: decimal,
      quote_volume: decimal,
      timestamp: ms,
      type: z.enum(['buy', 'sell']).describe('what the taker did with the base'),
    }),
  ),
  DexTop: z.array(
    z.strictObject({
      pair,
      pool: text.optional(),
      trades24h: z.int(),
      unpriced24h: z.int(),
      price: z.number(),
      volume24h: z.number().optional(),
      liquidity: z.number().optional(),
    }),
  ),
  DexCandles: z.strictObject({
    rows: z.array(
      z.strictObject({
        open_t: ms,
        o: z.number(),
        h: z.number(),
        l: z.number(),
        c: z.number(),
        v: z.number().describe('in base units'),
        q: z.number().describe('in quote units'),
        n: z.int(),
      }),
    ),
    next: ms.optional().describe('goes back as `from`'),
  }),
  DexLiquidity: z.strictObject({
    pair,
    rows: z.array(
      z.strictObject({
        market: text,
        t: ms,
        hours: z.int().describe('that the row is the average of'),
        base_amount: z.number(),
        quote_amount: z.number(),
        base_price: z.number().optional(),
        quote_price: z.number().optional(),
        base_liquidity: z.number().optional(),
        quote_liquidity: z.number().optional(),
        liquidity: z.number().optional(),
      }),
    ),
    next: ms.optional().describe('goes back as `from`'),
  }),
  Swaps: z.strictObject({
    accepted: z.int(),
    known: z.int(),
    left_out: z.int().describe('not completed, or of test coins'),
    refused: z.array(z.strictObject({ row: z.int(), why: text })),
  }),
} as const

/** A row of `stats_swaps`. */
const SWAP = z.looseObject({
  uuid: text,
  started_at: z.int().describe('s'),
  finished_at: z.int().describe('s'),
  is_success: z.int().optional(),
  maker_coin: text,
  taker_coin: text,
  maker_amount: text,
  taker_amount: text,
  maker_coin_usd_price: z.number().optional(),
  taker_coin_usd_price: z.number().optional(),
})

const query = (name: string, description: string, schema: object): Parameter => ({ name, in: 'query', description, schema })
const time = (name: string, description: string): Parameter =>
  query(name, description, { type: 'integer', minimum: 0, description: 'ms since the epoch' })
const most = (name: string, description: string, maximum: number): Parameter =>
  query(name, description, { type: 'integer', minimum: 0, maximum })
const at = time('at', 'the moment that the answer is of; now where left out')
const id = (name: string): Parameter => ({
  name,
  in: 'path',
  description: 'a pair such as `KMD_LTC`, in either order, or the id of a pool',
  schema: { type: 'string' },
})
const JSON_ONLY = ['application/json']

const get = (path: string, summary: string, answer: keyof typeof DEX_ANSWERS, ...parameters: Parameter[]): Route => ({
  path,
  summary,
  answer,
  parameters,
  gives: JSON_ONLY,
})

export const DEX_ROUTES: readonly Route[] = [
  get('/gecko/pairs', 'Decentralised markets that were traded in seven days, in CoinGecko’s format', 'GeckoPairs', at),
  get('/gecko/tickers', 'Their last day', 'GeckoTickers', at),
  get(
    '/gecko/orderbook/{id}',
    'What can be traded in the pools of a pair',
    'GeckoOrderbook',
    id('id'),
    most('depth', 'levels of both sides together; 0 for all', 400),
  ),
  get(
    '/gecko/historical_trades/{id}',
    'Trades, newest first',
    'GeckoTrades',
    ...[
      id('id'),
      query('type', 'both where left out', { enum: ['buy', 'sell'] }),
      most('limit', 'trades of either type; 0 for as many as may be', 1_000),
    ],
    ...[time('start_time', 'trades after this; a day before the end where left out'), time('end_time', 'up to this'), at],
  ),
  get('/cmc/summary', 'Decentralised pairs that were traded in seven days, in CoinMarketCap’s format', 'CmcSummary', at),
  get('/cmc/assets', 'Their coins', 'CmcAssets', at),
  get('/cmc/ticker', 'Their last day', 'CmcTicker', at),
  get('/cmc/orderbook/{pair}', 'What can be traded in the pools of a pair', 'CmcOrderbook', id('pair')),
  get(
    '/cmc/trades/{pair}',
    'Trades of a day, newest first',
    'CmcTrades',
    id('pair'),
    time('start_time', 'trades after this'),
    time('end_time', 'up to this'),
    at,
  ),
  get(
    '/v1/dex/top',
    'The largest decentralised markets of the last day',
    'DexTop',
    ...[query('by', 'volume where left out', { enum: ['volume', 'trades', 'liquidity'] }), most('limit', 'ten where left out', 1_000), at],
  ),
  get(
    '/v1/dex/candles/{id}',
    'Candles of a decentralised market; none where nothing was traded',
    'DexCandles',
    ...[
      id('id'),
      query('interval', '1h where left out', { enum: Object.keys(INTERVALS) }),
      time('from', 'from here on'),
      time('to', 'before this'),
    ],
  ),
  get(
    '/v1/dex/liquidity/{id}',
    'What lay in the pools of a pair, hour by hour; days that are over as their average',
    'DexLiquidity',
    ...[id('id'), time('from', 'from here on'), time('to', 'before this')],
  ),
  {
    method: 'post',
    path: '/v1/admin/swaps',
    takes: SWAP,
    answer: 'Swaps',
    of: 'operator',
    gives: JSON_ONLY,
    summary: 'Completed atomic swaps into the store, merged by uuid; a swap a line',
    only: 'application/x-ndjson',
  },
]
