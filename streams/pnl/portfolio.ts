import { type Changes, type Dependent, Source } from '../lib/dependencies.ts'
import type { Mutable } from '../lib/mutable.ts'
import type { AssetEvent } from '../market/assetEvent.ts'
import { DAY, floorTo } from '../market/candles.ts'
import type { Instrument, Market } from '../market/market.ts'
import { initialRow } from '../measures/fields.ts'
import { PNL } from '../measures/pnlFields.ts'
import type { PnlFigures, PnlRow } from '../measures/rows.ts'
import { accountsOf } from './balances.ts'
import { Booking } from './booking.ts'
import { Holdings } from './holdings.ts'
import { Midnight } from './midnight.ts'
import type { PathPoint, PathState } from './path.ts'
import type { PortfolioPast } from './portfolioPast.ts'
import type { PortfolioHistory, PortfolioSpec } from './portfolioSpec.ts'
import type { Position, Positions } from './positions.ts'
import type { BookedSums } from './sums.ts'
import { TrackedPath } from './trackedPath.ts'
import type { Transaction } from './transaction.ts'

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
  private readonly changes: Changes
  private readonly booking: Booking
  private readonly holdings: Holdings
  private readonly path: TrackedPath
  private readonly lastMidnight = new Midnight()
  /** Former runs have left no state of it in the store. */
  private unstored = false
  private listening = false
  /** Its bookings and the beginning of its days, as something it is computed from. */
  private readonly events = new Source()
  private moment: PathPoint = { total: 0, worth: 0 }

  /** `awaitsPast`: its path before the first frame comes from the store, or `endWaiting` says that it does not. */
  constructor(spec: PortfolioSpec, market: Market, changes: Changes, awaitsPast = false) {
    super()
    this.spec = spec
    this.changes = changes
    this.path = new TrackedPath(awaitsPast)
    this.holdings = new Holdings(spec, market, this)
    this.booking = new Booking(spec, asset => this.holdings.instrumentOf(asset))
    this.figures = { ...initialRow(PNL, spec.id), quote: spec.quote, method: spec.method, accounts: [] }
    this.events.add(this)
  }

  /** ms of the next row that waits for its time; Infinity if none does. */
  get dueAt(): number {
    return this.booking.dueAt
  }

  /** Begins to see prices, with the frame of `frameMs` that ends at `t` (ms). The day began without them: with cash at most. */
  observe(t: number, frameMs: number): void {
    this.booking.listen(t - frameMs)
    if (this.lastMidnight.seen) return
    this.lastMidnight.begin(t)
    const seen = this.restart()
    if (!this.booking.begun) return
    this.evaluate(t)
    if (seen) this.path.begin(this.moment.worth, this.holdings.putIn())
    else this.path.lose(t)
    this.showPath()
    this.events.touch(this.changes)
  }

  /** Whether something of it is unknown that the store may know: its path, or the beginning of its day. */
  get lacksPast(): boolean {
    return this.booking.begun && (!this.path.known || Number.isNaN(this.lastMidnight.total))
  }

  /** Takes in what is stored of its past, at the end of the frame `t` (ms); what has happened since goes on from there. */
  restore(past: PortfolioPast, t: number): void {
    this.endWaiting()
    if (past.rows !== this.booking.rowCount || !this.path.reachesBackTo(past.t)) return
    this.booking.restore(past)
    this.lastMidnight.restore(past.midnight)
    this.restart()
    this.booking.book(Math.max(t, past.t))
    this.takeOver()
    this.path.restore(past.path, past.t)
    this.unstored = !past.stored
    // Whatever is older than its first row was not seen.
    const [first] = this.booking.rows
    if (this.path.known && first) this.booking.seeFrom(first.t - 1)
    this.evaluate(t)
    this.events.touch(this.changes)
    this.lastMidnight.mark(this.movedAt > this.lastMidnight.t, this.changes.frame)
  }

  /** What its path has come to; unknown while it waits for its past. */
  get pathNow(): PathState {
    return this.path.state
  }

  /** Ends the wait for a past of which nothing is stored. */
  endWaiting(): void {
    if (this.path.endWaiting()) this.events.touch(this.changes)
  }

  /** All its rows in the order in which they are booked, those that wait for their time at the end. */
  get transactions(): readonly Transaction[] {
    return this.booking.rows
  }

  /** The portfolio with all its rows so far, in the order in which they are booked, and what happens to its assets. */
  get history(): PortfolioHistory {
    return { ...this.spec, transactions: this.booking.rows, events: this.booking.events }
  }

  /** Takes in what is known to happen to assets, in order of time. What should have happened already is booked with the next that is due. */
  follow(events: readonly AssetEvent[]): void {
    this.booking.follow(events)
  }

  /** What it holds as it is booked now, at the prices of the moment. */
  get held(): readonly Held[] {
    const { byAsset, flaws, unvalued } = this.booking.positions
    return [...byAsset.values()].map(position => {
      const { asset } = position
      const flaw = flaws.get(asset)
      const instrument = this.holdings.instrumentOf(asset)
      return { position, instrument, unvalued: unvalued.has(asset), ...(flaw !== undefined && { flaw }) }
    })
  }

  /** Its total when the day began, and when that was (ms). */
  get midnightNow(): { readonly total: number; readonly t: number } {
    return this.lastMidnight
  }

  /** The sums of all bookings so far, ignored assets among them. */
  get bookedNow(): BookedSums {
    return this.holdings.booked
  }

  /** Books all rows again that are booked, from the first on, and calls `after` behind each with the positions as they are then. */
  rebook(after: (tx: Transaction, positions: Positions) => void): void {
    this.booking.rebook(after)
  }

  /** How many rows it has, booked or not. */
  get rowCount(): number {
    return this.booking.rowCount
  }

  /** Takes in rows that came at run time, none of which was there before. They are booked with the next that is due. */
  record(rows: readonly Transaction[]): void {
    this.booking.record(rows, this.lastMidnight.t)
  }

  /** Says whether something it is computed from changed after the frame numbered `frame`. */
  changedSince(frame: number): boolean {
    return this.events.changedAt > frame || this.holdings.changedSince(frame)
  }

  /** ms: when the newest trade of what it holds came, or its newest row was booked; Infinity if no state of it is stored. */
  get movedAt(): number {
    if (this.unstored && this.booking.begun) return Number.POSITIVE_INFINITY
    return Math.max(this.booking.newestRow, this.holdings.tradedAt)
  }

  /** Switches whether price changes mark it, as they must while somebody watches. */
  listen(on: boolean): void {
    if (on === this.listening) return
    this.listening = on
    if (on) this.changes.mark(this)
    this.holdings.listen(on)
  }

  /** Books the rows whose time has come. */
  advance(t: number): void {
    if (!(this.dueAt <= t) || this.booking.idle(t)) return
    const { booking, holdings, path } = this
    const restated = booking.late
    if (!restated) holdings.recount(booking.positions.upcoming, t)
    this.sample(t)
    const { worth, total } = this.moment
    const putIn = holdings.putIn()
    const seenBefore = !restated || this.restart()
    const seen = booking.book(t) && seenBefore
    this.takeOver()
    this.evaluate(t)
    if (!seen || Number.isNaN(worth)) path.lose(t)
    else if (restated) path.restated(t, worth, this.moment.worth, this.moment.total - total)
    else path.booked(t, worth, this.worthAtCost(), holdings.putIn() - putIn)
    this.showPath()
    this.events.touch(this.changes)
    this.lastMidnight.booked(this.changes.frame)
  }

  /** Whether the next midnight changes its figures: something has moved since the last one. */
  get awaitsMidnight(): boolean {
    return this.lastMidnight.movedSince(frame => this.changedSince(frame))
  }

  /** Begins a new day: what was gained until now is no longer the day's. */
  midnight(t: number): void {
    // The frame may have begun before midnight.
    this.advance(floorTo(t, DAY) - 1)
    const moved = this.awaitsMidnight
    this.evaluate(t)
    this.lastMidnight.pass(t, this.figures.total, this.holdings.prices, this.changes.frame)
    if (moved) this.events.touch(this.changes)
  }

  /** Computes the figures and makes them part of the path. */
  sample(t: number): void {
    this.evaluate(t)
    this.path.sample(t, this.moment)
  }

  refresh(t: number): void {
    this.evaluate(t)
    // A new listener has the figures computed, but changes nothing.
    if (this.changedSince(this.changes.frame - 1)) this.touch(this.changes)
  }

  private evaluate(t: number): void {
    const f = this.figures
    this.holdings.evaluate(f, this.booking.positions.flaws)
    f.t = t
    f.day = f.total - this.lastMidnight.total
    this.moment = { total: f.total, worth: Number.isNaN(f.total) ? Number.NaN : f.value }
    this.showPath()
  }

  private showPath(): void {
    const knows = this.booking.begun && !Number.isNaN(this.figures.total)
    this.path.show(this.figures, this.moment, knows)
  }

  private worthAtCost(): number {
    return Number.isNaN(this.moment.worth) ? this.holdings.worthAtCost() : this.moment.worth
  }

  /** Empties the positions, and books what belongs before the running day, so that the day has its beginning. Returns whether all that was seen. */
  private restart(): boolean {
    this.booking.restart()
    if (!this.lastMidnight.seen) return true
    const seen = this.booking.book(this.lastMidnight.t - 1)
    this.takeOver()
    this.lastMidnight.total = this.holdings.totalAt(this.booking.positions.byAsset.keys(), this.lastMidnight.prices)
    return seen
  }

  /** Takes the amounts of the positions over into the figures. */
  private takeOver(): void {
    this.holdings.takeOver(this.booking.positions)
    this.figures.assets = this.holdings.figures
    this.figures.accounts = accountsOf(this.booking.positions.balances)
  }
}

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
