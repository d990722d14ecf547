import type { AlertBook, AlertList } from '../alerts/alertBook.ts'
import type { ShownMetrics } from '../analytics/shownMetrics.ts'
import type { ShownModels } from '../analytics/shownModels.ts'
import type { ShownScores } from '../analytics/shownScores.ts'
import type { Fund } from '../fund/fund.ts'
import type { RebalancePlanner } from '../fund/rebalancePlanner.ts'
import type { Source } from '../lib/dependencies.ts'
import type { Interner } from '../lib/interner.ts'
import type { Market } from '../market/market.ts'
import type { Portfolio } from '../pnl/portfolio.ts'
import type { Pool } from '../pools/pool.ts'
import { type ChannelName, type ChannelNameOf, channelsOf, INTERVALS, type Kind, type KindOf, parseChannel } from '../wire/channels.ts'
import { showAlerts } from './alertsChannel.ts'
import { showCandle } from './candleChannel.ts'
import type { Channel, ChannelStates, ChannelView } from './channelStates.ts'
import { showFund } from './fundChannel.ts'
import { showMetrics } from './metricsChannel.ts'
import { showModels } from './modelsChannel.ts'
import { showPnl } from './pnlChannel.ts'
import { showPool } from './poolChannel.ts'
import { showRebalances } from './rebalancesChannel.ts'
import { showScores } from './scoreChannel.ts'
import type { StateTree } from './stateTree.ts'
import { showTick } from './tickChannel.ts'
import { showTrades } from './tradesChannel.ts'

/** What channels show of the view of the moment. */
export interface ShownView {
  /** The names of where ticks come from. */
  readonly sources: Interner
  readonly market: Market
  readonly portfolios: ReadonlyMap<string, Portfolio>
  readonly funds: ReadonlyMap<string, Fund>
  readonly rebalancePlanners: ReadonlyMap<string, RebalancePlanner>
  readonly pools: ReadonlyMap<string, Pool>
  readonly metrics: ShownMetrics
  readonly scores: ShownScores
  readonly models: ShownModels
  readonly alerts: AlertBook
}

/** Something of the view that a channel shows: what it is computed from, and how it is written into a state. */
interface Shown {
  readonly source: Source
  readonly show: (state: StateTree) => ChannelView
}

/** Returns what the view has under a name of this kind; undefined if it has nothing. */
type Opener<K extends Kind> = (view: ShownView, name: ChannelNameOf<K>) => Shown | undefined

/** The server offers these itself: they show nothing of the view. */
const notOfTheView = (): undefined => undefined

const alertList = (source: AlertList): Shown => ({
  source,
  show: state => {
    const show = showAlerts(state.root)
    return { state, write: () => show(source) }
  },
})

const OPENERS: { readonly [K in Kind]: Opener<K> } = {
  tick: (view, { id }) => {
    const source = view.market.instrument(id)
    return {
      source,
      show: state => {
        const show = showTick(state.root, view.sources)
        return { state, write: () => show(source, view.market.pastKnown) }
      },
    }
  },
  trades: (view, { id }) => {
    const source = view.market.instrument(id)
    return {
      source,
      show: state => {
        const show = showTrades(state.root, view.sources)
        return { state, write: (_t, commit) => show(source, commit), listen: on => source.tape.follow(on) }
      },
    }
  },
  candle: (view, { id, interval }) => {
    const source = view.market.instrument(id)
    return {
      source,
      show: state => {
        const show = showCandle(state.root, INTERVALS[interval])
        return { state, write: () => show(source.bars, view.market.knownFrom) }
      },
    }
  },
  pnl: (view, { id }) => {
    const source = view.portfolios.get(id)
    return (
      source && {
        source,
        show: state => {
          const show = showPnl(state.root)
          return { state, write: () => show(source.figures), listen: on => source.listen(on) }
        },
      }
    )
  },
  fund: (view, { id }) => {
    const source = view.funds.get(id)
    return (
      source && {
        source,
        show: state => {
          const show = showFund(state.root)
          return { state, write: () => show(source.figuresNow()) }
        },
      }
    )
  },
  rebalances: (view, { id }) => {
    const source = view.rebalancePlanners.get(id)
    return (
      source && {
        source,
        show: state => {
          const show = showRebalances(state.root)
          return { state, write: () => show(source), listen: on => source.listen(on) }
        },
      }
    )
  },
  pool: (view, { id }) => {
    const source = view.pools.get(id)
    return (
      source && {
        source,
        show: state => {
          const show = showPool(state.root)
          return { state, write: () => show(source.figures), listen: on => source.listen(on) }
        },
      }
    )
  },
  metrics: (view, { id }) => {
    const source = view.metrics.of(id)
    return {
      source,
      show: state => {
        const show = showMetrics(state.root)
        return { state, write: () => show(source) }
      },
    }
  },
  score: (view, { id }) => {
    const source = view.scores.of(id)
    return {
      source,
      show: state => {
        const show = showScores(state.root)
        return { state, write: () => show(source) }
      },
    }
  },
  models: view => {
    const source = view.models
    return {
      source,
      show: state => {
        const show = showModels(state.root)
        return { state, write: () => show(source) }
      },
    }
  },
  alerts: ({ alerts: { everybodys: source } }) => alertList(source),
  allalerts: ({ alerts: { all: source } }) => alertList(source),
  orders: notOfTheView,
  holdings: notOfTheView,
  status: notOfTheView,
}

/** Opens the channel of that name, or returns the one that is open; undefined if the view has nothing that it could show. */
export const openChannel = (view: ShownView, frames: ChannelStates, name: string): Channel | undefined => {
  const parsed = parseChannel(name)
  if (parsed === undefined) return undefined
  const opener = OPENERS[parsed.kind] as (view: ShownView, name: ChannelName) => Shown | undefined
  const shown = opener(view, parsed)
  return shown && frames.open(name, shown.source, shown.show)
}

/** The ids that the view has of each kind that is named after something configured. A recording lists them in this order. */
const CONFIGURED: { readonly [K in KindOf<'name'>]: (view: ShownView) => Iterable<string> } = {
  pnl: view => view.portfolios.keys(),
  fund: view => view.funds.keys(),
  rebalances: view => view.rebalancePlanners.keys(),
  pool: view => view.pools.keys(),
  metrics: view => view.metrics.names,
  score: view => view.scores.names,
}

/** Lists every channel the view can show now: of each symbol that was seen, of each thing configured. */
export const channelNames = function* (view: ShownView): Iterable<string> {
  for (const { symbol } of view.market.seen) yield* channelsOf(symbol)
  if (view.models.byHorizon.size > 0) yield 'models'
  if (view.alerts.ruled) yield* ['alerts', 'allalerts']
  for (const [kind, ids] of Object.entries(CONFIGURED)) for (const id of ids(view)) yield `${kind}:${id}`
}
