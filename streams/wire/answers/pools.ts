import { z } from 'zod'
import { MS, RAW, type Read } from './forms.ts'

/** Answers about pools. */

const PRICE = z.number().describe('of a token1 in token0')

/** `GET /v1/pools/{id}/ticks`: the liquidity of a pool by its ticks. Prices fall as ticks rise. */
export const POOL_TICKS = z.object({
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
        upper: z.int().optional().describe('the next initialised tick; absent behind the last'),
        liquidity: RAW.describe('active from the one to the other'),
        net: RAW.describe('what the liquidity gains where the price, in token1 a token0, rises over `tick`'),
        gross: RAW.describe('of all positions that begin or end at `tick`'),
        high: PRICE.optional().describe('the price at `tick`'),
        low: PRICE.optional().describe('the price at `upper`'),
      }),
    )
    .optional(),
  next: z.int().optional().describe('goes back as `from`'),
})
/** What POOL_TICKS describes. */
export type PoolTicks = Read<typeof POOL_TICKS>
/** The range from an initialised tick to the next. */
export type LiquidityRange = NonNullable<PoolTicks['ticks']>[number]

const LEVEL = z.tuple([z.number().describe('price of a token1 in token0'), z.number().describe('token1 at it')])

/** `GET /v1/pools/{id}/book`: the levels of an order book. */
export const POOL_BOOK = z.object({
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
})
/** What POOL_BOOK describes. */
export type PoolBook = Read<typeof POOL_BOOK>

/** `GET /v1/pools/{id}/swaps`: what was swapped in a pool. */
export const POOL_SWAPS = z.object({
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
})
/** What POOL_SWAPS describes. */
export type PoolSwaps = Read<typeof POOL_SWAPS>
/** One swap in a pool. */
export type PoolSwap = PoolSwaps['swaps'][number]

/** `POST /v1/pools/{id}/quote`: what a swap would do now. */
export const POOL_QUOTE = z.object({
  pool: z.string(),
  t: MS,
  stale: z.boolean().describe('all feeds that speak of it are silent'),
  block: z.int().optional().describe('of its newest log'),
  in: z.literal([0, 1]).describe('the token that is paid in'),
  amountIn: RAW.describe('paid in, fee included'),
  amountOut: RAW.describe('taken out'),
  fee: RAW.describe('of token `feeToken`; part of amountIn, or kept back of what is taken out'),
  feeToken: z.literal([0, 1]),
  priceImpact: z.number().describe('by which fraction less is got than at the price of the moment, the fee apart'),
  price: PRICE.optional().describe('paid for a token1 in token0, fee included'),
  priceAfter: PRICE.optional().describe('of the pool after it'),
  ticksCrossed: z.int().optional().describe('initialised ticks that the price crosses, of a v3 pool'),
  tokens: z
    .array(z.object({ symbol: z.string(), decimals: z.int() }))
    .optional()
    .describe('token0 and token1, if they are known: 10^decimals raw units are one'),
})
/** What POOL_QUOTE describes. */
export type PoolQuote = Read<typeof POOL_QUOTE>

/** `GET /v1/pools/{id}/depth`: what can be traded before the price has moved. */
export const POOL_DEPTH = z.object({
  pool: z.string(),
  t: MS,
  price: z.number().optional().describe('of a token1 in token0'),
  depth: z
    .record(z.string(), z.object({ bid: z.number().optional(), ask: z.number().optional() }))
    .describe('by `within`: what can be sold and bought before the price has moved that far, in the quote currency; absent if unknown'),
})
/** What POOL_DEPTH describes. */
export type PoolDepth = Read<typeof POOL_DEPTH>
