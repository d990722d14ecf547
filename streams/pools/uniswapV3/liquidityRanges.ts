import type { LiquidityRange, PoolTicks } from '../../wire/answers/pools.ts'
import type { Pool } from '../pool.ts'
import { sqrtRatioAtTick } from './tickMath.ts'

/** Which ticks are asked for: `from ≤ tick ≤ to`, at most `limit`. */
export interface TicksQuery {
  readonly from: number
  readonly to: number
  readonly limit: number
}

/** The liquidity of a pool by its ticks, without its name. */
export type LiquidityRanges = Omit<PoolTicks, 'pool'>

/** Returns the liquidity of a pool by its initialised ticks, as of `t` (ms); undefined if pools of its kind have none. */
export const liquidityRanges = (pool: Pool, t: number, { from, to, limit }: TicksQuery): LiquidityRanges | undefined => {
  if (pool.spec.kind !== 'uniswap-v3') return undefined
  const { snapshot, ticks: map } = pool.concentrated ?? {}
  const [unit0, unit1] = pool.units01
  const priceAt = (tick: number): number | undefined => priceOf(sqrtRatioAtTick(tick), unit1 / unit0)
  const price = snapshot && priceOf(snapshot.sqrtPriceX96, unit1 / unit0)
  const now = {
    t,
    ...(price !== undefined && { price }),
    ...(snapshot && { tick: snapshot.tick, sqrtPriceX96: String(snapshot.sqrtPriceX96), liquidity: String(snapshot.liquidity) }),
    partial: map === undefined || snapshot === undefined,
  }
  if (map === undefined) return now
  const all = [...map.entries()]
  const first = all.findIndex(({ tick }) => tick >= from)
  const ticks: LiquidityRange[] = []
  let active = first < 0 ? 0n : all.slice(0, first).reduce((sum, { net }) => sum + net, 0n)
  for (let i = first; i >= 0 && i < all.length && all[i]!.tick <= to; i++) {
    const { tick, gross, net } = all[i]!
    if (ticks.length === limit) return { ...now, ticks, next: tick }
    active += net
    const upper = all[i + 1]?.tick
    const [high, low] = [priceAt(tick), upper === undefined ? undefined : priceAt(upper)]
    ticks.push({
      tick,
      ...(upper !== undefined && { upper }),
      liquidity: String(active),
      net: String(net),
      gross: String(gross),
      ...(high !== undefined && { high }),
      ...(low !== undefined && { low }),
    })
  }
  return { ...now, ticks }
}

/** Returns the price of a token1 in token0: 2¹⁹² ÷ sqrtPriceX96², in whole tokens; undefined if their decimals are not known. */
const priceOf = (sqrtPriceX96: bigint, scale: number): number | undefined => {
  const root = Number(sqrtPriceX96) / 2 ** 96
  const price = scale / (root * root)
  return Number.isFinite(price) ? price : undefined
}
