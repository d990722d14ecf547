import type { Columns } from '../../charts/series.ts'
import { turned, type Way } from './way.ts'

/** The range from an initialised tick to the next. Prices are of token1 in token0. */
export interface LiquidityRange {
  readonly tick: number
  readonly upper?: number
  /** A raw integer. */
  readonly liquidity: string
  readonly net: string
  readonly gross: string
  readonly high?: number
  readonly low?: number
}

/** How far from the price ranges are shown, as a factor. */
const REACH = 1.5

/** Returns liquidity over price, in steps, as far as it lies near the price. */
export const rangesAround = (ranges: readonly LiquidityRange[], price: number, way: Way): Columns => {
  const [least, most] = [price / REACH, price * REACH]
  const points: { at: number; liquidity: number }[] = []
  for (const { low, high, liquidity } of ranges) {
    if (low === undefined || high === undefined || high < least || low > most) continue
    const [from, to] = [turned(Math.max(low, least), way)!, turned(Math.min(high, most), way)!]
    points.push({ at: Math.min(from, to), liquidity: Number(liquidity) }, { at: Math.max(from, to), liquidity: Number(liquidity) })
  }
  points.sort((a, b) => a.at - b.at)
  const x: number[] = []
  const y: number[] = []
  // Each step begins where the one before ended: the later of two points of one price counts.
  for (const { at, liquidity } of points)
    if (x.at(-1) === at) y[y.length - 1] = liquidity
    else {
      x.push(at)
      y.push(liquidity)
    }
  return { x, y: [y] }
}
