import type { PoolQuote } from '../wire/answers/pools.ts'
import type { Pool } from './pool.ts'
import type { NoOutcome, SwapOutcome } from './poolState.ts'

/** What is asked: an amount of a token, raw, that is paid in or taken out. */
export interface QuoteWish {
  /** Token 0 or 1, or its symbol. */
  readonly token: 0 | 1 | string
  readonly amountIn?: bigint
  /** If there is no amountIn. */
  readonly amountOut?: bigint
}

/** The answer, without the name of the pool; or why there is none: the token is not one of the pool, or pools of its kind have no quotes. */
export type Quoted = Omit<PoolQuote, 'pool'> | NoOutcome | 'token' | 'kind'

/** Returns what a swap would do in a pool as of `t` (ms). */
export const quoteOf = (pool: Pool, t: number, { token, amountIn, amountOut = 0n }: QuoteWish): Quoted => {
  if (pool.spec.kind === 'orderbook') return 'kind'
  const given = sideOf(pool, token)
  if (given === undefined) return 'token'
  const zeroForOne = (given === 0) === (amountIn !== undefined)
  const outcome = pool.outcome({ zeroForOne, amount: amountIn ?? -amountOut })
  return typeof outcome === 'string' ? outcome : shown(pool, t, zeroForOne, outcome)
}

const sideOf = (pool: Pool, token: QuoteWish['token']): 0 | 1 | undefined => {
  if (token === 0 || token === 1) return token
  const { token0, token1 } = pool.spec
  if (token0?.symbol === token1?.symbol) return undefined
  return token0?.symbol === token ? 0 : token1?.symbol === token ? 1 : undefined
}

const shown = (pool: Pool, t: number, zeroForOne: boolean, outcome: SwapOutcome): Omit<PoolQuote, 'pool'> => {
  const { amountIn, amountOut, fee, feeOf, crossed } = outcome
  const [unit0, unit1] = pool.units01
  const { token0, token1 } = pool.spec
  const [amount0, amount1] = zeroForOne ? [amountIn, amountOut] : [amountOut, amountIn]
  const price = Number(amount0) / unit0 / (Number(amount1) / unit1)
  const priceAfter = (outcome.priceAfter * unit1) / unit0
  return {
    t,
    stale: pool.silent,
    ...(pool.block !== undefined && { block: pool.block }),
    in: zeroForOne ? 0 : 1,
    amountIn: String(amountIn),
    amountOut: String(amountOut),
    fee: String(fee),
    feeToken: zeroForOne === (feeOf === 'in') ? 0 : 1,
    priceImpact: impactOf(pool.parts.rawPrice, zeroForOne, outcome),
    ...(Number.isFinite(price) && { price }),
    ...(Number.isFinite(priceAfter) && { priceAfter }),
    ...(crossed !== undefined && { ticksCrossed: crossed }),
    ...(token0 && token1 && { tokens: [token0, token1].map(({ symbol, decimals }) => ({ symbol, decimals })) }),
  }
}

/** Returns by which fraction less is got than at `price` (token0 a token1, raw), the fee apart. */
const impactOf = (price: number, zeroForOne: boolean, { amountIn, amountOut, fee, feeOf }: SwapOutcome): number => {
  const paid = Number(feeOf === 'in' ? amountIn - fee : amountIn)
  const got = Number(feeOf === 'out' ? amountOut + fee : amountOut)
  const expected = zeroForOne ? paid / price : paid * price
  // Rounding to whole units may turn out in the trader's favour.
  return Math.max(0, 1 - got / expected)
}
