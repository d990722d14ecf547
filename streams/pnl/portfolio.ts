import { fromNumber, toNumber } from '../lib/decimal.ts'
import { type Changes, type Dependent, Source } from '../lib/dependencies.ts'
import type { Mutable } from '../lib/mutable.ts'
import { DAY, floorTo } from '../market/candles.ts'
import type { Instrument, Market } from '../market/market.ts'
import { initialRow } from '../measures/fields.ts'
import { PNL } from '../measures/pnlFields.ts'
import type { AccountBalances, AssetPnl, PnlFigures, PnlRow } from '../measures/rows.ts'
import type { Balances } from './balances.ts'
import { BookingQueue } from './bookingQueue.ts'
import { Drawdown, type DrawdownPoint } from './drawdown.ts'
import type { Method } from './lots.ts'
import { Positions } from './positions.ts'
import { inOrder, type Transaction } from './transaction.ts'

/** A portfolio as the configuration describes it. */
export interface PortfolioSpec {
  readonly id: string
  /** The currency that everything of it is counted in. */
  readonly quote: string
  readonly method: Method
  readonly feesInCost: boolean
  /** Sorted by time. */
  readonly transactions: readonly Transaction[]
}

/** One asset of a portfolio: its figures as measures, and the instrument that prices it. */
interface Holding {
  readonly instrument: Instrument | undefined
  readonly figures: Mutable<AssetPnl>
  /** It was held, but had no price yet, when the path was last sampled. */
  unseen: boolean
  unseenAtMidnight: boolean
  /** NaN if it had none, or was no holding yet. */
  priceAtMidnight: number
}

/**
 * One portfolio: its positions, kept exactly, and its figures at the prices of the moment. A row of its transactions is booked when its
 * time has come. Nothing here depends on who is watching: figures of the path are always sampled, the drawdown at the ends of
 * `storeMs` and before every row, the day's profit at midnight.
 *
 * value = Σ qty × price; unrealised = value − cost; total = realised + unrealised + income − expenses; day = total − total at midnight.
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
  private readonly drawdown = new Drawdown()
  private readonly queue: BookingQueue
  /** A row belongs before what is booked, or before the running day. */
  private late = false
  private tracksCash: boolean
  /** The price at which a row of the file without one was booked, so that it is booked at the same again. */
  private readonly marketPrices = new Map<Transaction, bigint | undefined>()
  private listening = false
  /** Its bookings and the beginning of its days, as something it is computed from. */
  private readonly events = new Source()
  private moment: DrawdownPoint = { total: 0, worth: 0, unseen: 0 }
  private midnightTotal = Number.NaN
  /** The midnight that `midnightTotal` is of; NaN before the first one that was seen. */
  private midnightAt = Number.NaN
  /** The number of the frame in which that midnight was seen. */
  private midnightFrame = 0

  constructor(spec: PortfolioSpec, market: Market, changes: Changes) {
    super()
    this.spec = spec
    this.market = market
    this.changes = changes
    this.queue = new BookingQueue(spec.transactions)
    this.tracksCash = spec.transactions.some(tx => tx.asset === spec.quote)
    this.positions = this.noPositions()
    this.figures = { ...initialRow(PNL, spec.id), quote: spec.quote, method: spec.method, accounts: [] }
    this.events.add(this)
  }

  /** ms of the next row that waits for its time; Infinity if none does. */
  get dueAt(): number {
    return this.late ? Number.NEGATIVE_INFINITY : (this.queue.upcoming?.t ?? Number.POSITIVE_INFINITY)
  }

  /** All its rows in the order in which they are booked, those that wait for their time at the end. */
  get transactions(): readonly Transaction[] {
    return this.queue.all
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
    this.late ||= added[0]!.t < this.midnightAt || (begun && this.queue.precedesBooked(added[0]!))
    this.queue.record(added)
  }

  /** Says whether something it is computed from changed after the frame numbered `frame`. */
  changedSince(frame: number): boolean {
    if (this.events.changedAt > frame) return true
    for (const { instrument } of this.holdings.values()) if (instrument && instrument.changedAt > frame) return true
    return false
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
    if (!this.queue.begun && this.dueAt >= floorTo(t, DAY)) {
      this.midnightTotal = 0
      this.midnightAt = floorTo(t, DAY)
    }
    this.sample(t)
    const { worth, total } = this.moment
    const { flows } = this.figures
    const restated = this.late
    if (restated) this.restart()
    this.book(t)
    this.takeOver()
    this.evaluate(t)
    if (restated) this.drawdown.restated(worth, this.moment.worth, this.moment.total - total)
    else this.drawdown.booked(worth, this.moment.worth, this.figures.flows - flows)
    this.events.touch(this.changes)
    // What is booked in the frame of a midnight comes after it.
    this.midnightFrame = Math.min(this.midnightFrame, this.changes.frame - 1)
  }

  /** Whether the next midnight changes its figures: something has moved since the last one. */
  get awaitsMidnight(): boolean {
    return Number.isNaN(this.midnightTotal) || this.changedSince(this.midnightFrame)
  }

  /** Begins a new day: what was gained until now is no longer the day's. */
  midnight(t: number): void {
    // The frame may have begun before midnight.
    this.advance(floorTo(t, DAY) - 1)
    const moved = this.awaitsMidnight
    this.evaluate(t)
    this.midnightTotal = this.figures.total
    this.midnightAt = floorTo(t, DAY)
    for (const holding of this.holdings.values()) {
      holding.unseenAtMidnight = unpriced(holding)
      holding.priceAtMidnight = holding.figures.price
    }
    this.midnightFrame = this.changes.frame
    if (moved) this.events.touch(this.changes)
  }

  /** Computes the figures and lets the drawdown remember them. */
  sample(t: number): void {
    this.evaluate(t)
    this.drawdown.remember(this.moment)
    for (const holding of this.holdings.values()) holding.unseen = unpriced(holding)
  }

  refresh(t: number): void {
    this.evaluate(t)
    // A new listener has the figures computed, but changes nothing.
    if (this.changedSince(this.changes.frame - 1)) this.touch(this.changes)
  }

  private evaluate(t: number): void {
    const f = this.figures
    const flaws: [string, string][] = []
    let value = 0
    let cost = 0
    let unpricedCost = 0
    let unseen = 0
    let dayKnown = true
    let stale = false
    for (const holding of this.holdings.values()) {
      const { instrument, figures } = holding
      figures.price = instrument === undefined ? 1 : instrument.price
      figures.value = figures.qty * figures.price
      figures.unrealised = figures.value - figures.cost
      const flaw = this.positions.flaws.get(figures.asset) ?? (unpriced(holding) ? 'no price yet' : undefined)
      if (flaw !== undefined) flaws.push([figures.asset, flaw])
      if (unpriced(holding)) unpricedCost += figures.cost
      else if (figures.qty !== 0) {
        value += figures.value
        cost += figures.cost
        if (holding.unseen) unseen += figures.unrealised
      }
      // What it had gained by midnight will never be known.
      if (holding.unseenAtMidnight && !unpriced(holding)) dayKnown = false
      if (instrument?.stale && figures.qty !== 0) stale = true
    }
    f.t = t
    f.value = value
    f.cost = cost
    f.unrealised = value - cost
    f.total = f.realised + f.unrealised + f.income - f.expenses
    f.day = dayKnown ? f.total - this.midnightTotal : Number.NaN
    f.unpriced = flaws
    f.stale = stale
    this.moment = { total: f.total, worth: value + unpricedCost, unseen }
    const { abs, rel } = this.drawdown.at(this.moment)
    f.twr = this.queue.begun ? this.drawdown.returned(this.moment) : Number.NaN
    f.drawdownAbs = abs
    f.drawdownRel = rel
  }

  /** Books the rows up to `t`. */
  private book(t: number): void {
    for (let tx = this.queue.upcoming; tx !== undefined && tx.t <= t; tx = this.queue.upcoming) {
      const { instrument } = this.holding(tx.asset)
      // A recorded row has the price of the moment it was recorded at, if there was one: a later one would be another after each start.
      const recorded = this.queue.pass()
      this.positions.apply(tx, recorded ? undefined : (tx.price ?? this.marketPrice(tx, instrument)))
    }
  }

  private marketPrice(tx: Transaction, instrument: Instrument | undefined): bigint | undefined {
    if (!this.marketPrices.has(tx)) this.marketPrices.set(tx, fromNumber(instrument?.price ?? 1))
    return this.marketPrices.get(tx)
  }

  /** Empties the positions, and books what belongs before the running day, so that the day has its beginning. */
  private restart(): void {
    this.late = false
    this.positions = this.noPositions()
    this.queue.restart()
    if (Number.isNaN(this.midnightAt)) return
    this.book(this.midnightAt - 1)
    const { realised, income, expenses, byAsset } = this.positions
    this.midnightTotal = toNumber(realised) + toNumber(income) - toNumber(expenses)
    for (const { asset, lots } of byAsset.values()) {
      const holding = this.holding(asset)
      const price = holding.instrument === undefined ? 1 : holding.priceAtMidnight
      holding.unseenAtMidnight = lots.qty !== 0n && Number.isNaN(price)
      if (lots.qty !== 0n && !Number.isNaN(price)) this.midnightTotal += toNumber(lots.qty) * price - toNumber(lots.cost)
    }
  }

  private noPositions(): Positions {
    const { quote, method, feesInCost } = this.spec
    return new Positions({ quote, method, feesInCost, tracksCash: this.tracksCash })
  }

  /** Takes the amounts of the positions over into the figures. */
  private takeOver(): void {
    const f = this.figures
    f.realised = toNumber(this.positions.realised)
    f.income = toNumber(this.positions.income)
    f.expenses = toNumber(this.positions.expenses)
    f.fees = toNumber(this.positions.fees)
    f.flows = toNumber(this.positions.flows)
    for (const { asset, lots, realised } of this.positions.byAsset.values()) {
      const { figures } = this.holding(asset)
      figures.qty = toNumber(lots.qty)
      figures.cost = toNumber(lots.cost)
      figures.avg = lots.qty === 0n ? Number.NaN : figures.cost / figures.qty
      figures.realised = toNumber(realised)
    }
    f.assets = [...this.holdings.values()].map(h => h.figures)
    f.accounts = accountsOf(this.positions.balances)
  }

  private holding(asset: string): Holding {
    let holding = this.holdings.get(asset)
    if (holding === undefined) {
      const instrument = asset === this.spec.quote ? undefined : this.market.instrument(`${asset}-${this.spec.quote}`)
      const figures = { asset, qty: 0, price: Number.NaN, avg: Number.NaN, value: 0, cost: 0, unrealised: 0, realised: 0 }
      holding = { instrument, figures, unseen: false, unseenAtMidnight: false, priceAtMidnight: Number.NaN }
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

const unpriced = ({ figures }: Holding): boolean => figures.qty !== 0 && Number.isNaN(figures.price)

/** Returns a copy of the figures for the store, as of `t` (ms): the portfolio goes on writing to its own. */
export const pnlRow = ({ figures }: Portfolio, t: number): PnlRow => {
  const { accounts: _, twr: __, ...row } = figures
  return { ...row, t, assets: figures.assets.map(a => ({ ...a })) }
}
