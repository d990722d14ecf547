import type { ShownCandle, SymbolBars } from '../market/symbolBars.ts'
import type { Branch } from './stateTree.ts'

/**
 * Shows `candle:INTERVAL:SYMBOL`: the running candle of `interval` ms and, under `prev`, the last closed one. Returns what writes those of a
 * symbol that begin at `knownFrom` (ms) or later: the others owe something to a past that is not known yet.
 */
export const showCandle = (root: Branch, interval: number): ((bars: SymbolBars, knownFrom: number) => void) => {
  const running = showBar(root)
  const prev = root.branch('prev')
  const previous = showBar(prev)
  return (bars, knownFrom) => {
    const candle = bars.running(interval)
    if (candle && candle.candle.openT >= knownFrom) running(candle)
    const before = bars.previous(interval)
    if (before && before.candle.openT >= knownFrom) previous(before)
    else prev.remove()
  }
}

const showBar = (branch: Branch): ((shown: ShownCandle) => void) => {
  const openT = branch.exact('open_t')
  const o = branch.number('o')
  const h = branch.number('h')
  const l = branch.number('l')
  const c = branch.number('c')
  const v = branch.number('v')
  const n = branch.exact('n')
  const incomplete = branch.value('gap')
  return ({ candle, gap }) => {
    openT.set(candle.openT)
    o.set(candle.open)
    h.set(candle.high)
    l.set(candle.low)
    c.set(candle.close)
    v.set(candle.volume)
    n.set(candle.n)
    incomplete.set(gap || undefined)
  }
}
