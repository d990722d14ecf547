import type { ShownBook } from '../../../../streams/pools/bookLevels.ts'
import type { Quoted, QuoteWish } from '../../../../streams/pools/quote.ts'
import type { LiquidityRanges, TicksQuery } from '../../../../streams/pools/uniswapV3/liquidityRanges.ts'
import { MAX_TICK, MIN_TICK } from '../../../../streams/pools/uniswapV3/tickMath.ts'
import { POOL_BOOK, POOL_SWAPS, POOL_TICKS, type PoolBook, type PoolSwaps, type PoolTicks } from '../../../../streams/wire/answers/pools.ts'
import { ProtocolError } from '../../../../streams/wire/errors.ts'
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
    /** Returns undefined if there is no such pool. */
    quote(pool: string, wish: QuoteWish): Promise<Quoted | undefined>
  }
}

const PER_PAGE = 1_000
const PER_PAGE_MAX = 10_000
const LEVELS = 100
const LEVELS_MAX = 5_000
const SWAPS = 100
const SWAPS_MAX = 1_000

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
  return c.json({ pool, ...found } satisfies PoolTicks)
}

const book: Handler<PoolListServices> = async (c, { pools }) => {
  const pool = c.req.param('id')!
  const found = await pools.book(pool, wholeOf(c, 'levels', LEVELS, 1, LEVELS_MAX))
  if (found === undefined) throw anotherKind(pool, 'orderbook')
  if (found === null) throw new ProtocolError('not_ready', 'the levels of this order book are not known yet', 1)
  return c.json({ pool, ...found } satisfies PoolBook)
}

const swaps: Handler<PoolListServices> = async (c, { dex }) => {
  const pool = c.req.param('id')!
  const page = await dex.swaps(pool, { cursor: c.req.query('cursor'), limit: wholeOf(c, 'limit', SWAPS, 1, SWAPS_MAX) })
  return c.json({ pool, ...page } satisfies PoolSwaps)
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
    gives: answer('PoolTicks', POOL_TICKS),
    handler: ticks,
  },
  {
    method: 'get',
    path: '/v1/pools/:id/book',
    summary: 'The levels of an order book, best first',
    who: READERS,
    takes: { parameters: [POOL, numberInQuery('levels', `a side, ${LEVELS} if left out`, LEVELS_MAX, 1)] },
    gives: answer('PoolBook', POOL_BOOK),
    handler: book,
  },
  {
    method: 'get',
    path: '/v1/pools/:id/swaps',
    summary: 'What was swapped in a pool, newest first',
    who: READERS,
    takes: { parameters: [POOL, CURSOR, limitInQuery(SWAPS, SWAPS_MAX)] },
    gives: answer('PoolSwaps', POOL_SWAPS),
    handler: swaps,
  },
]
