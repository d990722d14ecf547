import { AlertBook } from './alerts/alertBook.ts'
import { ShownMetrics } from './analytics/shownMetrics.ts'
import { ShownModels } from './analytics/shownModels.ts'
import { ShownScores } from './analytics/shownScores.ts'
import { AssetFacts } from './fund/assetFacts.ts'
import type { PastFacts } from './fund/backtest.ts'
import { Fund } from './fund/fund.ts'
import { holdingsAsOf } from './fund/holdingsAsOf.ts'
import type { FundHoldings, Proposal } from './fund/inception.ts'
import { RebalancePlanner } from './fund/rebalancePlanner.ts'
import type { FundSpec } from './fund/spec.ts'
import type { RebalanceProposal } from './fund/tradePlan.ts'
import type { Clock, Input, LedgerEvents, Recorded, StatusFigures, Watch } from './input.ts'
import { Changes } from './lib/dependencies.ts'
import type { Interner } from './lib/interner.ts'
import { unreachable } from './lib/unreachable.ts'
import type { AssetEvent, NumberedEvent } from './market/assetEvent.ts'
import { DAY, floorTo, MINUTE } from './market/candles.ts'
import type { DatedSupply } from './market/datedSupplies.ts'
import { FeedHealth, type FeedInfo, type FeedLine, feedOf } from './market/feedHealth.ts'
import type { BookLevels } from './market/levels.ts'
import type { ListeningRow } from './market/listening.ts'
import { Instrument, Market } from './market/market.ts'
import type { Ticks } from './market/ticks.ts'
import type { Past } from './past.ts'
import { Portfolio } from './pnl/portfolio.ts'
import type { PortfolioPast } from './pnl/portfolioPast.ts'
import type { PortfolioSpec } from './pnl/portfolioSpec.ts'
import { AssetPrices } from './pools/assetPrice.ts'
import type { ChainEvents, NamedToken } from './pools/chainLog.ts'
import { Pool } from './pools/pool.ts'
import type { TakenLog } from './pools/poolPast.ts'
import { levelsSymbol, type PoolSpec, type TokenSpec } from './pools/spec.ts'

/** What a view is made of. */
export interface ViewOptions {
  /** Canonical symbols by the numbers in ticks, and the same for the sources of ticks. */
  readonly symbols: Interner
  readonly sources: Interner
  /** The names of sources that count before others for the same time, first the one that counts most. */
  readonly sourceOrder?: readonly string[]
  /** ms of event time that a frame takes. */
  readonly frameMs: number
  /** ms without a message after which a feed is silent. */
  readonly staleAfterMs: number
  /** In the order of the feed numbers in inputs. */
  readonly feeds: readonly FeedInfo[]
  readonly funds: readonly FundSpec[]
  readonly portfolios: readonly PortfolioSpec[]
  readonly pools: readonly PoolSpec[]
  /** Something may have been stored before this start: what depends on it waits for a `past`. */
  readonly awaitsPast?: boolean
  /** The alerts that channels show. */
  readonly alerts?: AlertBook
}

/**
 * The one view of the moment, which the one ordered input drives: the market, the feeds' health, what portfolios, funds and pools
 * hold. Everything measured in a frame is computed from it and nothing else.
 */
export class View {
  /** End of the last frame, ms. */
  t = 0
  readonly frameMs: number
  readonly changes = new Changes()
  readonly symbols: Interner
  readonly sources: Interner
  readonly market: Market
  readonly feeds: readonly FeedHealth[]
  readonly funds = new Map<string, Fund>()
  readonly rebalancePlanners = new Map<string, RebalancePlanner>()
  private readonly facts = new AssetFacts()
  /** Funds as the journal has them. */
  private readonly held = new Map<string, FundHoldings>()
  readonly portfolios: ReadonlyMap<string, Portfolio>
  readonly pools: ReadonlyMap<string, Pool>
  readonly metrics = new ShownMetrics(this.changes)
  readonly scores = new ShownScores(this.changes)
  readonly models = new ShownModels()
  readonly alerts: AlertBook
  /** Ticks or logs were taken in and no frame has closed over them yet. */
  open = false
  private output = emptyOutput()
  /** Funds that facts about assets have changed since the last frame: what follows from that is decided at the end of the next. */
  private readonly changedBetween = new Set<Fund>()
  /** Portfolios with rows of the journal that are not booked yet. */
  private readonly recordedTo = new Set<Portfolio>()
  /** Funds without an inception. */
  private waiting: Fund[] = []
  /** Contract address in lower case → pool. */
  private readonly poolsByAddress = new Map<string, Pool>()
  /** Pools that show an order book, by the number of the symbol whose levels they show. */
  private readonly poolsBySymbol = new Map<number, Pool[]>()
  /** The past has been put in, or there is none. Figures that depend on it are unknown before. */
  pastKnown: boolean
  private nextTransaction: number
  private nextMinute = Number.NEGATIVE_INFINITY
  private nextDay = Number.NEGATIVE_INFINITY

  constructor(options: ViewOptions) {
    this.frameMs = options.frameMs
    this.pastKnown = !options.awaitsPast
    this.alerts = options.alerts ?? new AlertBook(false, () => false)
    this.symbols = options.symbols
    this.sources = options.sources
    this.market = new Market(options.symbols, {
      sources: options.sources,
      sourceOrder: options.sourceOrder ?? [],
      awaitsPast: options.awaitsPast ?? false,
    })
    this.feeds = options.feeds.map(info => new FeedHealth(info, options.staleAfterMs))
    for (const spec of options.funds) this.define(spec)
    this.portfolios = new Map(options.portfolios.map(spec => [spec.id, new Portfolio(spec, this.market, this.changes, options.awaitsPast)]))
    const prices = new AssetPrices(this.market, this.changes)
    const took = (log: TakenLog): void => void this.output.logs.push(log)
    this.pools = new Map(options.pools.map(spec => [spec.id, new Pool(spec, prices, this.changes, took)]))
    for (const pool of this.pools.values()) {
      this.poolsByAddress.set(pool.spec.address, pool)
      const shown = levelsSymbol(pool.spec)
      if (shown === undefined) continue
      const symbol = this.symbols.index(shown)
      this.poolsBySymbol.set(symbol, [...(this.poolsBySymbol.get(symbol) ?? []), pool])
    }
    this.nextTransaction = this.firstDue()
    // Without any feed time never comes, and what is in the files counts as it stands.
    if (options.feeds.length === 0) for (const portfolio of this.portfolios.values()) portfolio.advance(Number.MAX_SAFE_INTEGER)
  }

  /** Takes in everything but time, watchers, and what only rules look at. */
  absorb(input: Exclude<Input, Clock | Watch | StatusFigures>): void {
    switch (input.kind) {
      case 'ticks':
        this.absorbTicks(input)
        break
      case 'chain':
        this.absorbLogs(input)
        break
      case 'levels':
        this.absorbLevels(input)
        break
      case 'feed':
        this.feeds[input.feed]!.become(input.state, this.t)
        break
      case 'subscriptions':
        Object.assign(this.feeds[input.feed]!, { refused: input.refused, missing: input.missing })
        break
      case 'past':
        this.restore(input)
        break
      case 'portfolios':
        this.restorePortfolios(input.pasts)
        for (const { id } of input.pasts) this.output.portfolios.push(this.portfolios.get(id)!)
        break
      case 'imported':
        this.market.learn(input.market, !this.replays, this.changes)
        break
      case 'ledger':
        this.absorbLedger(input)
        break
      case 'metrics':
        this.metrics.absorb(input.facts, this.t)
        break
      case 'scores':
        this.scores.absorb(input.scoring, this.t)
        break
      case 'models':
        this.models.byHorizon = input.byHorizon
        this.models.touch(this.changes)
        break
      default:
        unreachable(input)
    }
  }

  /** Returns the first moment (ms) at which time alone changes something; one at `t` or later stands for none. */
  dueBefore(t: number): number {
    let due = Math.min(t, this.nextTransaction)
    for (const feed of this.feeds) due = Math.min(due, feed.silentAt)
    for (const fund of this.waiting) if (fund.dueAt > this.t) due = Math.min(due, fund.dueAt)
    for (const fund of this.funds.values()) due = Math.min(due, fund.agesAt)
    due = Math.min(due, this.facts.dueAt, this.metrics.dueAt, this.scores.dueAt)
    // Minutes and days in which nothing moves are not stopped at: a gap of years costs no more than what falls due in it.
    if (this.t > 0 && this.nextDay < due && this.awaitsMidnight) due = this.nextDay
    if (this.nextMinute < due) due = Math.min(due, Math.max(this.nextMinute, this.windowsChangeAt))
    return due
  }

  /** Lets time come to the end of the frame `t`: what was due by then happens. */
  advance(t: number): void {
    if (this.t === 0) for (const portfolio of this.portfolios.values()) portfolio.observe(t, this.frameMs)
    const first = this.t === 0
    this.t = t
    this.open = false
    this.market.endFrame(t, this.changes)
    if (this.facts.dueAt <= t || first) this.happen(t, first)
    for (const fund of this.changedBetween) this.changes.mark(fund)
    this.changedBetween.clear()
    for (const fund of this.funds.values()) if (fund.agesAt <= t) this.changes.mark(fund)
    for (const feed of this.feeds) for (const line of feed.advance(t)) this.heard(line)
    this.market.beat(t)
    if (this.metrics.dueAt <= t) this.metrics.advance(t)
    if (this.scores.dueAt <= t) this.scores.advance(t)
    this.passMinutes(t)
    if (t >= this.nextDay) {
      const first = this.nextDay === Number.NEGATIVE_INFINITY
      this.nextDay = floorTo(t, DAY) + DAY
      if (!first) {
        this.enter(floorTo(t, DAY) - 1)
        for (const portfolio of this.portfolios.values()) portfolio.midnight(t)
      }
    }
    if (t >= this.nextTransaction) this.enter(t)
  }

  /** Lets the windows of a day come to the minute of `t` (ms). */
  private passMinutes(t: number): void {
    if (t < this.nextMinute) return
    this.nextMinute = floorTo(t, MINUTE) + MINUTE
    this.market.advance(t, this.changes)
    for (const pool of this.pools.values()) pool.advance(t)
  }

  /** Returns the inceptions that the prices of this moment allow. */
  proposals(): Proposal[] {
    if (this.waiting.length === 0) return []
    return this.waiting.flatMap(fund => fund.proposal(this.t) ?? [])
  }

  /** Returns whether a fund may trade an asset at its newest price: it has a market, and no event of it is being converted. */
  mayTrade(fund: string, asset: string): boolean {
    return this.funds.get(fund)?.hasMarket(asset, this.t) === true && !this.rebalancePlanners.get(fund)!.converting.has(asset)
  }

  /** Returns what has gathered since the last call. To be called once what changed has been recomputed, which asks for rebalances. */
  drainOutput(): FrameOutput {
    const { output } = this
    this.output = emptyOutput()
    output.listening.push(...this.market.drainListening())
    return output
  }

  /** Whether nothing more will come: the feeds were replays, and all have ended. */
  get ended(): boolean {
    return this.replays && this.feeds.every(feed => feed.state === 'ended')
  }

  /** Whether the data are the clock. */
  private get replays(): boolean {
    return this.feeds.length > 0 && this.feeds.every(feed => !feed.live)
  }

  private absorbTicks(ticks: Ticks): void {
    const feed = this.feeds[ticks.feed]!
    const newest = this.market.apply(ticks, feed, this.changes)
    feed.seen(feed.live ? this.t : Math.max(this.t, newest), ticks.messages, ticks.heard, ticks.bad, ticks.lag, ticks.line)
    if (ticks.passed) feed.pass(ticks.passed)
    if (ticks.to === ticks.from) return
    this.output.ticks.push(ticks)
    this.open = true
  }

  private restore({ market, pools, funds = [], portfolios = [], metrics = [], resumedAt }: Past): void {
    this.pastKnown = true
    this.market.restore(market ?? { instruments: [] }, !this.replays, this.changes)
    const live = this.feeds.some(feed => feed.live)
    for (const [id, past] of pools ?? []) this.pools.get(id)?.restore(past, live)
    // The windows of the past end with its newest trades: they come to now in the next frame, not in the next minute.
    this.nextMinute = Number.NEGATIVE_INFINITY
    if (resumedAt !== undefined && this.t === 0) this.resume(resumedAt)
    for (const row of funds) this.funds.get(row.id)?.restore(row)
    this.restorePortfolios(portfolios)
    for (const portfolio of this.portfolios.values()) portfolio.endWaiting()
    this.metrics.absorb(metrics, this.t)
  }

  private absorbLogs({ feed: index, logs, messages, bad, addresses, tokens }: ChainEvents): void {
    const feed = this.feeds[index]!
    feed.seen(feed.live ? this.t : Math.max(this.t, logs.at(-1)?.t ?? 0), messages, true, bad, Number.NaN)
    for (const { address, token0, token1 } of tokens ?? []) this.poolsByAddress.get(address)?.learn(withAsset(token0), withAsset(token1))
    for (const address of addresses ?? []) this.poolsByAddress.get(address)?.follow(feed.line())
    for (const log of logs) {
      // A file of one pool's events may leave its address out.
      const pool = this.poolsByAddress.get(log.address.toLowerCase()) ?? (log.address === '' ? this.onlyPool : undefined)
      if (pool === undefined) continue
      feed.ticks += 1
      try {
        if (!pool.apply(log, feed.line())) feed.count('duplicate')
      } catch {
        feed.count('unreadable')
      }
      this.open = true
    }
  }

  private absorbLevels({ feed: index, line, symbol, source, t, levels }: BookLevels): void {
    const feed = this.feeds[index]!
    feed.seen(feed.live ? this.t : Math.max(this.t, t), 0, levels !== undefined, {}, Number.NaN, line)
    for (const pool of this.poolsBySymbol.get(symbol) ?? []) pool.applyLevels(levels, t, feed.line(line), source)
    this.open = true
  }

  private get awaitsMidnight(): boolean {
    for (const portfolio of this.portfolios.values()) if (portfolio.awaitsMidnight) return true
    return false
  }

  /** ms: when the first rolling day changes by the passing of time. */
  private get windowsChangeAt(): number {
    let at = this.market.losesAt
    for (const pool of this.pools.values()) at = Math.min(at, pool.changesAt)
    return at
  }

  /** Goes on after the frame that ended at `t` (ms): what falls due from then on happens at its own time. */
  private resume(t: number): void {
    this.t = t
    this.happen(t, true)
    this.passMinutes(t)
    this.nextDay = floorTo(t, DAY) + DAY
    this.market.resume(this.feeds)
    for (const pool of this.pools.values()) {
      const { eventT } = pool.figures
      const feed = Number.isNaN(eventT) ? undefined : feedOf(this.feeds)
      if (feed === undefined) continue
      pool.follow(feed.line())
      feed.line().heard(eventT)
    }
    for (const portfolio of this.portfolios.values()) portfolio.observe(t, this.frameMs)
  }

  private restorePortfolios(portfolios: readonly PortfolioPast[]): void {
    for (const past of portfolios) this.portfolios.get(past.id)?.restore(past, this.t)
    this.nextTransaction = this.firstDue()
  }

  private get onlyPool(): Pool | undefined {
    return this.pools.size === 1 ? [...this.pools.values()][0] : undefined
  }

  private absorbLedger({ defined = [], funds, recorded = [], rebalances = [], supplies = [], events = [] }: LedgerEvents): void {
    for (const spec of defined) if (!this.funds.has(spec.id)) this.define(spec)
    for (const holdings of funds) {
      const fund = this.funds.get(holdings.fund)
      if (fund) this.hold(holdings, fund)
    }
    for (const state of rebalances) this.rebalancePlanners.get(state.fund)?.apply(state)
    if (recorded.length > 0) this.record(recorded)
    if (supplies.length + events.length > 0) this.learn(supplies, events)
  }

  private record(recorded: readonly Recorded[]): void {
    for (const { portfolio: id, transactions } of recorded) {
      const portfolio = this.portfolios.get(id)
      if (portfolio === undefined) continue
      portfolio.record(transactions)
      this.recordedTo.add(portfolio)
    }
    this.nextTransaction = this.firstDue()
    if (this.feeds.length === 0) this.enter(Number.MAX_SAFE_INTEGER)
    // A frame that is open books them when it closes.
    else if (!this.open && this.t > 0 && this.t >= this.nextTransaction) this.enter(this.t)
  }

  /** Marks what rests on a feed that fell silent or spoke again. */
  private heard(line: FeedLine): void {
    for (const source of line.carries) {
      if (source instanceof Instrument) source.heard()
      source.touch(this.changes)
    }
  }

  /** Books the rows whose time has come. */
  private enter(t: number): void {
    for (const portfolio of this.portfolios.values()) {
      if (!(portfolio.dueAt <= t)) continue
      portfolio.advance(t)
      if (this.recordedTo.delete(portfolio)) this.output.portfolios.push(portfolio)
    }
    this.nextTransaction = this.firstDue()
  }

  /** Asset → circulating supply in units now, of those that came at run time: they count before those of funds' definitions. */
  get supplies(): ReadonlyMap<string, number> {
    return this.facts.supplies
  }

  /** What has happened to assets by now, in order of time. */
  get events(): readonly AssetEvent[] {
    return this.happened.map(({ event }) => event)
  }

  /** All facts about assets that have a date, those to come among them. */
  get pastFacts(): PastFacts {
    return { events: this.facts.events.map(({ event }) => event), supplies: this.facts.datedSupplies }
  }

  /** Takes in facts about assets. What is due by now shows at once. */
  private learn(supplies: readonly DatedSupply[], events: readonly NumberedEvent[]): void {
    this.facts.add(events, supplies)
    if (events.length > 0) this.learnEvents()
    if (this.facts.dueAt <= this.t) this.happen(this.t, false)
  }

  private learnEvents(): void {
    const known = this.facts.events.map(({ event }) => event)
    this.market.follow(known)
    for (const portfolio of this.portfolios.values()) portfolio.follow(known)
    this.nextTransaction = this.firstDue()
    if (this.feeds.length === 0) this.enter(Number.MAX_SAFE_INTEGER)
  }

  /** Lets what becomes due by the frame `t` happen to assets. */
  private happen(t: number, first: boolean): void {
    const { supplies, events } = this.facts.advance(t)
    // Before the first frame all that is known has happened.
    const changed = events.length > 0 || (first && this.facts.events.length > 0)
    for (const fund of this.funds.values()) {
      const supplied = supplies && fund.supply(this.supplies)
      if (supplied || changed) this.changedBetween.add(fund)
      if (supplied && fund.begun) this.changedByEntry(fund)
      if (changed) fund.follow(this.events)
    }
    if (!changed) return
    this.output.events.push(...events.map(({ event }) => event))
    this.market.happen(
      t,
      events.map(({ event }) => event),
      this.changes,
    )
    for (const [id, holdings] of this.held) this.hold(holdings, this.funds.get(id)!, true)
    if (!this.open && t > 0 && t >= this.nextTransaction) this.enter(t)
  }

  /** Events that have happened; all that are known before the first frame, because nothing says what time it is. */
  private get happened(): readonly NumberedEvent[] {
    return this.t === 0 ? this.facts.events : this.facts.happened
  }

  private define(spec: FundSpec): void {
    const fund = new Fund(spec, this.market, this.changes)
    fund.supply(this.supplies)
    fund.follow(this.events)
    this.funds.set(spec.id, fund)
    this.rebalancePlanners.set(
      spec.id,
      new RebalancePlanner(fund, this.market, this.changes, proposal => void this.output.rebalances.push(proposal)),
    )
    this.waiting.push(fund)
  }

  /** Takes over what a fund owns, as of now. `same`: no entry has changed it, but what its amounts count. */
  private hold(written: FundHoldings, fund: Fund, same = false): void {
    this.held.set(written.fund, written)
    const { holdings, converting } = holdingsAsOf(written, this.happened, this.facts.events)
    fund.hold(holdings, same)
    this.rebalancePlanners.get(written.fund)?.hold(holdings, converting)
    this.waiting = this.waiting.filter(other => other !== fund)
    this.changes.mark(fund)
    this.changedByEntry(fund)
  }

  private changedByEntry(fund: Fund): void {
    if (!this.output.funds.includes(fund)) this.output.funds.push(fund)
  }

  private firstDue(): number {
    let due = Number.POSITIVE_INFINITY
    for (const portfolio of this.portfolios.values()) due = Math.min(due, portfolio.dueAt)
    return due
  }
}

/** What the view has gathered during a frame for those outside it. */
export interface FrameOutput {
  /** Batches taken in, in their order; to be stored. */
  readonly ticks: Ticks[]
  /** When trades were listened to, and when not; to be stored. */
  readonly listening: ListeningRow[]
  /** Logs that pools have taken in, in their order; to be stored. */
  readonly logs: TakenLog[]
  /** Rebalances that funds ask for. */
  readonly rebalances: RebalanceProposal[]
  /** Events of assets that have happened. */
  readonly events: AssetEvent[]
  /** Funds and portfolios that entries of the journal, or a past that was read again, have changed, each once. */
  readonly funds: Fund[]
  readonly portfolios: Portfolio[]
}

const emptyOutput = (): FrameOutput => ({ ticks: [], listening: [], logs: [], rebalances: [], events: [], funds: [], portfolios: [] })

/** A token whose asset nobody has named is the asset that its symbol names. */
const withAsset = (token: NamedToken): TokenSpec => ({ ...token, asset: token.symbol })
