import { DAY, floorTo } from '../bars.ts'
import type { Book, Instrument } from '../book.ts'
import { fromNumber, toNumber } from '../decimal.ts'
import type { Mutable } from '../mutable.ts'
import type { AssetPnl, PnlRow } from '../rows.ts'
import { type Changes, type Dependent, Source } from '../source.ts'
import { Drawdown, type Moment } from './drawdown.ts'
import type { Method } from './lots.ts'
import { Positions } from './positions.ts'
import type { Transaction } from './transaction.ts'

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
}

/**
 * One portfolio: its books, kept exactly, and its figures at the prices of the moment. A row of its transactions applies when
 * its time has come. Nothing here depends on who is watching: what depends on the path is sampled always, the drawdown at the
 * ends of `storeMs` and before every row, the day's profit at midnight.
 */
export class Portfolio extends Source implements Dependent {
  readonly spec: PortfolioSpec
  readonly figures: Mutable<PnlRow>
  dirty = false
  private readonly book: Book
  private readonly changes: Changes
  private readonly positions: Positions
  private readonly holdings = new Map<string, Holding>()
  private readonly drawdown = new Drawdown()
  private next = 0
  private listening = false
  /** Its books and the beginning of its days, as something it is computed from. */
  private readonly events = new Source()
  private moment: Moment = { total: 0, worth: 0, unseen: 0 }
  private midnightTotal = Number.NaN

  constructor(spec: PortfolioSpec, book: Book, changes: Changes) {
    super()
    this.spec = spec
    this.book = book
    this.changes = changes
    const { quote, method, feesInCost } = spec
    this.positions = new Positions({ quote, method, feesInCost, tracksCash: spec.transactions.some(tx => tx.asset === quote) })
    this.figures = emptyFigures(spec)
    this.events.add(this)
  }

  /** ms of the next row that waits for its time; Infinity where none does. */
  get dueAt(): number {
    return this.spec.transactions[this.next]?.t ?? Number.POSITIVE_INFINITY
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
    const { transactions } = this.spec
    if (this.next === 0 && this.dueAt >= floorTo(t, DAY)) this.midnightTotal = 0
    this.sample(t)
    const { worth } = this.moment
    const { flows } = this.figures
    for (let tx = transactions[this.next]; tx !== undefined && tx.t <= t; tx = transactions[++this.next]) {
      this.positions.apply(tx, fromNumber(this.holding(tx.asset).instrument?.price ?? 1))
    }
    this.rebuild()
    this.evaluate(t)
    this.drawdown.booked(worth, this.moment.worth, this.figures.flows - flows)
    this.events.touch(this.changes)
  }

  /** A new day begins: what was gained until now is no longer the day's. */
  midnight(t: number): void {
    // The frame may have begun before midnight.
    this.advance(floorTo(t, DAY) - 1)
    this.evaluate(t)
    this.midnightTotal = this.figures.total
    for (const holding of this.holdings.values()) holding.unseenAtMidnight = unpriced(holding)
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
        // What it had gained by midnight will never be known.
        if (holding.unseenAtMidnight) dayKnown = false
      }
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
    f.drawdownAbs = abs
    f.drawdownRel = rel
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
  }

  private holding(asset: string): Holding {
    let holding = this.holdings.get(asset)
    if (holding === undefined) {
      const instrument = asset === this.spec.quote ? undefined : this.book.instrument(`${asset}-${this.spec.quote}`)
      const figures = { asset, qty: 0, price: Number.NaN, avg: Number.NaN, value: 0, cost: 0, unrealised: 0, realised: 0 }
      holding = { instrument, figures, unseen: false, unseenAtMidnight: false }
      this.holdings.set(asset, holding)
      if (this.listening) instrument?.add(this)
    }
    return holding
  }
}

const unpriced = ({ figures }: Holding): boolean => figures.qty !== 0 && Number.isNaN(figures.price)

/** The figures as they stand, for the store: the portfolio goes on writing to its own. */
export const pnlRow = (portfolio: Portfolio, t: number): PnlRow => ({
  ...portfolio.figures,
  t,
  assets: portfolio.figures.assets.map(a => ({ ...a })),
})

const emptyFigures = ({ id, quote, method }: PortfolioSpec): Mutable<PnlRow> => ({
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
})
