import { existsSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { amount0Delta, amount1Delta } from './sqrtPriceMath.ts'
import { type PoolPrice, type SwapTerms, swapped } from './swap.ts'
import { TickMap } from './tickMap.ts'
import { MAX_SQRT_RATIO, MIN_SQRT_RATIO, sqrtRatioAtTick, tickAtSqrtRatio } from './tickMath.ts'

interface PoolSwap {
  id: string
  source: string
  input: {
    sqrtPriceX96: string
    fee: string
    tickSpacing: string
    positions: [lower: string, upper: string, liquidity: string][]
    zeroForOne: boolean
    amountSpecified: string
    sqrtPriceLimitX96: string | null
  }
  expected: Record<'amount0Before' | 'amount1Before' | 'amount0Delta' | 'amount1Delta' | 'tickBefore' | 'tickAfter', string> & {
    swapError?: string
  }
}

const file = new URL('../../../../shared/cases/v3_pool_swap_cases.json', import.meta.url)
const swaps: PoolSwap[] = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : []

type Position = readonly [lower: number, upper: number, liquidity: bigint]

/** A pool at a price with these positions, and what providing them cost. */
const poolOf = (sqrtPriceX96: bigint, positions: readonly Position[]) => {
  const ticks = new TickMap()
  const tick = tickAtSqrtRatio(sqrtPriceX96)
  let [paid0, paid1] = [0n, 0n]
  for (const [lower, upper, liquidity] of positions) {
    ticks.add(lower, upper, liquidity)
    const within = (price: bigint): bigint => {
      const [low, high] = [sqrtRatioAtTick(lower), sqrtRatioAtTick(upper)]
      return price < low ? low : price > high ? high : price
    }
    paid0 += amount0Delta(within(sqrtPriceX96), sqrtRatioAtTick(upper), liquidity, true)
    paid1 += amount1Delta(sqrtRatioAtTick(lower), within(sqrtPriceX96), liquidity, true)
  }
  const price: PoolPrice = { sqrtPriceX96, tick, liquidity: ticks.activeAt(tick) }
  return { price, ticks, paid0, paid1 }
}

describe.skipIf(swaps.length === 0)(
  'the swaps of the contract’s own tests (they stand beside the project; skipped where they do not)',
  () => {
    it('are 120', () => expect(swaps).toHaveLength(120))

    it.each(swaps.map(swap => [swap.id, swap.source.replace(/^.*: /, ''), swap] as const))('%s: %s', (_id, _what, { input, expected }) => {
      const pool = poolOf(
        BigInt(input.sqrtPriceX96),
        input.positions.map(([lower, upper, liquidity]) => [Number(lower), Number(upper), BigInt(liquidity)] as const),
      )
      const terms = { feePips: Number(input.fee), tickSpacing: Number(input.tickSpacing) }
      const limit = input.sqrtPriceLimitX96 === null ? undefined : BigInt(input.sqrtPriceLimitX96)
      const run = () => swapped(pool.price, pool.ticks, terms, input.zeroForOne, BigInt(input.amountSpecified), limit)
      if (expected.swapError !== undefined) {
        // All of them are of a limit that lies behind the price.
        expect(run).toThrow(RangeError)
        return
      }
      const { amount0, amount1, tick } = run()
      expect({ before: [pool.paid0, pool.paid1, pool.price.tick], deltas: [amount0, amount1], tick }).toEqual({
        before: [BigInt(expected.amount0Before), BigInt(expected.amount1Before), Number(expected.tickBefore)],
        deltas: [BigInt(expected.amount0Delta), BigInt(expected.amount1Delta)],
        tick: Number(expected.tickAfter),
      })
    })
  },
)

const TERMS: SwapTerms = { feePips: 3000, tickSpacing: 60 }
const ONE = 1n << 96n

const spaced = fc.integer({ min: -300, max: 300 }).map(n => n * 60)
const positions = fc
  .array(fc.tuple(spaced, spaced, fc.bigInt({ min: 1n, max: 10n ** 22n })), { minLength: 1, maxLength: 8 })
  .map(list => list.filter(([a, b]) => a !== b).map(([a, b, liquidity]): Position => [Math.min(a, b), Math.max(a, b), liquidity]))
const start = fc.integer({ min: -20_000, max: 20_000 }).map(sqrtRatioAtTick)
const amount = fc.bigInt({ min: 1n, max: 10n ** 24n })

describe('a swap', () => {
  it('ends at a price and with the liquidity that the map has there, and never past its limit', () => {
    fc.assert(
      fc.property(positions, start, fc.boolean(), amount, fc.boolean(), (list, at, zeroForOne, size, exactOut) => {
        const { price, ticks } = poolOf(at, list)
        const end = swapped(price, ticks, TERMS, zeroForOne, exactOut ? -size : size)
        const atEdge = zeroForOne && sqrtRatioAtTick(end.tick + 1) === end.sqrtPriceX96 ? 1 : 0
        expect(tickAtSqrtRatio(end.sqrtPriceX96)).toBe(end.tick + atEdge)
        expect(end.liquidity).toBe(ticks.activeAt(end.tick))
        expect(zeroForOne ? end.sqrtPriceX96 <= at : end.sqrtPriceX96 >= at).toBe(true)
        const [paid, taken] = zeroForOne ? [end.amount0, end.amount1] : [end.amount1, end.amount0]
        expect(paid >= 0n && taken <= 0n && (exactOut ? -taken : paid) <= size).toBe(true)
      }),
      { numRuns: 300 },
    )
  })

  it('there and back again costs', () => {
    fc.assert(
      fc.property(positions, start, fc.boolean(), amount, (list, at, zeroForOne, size) => {
        const { price, ticks } = poolOf(at, list)
        const there = swapped(price, ticks, TERMS, zeroForOne, size)
        const bought = zeroForOne ? -there.amount1 : -there.amount0
        fc.pre(bought > 0n)
        const back = swapped(there, ticks, TERMS, !zeroForOne, bought)
        const [paid, got] = zeroForOne ? [there.amount0, -back.amount0] : [there.amount1, -back.amount1]
        expect(got < paid).toBe(true)
      }),
      { numRuns: 300 },
    )
  })

  it('of what a swap paid in takes out as much as that one did', () => {
    fc.assert(
      fc.property(positions, start, fc.boolean(), amount, (list, at, zeroForOne, size) => {
        const { price, ticks } = poolOf(at, list)
        const wanted = swapped(price, ticks, TERMS, zeroForOne, -size)
        const [paid, taken] = zeroForOne ? [wanted.amount0, -wanted.amount1] : [wanted.amount1, -wanted.amount0]
        fc.pre(taken === size)
        const given = swapped(price, ticks, TERMS, zeroForOne, paid)
        expect((zeroForOne ? -given.amount1 : -given.amount0) >= size).toBe(true)
      }),
      { numRuns: 300 },
    )
  })

  it.each([
    ['of nothing', 0n, undefined],
    ['to a limit that it has passed', 1n, ONE + 1n],
    ['to a limit below all prices', 1n, MIN_SQRT_RATIO],
  ])('%s is refused', (_, size, limit) => {
    const { price, ticks } = poolOf(ONE, [[-60, 60, 5n]])
    expect(() => swapped(price, ticks, TERMS, true, size, limit)).toThrow(RangeError)
  })

  it('where there is no liquidity goes to the end of all prices, for nothing', () => {
    const { price, ticks } = poolOf(ONE, [])
    expect(swapped(price, ticks, TERMS, true, 5n)).toMatchObject({ sqrtPriceX96: MIN_SQRT_RATIO + 1n, amount0: 0n, amount1: 0n })
    expect(swapped(price, ticks, TERMS, false, -5n)).toMatchObject({ sqrtPriceX96: MAX_SQRT_RATIO - 1n, amount0: 0n, amount1: 0n })
  })
})
