import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Changes } from '../../lib/dependencies.ts'
import { Interner } from '../../lib/interner.ts'
import { FeedLine } from '../../market/feedHealth.ts'
import { Market } from '../../market/market.ts'
import { initializeV3, logAt, mintV3, poolSpec, swapV3 } from '../../test/chain.ts'
import { NOON } from '../../test/drive.ts'
import type { LiquidityRange } from '../../wire/answers/pools.ts'
import { AssetPrices } from '../assetPrice.ts'
import { Pool } from '../pool.ts'
import { liquidityRanges } from './liquidityRanges.ts'
import { MAX_TICK, MIN_TICK, sqrtRatioAtTick } from './tickMath.ts'

const poolOf = (...logs: Parameters<typeof logAt>[2][]): Pool => {
  const changes = new Changes()
  const pool = new Pool(poolSpec({ kind: 'uniswap-v3' }), new AssetPrices(new Market(new Interner()), changes), changes)
  for (const [i, said] of logs.entries()) pool.apply(logAt(1, i, said), new FeedLine())
  return pool
}

const ALL = { from: MIN_TICK, to: MAX_TICK, limit: 1000 }
const START = initializeV3(sqrtRatioAtTick(198_000), 198_000)

describe('liquidity by ticks', () => {
  it('says of each range what is active in it, and its prices, which fall as ticks rise', () => {
    const pool = poolOf(START, mintV3(197_940, 198_060, 100n), mintV3(197_940, 198_000, 7n))
    const { ticks, ...now } = liquidityRanges(pool, NOON, ALL)!
    pool.evaluate(NOON)
    expect(now).toEqual({
      t: NOON,
      price: pool.figures.price,
      tick: 198_000,
      sqrtPriceX96: String(sqrtRatioAtTick(198_000)),
      liquidity: '100',
      partial: false,
    })
    expect(ticks!.map(({ low, high, ...raw }) => raw)).toEqual([
      { tick: 197_940, upper: 198_000, liquidity: '107', net: '107', gross: '107' },
      { tick: 198_000, upper: 198_060, liquidity: '100', net: '-7', gross: '7' },
      { tick: 198_060, liquidity: '0', net: '-100', gross: '100' },
    ])
    // A WETH of 10^18 in a USDC of 10^6: 10^12 ÷ 1.0001^tick.
    for (const { tick, upper, high, low } of ticks!) {
      expect(high! / (1e12 / 1.0001 ** tick)).toBeCloseTo(1, 10)
      if (upper !== undefined) expect(low! / (1e12 / 1.0001 ** upper)).toBeCloseTo(1, 10)
    }
    expect(ticks![1]!.high).toBe(now.price)
  })

  it('is unknown of a pool that is not whole, and no matter of other kinds', () => {
    const partial = poolOf(swapV3(1, -1, sqrtRatioAtTick(5), 9n, 5))
    expect(liquidityRanges(partial, NOON, ALL)).toMatchObject({ partial: true, tick: 5, liquidity: '9' })
    expect(liquidityRanges(partial, NOON, ALL)).not.toHaveProperty('ticks')
    expect(liquidityRanges(poolOf(), NOON, ALL)).toEqual({ t: NOON, partial: true })
    const changes = new Changes()
    expect(liquidityRanges(new Pool(poolSpec(), new AssetPrices(new Market(new Interner()), changes), changes), NOON, ALL)).toBeUndefined()
  })

  it('is the same on pages of any size, and from any tick on', () => {
    const position = fc.record({
      at: fc.integer({ min: -30, max: 30 }),
      width: fc.integer({ min: 1, max: 20 }),
      liquidity: fc.integer({ min: 1, max: 99 }),
    })
    fc.assert(
      fc.property(
        fc.array(position, { minLength: 1, maxLength: 20 }),
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: -40, max: 60 }),
        (positions, limit, from) => {
          const pool = poolOf(START, ...positions.map(({ at, width, liquidity }) => mintV3(at * 60, (at + width) * 60, BigInt(liquidity))))
          const whole = liquidityRanges(pool, NOON, ALL)!.ticks!
          for (const { tick, liquidity } of whole)
            expect(BigInt(liquidity)).toBe(
              positions.reduce((sum, p) => sum + (p.at * 60 <= tick && tick < (p.at + p.width) * 60 ? BigInt(p.liquidity) : 0n), 0n),
            )
          const pages: LiquidityRange[] = []
          for (let next: number | undefined = from; next !== undefined; ) {
            const page: ReturnType<typeof liquidityRanges> = liquidityRanges(pool, NOON, { from: next, to: 600, limit })
            expect(page!.ticks!.length).toBeLessThanOrEqual(limit)
            pages.push(...page!.ticks!)
            next = page!.next
          }
          expect(pages).toEqual(whole.filter(({ tick }) => tick >= from && tick <= 600))
        },
      ),
      { numRuns: 60 },
    )
  })
})
