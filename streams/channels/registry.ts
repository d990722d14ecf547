import { INTERVALS } from '../market/candles.ts'
import type { View } from '../view.ts'
import { parseChannel } from '../wire/channels.ts'
import { showCandle } from './candleChannel.ts'
import type { Channel, ChannelStates } from './channelStates.ts'
import { showFund } from './fundChannel.ts'
import { showPnl } from './pnlChannel.ts'
import { showPool } from './poolChannel.ts'
import { showRebalances } from './rebalancesChannel.ts'
import { showTick } from './tickChannel.ts'
import { showTrades } from './tradesChannel.ts'

/** The channel of that name, made where it is asked for first; undefined where the view has nothing that it could show. */
export const openChannel = (view: View, frames: ChannelStates, name: string): Channel | undefined => {
  const parsed = parseChannel(name)
  if (parsed === undefined) return undefined
  switch (parsed.kind) {
    case 'tick': {
      const instrument = view.market.instrument(parsed.id)
      return frames.open(name, instrument, state => {
        const show = showTick(state.root, view.sources)
        return { state, write: () => show(instrument) }
      })
    }
    case 'trades': {
      const instrument = view.market.instrument(parsed.id)
      return frames.open(name, instrument, state => {
        const show = showTrades(state.root, view.sources)
        return { state, write: (_t, commit) => show(instrument, commit), listen: on => instrument.tape.follow(on) }
      })
    }
    case 'candle': {
      const instrument = view.market.instrument(parsed.id)
      const candles = instrument.candles[parsed.interval]
      return frames.open(name, instrument, state => {
        const show = showCandle(state.root)
        return { state, write: () => show(candles) }
      })
    }
    case 'pnl': {
      const portfolio = view.portfolios.get(parsed.id)
      return (
        portfolio &&
        frames.open(name, portfolio, state => {
          const show = showPnl(state.root)
          return { state, write: () => show(portfolio.figures), listen: on => portfolio.listen(on) }
        })
      )
    }
    case 'fund': {
      const fund = view.funds.get(parsed.id)
      return (
        fund &&
        frames.open(name, fund, state => {
          const show = showFund(state.root)
          return { state, write: () => show(fund.figuresNow()) }
        })
      )
    }
    case 'rebalances': {
      const rebalancing = view.rebalancings.get(parsed.id)
      return (
        rebalancing &&
        frames.open(name, rebalancing, state => {
          const show = showRebalances(state.root)
          return { state, write: () => show(rebalancing) }
        })
      )
    }
    case 'pool': {
      const pool = view.pools.get(parsed.id)
      return (
        pool &&
        frames.open(name, pool, state => {
          const show = showPool(state.root)
          return { state, write: () => show(pool.figures), listen: on => pool.listen(on) }
        })
      )
    }
    default:
      return undefined
  }
}

/** The channels of one symbol. */
export const channelsOf = (symbol: string): string[] => [
  `tick:${symbol}`,
  `trades:${symbol}`,
  ...Object.keys(INTERVALS).map(interval => `candle:${interval}:${symbol}`),
]

/** Every channel the view can show now: of each symbol that was seen, of each thing configured. */
export const channelNames = function* (view: View): Iterable<string> {
  for (const { symbol } of view.market.seen) yield* channelsOf(symbol)
  for (const id of view.portfolios.keys()) yield `pnl:${id}`
  for (const id of view.funds.keys()) yield `fund:${id}`
  for (const id of view.rebalancings.keys()) yield `rebalances:${id}`
  for (const id of view.pools.keys()) yield `pool:${id}`
}
