import { DAY, floorTo, MINUTE } from './bars.ts'
import { Book } from './book.ts'
import { FeedHealth, type FeedInfo } from './feedHealth.ts'
import { Fund, type FundSpec } from './fund/fund.ts'
import type { ChainEvents, FundHoldings, Input, LedgerEvents, Proposal, Recorded, Ticks } from './input.ts'
import type { Names } from './names.ts'
import { Portfolio, type PortfolioSpec } from './pnl/portfolio.ts'
import { Pool, type PoolSpec } from './pools/pool.ts'
import { Changes } from './source.ts'

export interface ViewOptions {
  readonly symbols: Names
  readonly sources: Names
  readonly frameMs: number
  readonly staleAfterMs: number
  readonly feeds: readonly FeedInfo[]
  readonly funds: readonly FundSpec[]
  readonly portfolios: readonly PortfolioSpec[]
  readonly pools: readonly PoolSpec[]
}

/**
 * The one view of the moment, which the one ordered input drives: the book, the feeds' health, what portfolios, funds and pools
 * hold. Everything measured in a frame is computed from it and nothing else.
 */
export class View {
  /** End of the last frame, ms. */
  t = 0
  readonly frameMs: number
  readonly changes = new Changes()
  readonly symbols: Names
  readonly sources: Names
  readonly book: Book
  readonly feeds: readonly FeedHealth[]
  readonly funds: Map<string, Fund>
  readonly portfolios: ReadonlyMap<string, Portfolio>
  readonly pools: ReadonlyMap<string, Pool>
  /** Ticks or logs were taken in that no frame has closed over yet. */
  open = false
  private ticks: Ticks[] = []
  private entered: Fund[] = []
  private booked: Portfolio[] = []
  /** Portfolios with rows of the journal that are not booked yet. */
  private readonly recordedTo = new Set<Portfolio>()
  private waiting: Fund[]
  private readonly poolsByAddress = new Map<string, Pool>()
  private nextTransaction: number
  private nextMinute = Number.NEGATIVE_INFINITY
  private nextDay = Number.NEGATIVE_INFINITY

  constructor(options: ViewOptions) {
    this.frameMs = options.frameMs
    this.symbols = options.symbols
    this.sources = options.sources
    this.book = new Book(options.symbols)
    this.feeds = options.feeds.map(info => new FeedHealth(info, options.staleAfterMs))
    this.funds = new Map(options.funds.map(spec => [spec.id, new Fund(spec, this.book, this.changes)]))
    this.portfolios = new Map(options.portfolios.map(spec => [spec.id, new Portfolio(spec, this.book, this.changes)]))
    this.pools = new Map(options.pools.map(spec => [spec.id, new Pool(spec, this.book, this.changes)]))
    for (const pool of this.pools.values()) this.poolsByAddress.set(pool.spec.address, pool)
    this.waiting = [...this.funds.values()]
    this.nextTransaction = this.firstDue()
    // Without any feed time never comes, and what is written down counts as it stands.
    if (options.feeds.length === 0) for (const portfolio of this.portfolios.values()) portfolio.advance(Number.MAX_SAFE_INTEGER)
  }

  /** Takes in everything but time. */
  absorb(input: Exclude<Input, { kind: 'clock' | 'watch' }>): void {
    if (input.kind === 'ticks') this.absorbTicks(input)
    else if (input.kind === 'chain') this.absorbLogs(input)
    else if (input.kind === 'feed') this.feeds[input.feed]!.state = input.state
    else this.absorbLedger(input)
  }

  /** ms of the next moment at which time alone changes something. */
  get dueAt(): number {
    let due = this.nextTransaction
    if (this.book.seen.length > 0) due = Math.min(due, this.nextMinute)
    if (this.portfolios.size > 0 && this.t > 0) due = Math.min(due, this.nextDay)
    for (const feed of this.feeds) due = Math.min(due, feed.silentAt)
    for (const fund of this.waiting) if (fund.dueAt > this.t) due = Math.min(due, fund.dueAt)
    return due
  }

  /** Lets time come to the end of the frame `t`: what was due by then happens. */
  advance(t: number): void {
    this.t = t
    this.open = false
    for (const feed of this.feeds) if (feed.advance(t)) for (const source of feed.carries) source.touch(this.changes)
    if (t >= this.nextMinute) {
      this.nextMinute = floorTo(t, MINUTE) + MINUTE
      this.book.advance(t, this.changes)
      for (const pool of this.pools.values()) pool.advance(t)
    }
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

  /** The inceptions that the prices of this moment allow. */
  proposals(): Proposal[] {
    if (this.waiting.length === 0) return []
    return this.waiting.flatMap(fund => fund.proposal(this.t) ?? [])
  }

  /** Batches taken in since the last call, for the store. */
  takeTicks(): readonly Ticks[] {
    const ticks = this.ticks
    this.ticks = []
    return ticks
  }

  /** Funds that entries of the journal have changed since the last call. */
  takeEntered(): readonly Fund[] {
    const entered = this.entered
    this.entered = []
    return entered
  }

  /** Portfolios that entries of the journal have changed since the last call. */
  takeBooked(): readonly Portfolio[] {
    const booked = this.booked
    this.booked = []
    return booked
  }

  /** Nothing will come any more: the feeds were replays, and all have ended. */
  get ended(): boolean {
    return this.feeds.length > 0 && this.feeds.every(feed => !feed.live && feed.state === 'ended')
  }

  private absorbTicks(ticks: Ticks): void {
    const feed = this.feeds[ticks.feed]!
    const newest = this.book.apply(ticks, feed, this.changes)
    feed.seen(feed.live ? this.t : Math.max(this.t, newest), ticks.messages, ticks.bad, ticks.lag)
    if (ticks.to === ticks.from) return
    this.ticks.push(ticks)
    this.open = true
  }

  private absorbLogs({ feed: index, logs, messages, bad }: ChainEvents): void {
    const feed = this.feeds[index]!
    feed.seen(feed.live ? this.t : Math.max(this.t, logs.at(-1)?.t ?? 0), messages, bad, Number.NaN)
    for (const log of logs) {
      // A file of one pool's events may leave its address out.
      const pool = this.poolsByAddress.get(log.address.toLowerCase()) ?? (log.address === '' ? this.onlyPool : undefined)
      if (pool === undefined) continue
      feed.ticks += 1
      try {
        if (!pool.apply(log, feed)) feed.count('duplicate')
      } catch {
        feed.count('unreadable')
      }
      this.open = true
    }
  }

  private get onlyPool(): Pool | undefined {
    return this.pools.size === 1 ? [...this.pools.values()][0] : undefined
  }

  private absorbLedger({ defined = [], funds, recorded = [] }: LedgerEvents): void {
    for (const spec of defined) {
      if (this.funds.has(spec.id)) continue
      const fund = new Fund(spec, this.book, this.changes)
      this.funds.set(spec.id, fund)
      this.waiting.push(fund)
    }
    for (const holdings of funds) this.hold(holdings)
    if (recorded.length > 0) this.record(recorded)
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

  /** Books the rows whose time has come. */
  private enter(t: number): void {
    for (const portfolio of this.portfolios.values()) {
      if (!(portfolio.dueAt <= t)) continue
      portfolio.advance(t)
      if (this.recordedTo.delete(portfolio)) this.booked.push(portfolio)
    }
    this.nextTransaction = this.firstDue()
  }

  private hold(holdings: FundHoldings): void {
    const fund = this.funds.get(holdings.fund)
    if (fund === undefined) return
    fund.hold(holdings)
    this.waiting = this.waiting.filter(other => other !== fund)
    this.changes.mark(fund)
    if (!this.entered.includes(fund)) this.entered.push(fund)
  }

  private firstDue(): number {
    let due = Number.POSITIVE_INFINITY
    for (const portfolio of this.portfolios.values()) due = Math.min(due, portfolio.dueAt)
    return due
  }
}
