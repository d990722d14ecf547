import type { Candle, Candles } from '../market/candles.ts'
import type { Branch } from './stateTree.ts'

/** Shows `candle:INTERVAL:SYMBOL`: the running candle and, under `prev`, the last closed one. Returns what writes them. */
export const showCandle = (root: Branch): ((candles: Candles) => void) => {
  const running = showBar(root)
  const previous = showBar(root.branch('prev'))
  return candles => {
    if (candles.running) running(candles.running)
    if (candles.previous) previous(candles.previous)
  }
}

const showBar = (branch: Branch): ((bar: Candle) => void) => {
  const openT = branch.exact('open_t')
  const o = branch.number('o')
  const h = branch.number('h')
  const l = branch.number('l')
  const c = branch.number('c')
  const v = branch.number('v')
  const n = branch.exact('n')
  return bar => {
    openT.set(bar.openT)
    o.set(bar.open)
    h.set(bar.high)
    l.set(bar.low)
    c.set(bar.close)
    v.set(bar.volume)
    n.set(bar.n)
  }
}
