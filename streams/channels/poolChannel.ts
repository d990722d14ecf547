import type { PoolFigures } from '../measures/rows.ts'
import type { Branch } from './stateTree.ts'

/** `pool:POOL`. Raw chain integers are decimal strings; the rest are measures in the quote currency. */
export const showPool = (root: Branch): ((row: PoolFigures) => void) => {
  const kind = root.value('kind')
  const price = root.number('price')
  const reserves = root.branch('reserves')
  const tvl = root.number('tvl')
  const depth = root.branch('depth')
  const volume24h = root.number('volume24h')
  const fees24h = root.number('fees24h')
  const trades24h = root.exact('trades24h')
  const t = root.exact('t')
  const partial = root.value('partial')
  const stale = root.value('stale')
  const il = root.number('il')
  const sqrtPriceX96 = root.value('sqrtPriceX96')
  const tick = root.exact('tick')
  const liquidity = root.value('liquidity')
  const day = root.branch('day')
  return row => {
    kind.set(row.pool)
    price.set(row.price)
    reserves.value('0').set(row.reserve0?.toString())
    reserves.value('1').set(row.reserve1?.toString())
    tvl.set(row.tvl)
    depth.number('bid2').set(row.depthBid2)
    depth.number('ask2').set(row.depthAsk2)
    volume24h.set(row.volume24h)
    fees24h.set(row.fees24h)
    trades24h.set(row.trades24h)
    t.set(row.eventT)
    partial.set(row.partial)
    stale.set(row.stale)
    il.set(row.il ?? Number.NaN)
    const { v3 } = row
    sqrtPriceX96.set(v3?.sqrtPriceX96.toString())
    tick.set(v3?.tick)
    liquidity.set(v3?.liquidity.toString())
    if (v3 === undefined) {
      day.remove()
      return
    }
    day.exact('n').set(v3.dayN)
    day.value('in0').set(v3.dayIn0.toString())
    day.value('in1').set(v3.dayIn1.toString())
  }
}
