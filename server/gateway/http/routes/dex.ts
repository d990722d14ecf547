import { z } from 'zod'
import { DAY } from '../../../../streams/market/candles.ts'
import { INTERVALS } from '../../../../streams/wire/channels.ts'
import { nameOf } from '../../../dex/coin.ts'
import type { Liquidity } from '../../../dex/liquidity.ts'
import type { DexCandle, DexMarket } from '../../../dex/markets.ts'
import { inQuery, numberInQuery, timeInQuery, wholeOf } from '../parameters.ts'
import { answer, type Handler, type Route } from '../route.ts'
import { DEX_MS, PAIR } from './dexForms.ts'
import { AT, askedOf, type DexServices, isNow, marketInPath, momentOf, numberOf, oneOf, timesOf } from './dexQuery.ts'

/** Rows in one answer. */
const ROWS_MAX = 10_000
/** Markets in one answer. */
const TOP_MAX = 1_000

/** What markets are ranked by. */
const RANKS = ['volume', 'trades', 'liquidity'] as const
const SPANS = Object.keys(INTERVALS) as (keyof typeof INTERVALS)[]

/** The largest markets. */
export const DEX_TOP = answer(
  'DexTop',
  z.array(
    z.strictObject({
      pair: PAIR,
      pool: z.string().optional(),
      trades24h: z.int(),
      unpriced24h: z.int(),
      price: z.number(),
      volume24h: z.number().optional(),
      liquidity: z.number().optional(),
    }),
  ),
)

/** Returns what a market is ranked by; NaN if it is unknown. */
const rankOf = (by: (typeof RANKS)[number], { n, worth, unpriced }: DexMarket, locked: number): number => {
  if (by === 'trades') return n
  if (by === 'liquidity') return locked
  return unpriced > 0 && unpriced === n ? Number.NaN : worth
}

const top: Handler<DexServices> = async (c, { dex }) => {
  const by = oneOf(c, 'by', RANKS, 'volume')
  const limit = wholeOf(c, 'limit', 10, 1, TOP_MAX)
  const markets = await dex.markets(momentOf(c, dex))
  const ranked = markets.map(market => {
    const locked = isNow(c) ? dex.locked(market.market) : Number.NaN
    const rank = rankOf(by, market, locked)
    // What is unknown comes last.
    return { market, locked, rank: Number.isNaN(rank) ? -1 : rank }
  })
  ranked.sort((a, b) => b.rank - a.rank)
  return c.json(
    ranked
      .slice(0, limit)
      .map(({ market: { pair, market, n, worth, unpriced, last }, locked }) => ({
        pair: nameOf(pair),
        ...(market !== '' && { pool: market }),
        trades24h: n,
        unpriced24h: unpriced,
        price: numberOf(last.price),
        ...((n === 0 || unpriced < n) && { volume24h: numberOf(worth) }),
        liquidity: numberOf(locked),
      })),
  )
}

const NEXT = DEX_MS.optional().describe('goes back as `from`')

/** Candles of a market. */
export const DEX_CANDLES = answer(
  'DexCandles',
  z.strictObject({
    rows: z.array(
      z.strictObject({
        open_t: DEX_MS,
        o: z.number(),
        h: z.number(),
        l: z.number(),
        c: z.number(),
        v: z.number().describe('in base units'),
        q: z.number().describe('in quote units'),
        n: z.int(),
      }),
    ),
    next: NEXT,
  }),
)

const candles: Handler<DexServices> = async (c, { dex }) => {
  const { pair, market } = askedOf(dex, c.req.param('id')!)
  const span = INTERVALS[oneOf(c, 'interval', SPANS, '1h')]
  const { from, to } = timesOf(c, dex, 'from', 'to')
  // `from ≤ t < to` here, as everywhere in history.
  const rows = await dex.candles({ pair, market, from: from - 1, to: to - 1 }, span, ROWS_MAX + 1)
  return c.json(pageOf(rows, candleJson, row => row.open_t))
}

const candleJson = ({ open_t, n, o, h, l, c, v, q }: DexCandle): object => ({
  open_t,
  o: numberOf(o),
  h: numberOf(h),
  l: numberOf(l),
  c: numberOf(c),
  v: numberOf(v),
  q: numberOf(q),
  n,
})

/** What lay in the pools of a pair. */
export const DEX_LIQUIDITY = answer(
  'DexLiquidity',
  z.strictObject({
    pair: PAIR,
    rows: z.array(
      z.strictObject({
        market: z.string(),
        t: DEX_MS,
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
    next: NEXT,
  }),
)

const liquidity: Handler<DexServices> = async (c, { dex }) => {
  const { pair } = askedOf(dex, c.req.param('id')!)
  const to = wholeOf(c, 'to', momentOf(c, dex) + 1, 0, 8.64e15)
  const from = wholeOf(c, 'from', Math.max(0, to - 30 * DAY), 0, 8.64e15)
  const rows = await dex.liquidity(pair, { from, to, limit: ROWS_MAX + 1 })
  return c.json({ pair: nameOf(pair), ...pageOf(rows, liquidityJson, row => row.t) })
}

const liquidityJson = (row: Liquidity): object => ({
  market: row.market,
  t: row.t,
  hours: row.n,
  base_amount: numberOf(row.baseAmount),
  quote_amount: numberOf(row.quoteAmount),
  base_price: numberOf(row.basePrice),
  quote_price: numberOf(row.quotePrice),
  base_liquidity: numberOf(row.baseLiquidity),
  quote_liquidity: numberOf(row.quoteLiquidity),
  liquidity: numberOf(row.liquidity),
})

/** Returns at most ROWS_MAX rows, and the time of the next one if there is one. */
const pageOf = <R>(rows: readonly R[], toJson: (row: R) => object, timeOf: (row: R) => number): { rows: object[]; next?: number } => ({
  rows: rows.slice(0, ROWS_MAX).map(toJson),
  ...(rows.length > ROWS_MAX && { next: timeOf(rows[ROWS_MAX]!) }),
})

/** Decentralised markets: the largest, candles, and what lay in pools. */
export const DEX_ROUTES: readonly Route<DexServices>[] = [
  {
    method: 'get',
    path: '/v1/dex/top',
    summary: 'The largest decentralised markets of the last day',
    who: 'all',
    takes: { parameters: [inQuery('by', 'volume if left out', { enum: RANKS }), numberInQuery('limit', 'ten if left out', TOP_MAX), AT] },
    gives: DEX_TOP,
    handler: top,
  },
  {
    method: 'get',
    path: '/v1/dex/candles/:id',
    summary: 'Candles of a decentralised market; none if nothing was traded',
    who: 'all',
    takes: {
      parameters: [
        marketInPath('id'),
        inQuery('interval', '1h if left out', { enum: SPANS }),
        timeInQuery('from', 'from here on'),
        timeInQuery('to', 'before this'),
      ],
    },
    gives: DEX_CANDLES,
    handler: candles,
  },
  {
    method: 'get',
    path: '/v1/dex/liquidity/:id',
    summary: 'What lay in the pools of a pair, hour by hour; past days as their average',
    who: 'all',
    takes: { parameters: [marketInPath('id'), timeInQuery('from', 'from here on'), timeInQuery('to', 'before this')] },
    gives: DEX_LIQUIDITY,
    handler: liquidity,
  },
]
