import { describe, expect, it } from 'vitest'
import { cases, haveCases, worked } from '../../server/test/cases.ts'
import { squareRoot } from '../lib/bigintMath.ts'
import { amount0Delta, amount1Delta, priceAfterInput, priceAfterOutput } from './uniswapV3/sqrtPriceMath.ts'
import { swapped } from './uniswapV3/swap.ts'
import { TickMap } from './uniswapV3/tickMap.ts'
import { sqrtRatioAtTick, tickAtSqrtRatio } from './uniswapV3/tickMath.ts'

/** The worked examples of pools that are held elsewhere, and where, because they speak of what is built there. */
const ELSEWHERE: Record<string, string> = {
  'v2-swap-out': 'uniswapV2.test.ts: the quote of a constant-product pair',
  'dex-v3-price-from-sqrt': 'uniswapV3.test.ts: the price as a measure, through a pool',
  'dex-tracked-volume': 'pool.test.ts: volume and fees, through a pool',
  'curve-getD': 'stableswapMath.test.ts: the invariant',
  'dex-orderbook-liquidity-komodo': 'orderBook.test.ts: figures of levels',
  'dex-orderbook-invert': 'orderBook.test.ts: figures of levels',
}

const ONE = 1n << 96n

interface PoolCase {
  sqrtP: string
  fee: string
  spacing: string
  positions: [string, string, string][]
  zeroForOne: boolean
  amountSpecified: string
  pct: string
}

const mapOf = (positions: readonly (readonly string[])[]): TickMap => {
  const ticks = new TickMap()
  for (const [lower, upper, liquidity] of positions) ticks.add(Number(lower), Number(upper), BigInt(liquidity!))
  return ticks
}

/** The most liquidity that an amount gives a range: what the amounts of a liquidity invert. */
const liquidityOf0 = (a: bigint, b: bigint, amount: bigint): bigint => (amount * ((a * b) >> 96n)) / (b - a)
const liquidityOf1 = (a: bigint, b: bigint, amount: bigint): bigint => (amount << 96n) / (b - a)

/** √(p/q), 96 bits behind the point. */
const sqrtOf = (p: bigint, q: bigint): bigint => squareRoot((p << 192n) / q)

const HERE: Record<string, () => void> = {
  'v2-mint': () => {
    const { input, expected } = worked<Record<string, string>, Record<string, string>>('v2-mint')
    const total = squareRoot(BigInt(input.amount0!) * BigInt(input.amount1!))
    expect([total, total - 1000n]).toEqual([BigInt(expected.liquidity_total!), BigInt(expected.minted_to_lp!)])
  },
  'v3-tickmath': () => {
    const { input, expected } = worked<{ ticks: string[] }, Record<string, string>>('v3-tickmath')
    for (const tick of input.ticks) expect(sqrtRatioAtTick(Number(tick)).toString()).toBe(expected[tick])
  },
  'v3-sqrtpricemath': () => {
    const { input, expected } = worked<Record<string, string>, Record<string, string>>('v3-sqrtpricemath')
    const [liquidity, b] = [BigInt(input.L!), sqrtOf(121n, 100n)]
    const tenth = BigInt(input['amount0.1e18']!)
    expect({
      amount0_up: amount0Delta(ONE, b, liquidity, true),
      amount0_down: amount0Delta(ONE, b, liquidity, false),
      amount1_up: amount1Delta(ONE, b, liquidity, true),
      amount1_down: amount1Delta(ONE, b, liquidity, false),
      next_sqrt_in_token1: priceAfterInput(ONE, liquidity, tenth, false),
      next_sqrt_in_token0: priceAfterInput(ONE, liquidity, tenth, true),
      next_sqrt_out_token1: priceAfterOutput(ONE, liquidity, tenth, true),
      next_sqrt_out_token0: priceAfterOutput(ONE, liquidity, tenth, false),
    }).toEqual({
      ...Object.fromEntries(Object.entries(expected).map(([name, value]) => [name, BigInt(value)])),
      amount1_down: BigInt(expected.amount1_up!) - 1n,
    })
  },
  'v3-pool-swap-single-range': () => poolSwap('v3-pool-swap-single-range'),
  'v3-pool-swap-crosses-tick': () => poolSwap('v3-pool-swap-crosses-tick'),
  'v3-book-ticks': () => {
    const { input, expected } = worked<{ sqrtPriceX96: string[] }, { ticks: string[] }>('v3-book-ticks')
    expect(input.sqrtPriceX96.map(price => tickAtSqrtRatio(BigInt(price)))).toEqual(expected.ticks.map(Number))
  },
  'v3-book-liquidity': () => {
    const { input, expected, tolerance } = worked<Record<string, string>, Record<string, string>>('v3-book-liquidity')
    const [at, low, high] = [input.sqrtP, input.sqrtA, input.sqrtB].map(price => BigInt(price!)) as [bigint, bigint, bigint]
    const L0 = liquidityOf0(at, high, BigInt(input.amount0!))
    const L1 = liquidityOf1(low, at, BigInt(input.amount1!))
    const used = { amount0_used: amount0Delta(at, high, L1, true), amount1_used: amount1Delta(low, at, L1, true) }
    for (const [name, value] of Object.entries({ L0, L1, ...used })) {
      expect(Math.abs(Number(value - BigInt(expected[name]!)))).toBeLessThanOrEqual(tolerance)
    }
  },
  'v3-liquidity-amounts': () => {
    const { expected } = worked<unknown, { L_amount0_amount1: string[][] }>('v3-liquidity-amounts')
    const [low, high] = [sqrtOf(100n, 110n), sqrtOf(110n, 100n)]
    const found = [sqrtOf(1n, 1n), sqrtOf(99n, 110n), sqrtOf(111n, 100n)].map(price => {
      const at = [price, low, high].sort((a, b) => (a < b ? -1 : 1))[1]!
      const L0 = at < high ? liquidityOf0(at, high, 100n) : undefined
      const L1 = at > low ? liquidityOf1(low, at, 200n) : undefined
      const liquidity = L0 === undefined ? L1! : L1 === undefined || L0 < L1 ? L0 : L1
      return [liquidity, amount0Delta(at, high, liquidity, false), amount1Delta(low, at, liquidity, false)].map(String)
    })
    expect(found).toEqual(expected.L_amount0_amount1)
  },
  'v3-sdk-position': () => {
    const { input, expected } = worked<{ sqrtP: string; ranges: [string, string, string][] }, Record<string, string | string[]>>(
      'v3-sdk-position',
    )
    const at = BigInt(input.sqrtP)
    const amounts = input.ranges.map(([lower, upper], i) => {
      const liquidity = i === 1 ? 100n * 10n ** 12n : 100n * 10n ** 18n
      const ticks = new TickMap()
      ticks.add(Number(lower), Number(upper), liquidity)
      const [low, high] = [sqrtRatioAtTick(Number(lower)), sqrtRatioAtTick(Number(upper))]
      return [
        at < high ? ticks.amount0Between(at < low ? low : at, high) : 0n,
        at > low ? ticks.amount1Between(low, at > high ? high : at) : 0n,
      ].map(String)
    })
    // The price of the second example is said to lie below its range and holds token0 alone; of the third above, and token1.
    expect(amounts[0]).toEqual(expected.in_range)
    expect(amounts[1]).toEqual([expected.price_below_range_amount0, '0'])
    expect(amounts[2]).toEqual(['0', expected.price_above_range_amount1])
  },
  'v3-depth-2pct': () => {
    const { input, expected, tolerance } = worked<PoolCase, Record<string, string>>('v3-depth-2pct')
    const ticks = mapOf(input.positions)
    const at = BigInt(input.sqrtP)
    const ask = ticks.amount0Between(at, squareRoot((at * at * 102n) / 100n))
    const bid = ticks.amount1Between(squareRoot((at * at * 98n) / 100n), at)
    expect(Math.abs(Number(ask - BigInt(expected.ask_depth_token0!)))).toBeLessThanOrEqual(tolerance)
    expect(Math.abs(Number(bid - BigInt(expected.bid_depth_token1!)))).toBeLessThanOrEqual(tolerance)
  },
}

const poolSwap = (id: string): void => {
  const { input, expected } = worked<PoolCase, Record<string, string>>(id)
  const ticks = mapOf(input.positions)
  const sqrtPriceX96 = BigInt(input.sqrtP)
  const tick = tickAtSqrtRatio(sqrtPriceX96)
  const terms = { feePips: Number(input.fee), tickSpacing: Number(input.spacing) }
  const start = { sqrtPriceX96, tick, liquidity: ticks.activeAt(tick) }
  const end = swapped(start, ticks, terms, input.zeroForOne, BigInt(input.amountSpecified))
  expect([end.amount0, end.amount1, end.tick].map(String)).toEqual([expected.amount0, expected.amount1, expected.tickAfter])
}

describe.skipIf(!haveCases)('the worked examples of pools (they stand beside the project; skipped where they do not)', () => {
  const ids = cases.filter(({ area }) => area === 'dex').map(({ id }) => id)

  it('are held, each, here or where they are named', () => {
    expect([...Object.keys(HERE), ...Object.keys(ELSEWHERE)].sort()).toEqual([...ids].sort())
  })

  it.each(Object.entries(HERE))('%s', (_, holds) => holds())
})
