import { z } from 'zod'
import type { ShownBook } from '../../../../streams/pools/bookLevels.ts'
import type { LiquidityRanges, TicksQuery } from '../../../../streams/pools/uniswapV3/liquidityRanges.ts'
import { MAX_TICK, MIN_TICK } from '../../../../streams/pools/uniswapV3/tickMath.ts'
import { ProtocolError } from '../../../../streams/wire/errors.ts'
import { MS } from '../forms.ts'
import { CURSOR, inPath, limitInQuery, numberInQuery, wholeOf } from '../parameters.ts'
import { answer, type Handler, type Route, type Who } from '../route.ts'
import type { DexServices } from './dexQuery.ts'

/** What lists of pools are read from: as `CoreQueries` has it. */
export interface PoolListServices extends DexServices {
  readonly pools: {
    /** Returns undefined if pools of this kind have no ticks. */
    ticks(pool: string, query: TicksQuery): Promise<LiquidityRanges | undefined>
    /** Returns null while the levels are not known, undefined if the pool is no order book. */
    book(pool: string, levels: number): Promise<ShownBook | null | undefined>
  }
}

const PER_PAGE = 1_000
const PER_PAGE_MAX = 10_000
const LEVELS = 100
const LEVELS_MAX = 5_000
const SWAPS = 100
const SWAPS_MAX = 1_000

const RAW = z.string().describe('a raw integer')
const PRICE = z.number().describe('of a token1 in token0')

const TICKS = answer(
  'PoolTicks',
  z.object({
    pool: z.string(),
    t: MS,
    price: PRICE.optional(),
    tick: z.int().optional().describe('of the price'),
    sqrtPriceX96: RAW.optional(),
    liquidity: RAW.optional().describe('active at the price'),
    partial: z.boolean().describe('not all of its liquidity is known, so there are no ticks'),
    ticks: z
      .array(
        z.object({
          tick: z.int(),
          upper: z.int().optional().describe('the next initialised tick'),
          liquidity: RAW.describe('active from the one to the other'),
          net: RAW,
          gross: RAW,
          high: PRICE.optional().describe('the price at `tick`'),
          low: PRICE.optional().describe('the price at `upper`'),
        }),
      )
      .optional(),
    next: z.int().optional().describe('goes back as `from`'),
  }),
)

const LEVEL = z.tuple([z.number().describe('price of a token1 in token0'), z.number().describe('token1 at it')])
const BOOK = answer(
  'PoolBook',
  z.object({
    pool: z.string(),
    t: MS.describe('of the newest change'),
    stale: z.boolean(),
    bids: z.array(LEVEL).describe('best first'),
    asks: z.array(LEVEL),
    more: z.object({ bids: z.int(), asks: z.int() }).describe('levels that are known beyond these'),
    reach: z
      .object({ bid: z.number(), ask: z.number() })
      .optional()
      .describe('how far from the middle, as a share of it, all levels are known; everywhere if it is left out'),
  }),
)

const SWAP_LIST = answer(
  'PoolSwaps',
  z.object({
    pool: z.string(),
    swaps: z.array(
      z.object({
        t: MS,
        block: z.int(),
        index: z.int().describe('of the log in its block'),
        side: z.enum(['buy', 'sell']).describe('what was done with token1'),
        price: PRICE.optional().describe('paid, fee included'),
        amount0: RAW.describe('above zero went into the pool'),
        amount1: RAW,
        worth: z.number().optional().describe('in the quote currency, by the prices of its time'),
      }),
    ),
    next: z.string().optional().describe('goes back as `cursor`'),
  }),
)

const anotherKind = (id: string, expected: string): ProtocolError =>
  new ProtocolError('not_found', `pool ${id}: found another kind, expected ${expected}`)

const ticks: Handler<PoolListServices> = async (c, { pools }) => {
  const pool = c.req.param('id')!
  const found = await pools.ticks(pool, {
    from: wholeOf(c, 'from', MIN_TICK, MIN_TICK, MAX_TICK),
    to: wholeOf(c, 'to', MAX_TICK, MIN_TICK, MAX_TICK),
    limit: wholeOf(c, 'limit', PER_PAGE, 1, PER_PAGE_MAX),
  })
  if (found === undefined) throw anotherKind(pool, 'uniswap-v3')
  return c.json({ pool, ...found })
}

const book: Handler<PoolListServices> = async (c, { pools }) => {
  const pool = c.req.param('id')!
  const found = await pools.book(pool, wholeOf(c, 'levels', LEVELS, 1, LEVELS_MAX))
  if (found === undefined) throw anotherKind(pool, 'orderbook')
  if (found === null) throw new ProtocolError('not_ready', 'the levels of this order book are not known yet', 1)
  return c.json({ pool, ...found })
}

const swaps: Handler<PoolListServices> = async (c, { dex }) => {
  const pool = c.req.param('id')!
  return c.json({ pool, ...(await dex.swaps(pool, { cursor: c.req.query('cursor'), limit: wholeOf(c, 'limit', SWAPS, 1, SWAPS_MAX) })) })
}

const READERS: Who = { read: ({ id }) => `pool:${id}` }
const POOL = inPath('id', 'of the pool')

/** What lies in pools, and what was swapped in them. */
export const POOL_LIST_ROUTES: readonly Route<PoolListServices>[] = [
  {
    method: 'get',
    path: '/v1/pools/:id/ticks',
    summary: 'The liquidity of a Uniswap v3 pool by its initialised ticks, as of the newest frame',
    who: READERS,
    takes: {
      parameters: [
        POOL,
        numberInQuery('from', 'the lowest tick', MAX_TICK, MIN_TICK),
        numberInQuery('to', 'the highest tick', MAX_TICK, MIN_TICK),
        limitInQuery(PER_PAGE, PER_PAGE_MAX),
      ],
    },
    gives: TICKS,
    handler: ticks,
  },
  {
    method: 'get',
    path: '/v1/pools/:id/book',
    summary: 'The levels of an order book, best first',
    who: READERS,
    takes: { parameters: [POOL, numberInQuery('levels', `a side, ${LEVELS} if left out`, LEVELS_MAX, 1)] },
    gives: BOOK,
    handler: book,
  },
  {
    method: 'get',
    path: '/v1/pools/:id/swaps',
    summary: 'What was swapped in a pool, newest first',
    who: READERS,
    takes: { parameters: [POOL, CURSOR, limitInQuery(SWAPS, SWAPS_MAX)] },
    gives: SWAP_LIST,
    handler: swaps,
  },
]
