import { fromNumber, toNumber } from '../lib/decimal.ts'
import { type Changes, type Dependent, Source } from '../lib/dependencies.ts'
import type { Mutable } from '../lib/mutable.ts'
import { type AssetEvent, converts, factorOf } from '../market/assetEvent.ts'
import { DAY, floorTo } from '../market/candles.ts'
import type { Instrument, Market } from '../market/market.ts'
import { initialRow } from '../measures/fields.ts'
import { PNL } from '../measures/pnlFields.ts'
import type { AccountBalances, AssetPnl, PnlFigures, PnlRow } from '../measures/rows.ts'
import type { Balances } from './balances.ts'
import { BookingQueue } from './bookingQueue.ts'
import type { Method } from './lots.ts'
import { LOST, Path, type PathPoint, type PathState } from './path.ts'
import { PathSteps } from './pathSteps.ts'
import type { PortfolioPast } from './portfolioPast.ts'
import { type Position, Positions } from './positions.ts'
import { type BookedSums, type Standing, Summing } from './sums.ts'
import { inOrder, type Transaction } from './transaction.ts'

/** A portfolio as the configuration describes it. */
export interface PortfolioSpec {
  readonly id: string
  /** The currency that everything of it is counted in. */
  readonly quote: string
  readonly method: Method
  readonly feesInCost: boolean
  /** Assets that are no part of the sums. */
  readonly ignore?: ReadonlySet<string>
  /** Sorted by time. */
  readonly transactions: readonly Transaction[]
}

/** A portfolio with all that its past is computed from. */
export interface PortfolioHistory extends PortfolioSpec {
  /** What happens to its assets, in order of time. */
  readonly events?: readonly AssetEvent[]
}

/** One asset of a portfolio as it is booked. */
export interface Held {
  readonly position: Readonly<Position>
  /** Prices it; undefined for the quote asset, whose price is 1. */
  readonly instrument: Instrument | undefined
  /** A row of it could not be valued, so what it cost is not known. */
  readonly unvalued: boolean
  /** Why its figures cannot be trusted. */
  readonly flaw?: string
}

/** One asset of a portfolio: its figures as measures, and the instrument that prices it. */
interface Holding {
  readonly instrument: Instrument | undefined
  readonly figures: Mutable<AssetPnl>
  /** Cost of its lots, in the quote currency. */
  cost: number
  /** A row of it could not be valued. */
  unvalued: boolean
}

/**
 * One portfolio: its positions, kept exactly, and its figures at the prices of the moment. A row of its transactions is booked when its
 * time has come. Nothing here depends on who is watching: figures of the path are always sampled, the drawdown at the ends of
 * `storeMs` and before every row, the day's profit at midnight.
 *
 * value = Σ qty × price; unrealised = value − cost; total = realised + unrealised + income − expenses; day = total − total at midnight.
 * What rests on a price or a row's worth that nobody knows is unknown; see `Summing`. The path is unknown, too, if a part of it was not
 * seen: rows older than the first frame, or rows that came while a holding had no price.
 *
 * Rows may come at run time, in any order. If one belongs before what is booked, all are booked again from the first on, which takes
 * one to three microseconds a row; several that come together cost one such pass.
 */
export class Portfolio extends Source implements Dependent {
  readonly spec: PortfolioSpec
  readonly figures: Mutable<PnlFigures>
  dirty = false
  private readonly market: Market
  private readonly changes: Changes
  private positions: Positions
  private readonly holdings = new Map<string, Holding>()
  private readonly path = new Path()
  /** Whether the path before the first frame is still to come; until then the path is unknown. */
  private awaitsPast: boolean
  private readonly recent = new PathSteps()
  /** Former runs have left no state of it in the store. */
  private unstored = false
  private readonly queue: BookingQueue
  /** A row belongs before what is booked, or before the running day. */
  private late = false
  private tracksCash: boolean
  /** What is known to happen to assets, and what of it concerns this portfolio; in order of time. */
  private assetEvents: readonly AssetEvent[] = []
  private concerned: readonly AssetEvent[] = []
  /** ms: up to when rows and events are booked. */
  private bookedTo = Number.NEGATIVE_INFINITY
  /** The price at which a row of the file without one was booked, so that it is booked at the same again. */
  private readonly marketPrices = new Map<Transaction, bigint | undefined>()
  private listening = false
  /** Its bookings and the beginning of its days, as something it is computed from. */
  private readonly events = new Source()
  private booked: BookedSums = NOTHING_BOOKED
  private moment: PathPoint = { total: 0, worth: 0 }
  /** ms: what happened after this has been seen, or is part of the path. */
  private seenFrom = Number.POSITIVE_INFINITY
  /** ms: since then somebody has listened to prices. */
  private listenedFrom = Number.POSITIVE_INFINITY
  /** A row came that is older than that: the path does not know of it. */
  private older = false
  private midnightTotal = Number.NaN
  /** The midnight that `midnightTotal` is of; NaN before the first one that was seen. */
  private midnightAt = Number.NaN
  /** Asset → its price then, of those that had one. */
  private midnightPrices: ReadonlyMap<string, number> = new Map()
  /** The number of the frame in which that midnight was seen. */
  private midnightFrame = 0

  constructor(spec: PortfolioSpec, market: Market, changes: Changes, awaitsPast = false) {
    super()
    this.spec = spec
    this.market = market
    this.changes = changes
    this.awaitsPast = awaitsPast
    this.queue = new BookingQueue(spec.transactions)
    this.tracksCash = spec.transactions.some(tx => tx.asset === spec.quote)
    this.positions = this.noPositions()
    this.figures = { ...initialRow(PNL, spec.id), quote: spec.quote, method: spec.method, accounts: [] }
    this.events.add(this)
  }

  /** ms of the next row that waits for its time; Infinity if none does. */
  get dueAt(): number {
    return this.late ? Number.NEGATIVE_INFINITY : Math.min(this.queue.upcoming?.t ?? Number.POSITIVE_INFINITY, this.positions.happensAt)
  }

  /** Begins to see prices, with the frame of `frameMs` that ends at `t` (ms). The day began without them: with cash at most. */
  observe(t: number, frameMs: number): void {
    this.seenFrom = Math.min(this.seenFrom, t - frameMs)
    this.listenedFrom = Math.min(this.listenedFrom, t - frameMs)
    if (!Number.isNaN(this.midnightAt)) return
    this.midnightAt = floorTo(t, DAY)
    const seen = this.restart()
    if (!this.queue.begun) return
    this.evaluate(t)
    if (seen) this.path.booked(0, this.moment.worth, this.putIn())
    else this.losePath(t)
    this.showPath()
    this.events.touch(this.changes)
  }

  /** Whether something of it is unknown that the store may know: its path, or the beginning of its day. */
  get lacksPast(): boolean {
    return this.queue.begun && (!this.path.known || Number.isNaN(this.midnightTotal))
  }

  /** Takes in what is stored of its past, at the end of the frame `t` (ms); what has happened since goes on from there. */
  restore(past: PortfolioPast, t: number): void {
    this.endWaiting()
    if (past.rows !== this.queue.size || !this.recent.reachBackTo(past.t)) return
    for (const [tx, price] of past.rowPrices) this.marketPrices.set(tx, price)
    if (!(past.midnight.t < this.midnightAt)) {
      this.midnightAt = past.midnight.t
      this.midnightPrices = past.midnight.prices
    }
    this.restart()
    this.book(Math.max(t, past.t))
    this.takeOver()
    this.path.read(past.path)
    this.older = false
    this.listenedFrom = Math.min(this.listenedFrom, past.listenedFrom)
    this.unstored = !past.stored
    this.recent.repeat(this.path, past.t)
    // Whatever is older than its first row was not seen.
    const [first] = this.queue.all
    if (this.path.known && first) this.seenFrom = Math.min(this.seenFrom, first.t - 1)
    this.evaluate(t)
    this.events.touch(this.changes)
    this.midnightFrame = this.movedAt > this.midnightAt ? this.changes.frame - 1 : this.changes.frame
  }

  /** What its path has come to; unknown while it waits for its past. */
  get pathNow(): PathState {
    return this.awaitsPast ? LOST : this.path.write()
  }

  /** Ends the wait for a past of which nothing is stored. */
  endWaiting(): void {
    if (!this.awaitsPast) return
    this.awaitsPast = false
    this.events.touch(this.changes)
  }

  /** All its rows in the order in which they are booked, those that wait for their time at the end. */
  get transactions(): readonly Transaction[] {
    return this.queue.all
  }

  /** The portfolio with all its rows so far, in the order in which they are booked, and what happens to its assets. */
  get history(): PortfolioHistory {
    return { ...this.spec, transactions: this.queue.all, events: this.concerned }
  }

  /** Takes in what is known to happen to assets, in order of time. What should have happened already is booked with the next that is due. */
  follow(events: readonly AssetEvent[]): void {
    this.assetEvents = events
    const concerning = this.concerning()
    this.late ||= this.queue.begun && concerning.some(event => event.t <= this.bookedTo && !this.concerned.includes(event))
    this.concerned = concerning
    if (!this.late) this.positions.follow(concerning, this.queue.begun ? this.bookedTo : undefined)
  }

  /** What it holds as it is booked now, at the prices of the moment. */
  get held(): readonly Held[] {
    return [...this.positions.byAsset.values()].map(position => {
      const { asset } = position
      const { instrument } = this.holding(asset)
      const flaw = this.positions.flaws.get(asset)
      return { position, instrument, unvalued: this.positions.unvalued.has(asset), ...(flaw !== undefined && { flaw }) }
    })
  }

  /** Its total when the day began, and when that was (ms). */
  get midnightNow(): { readonly total: number; readonly t: number } {
    return { total: this.midnightTotal, t: this.midnightAt }
  }

  /** The sums of all bookings so far, ignored assets among them. */
  get bookedNow(): BookedSums {
    return this.booked
  }

  /** Books all rows again that are booked, from the first on, and calls `after` behind each with the positions as they are then. */
  rebook(after: (tx: Transaction, positions: Positions) => void): void {
    const positions = this.noPositions()
    for (const tx of this.queue.all) {
      if (tx.t > this.bookedTo) break
      positions.happen(tx.t)
      positions.apply(tx, this.marketPrices.get(tx))
      after(tx, positions)
    }
  }

  /** How many rows it has, booked or not. */
  get rowCount(): number {
    return this.queue.size
  }

  /** Takes in rows that came at run time, none of which was there before. They are booked with the next that is due. */
  record(rows: readonly Transaction[]): void {
    if (rows.length === 0) return
    const added = rows.toSorted(inOrder)
    const { begun } = this.queue
    if (!this.tracksCash && added.some(tx => tx.asset === this.spec.quote)) {
      this.tracksCash = true
      if (begun) this.late = true
      else this.positions = this.noPositions()
    }
    // Money is worth the same at any time. Before the first frame nothing is computed that could lack a row.
    const listens = Number.isFinite(this.listenedFrom)
    this.older ||= listens && added.some(({ t, asset }) => t <= this.listenedFrom && asset !== this.spec.quote)
    this.late ||= added[0]!.t < this.midnightAt || (begun && this.queue.precedesBooked(added[0]!))
    this.queue.record(added)
    if (this.assetEvents.length > 0) this.follow(this.assetEvents)
  }

  /** Says whether something it is computed from changed after the frame numbered `frame`. */
  changedSince(frame: number): boolean {
    if (this.events.changedAt > frame) return true
    for (const { instrument } of this.holdings.values()) if (instrument && instrument.changedAt > frame) return true
    return false
  }

  /** ms: when the newest trade of what it holds came, or its newest row was booked; Infinity if no state of it is stored. */
  get movedAt(): number {
    if (this.unstored && this.queue.begun) return Number.POSITIVE_INFINITY
    let at = this.queue.bookedTo
    for (const { instrument } of this.holdings.values()) if (instrument && instrument.t > at) at = instrument.t
    return at
  }

  /** Switches whether price changes mark it, as they must while somebody watches. */
  listen(on: boolean): void {
    if (on === this.listening) return
    this.listening = on
    if (on) this.changes.mark(this)
    for (const { instrument } of this.holdings.values()) {
      if (on) instrument?.add(this)
      else instrument?.remove(this)
    }
  }

  /** Books the rows whose time has come. */
  advance(t: number): void {
    if (!(this.dueAt <= t)) return
    if (!this.queue.begun && !this.late && !((this.queue.upcoming?.t ?? Number.POSITIVE_INFINITY) <= t)) {
      // Nothing is held yet that anything could happen to.
      this.positions.happen(t)
      return
    }
    this.recount(t)
    this.sample(t)
    const { worth, total } = this.moment
    const putIn = this.putIn()
    const restated = this.late
    const seenBefore = !restated || this.restart()
    const seen = this.book(t) && seenBefore && !this.older
    this.older = false
    this.takeOver()
    this.evaluate(t)
    if (!seen || Number.isNaN(worth)) {
      this.losePath(t)
    } else if (restated) {
      this.path.restated(worth, this.moment.worth, this.moment.total - total)
      this.recent.forget(t)
    } else {
      const [after, flow] = [this.worthAtCost(), this.putIn() - putIn]
      this.path.booked(worth, after, flow)
      this.recent.booked(t, worth, after, flow)
    }
    this.showPath()
    this.events.touch(this.changes)
    // What is booked in the frame of a midnight comes after it.
    this.midnightFrame = Math.min(this.midnightFrame, this.changes.frame - 1)
  }

  /** Whether the next midnight changes its figures: something has moved since the last one. */
  get awaitsMidnight(): boolean {
    return Number.isNaN(this.midnightAt) || this.changedSince(this.midnightFrame)
  }

  /** Begins a new day: what was gained until now is no longer the day's. */
  midnight(t: number): void {
    // The frame may have begun before midnight.
    this.advance(floorTo(t, DAY) - 1)
    const moved = this.awaitsMidnight
    this.evaluate(t)
    this.midnightTotal = this.figures.total
    this.midnightAt = floorTo(t, DAY)
    this.midnightPrices = new Map([...this.holdings].map(([asset, { figures }]) => [asset, figures.price]))
    this.midnightFrame = this.changes.frame
    if (moved) this.events.touch(this.changes)
  }

  /** Computes the figures and makes them part of the path. */
  sample(t: number): void {
    this.evaluate(t)
    this.path.remember(this.moment)
    this.recent.looked(t, this.moment)
  }

  refresh(t: number): void {
    this.evaluate(t)
    // A new listener has the figures computed, but changes nothing.
    if (this.changedSince(this.changes.frame - 1)) this.touch(this.changes)
  }

  private evaluate(t: number): void {
    const f = this.figures
    const { ignore } = this.spec
    const flaws: [string, string][] = []
    const summing = new Summing()
    let stale = false
    for (const holding of this.holdings.values()) {
      const { instrument, figures } = holding
      figures.price = instrument === undefined ? 1 : instrument.price
      figures.value = figures.qty * figures.price
      figures.unrealised = figures.value - figures.cost
      const standing = standingOf(holding)
      const flaw = this.positions.flaws.get(figures.asset) ?? (standing === 'unpriced' ? 'no price yet' : undefined)
      if (flaw !== undefined) flaws.push([figures.asset, flaw])
      // Nothing is worth nothing, whatever its price.
      summing.add(ignore?.has(figures.asset) ? 'ignored' : standing, figures.qty === 0 ? 0 : figures.value, holding.cost)
      if (instrument?.stale && figures.qty !== 0) stale = true
    }
    summing.into(f, this.booked)
    f.t = t
    f.day = f.total - this.midnightTotal
    f.unpriced = flaws
    f.stale = stale
    this.moment = { total: f.total, worth: Number.isNaN(f.total) ? Number.NaN : f.value }
    this.showPath()
  }

  /** Part of its path up to the frame `t` (ms) was not seen. */
  private losePath(t: number): void {
    this.path.lose()
    this.recent.forget(t)
  }

  private showPath(): void {
    const f = this.figures
    const known = this.queue.begun && !this.awaitsPast && !Number.isNaN(f.total)
    const { abs, rel } = this.path.at(this.moment)
    f.twr = known ? this.path.returned(this.moment) : Number.NaN
    f.drawdownAbs = known ? abs : Number.NaN
    f.drawdownRel = known ? rel : Number.NaN
  }

  /** Returns what is held; what was bought and had no price in the market yet counts as what it cost. */
  private worthAtCost(): number {
    if (!Number.isNaN(this.moment.worth)) return this.moment.worth
    let worth = 0
    for (const holding of this.holdings.values()) {
      if (this.spec.ignore?.has(holding.figures.asset)) continue
      const standing = standingOf(holding)
      if (standing === 'unvalued') return Number.NaN
      if (holding.figures.qty !== 0) worth += standing === 'unpriced' ? holding.cost : holding.figures.value
    }
    return worth
  }

  /** Returns the flows so far; what lies in ignored assets counts as taken out. */
  private putIn(): number {
    let putIn = this.booked.flows
    for (const asset of this.spec.ignore ?? []) putIn -= this.holdings.get(asset)?.cost ?? 0
    return putIn
  }

  /** Books the rows up to `t`. Returns whether all of them came in time for their moment to be seen. */
  private book(t: number): boolean {
    let seen = true
    for (let tx = this.queue.upcoming; tx !== undefined && tx.t <= t; tx = this.queue.upcoming) {
      const { instrument } = this.holding(tx.asset)
      // Money is worth the same at any time.
      if (tx.t <= this.seenFrom && instrument !== undefined) seen = false
      // A recorded row has the price of the moment it was recorded at, if there was one: a later one would be another after each start.
      const recorded = this.queue.pass()
      this.positions.happen(tx.t)
      this.positions.apply(tx, recorded ? undefined : (tx.price ?? this.marketPrice(tx, instrument)))
    }
    this.positions.happen(t)
    this.bookedTo = t
    return seen
  }

  /** Those events that concern what its rows name, or what that has become. */
  private concerning(): AssetEvent[] {
    const names = new Set(this.queue.all.map(({ asset }) => asset))
    return this.assetEvents.filter(event => {
      if (!converts(event) || !names.has(event.asset) || event.asset === this.spec.quote) return false
      names.add(event.to)
      return true
    })
  }

  /** Counts the measures of what is held in the units of `t` (ms), as prices of then do; the exact amounts follow when it is booked. */
  private recount(t: number): void {
    if (this.late) return
    for (const event of this.positions.upcoming) {
      if (event.t > t) return
      const from = this.holdings.get(event.asset)
      if (from === undefined || from.figures.qty === 0) continue
      const to = this.holding(event.to)
      const { cost, unvalued } = from
      const { qty, cost: shown } = from.figures
      from.figures.qty = 0
      from.figures.cost = 0
      from.cost = 0
      from.unvalued = false
      to.figures.qty += qty * factorOf(event.ratio)
      to.figures.cost += shown
      to.cost += cost
      to.unvalued ||= unvalued
    }
  }

  /** Returns the price of a row's moment, 10⁻¹⁸; undefined if nobody saw it. */
  private marketPrice(tx: Transaction, instrument: Instrument | undefined): bigint | undefined {
    if (!this.marketPrices.has(tx)) {
      const price = tx.t <= this.seenFrom ? Number.NaN : (instrument?.price ?? 1)
      this.marketPrices.set(tx, fromNumber(price))
    }
    return this.marketPrices.get(tx)
  }

  /** Empties the positions, and books what belongs before the running day, so that the day has its beginning. Returns whether all that was seen. */
  private restart(): boolean {
    this.late = false
    this.positions = this.noPositions()
    this.queue.restart()
    if (Number.isNaN(this.midnightAt)) return true
    const seen = this.book(this.midnightAt - 1)
    this.takeOver()
    const summing = new Summing()
    for (const { asset } of this.positions.byAsset.values()) {
      const holding = this.holding(asset)
      const { qty } = holding.figures
      const price = holding.instrument === undefined ? 1 : (this.midnightPrices.get(asset) ?? Number.NaN)
      const standing = this.spec.ignore?.has(asset) ? 'ignored' : standingOf(holding, price)
      summing.add(standing, qty === 0 ? 0 : qty * price, holding.cost)
    }
    this.midnightTotal = summing.of(this.booked).total
    return seen
  }

  private noPositions(): Positions {
    const { quote, method, feesInCost } = this.spec
    const positions = new Positions({ quote, method, feesInCost, tracksCash: this.tracksCash })
    positions.follow(this.concerned)
    return positions
  }

  /** Takes the amounts of the positions over into the figures. */
  private takeOver(): void {
    const { realised, income, expenses, fees, flows, byAsset, unvalued } = this.positions
    this.booked = {
      realised: toNumber(realised),
      income: toNumber(income),
      expenses: toNumber(expenses),
      fees: toNumber(fees),
      flows: toNumber(flows),
    }
    for (const { asset, lots, qty, realised: gained } of byAsset.values()) {
      const holding = this.holding(asset)
      const { figures } = holding
      holding.cost = toNumber(lots.cost)
      holding.unvalued = unvalued.has(asset)
      figures.qty = toNumber(qty)
      figures.cost = holding.unvalued ? Number.NaN : holding.cost
      figures.avg = qty === 0n ? Number.NaN : figures.cost / figures.qty
      figures.realised = holding.unvalued ? Number.NaN : toNumber(gained)
    }
    this.figures.assets = [...this.holdings.values()].map(h => h.figures)
    this.figures.accounts = accountsOf(this.positions.balances)
  }

  private holding(asset: string): Holding {
    let holding = this.holdings.get(asset)
    if (holding === undefined) {
      const instrument = asset === this.spec.quote ? undefined : this.market.instrument(`${asset}-${this.spec.quote}`)
      const figures = { asset, qty: 0, price: Number.NaN, avg: Number.NaN, value: 0, cost: 0, unrealised: 0, realised: 0 }
      holding = { instrument, figures, cost: 0, unvalued: false }
      this.holdings.set(asset, holding)
      if (this.listening) instrument?.add(this)
    }
    return holding
  }
}

/** Accounts that are shown; of more only the first. */
const ACCOUNTS_MAX = 1_000

/** Returns the balances of each named account; none if rows name no account. */
const accountsOf = ({ byAccount }: Balances): AccountBalances[] => {
  const accounts: AccountBalances[] = []
  for (const [account, assets] of byAccount) {
    if (account === '') continue
    if (accounts.length === ACCOUNTS_MAX) break
    accounts.push({ account, balances: [...assets].map(([asset, qty]) => [asset, toNumber(qty)] as const) })
  }
  return accounts
}

/** Says whether a holding can be part of the sums at a price. The balance of money is unknown if a row that moved it could not be valued. */
const standingOf = ({ instrument, figures, unvalued }: Holding, price = figures.price): Standing => {
  if (unvalued) return instrument === undefined || (figures.qty !== 0 && Number.isNaN(price)) ? 'unpriced' : 'unvalued'
  return figures.qty !== 0 && Number.isNaN(price) ? 'unpriced' : 'whole'
}

const NOTHING_BOOKED: BookedSums = { realised: 0, income: 0, expenses: 0, fees: 0, flows: 0 }

/** Returns a copy of the figures for the store, as of `t` (ms): the portfolio goes on writing to its own. */
export const pnlRow = (portfolio: Portfolio, t: number): PnlRow => {
  const { accounts: _, ...row } = portfolio.figures
  const { growth, base, peak, highest, abs, rel } = portfolio.pathNow
  return {
    ...row,
    t,
    assets: row.assets.map(asset => ({ ...asset })),
    pathGrowth: growth,
    pathBase: base,
    pathPeak: peak,
    pathHighest: highest,
    pathAbs: abs,
    pathRel: rel,
  }
}
