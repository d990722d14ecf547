import { fromNumber, toNumber } from '../lib/decimal.ts'
import { type Changes, type Dependent, Source } from '../lib/dependencies.ts'
import type { Mutable } from '../lib/mutable.ts'
import type { AssetEvent } from '../market/assetEvent.ts'
import type { Instrument, Market } from '../market/market.ts'
import { initialRow } from '../measures/fields.ts'
import { FUND } from '../measures/fundFields.ts'
import type { Constituent, FundRow } from '../measures/rows.ts'
import { DeadMarkets } from './deadMarkets.ts'
import { CASH, type Holdings, holdingsOf, worth } from './holdings.ts'
import type { FundHoldings, Proposal } from './inception.ts'
import { IndexLevel } from './indexLevel.ts'
import { rebalanceReason } from './rebalanceTrigger.ts'
import type { FundSpec } from './spec.ts'
import { Targets } from './targets.ts'

/** The figures of an asset that the fund has left, or has not valued yet. */
const UNKNOWN = { units: undefined, price: Number.NaN, weight: Number.NaN, drift: Number.NaN, priceT: Number.NaN }

const BPS = 10_000

/** ms: an older price is shown with its time. */
const OLD_MS = 3_600_000

/** Rounding of a sum of targets. */
const SUM_TOLERANCE = 1e-9

/** What the figures of a fund are computed from. */
export interface FundParts {
  readonly holdings: Holdings
  /** All shares, as a measure. */
  readonly shares: number
  /** The level is the value of these units ÷ `divisor`. */
  readonly basis: Holdings
  readonly divisor: number
  /** The market of its own shares. */
  readonly market: Instrument | undefined
  /** ms; NaN before its inception. */
  readonly inceptionT: number
}

/**
 * One fund: what it may hold, what it holds since its inception, and its figures. Prices come from the market, holdings from the
 * journal's entries; it owns neither.
 *
 * aum = Σ custody × price; nav = aum ÷ shares, or Σ units × price while there is no share; weight = custody value ÷ aum;
 * drift = weight − target; maxDrift is the largest |drift|, totalDrift ½ Σ |drift|. inav.bid is what the basket of a share fetches at
 * the best bids, less the fee of a redemption; inav.ask what it costs at the best asks, with the fee of a creation; inav.mid lies
 * between the two baskets, before fees. The level is that of `IndexLevel`. A figure that needs a price nobody knows is unknown (NaN).
 */
export class Fund extends Source implements Dependent {
  readonly spec: FundSpec
  /** Without the constituents' figures of the moment: see `figuresNow`. */
  readonly figures: Mutable<FundRow>
  readonly targets: Targets
  dirty = false
  private readonly changes: Changes
  private readonly market: Market
  /** What it holds and may no longer choose. */
  private readonly others = new Map<string, Instrument>()
  /** All whose prices it is computed from. */
  private readonly watched = new Set<Instrument>()
  /** The market of its own shares. */
  private readonly marketInstrument: Instrument | undefined
  /** The rows of all that was ever held, each in the place it got at first. */
  private readonly constituents = new Map<string, Mutable<Constituent>>()
  private holdings = holdingsOf([])
  /** The columns have changed since they were last written into the rows. */
  private rowsStale = false
  private readonly level: IndexLevel
  private shares = 0n
  private sharesAmount = 0
  private relativeDrift = Number.NaN
  private inceptionT = Number.NaN
  private readonly dead: DeadMarkets
  /** What has happened to assets so far, in order of time. */
  private events: readonly AssetEvent[] = []
  /** A price was old when the figures were last computed. */
  private aged = false
  /** ms: since when a rebalance was needed before this start; NaN if none was, or once prices have said whether one is needed now. */
  private neededBefore = Number.NaN
  /** A member has no market, though the feed that had it speaks. */
  private delisted = false
  /** ms of event time: when its last entry before this start came; NaN if that is not known. */
  enteredAt = Number.NaN
  /** ms: when the first price becomes too old, if no other comes. */
  agesAt = Number.POSITIVE_INFINITY

  constructor(spec: FundSpec, market: Market, changes: Changes) {
    super()
    this.spec = spec
    this.market = market
    this.changes = changes
    this.dead = new DeadMarkets(spec.delistAfterMs)
    this.targets = new Targets(spec, market, (asset, instrument, t) => this.dead.isDead(asset, instrument, t))
    this.level = new IndexLevel(spec.weighting.scheme === 'units' ? Number.NaN : toNumber(spec.initialPrice))
    this.marketInstrument = spec.market === undefined ? undefined : market.instrument(spec.market)
    for (const instrument of this.targets.instruments()) this.watch(instrument)
    this.marketInstrument?.add(this)
    this.figures = initialRow(FUND, spec.id)
    this.figures.pending = this.targets.missing(0)
  }

  /** Whether its inception is committed. */
  get begun(): boolean {
    return this.figures.shares !== undefined
  }

  /** ms: when waiting for the missing prices ends; Infinity if it does not wait. */
  get dueAt(): number {
    return this.begun || Number.isNaN(this.figures.pricedSince)
      ? Number.POSITIVE_INFINITY
      : this.figures.pricedSince + this.spec.inceptionTimeoutMs
  }

  /**
   * Returns the inception that the prices of this moment allow: every candidate has one, or waiting has ended and those that have one
   * suffice. units = weight × initialPrice ÷ price, rounded down to 18 decimals.
   */
  proposal(t: number): Proposal | undefined {
    if (this.begun) return undefined
    const { targets } = this
    const { weighting, initialPrice, initialShares: shares, id: fund } = this.spec
    if (weighting.scheme === 'units') return { fund, t, units: weighting.units, weights: {}, shares }
    if (Number.isNaN(this.figures.pricedSince) && targets.anyQuoted) this.figures.pricedSince = t
    if (targets.missing(t).length > 0 && !(t >= this.dueAt)) return undefined
    const weights = targets.weigh(t)
    if (weights === undefined) return undefined
    const units = new Map<string, bigint>()
    for (const [asset, weight] of weights) {
      const price = fromNumber(targets.priceOf(asset))
      const share = fromNumber(weight)
      if (!price || share === undefined) return undefined
      units.set(asset, (share * initialPrice) / price)
    }
    return { fund, t, units, weights: Object.fromEntries(weights), shares }
  }

  /**
   * Takes in what has happened to assets so far, in order of time. A fund's definition speaks of assets as they were when it began: what
   * happened before does not change it.
   */
  follow(events: readonly AssetEvent[]): void {
    this.events = events
    const since = events.filter(({ t }) => t > this.inceptionT)
    this.dead.follow(events, this.begun ? this.inceptionT : Number.POSITIVE_INFINITY)
    this.targets.follow(since, new Set(since.flatMap(({ kind, asset }) => (kind === 'delisting' ? [asset] : []))))
    for (const instrument of this.targets.instruments()) this.watch(instrument)
    this.changes.mark(this)
  }

  /**
   * Takes over what the fund is and owns by the journal. Prices, weights and drifts stay as they were until the next frame. `same` says that it
   * is the same in other units, after something has happened to an asset.
   */
  hold({ t, units, weights, shares, custody, halted, rebalancedAt = Number.NaN, earlier }: FundHoldings, same = false): void {
    this.shares = shares
    this.sharesAmount = toNumber(shares)
    const first = this.inceptionT !== t
    this.inceptionT = t
    const untargeted = this.spec.weighting.scheme === 'units' ? Number.NaN : 0
    // A member that is meant to be held and is not yet is as far from its target as can be.
    const members = new Set([...units.keys(), ...Object.keys(weights).filter(asset => weights[asset]! > 0)])
    // The figures so far, before their columns are given up.
    this.figuresNow()
    const rows = [...members].map(asset => {
      const row = this.constituents.get(asset) ?? { ...UNKNOWN, asset, target: Number.NaN }
      this.constituents.set(asset, row)
      return row
    })
    const held = holdingsOf(rows)
    this.holdings = held
    for (const [i, row] of rows.entries()) {
      const perShare = units.get(row.asset) ?? 0n
      row.units = perShare
      const instrument = this.instrumentOf(row.asset)
      held.instruments[i] = instrument
      held.places[i] = instrument?.index ?? CASH
      held.amount[i] = toNumber(custody.get(row.asset) ?? 0n)
      held.units[i] = toNumber(perShare)
      held.price[i] = row.price
      held.weight[i] = row.weight
      held.drift[i] = row.drift
      held.target[i] = weights[row.asset] ?? untargeted
    }
    this.rowsStale = true
    this.figures.constituents = [...this.constituents.values()]
    // An asset that has left stays in its place as unknown, so that its last figures do not stay on a screen.
    for (const row of this.constituents.values()) if (!members.has(row.asset)) Object.assign(row, UNKNOWN, { target: Number.NaN })
    this.figures.shares = shares
    this.figures.halted = halted
    this.figures.rebalanceLast = rebalancedAt
    this.figures.pending = []
    this.figures.pricedSince = Number.NaN
    if (earlier?.at !== undefined) this.enteredAt = earlier.at
    if (earlier && !same) this.level.goOn(held, earlier)
    else this.level.hold(held, same)
    if (first && this.events.length > 0) this.follow(this.events)
  }

  /** Goes on from the newest state that was stored before this start: it has what neither the journal nor prices say. */
  restore(row: FundRow): void {
    const { figures: f } = this
    this.changes.mark(this)
    if (!this.begun) {
      if (!(f.pricedSince <= row.pricedSince)) f.pricedSince = row.pricedSince
      return
    }
    if (row.shares === undefined) return
    this.level.restore(
      row,
      this.events.some(({ t }) => t > row.t),
    )
    if (!(row.rebalanceSince > (f.rebalanceLast || Number.NEGATIVE_INFINITY))) return
    if (f.rebalanceNeeded) f.rebalanceSince = row.rebalanceSince
    else this.neededBefore = row.rebalanceSince
  }

  /** Takes circulating supplies in units; an asset that is not named keeps its own. Returns whether that changes anything. */
  supply(supplies: ReadonlyMap<string, number>): boolean {
    const changed = this.targets.supply(supplies)
    if (changed) this.changes.mark(this)
    return changed
  }

  /** Returns whether an asset has a market at `t` (ms). */
  hasMarket(asset: string, t: number): boolean {
    const instrument = this.instrumentOf(asset)
    return instrument === undefined || !this.dead.isDead(asset, instrument, t)
  }

  /** ms: when the newest trade or quote of what it may hold came. */
  get movedAt(): number {
    let at = Number.NEGATIVE_INFINITY
    for (const { t, quoteT } of this.watched) at = Math.max(at, t || at, quoteT || at)
    return at
  }

  /** What the fund's level is divided by; NaN while it is not known. */
  get levelDivisor(): number {
    return this.level.divisorNow
  }

  /** What its figures are computed from. */
  get parts(): FundParts {
    const { holdings, sharesAmount, level, marketInstrument } = this
    return { holdings, shares: sharesAmount, ...level.parts, market: marketInstrument, inceptionT: this.inceptionT }
  }

  /** Computes the figures at the end of the frame `t`. */
  refresh(t: number): void {
    this.touch(this.changes)
    const f = this.figures
    f.t = t
    f.seenAt = t
    if (this.begun) this.valueHoldings(t)
    else f.pending = this.targets.missing(t)
    f.market = this.marketInstrument?.price ?? Number.NaN
    f.premium = (f.market - f.nav) / f.nav
  }

  /** Returns the figures with those of the constituents, which stay in columns until somebody looks. */
  figuresNow(): FundRow {
    if (this.rowsStale) {
      const { rows, price, weight, target, drift, priceT } = this.holdings
      for (let i = 0; i < rows.length; i++) {
        const row = rows[i]!
        row.price = price[i]!
        row.weight = weight[i]!
        row.target = target[i]!
        row.drift = drift[i]!
        row.priceT = priceT[i]!
      }
      this.rowsStale = false
    }
    return this.figures
  }

  /** Undefined is cash. An asset that the configuration no longer names still has its price. */
  private instrumentOf(asset: string): Instrument | undefined {
    if (asset === this.spec.quote) return undefined
    const known = this.targets.instrument(asset) ?? this.others.get(asset)
    if (known) return known
    const instrument = this.market.instrument(`${asset}-${this.spec.quote}`)
    this.watch(instrument)
    this.others.set(asset, instrument)
    return instrument
  }

  private watch(instrument: Instrument): void {
    if (this.watched.has(instrument)) return
    this.watched.add(instrument)
    instrument.add(this)
  }

  private valueHoldings(t: number): void {
    const f = this.figures
    let aum = 0
    let bid = 0
    let ask = 0
    let oldest = t
    let stale = false
    let perShare = 0
    let oldestTrade = t
    const held = this.holdings
    const { places, amount, units, price: prices } = held
    const { price: newest, t: tradeT, bid: bids, ask: asks, quoteT, stale: silent } = this.market.quotes
    for (let i = 0; i < places.length; i++) {
      const place = places[i]!
      const unit = units[i]!
      const price = place === CASH ? 1 : newest[place]!
      prices[i] = price
      aum += worth(amount[i]!, price)
      perShare += worth(unit, price)
      if (place === CASH) {
        bid += unit
        ask += unit
        continue
      }
      bid += worth(unit, bids[place]!)
      ask += worth(unit, asks[place]!)
      const quoted = quoteT[place]!
      const traded = tradeT[place]!
      oldest = Math.min(oldest, Number.isNaN(quoted) ? traded : quoted)
      if (silent[place] === 1) stale = true
      if (traded < oldestTrade) oldestTrade = traded
    }
    this.rowsStale = true
    if (!Number.isNaN(aum + perShare)) f.pending = []
    else f.pending = held.assets.filter((_, i) => Number.isNaN(held.price[i]))
    f.aum = aum
    f.nav = this.shares > 0n ? aum / this.sharesAmount : perShare
    f.inavBid = bid - (this.spec.redeemFeeBps / BPS) * f.nav
    f.inavAsk = ask + (this.spec.createFeeBps / BPS) * f.nav
    f.inavMid = (bid + ask) / 2
    f.inavAge = t - oldest
    f.stale = stale
    this.age(t, oldestTrade)
    f.level = this.level.at(perShare)
    f.divisor = this.level.divisorNow
    this.measureDrift(aum)
    this.trigger(t)
  }

  /** Notes which prices are old, and which members have no market. */
  private age(t: number, oldestTrade: number): void {
    const f = this.figures
    const { dead, holdings } = this
    this.agesAt = oldestTrade + Math.min(OLD_MS, dead.delistAfterMs) + 1
    if (t < this.agesAt && !this.aged && !dead.anyDelisted) return
    this.agesAt = Number.POSITIVE_INFINITY
    this.aged = false
    this.delisted = false
    const blocked: string[] = []
    for (const [i, instrument] of holdings.instruments.entries()) {
      if (instrument === undefined) continue
      const asset = holdings.assets[i]!
      const isOld = t - instrument.t > OLD_MS
      holdings.priceT[i] = isOld ? instrument.t : Number.NaN
      this.aged ||= isOld
      for (const at of [instrument.t + OLD_MS, dead.aliveUntil(instrument)]) if (at >= t) this.agesAt = Math.min(this.agesAt, at + 1)
      if (!dead.isDead(asset, instrument, t)) continue
      blocked.push(asset)
      // A feed that is silent itself says nothing about one market.
      this.delisted ||= dead.isDelisted(asset, instrument) || instrument.feeds.some(({ silent }) => !silent)
    }
    f.blocked = blocked
    f.stale ||= blocked.length > 0
    this.aged ||= blocked.length > 0
  }

  private measureDrift(aum: number): void {
    const f = this.figures
    const live = this.spec.targets === 'live' ? this.targets.weigh(f.t) : undefined
    const fixedUnits = this.spec.weighting.scheme === 'units'
    let total = 0
    let largestDrift = 0
    let largestRelative = 0
    let aimed = 0
    const { assets, amount, price, weight, target, drift } = this.holdings
    for (let i = 0; i < assets.length; i++) {
      weight[i] = worth(amount[i]!, price[i]!) / aum
      if (fixedUnits) target[i] = weight[i]!
      else if (this.spec.targets === 'live') target[i] = live?.get(assets[i]!) ?? (live ? 0 : Number.NaN)
      drift[i] = weight[i]! - target[i]!
      aimed += target[i]!
      const away = Math.abs(drift[i]!)
      total += away
      largestDrift = Math.max(largestDrift, away)
      if (target[i]! > 0) largestRelative = Math.max(largestRelative, away / target[i]!)
    }
    // Members of this moment that are not held: each is its whole target away.
    if (live && aimed < 1 - SUM_TOLERANCE) {
      for (const [asset, target] of live) {
        if (assets.includes(asset)) continue
        total += target
        largestDrift = Math.max(largestDrift, target)
        largestRelative = Math.max(largestRelative, 1)
      }
    }
    f.totalDrift = total / 2
    f.maxDrift = largestDrift
    this.relativeDrift = largestRelative
  }

  private trigger(t: number): void {
    const f = this.figures
    const reason = this.delisted ? 'delisted' : rebalanceReason(f, this.relativeDrift, this.inceptionT, this.spec.rebalance, t)
    if (reason !== '' && !f.rebalanceNeeded) f.rebalanceSince = Number.isNaN(this.neededBefore) ? t : this.neededBefore
    if (reason === '') f.rebalanceSince = Number.NaN
    // While prices are stale or missing they say nothing.
    if (!f.stale && !Number.isNaN(f.totalDrift)) this.neededBefore = Number.NaN
    f.rebalanceNeeded = reason !== ''
    f.rebalanceReason = reason
  }
}

/** Returns a copy of the figures for the store, as of `t` (ms): the fund goes on writing to its own. */
export const fundRow = (fund: Fund, t: number): FundRow => {
  const figures = fund.figuresNow()
  return { ...figures, t, constituents: figures.constituents.map(c => ({ ...c })) }
}
