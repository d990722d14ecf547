import { fromNumber, toNumber } from '../lib/decimal.ts'
import { type Changes, type Dependent, Source } from '../lib/dependencies.ts'
import type { Mutable } from '../lib/mutable.ts'
import { DAY, floorTo } from '../market/candles.ts'
import type { Instrument, Market } from '../market/market.ts'
import type { AccountBalances, AssetPnl, PnlFigures, PnlRow } from '../measures/rows.ts'
import type { Balances } from './balances.ts'
import { Drawdown, type DrawdownPoint } from './drawdown.ts'
import type { Method } from './lots.ts'
import { Positions } from './positions.ts'
import { inOrder, type Transaction } from './transaction.ts'

export interface PortfolioSpec {
  readonly id: string
  readonly quote: string
  readonly method: Method
  readonly feesInCost: boolean
  /** Sorted by time. */
  readonly transactions: readonly Transaction[]
}

/** What is held of one asset, as measures, beside the instrument that prices it. */
interface Holding {
  readonly instrument: Instrument | undefined
  readonly figures: Mutable<AssetPnl>
  /** It was held, but had no price yet, when the path was last sampled. */
  unseen: boolean
  unseenAtMidnight: boolean
  /** NaN where it had none, or was no holding yet. */
  priceAtMidnight: number
}

/**
 * One portfolio: its books, kept exactly, and its figures at the prices of the moment. A row of its transactions applies when
 * its time has come. Nothing here depends on who is watching: what depends on the path is sampled always, the drawdown at the
 * ends of `storeMs` and before every row, the day's profit at midnight.
 *
 * Rows may come at run time, in any order. One that belongs before what is booked lets the books be made anew from the first row
 * on, which takes one to three microseconds a row; several that come together cost one such pass.
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
  /** Rows that came at run time, in order; of one time those of the file are before them. */
  private recorded: Transaction[] = []
  private nextOfFile = 0
  private nextRecorded = 0
  /** A row belongs before what is booked, or before the running day. */
  private late = false
  private tracksCash: boolean
  /** What a row of the file that bears no price was booked at, so that it is booked at the same again. */
  private readonly marketPrices = new Map<Transaction, bigint | undefined>()
  private listening = false
  /** Its books and the beginning of its days, as something it is computed from. */
  private readonly events = new Source()
  private moment: DrawdownPoint = { total: 0, worth: 0, unseen: 0 }
  private midnightTotal = Number.NaN
  /** The midnight that `midnightTotal` is of; NaN before the first one that was seen. */
  private midnightAt = Number.NaN

  constructor(spec: PortfolioSpec, market: Market, changes: Changes) {
    super()
    this.spec = spec
    this.market = market
    this.changes = changes
    this.tracksCash = spec.transactions.some(tx => tx.asset === spec.quote)
    this.positions = this.noPositions()
    this.figures = emptyFigures(spec)
    this.events.add(this)
  }

  /** ms of the next row that waits for its time; Infinity where none does. */
  get dueAt(): number {
    return this.late ? Number.NEGATIVE_INFINITY : (this.upcoming?.t ?? Number.POSITIVE_INFINITY)
  }

  /** All its rows in the order in which they are booked, those that wait for their time at the end. */
  get transactions(): readonly Transaction[] {
    return this.recorded.length === 0 ? this.spec.transactions : merged(this.spec.transactions, this.recorded, byTime)
  }

  /** Takes in rows that came at run time, none of which was there before. They are booked with the next that is due. */
  record(rows: readonly Transaction[]): void {
    if (rows.length === 0) return
    const added = rows.toSorted(inOrder)
    const begun = this.nextOfFile + this.nextRecorded > 0
    if (!this.tracksCash && added.some(tx => tx.asset === this.spec.quote)) {
      this.tracksCash = true
      if (begun) this.late = true
      else this.positions = this.noPositions()
    }
    this.late ||= added[0]!.t < this.midnightAt || (begun && this.isBooked(added[0]!))
    const last = this.recorded.at(-1)
    // What comes last anyway, as most does, costs no more than itself.
    if (last === undefined || inOrder(last, added[0]!) <= 0) for (const tx of added) this.recorded.push(tx)
    else this.recorded = merged(this.recorded, added, inOrder)
  }

  /** Something it is computed from changed after the frame numbered `frame`. */
  changedSince(frame: number): boolean {
    if (this.events.changedAt > frame) return true
    for (const { instrument } of this.holdings.values()) if (instrument && instrument.changedAt > frame) return true
    return false
  }

  /** Whether price changes shall mark it, as they must while somebody watches. */
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
    if (this.nextOfFile + this.nextRecorded === 0 && this.dueAt >= floorTo(t, DAY)) {
      this.midnightTotal = 0
      this.midnightAt = floorTo(t, DAY)
    }
    this.sample(t)
    const { worth, total } = this.moment
    const { flows } = this.figures
    const anew = this.late
    if (anew) this.beginAnew()
    this.enter(t)
    this.rebuild()
    this.evaluate(t)
    if (anew) this.drawdown.restated(worth, this.moment.worth, this.moment.total - total)
    else this.drawdown.booked(worth, this.moment.worth, this.figures.flows - flows)
    this.events.touch(this.changes)
  }

  /** A new day begins: what was gained until now is no longer the day's. */
  midnight(t: number): void {
    // The frame may have begun before midnight.
    this.advance(floorTo(t, DAY) - 1)
    this.evaluate(t)
    this.midnightTotal = this.figures.total
    this.midnightAt = floorTo(t, DAY)
    for (const holding of this.holdings.values()) {
      holding.unseenAtMidnight = unpriced(holding)
      holding.priceAtMidnight = holding.figures.price
    }
    this.events.touch(this.changes)
  }

  /** Computes the figures and lets the drawdown remember them. */
  sample(t: number): void {
    this.evaluate(t)
    this.drawdown.remember(this.moment)
    for (const holding of this.holdings.values()) holding.unseen = unpriced(holding)
  }

  refresh(t: number): void {
    this.evaluate(t)
    // Who begins to listen has the figures computed, but changes nothing.
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
    f.twr = this.nextOfFile + this.nextRecorded === 0 ? Number.NaN : this.drawdown.returned(this.moment)
    f.drawdownAbs = abs
    f.drawdownRel = rel
  }

  /** The next row to be booked. */
  private get upcoming(): Transaction | undefined {
    const ofFile = this.spec.transactions[this.nextOfFile]
    const recorded = this.recorded[this.nextRecorded]
    return recorded === undefined || (ofFile !== undefined && ofFile.t <= recorded.t) ? ofFile : recorded
  }

  private enter(t: number): void {
    for (let tx = this.upcoming; tx !== undefined && tx.t <= t; tx = this.upcoming) {
      const { instrument } = this.holding(tx.asset)
      if (tx === this.recorded[this.nextRecorded]) {
        // It bears the price of the moment it was recorded at, if there was one: a later one would be another after each start.
        this.nextRecorded += 1
        this.positions.apply(tx, undefined)
      } else {
        this.nextOfFile += 1
        this.positions.apply(tx, tx.price ?? this.marketPrice(tx, instrument))
      }
    }
  }

  private marketPrice(tx: Transaction, instrument: Instrument | undefined): bigint | undefined {
    if (!this.marketPrices.has(tx)) this.marketPrices.set(tx, fromNumber(instrument?.price ?? 1))
    return this.marketPrices.get(tx)
  }

  /** Whether the row belongs before one that is booked. */
  private isBooked(tx: Transaction): boolean {
    const ofFile = this.spec.transactions[this.nextOfFile - 1]
    const recorded = this.recorded[this.nextRecorded - 1]
    return (ofFile !== undefined && tx.t < ofFile.t) || (recorded !== undefined && inOrder(tx, recorded) < 0)
  }

  /** Empties the books, and books what belongs before the running day, so that the day has its beginning. */
  private beginAnew(): void {
    this.late = false
    this.positions = this.noPositions()
    this.nextOfFile = 0
    this.nextRecorded = 0
    if (Number.isNaN(this.midnightAt)) return
    this.enter(this.midnightAt - 1)
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

  /** Takes the books' amounts over into the figures. */
  private rebuild(): void {
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

/** Two lists in order as one; of one place the first list's are before. */
const merged = (
  before: readonly Transaction[],
  added: readonly Transaction[],
  order: (a: Transaction, b: Transaction) => number,
): Transaction[] => {
  const all: Transaction[] = []
  let i = 0
  for (const tx of added) {
    while (i < before.length && order(before[i]!, tx) <= 0) all.push(before[i++]!)
    all.push(tx)
  }
  while (i < before.length) all.push(before[i++]!)
  return all
}

/** Accounts that are told; of more than that many only the first. */
const ACCOUNTS_MAX = 1_000

/** None where rows name no account. */
const accountsOf = ({ byAccount }: Balances): AccountBalances[] => {
  const accounts: AccountBalances[] = []
  for (const [account, assets] of byAccount) {
    if (account === '') continue
    if (accounts.length === ACCOUNTS_MAX) break
    accounts.push({ account, balances: [...assets].map(([asset, qty]) => [asset, toNumber(qty)] as const) })
  }
  return accounts
}

const byTime = (a: Transaction, b: Transaction): number => a.t - b.t

const unpriced = ({ figures }: Holding): boolean => figures.qty !== 0 && Number.isNaN(figures.price)

/** The figures as they stand, for the store: the portfolio goes on writing to its own. */
export const pnlRow = ({ figures }: Portfolio, t: number): PnlRow => {
  const { accounts: _, twr: __, ...row } = figures
  return { ...row, t, assets: figures.assets.map(a => ({ ...a })) }
}

const emptyFigures = ({ id, quote, method }: PortfolioSpec): Mutable<PnlFigures> => ({
  kind: 'pnl',
  id,
  t: 0,
  quote,
  method,
  value: 0,
  cost: 0,
  unrealised: 0,
  realised: 0,
  income: 0,
  expenses: 0,
  fees: 0,
  flows: 0,
  total: 0,
  day: Number.NaN,
  drawdownAbs: 0,
  drawdownRel: 0,
  stale: false,
  assets: [],
  unpriced: [],
  accounts: [],
  twr: Number.NaN,
})
