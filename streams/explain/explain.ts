import type { ShownView } from '../channels/registry.ts'
import { INTERVALS, parseChannel } from '../wire/channels.ts'
import { type Explained, Explaining, explainIn } from './explanation.ts'
import { FUND_FIGURES } from './fundFigures.ts'
import { CANDLE_FIGURES, TICK_FIGURES } from './marketFigures.ts'
import { METRIC_FIGURES } from './metricFigures.ts'
import { PNL_FIGURES } from './pnlFigures.ts'
import { POOL_FIGURES } from './poolFigures.ts'

/** A figure of a channel's state, down to the ticks, logs and rows that it comes from. */
export interface Explanation extends Omit<Explained, 'name' | 't' | 'age'> {
  readonly channel: string
  readonly field: string
  /** The moment of the figure, ms. */
  readonly t: number
}

/**
 * Explains a figure as of `t` (ms), the end of the last frame. The channel has to be watched, so that its figures are those of that frame.
 * Undefined if its state has no such figure now.
 */
export const explain = (view: ShownView, t: number, channel: string, field: string): Explanation | undefined => {
  const found = figureOf(view, channel, field, new Explaining(t))
  if (found === undefined) return undefined
  const { name, t: _, age, ...figure } = found
  return { channel, field: name, t, ...figure }
}

const figureOf = (view: ShownView, channel: string, field: string, by: Explaining): Explained | undefined => {
  const name = parseChannel(channel)
  const nameOf = (source: number): string => view.sources.at(source)
  switch (name?.kind) {
    case 'tick':
    case 'candle': {
      if (!view.market.has(name.id)) return undefined
      const instrument = view.market.instrument(name.id)
      const { sources, market } = view
      const traded = { instrument, sources, pastKnown: market.pastKnown }
      if (name.kind === 'tick') return explainIn(TICK_FIGURES, traded, field, by)
      return explainIn(CANDLE_FIGURES, { ...traded, interval: INTERVALS[name.interval], knownFrom: market.knownFrom }, field, by)
    }
    case 'pnl': {
      const portfolio = view.portfolios.get(name.id)
      return portfolio && explainIn(PNL_FIGURES, { portfolio, nameOf }, field, by)
    }
    case 'fund': {
      const fund = view.funds.get(name.id)
      return fund && explainIn(FUND_FIGURES, { fund, nameOf }, field, by)
    }
    case 'pool': {
      const pool = view.pools.get(name.id)
      return pool && explainIn(POOL_FIGURES, { pool, nameOf }, field, by)
    }
    case 'metrics':
      return explainIn(METRIC_FIGURES, view.metrics.of(name.id), field, by)
    default:
      return undefined
  }
}

/** Whether figures of this channel can be explained: those of ticks, candles, portfolios, funds, pools and metrics. */
export const canExplain = (channel: string): boolean =>
  ['tick', 'candle', 'pnl', 'fund', 'pool', 'metrics'].includes(parseChannel(channel)?.kind ?? '')
