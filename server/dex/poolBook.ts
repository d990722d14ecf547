import { inverted, type Level, type Levels } from '../../streams/market/levels.ts'
import type { Pool } from '../../streams/pools/pool.ts'
import type { Pair } from './coin.ts'
import { tokenPrices } from './tokenPrices.ts'

/** The distance from one level to the next, as a fraction of the price. */
const STEP = 0.001

/**
 * Returns what can be bought and sold in a pool as an order book, `levels` levels a side, best first. A level is what lies between two
 * prices, at the price that all of it costs, fee included. Undefined if the pool's depth, or the price of its tokens, is not known.
 */
export const poolBook = (pool: Pool, pair: Pair, levels: number, priceOf: (asset: string) => number): Levels | undefined => {
  const { token0, token1, feePips } = pool.spec
  if (token0 === undefined || token1 === undefined || Number.isNaN(feePips)) return undefined
  const { price } = pool.figures
  const [worth0, worth1] = tokenPrices(token0, token1, price, priceOf)
  const kept = 1 - feePips / 1e6
  const [bids, asks]: [Level[], Level[]] = [[], []]
  let before = { bid: 0, ask: 0 }
  for (let i = 1; i <= levels; i++) {
    const depth = pool.depth(i * STEP)
    const [ask, bid] = [(depth.ask - before.ask) / worth1, (depth.bid - before.bid) / worth0]
    if (!Number.isFinite(ask) || !Number.isFinite(bid)) return undefined
    // If liquidity is the same from one price to the next, all between them changes hands at their geometric mean.
    const up = (price * Math.sqrt((1 + (i - 1) * STEP) * (1 + i * STEP))) / kept
    const down = price * Math.sqrt((1 - (i - 1) * STEP) * (1 - i * STEP)) * kept
    if (ask > 0) asks.push([up, ask])
    if (bid > 0) bids.push([down, bid / down])
    before = depth
  }
  const book = { bids, asks }
  return pair.base === token1.symbol && pair.quote === token0.symbol ? book : inverted(book)
}
