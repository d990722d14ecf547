import { toNumber } from '../lib/decimal.ts'
import type { Dependent } from '../lib/dependencies.ts'
import type { Mutable } from '../lib/mutable.ts'
import { type AssetEvent, factorOf } from '../market/assetEvent.ts'
import type { Instrument, Market } from '../market/market.ts'
import type { AssetPnl, PnlFigures } from '../measures/rows.ts'
import type { PortfolioSpec } from './portfolioSpec.ts'
import type { Positions } from './positions.ts'
import { type BookedSums, type Standing, Summing } from './sums.ts'

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
 * What a portfolio holds, as numbers: taken over from its exact positions when something is booked, and valued at the prices of the moment.
 * While somebody watches, those prices mark the portfolio.
 */
export class Holdings {
  private readonly spec: PortfolioSpec
  private readonly market: Market
  private readonly portfolio: Dependent
  private readonly byAsset = new Map<string, Holding>()
  private sums: BookedSums = { realised: 0, income: 0, expenses: 0, fees: 0, flows: 0 }
  private listening = false

  /** `portfolio` is what the prices mark. */
  constructor(spec: PortfolioSpec, market: Market, portfolio: Dependent) {
    this.spec = spec
    this.market = market
    this.portfolio = portfolio
  }

  /** The sums of all bookings so far, ignored assets among them. */
  get booked(): BookedSums {
    return this.sums
  }

  /** The figures of each asset, in the order in which they first came. */
  get figures(): AssetPnl[] {
    return [...this.byAsset.values()].map(({ figures }) => figures)
  }

  /** Asset → its price when the figures were computed last; NaN if it had none. */
  get prices(): Map<string, number> {
    return new Map([...this.byAsset].map(([asset, { figures }]) => [asset, figures.price]))
  }

  /** ms: when the newest trade of what it holds came; -Infinity if none did. */
  get tradedAt(): number {
    let at = Number.NEGATIVE_INFINITY
    for (const { instrument } of this.byAsset.values()) if (instrument && instrument.t > at) at = instrument.t
    return at
  }

  /** Returns the instrument that prices an asset, which is a holding from now on; undefined for the quote asset, whose price is 1. */
  instrumentOf(asset: string): Instrument | undefined {
    return this.holding(asset).instrument
  }

  /** Says whether a price changed after the frame numbered `frame`. */
  changedSince(frame: number): boolean {
    for (const { instrument } of this.byAsset.values()) if (instrument && instrument.changedAt > frame) return true
    return false
  }

  /** Switches whether prices mark the portfolio. */
  listen(on: boolean): void {
    this.listening = on
    for (const { instrument } of this.byAsset.values()) {
      if (on) instrument?.add(this.portfolio)
      else instrument?.remove(this.portfolio)
    }
  }

  /** Takes over the amounts of the positions. */
  takeOver({ realised, income, expenses, fees, flows, byAsset, unvalued }: Positions): void {
    this.sums = {
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
  }

  /** Counts what is held in the units of `t` (ms), as prices of then do; the exact amounts follow when what happens to it is booked. */
  recount(upcoming: readonly AssetEvent[], t: number): void {
    for (const event of upcoming) {
      if (event.t > t) return
      const from = this.byAsset.get(event.asset)
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

  /** Values all of it at the prices of the moment, and writes the sums and what is wrong with them. `flaws`: asset → why it cannot be trusted. */
  evaluate(f: Mutable<PnlFigures>, flaws: ReadonlyMap<string, string>): void {
    const { ignore } = this.spec
    const unpriced: [string, string][] = []
    const summing = new Summing()
    let stale = false
    for (const holding of this.byAsset.values()) {
      const { instrument, figures } = holding
      figures.price = instrument === undefined ? 1 : instrument.price
      figures.value = figures.qty * figures.price
      figures.unrealised = figures.value - figures.cost
      const standing = standingOf(holding)
      const flaw = flaws.get(figures.asset) ?? (standing === 'unpriced' ? 'no price yet' : undefined)
      if (flaw !== undefined) unpriced.push([figures.asset, flaw])
      // Nothing is worth nothing, whatever its price.
      summing.add(ignore?.has(figures.asset) ? 'ignored' : standing, figures.qty === 0 ? 0 : figures.value, holding.cost)
      if (instrument?.stale && figures.qty !== 0) stale = true
    }
    summing.into(f, this.sums)
    f.unpriced = unpriced
    f.stale = stale
  }

  /** Returns what was gained in all at other prices of the assets, in the quote currency; NaN if unknown. */
  totalAt(assets: Iterable<string>, prices: ReadonlyMap<string, number>): number {
    const summing = new Summing()
    for (const asset of assets) {
      const holding = this.holding(asset)
      const { qty } = holding.figures
      const price = holding.instrument === undefined ? 1 : (prices.get(asset) ?? Number.NaN)
      const standing = this.spec.ignore?.has(asset) ? 'ignored' : standingOf(holding, price)
      summing.add(standing, qty === 0 ? 0 : qty * price, holding.cost)
    }
    return summing.of(this.sums).total
  }

  /** Returns what is held; what was bought and had no price in the market yet counts as what it cost. NaN if unknown. */
  worthAtCost(): number {
    let worth = 0
    for (const holding of this.byAsset.values()) {
      if (this.spec.ignore?.has(holding.figures.asset)) continue
      const standing = standingOf(holding)
      if (standing === 'unvalued') return Number.NaN
      if (holding.figures.qty !== 0) worth += standing === 'unpriced' ? holding.cost : holding.figures.value
    }
    return worth
  }

  /** Returns the flows so far; what lies in ignored assets counts as taken out. */
  putIn(): number {
    let putIn = this.sums.flows
    for (const asset of this.spec.ignore ?? []) putIn -= this.byAsset.get(asset)?.cost ?? 0
    return putIn
  }

  private holding(asset: string): Holding {
    let holding = this.byAsset.get(asset)
    if (holding === undefined) {
      const instrument = asset === this.spec.quote ? undefined : this.market.instrument(`${asset}-${this.spec.quote}`)
      const figures = { asset, qty: 0, price: Number.NaN, avg: Number.NaN, value: 0, cost: 0, unrealised: 0, realised: 0 }
      holding = { instrument, figures, cost: 0, unvalued: false }
      this.byAsset.set(asset, holding)
      if (this.listening) instrument?.add(this.portfolio)
    }
    return holding
  }
}

/** Says whether a holding can be part of the sums at a price. The balance of money is unknown if a row that moved it could not be valued. */
const standingOf = ({ instrument, figures, unvalued }: Holding, price = figures.price): Standing => {
  if (unvalued) return instrument === undefined || (figures.qty !== 0 && Number.isNaN(price)) ? 'unpriced' : 'unvalued'
  return figures.qty !== 0 && Number.isNaN(price) ? 'unpriced' : 'whole'
}
