import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { initializeV3, logAt, lonelyPool, swapV3, sync } from '../test/chain.ts'
import { NOON } from '../test/drive.ts'
import { TOKEN_EXCHANGE } from './abi.ts'
import type { Pool } from './pool.ts'
import { type Quoted, type QuoteWish, quoteOf } from './quote.ts'
import { minted, saying } from './test/v3Logs.ts'
import { amountIn, amountOut } from './uniswapV2.ts'
import { swapped } from './uniswapV3/swap.ts'
import { sqrtRatioAtTick } from './uniswapV3/tickMath.ts'

type Answer = Exclude<Quoted, string>

const ask = (pool: Pool, wish: QuoteWish): Quoted => quoteOf(pool, NOON, wish)
const answered = (pool: Pool, wish: QuoteWish): Answer => {
  const answer = ask(pool, wish)
  if (typeof answer === 'string') throw new Error(answer)
  return answer
}

const RESERVES = [2_500_000n * 10n ** 6n, 1_000n * 10n ** 18n] as const

const pair = (members: { readonly feePips?: number } = {}) => {
  const lonely = lonelyPool(members)
  lonely.apply(logAt(7, 0, sync(...RESERVES)))
  return lonely
}

/** A v3 pool at the price 1 with these positions. */
const whole = (positions: readonly (readonly [number, number, bigint])[], members: object = {}) => {
  const lonely = lonelyPool({ kind: 'uniswap-v3', feePips: 3000, tickSpacing: 60, ...members })
  lonely.apply(logAt(1, 0, initializeV3(sqrtRatioAtTick(0), 0)))
  for (const [i, [lower, upper, liquidity]] of positions.entries())
    lonely.apply(logAt(2, i, minted(lower, upper, liquidity, 10n ** 24n, 10n ** 24n)))
  return lonely
}

/** A stableswap pool of a 6 and an 18 digit coin. */
const stable = () =>
  lonelyPool({
    kind: 'stableswap',
    feePips: 400,
    stableswap: {
      amplification: 20_000n,
      fee: 4_000_000n,
      offpegMultiplier: 2n * 10n ** 10n,
      start: { block: 1, balances: [10n ** 13n, 9n * 10n ** 24n] },
    },
  })

const side = fc.constantFrom(0 as const, 1 as const)

describe('a quote of a pair', () => {
  it('is what its contract gives, with the fee of the configuration', () => {
    fc.assert(
      fc.property(side, fc.bigInt({ min: 10n ** 6n, max: 10n ** 24n }), fc.constantFrom(3000, 2500, 500), (token, amount, feePips) => {
        const { pool } = pair({ feePips })
        const [here, there] = [RESERVES[token], RESERVES[1 - token]!]
        const exact = ask(pool, { token, amountIn: amount })
        const out = amountOut(amount, here, there, feePips)
        if (out === 0n) expect(exact).toBe('nothing')
        else expect(exact).toMatchObject({ in: token, amountIn: String(amount), amountOut: String(out), feeToken: token })
        const cost = amountIn(amount, there, here, feePips)
        const wanted = ask(pool, { token, amountOut: amount })
        if (cost === undefined) expect(wanted).toBe('beyond')
        else expect(wanted).toMatchObject({ in: 1 - token, amountIn: String(cost), amountOut: String(amount) })
      }),
    )
  })

  it('has an impact and a price after it as x·y = k says, in whole tokens', () => {
    const { pool, apply, figures } = pair()
    // A tenth of the token0 that lies there, after the fee.
    const paid = (RESERVES[0] * 1_000_000n) / 10n / 997_000n
    const { priceImpact, price, priceAfter, amountOut: out, fee, block, tokens } = answered(pool, { token: 'USDC', amountIn: paid })
    expect(priceImpact).toBeCloseTo(1 - 1 / 1.1, 6)
    expect(price).toBeCloseTo((2_500 * 1.1) / 0.997, 3)
    expect(fee).toBe(String((paid * 3n) / 1000n))
    expect([block, tokens]).toEqual([
      7,
      [
        { symbol: 'USDC', decimals: 6 },
        { symbol: 'WETH', decimals: 18 },
      ],
    ])
    apply(logAt(8, 0, sync(RESERVES[0] + paid, RESERVES[1] - BigInt(out))))
    expect(figures().price).toBeCloseTo(priceAfter!, 9)
  })

  it('is unknown before its reserves are, and of a token that it does not have none', () => {
    expect(ask(lonelyPool().pool, { token: 0, amountIn: 5n })).toBe('unknown')
    expect(ask(pair().pool, { token: 'BTC', amountIn: 5n })).toBe('token')
    expect(ask(lonelyPool({ kind: 'orderbook' }).pool, { token: 0, amountIn: 5n })).toBe('kind')
  })
})

describe('a quote of a v3 pool', () => {
  const LAYERS = [
    [-600, 600, 10n ** 18n],
    [-6_000, 6_000, 10n ** 17n],
    [1_200, 2_400, 10n ** 19n],
  ] as const
  const { pool } = whole(LAYERS)

  it('is what its contract gives, over ticks and gaps, and ends at what the pool holds', () => {
    const { ticks, snapshot } = pool.concentrated!
    const kinds = new Set<string>()
    fc.assert(
      fc.property(side, fc.boolean(), fc.bigInt({ min: 1n, max: 3n * 10n ** 18n }), (token, exactIn, amount) => {
        const found = ask(pool, { token, ...(exactIn ? { amountIn: amount } : { amountOut: amount }) })
        const zeroForOne = (token === 0) === exactIn
        const end = swapped(snapshot!, ticks!, { feePips: 3000, tickSpacing: 60 }, zeroForOne, exactIn ? amount : -amount)
        const [paid, taken] = zeroForOne ? [end.amount0, -end.amount1] : [end.amount1, -end.amount0]
        kinds.add(typeof found === 'string' ? found : `crossed ${found.ticksCrossed}`)
        if (found === 'beyond') expect(exactIn ? paid < amount : taken < amount).toBe(true)
        else if (found === 'nothing') expect(taken).toBe(0n)
        else expect(found).toMatchObject({ amountIn: String(paid), amountOut: String(taken), ticksCrossed: end.crossed })
      }),
      { numRuns: 500, examples: [[0, true, 1n]] },
    )
    expect([...kinds]).toEqual(expect.arrayContaining(['beyond', 'nothing', 'crossed 0', 'crossed 1']))
  })

  it('has the price that the pool has after it, and the fee of all that is paid in', () => {
    const { pool, apply, figures } = whole(LAYERS)
    const { concentrated } = pool
    const amount = 3n * 10n ** 16n
    const { priceAfter, fee, priceImpact } = answered(pool, { token: 1, amountIn: amount })
    const end = swapped(concentrated!.snapshot!, concentrated!.ticks!, { feePips: 3000, tickSpacing: 60 }, false, amount)
    apply(logAt(3, 0, swapV3(end.amount0, end.amount1, end.sqrtPriceX96, end.liquidity, end.tick)))
    expect(figures().price / priceAfter!).toBeCloseTo(1, 12)
    expect(Number(fee) / Number(amount)).toBeCloseTo(0.003, 9)
    expect(priceImpact).toBeGreaterThan(0.02)
    expect(priceImpact).toBeLessThan(0.04)
  })

  it('is unknown if the ticks, their spacing or the fee are', () => {
    expect(ask(whole(LAYERS, { tickSpacing: undefined }).pool, { token: 0, amountIn: 5n })).toBe('unknown')
    expect(ask(whole(LAYERS, { feePips: Number.NaN }).pool, { token: 0, amountIn: 5n })).toBe('unknown')
    const halfway = lonelyPool({ kind: 'uniswap-v3', feePips: 3000, tickSpacing: 60 })
    halfway.apply(logAt(1, 0, swapV3(5n, -5n, sqrtRatioAtTick(0), 10n ** 18n, 0)))
    expect(ask(halfway.pool, { token: 0, amountIn: 5n })).toBe('unknown')
  })
})

describe('a quote of a stableswap pool', () => {
  it('is an exchange that its curve takes, and the least that buys what is wanted', () => {
    fc.assert(
      fc.property(side, fc.integer({ min: 1, max: 900 }), (token, thousandths) => {
        const { pool, apply, figures } = stable()
        const paid = BigInt(thousandths) * 10n ** (token === 0 ? 10n : 22n)
        const given = answered(pool, { token, amountIn: paid })
        const back = answered(pool, { token: token === 0 ? 1 : 0, amountOut: BigInt(given.amountOut) })
        expect(back).toMatchObject({ in: token })
        expect(BigInt(back.amountIn) <= paid && BigInt(back.amountOut) >= BigInt(given.amountOut)).toBe(true)
        const least = ask(pool, { token, amountIn: BigInt(back.amountIn) - 1n })
        expect(typeof least === 'string' || BigInt(least.amountOut) < BigInt(given.amountOut)).toBe(true)
        // A log that is not what the curve gives would leave the balances unknown.
        apply(logAt(2, 0, saying(TOKEN_EXCHANGE, [1], token, paid, 1 - token, BigInt(given.amountOut))))
        expect(figures().price).toBeCloseTo(given.priceAfter!, 9)
        expect([given.feeToken, given.priceImpact < 0.2]).toEqual([1 - token, true])
      }),
      { numRuns: 50 },
    )
  })

  it('ends at what lies in it', () => {
    expect(ask(stable().pool, { token: 0, amountOut: 10n ** 13n })).toBe('beyond')
  })
})
