import type { LiquidityRange } from '../../../../../streams/wire/answers/pools.ts'
import type { Columns } from '../../charts/series.ts'
import { turned, type Way } from './way.ts'

/** How far from the price ranges are shown, as a factor. */
const REACH = 1.5

/** Returns liquidity over price, in steps, as far as it lies near the price. */
export const rangesAround = (ranges: readonly LiquidityRange[], price: number, way: Way): Columns => {
  const [least, most] = [price / REACH, price * REACH]
  const steps = ranges
    .flatMap(({ low, high, liquidity }) => {
      if (low === undefined || high === undefined || high < least || low > most) return []
      const ends = [turned(Math.max(low, least), way)!, turned(Math.min(high, most), way)!]
      return { from: Math.min(...ends), to: Math.max(...ends), liquidity: Number(liquidity) }
    })
    .sort((a, b) => a.from - b.from)
  const x: number[] = []
  const y: number[] = []
  // Each step begins where the one before ended: of two points of one price the later counts.
  const put = (at: number, liquidity: number): void => {
    if (x.at(-1) !== at) x.push(at)
    y[x.length - 1] = liquidity
  }
  for (const { from, to, liquidity } of steps) {
    put(from, liquidity)
    put(to, liquidity)
  }
  return { x, y: [y] }
}
