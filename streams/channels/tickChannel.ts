import type { Interner } from '../lib/interner.ts'
import type { Instrument } from '../market/market.ts'
import { SIDES } from '../market/ticks.ts'
import type { Branch } from './stateTree.ts'

/**
 * Shows `tick:SYMBOL`: the newest trade and quote, and the rolling day, whose figures keep every digit. The day is absent until the
 * past is known. Returns what writes an instrument.
 */
export const showTick = (root: Branch, sources: Interner): ((instrument: Instrument, pastKnown: boolean) => void) => {
  const price = root.number('price')
  const size = root.number('size')
  const side = root.value('side')
  const src = root.value('src')
  const t = root.exact('t')
  const bid = root.number('bid')
  const ask = root.number('ask')
  const stale = root.value('stale')
  const day = root.branch('day')
  const n = day.exact('n')
  const volume = day.exact('volume')
  const notional = day.exact('notional')
  const vwap = day.exact('vwap')
  const open = day.exact('open')
  const high = day.exact('high')
  const low = day.exact('low')
  const since = day.exact('since')
  const incomplete = day.value('gap')
  return (instrument, pastKnown) => {
    if (instrument.changedAt === 0) return
    if (!Number.isNaN(instrument.t)) {
      price.set(instrument.price)
      size.set(instrument.size)
      side.set(SIDES[instrument.side] || undefined)
      src.set(sources.at(instrument.source))
      t.set(instrument.t)
    }
    bid.set(instrument.bid)
    ask.set(instrument.ask)
    stale.set(instrument.stale)
    const { bars } = instrument
    const shown = pastKnown ? bars.rollingDay() : undefined
    if (shown === undefined) {
      day.remove()
      return
    }
    const { candle, gap } = shown
    n.set(candle.n)
    volume.set(candle.volume)
    notional.set(candle.notional)
    vwap.set(candle.volume > 0 ? candle.notional / candle.volume : undefined)
    open.set(candle.open)
    high.set(candle.high)
    low.set(candle.low)
    since.set(bars.first >= bars.dayFrom ? bars.first : undefined)
    incomplete.set(gap || undefined)
  }
}
