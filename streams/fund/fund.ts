import { fromNumber, toNumber } from '../lib/decimal.ts'
import { type Changes, type Dependent, Source } from '../lib/dependencies.ts'
import type { Mutable } from '../lib/mutable.ts'
import type { Instrument, Market } from '../market/market.ts'
import type { Constituent, FundRow } from '../measures/rows.ts'
import { concentrated } from './concentration.ts'
import type { FundHoldings, Proposal } from './inception.ts'
import type { FundSpec } from './spec.ts'
import { capHolds, cappedWeights, largest, type Weights } from './weighting.ts'

/**
 * What the fund holds, one place an asset, in columns: thousands of funds are computed in every frame, and objects of their own
 * would be fetched from all over the memory each time.
 */
interface Holdings {
  readonly assets: readonly string[]
  /** Undefined is cash. */
  readonly instruments: (Instrument | undefined)[]
  /** Their numbers in the book; −1 is cash. */
  readonly places: Int32Array
  /** Held for all shares together, and units a share, as measures. */
  readonly amount: Float64Array
  readonly units: Float64Array
  readonly price: Float64Array
  readonly weight: Float64Array
  readonly target: Float64Array
  readonly drift: Float64Array
  /** Where these are told, in the same places. */
  readonly told: readonly Mutable<Constituent>[]
}

const UNKNOWN = { units: undefined, price: Number.NaN, weight: Number.NaN, drift: Number.NaN }

const BPS = 10_000

/** No place in the book: it is its own price. */
const CASH = -1

/** Rounding of a sum of targets. */
const UNAIMED = 1e-9

/** Where `level` begins. */
const BASE_LEVEL = 100

/**
 * One fund: what it may hold, what it holds since its inception, and its figures. Prices come from the book, holdings from the
 * journal's entries; it owns neither.
 *
 * aum = Σ custody × price; nav = aum ÷ shares, or Σ units × price while there is no share; weight = custody value ÷ aum;
 * drift = weight − target. level = Σ units × price ÷ divisor, 100 at inception; where the units change, the divisor changes as the
 * value of the units does at the prices of that moment, so that the level shows what the members did and not what trading cost or
 * which members came and went. inav.bid is what the basket of a share fetches at the best bids, less the fee of a redemption; inav.ask
 * what it costs at the best asks, with the fee of a creation; inav.mid lies between the two baskets, before fees. A figure that
 * needs a price nobody knows is unknown.
 */
export class Fund extends Source implements Dependent {
  readonly spec: FundSpec
  readonly figures: Mutable<FundRow>
  dirty = false
  private readonly changes: Changes
  private readonly market: Market
  private readonly candidates: ReadonlyMap<string, Instrument | undefined>
  /** What it holds and could not choose any more. */
  private readonly others = new Map<string, Instrument>()
  private readonly marketInstrument: Instrument | undefined
  /** Of all that was ever held, each in the place it got at first. */
  private readonly constituents = new Map<string, Mutable<Constituent>>()
  private holdings = holdingsOf([])
  /** The columns have changed since they were last written into the figures. */
  private rowsStale = false
  private shares = 0n
  private sharesAmount = 0
  private firstPricedAt = Number.NaN
  private relativeDrift = Number.NaN
  private inceptionT = Number.NaN
  private supplies: ReadonlyMap<string, number>
  /** Value of `basis` ÷ level. */
  private divisor = Number.NaN
  /** The units that the level is reckoned by: those held, or those before while a price is missing that the change needs. */
  private basis = this.holdings

  constructor(spec: FundSpec, market: Market, changes: Changes) {
    super()
    this.spec = spec
    this.supplies = spec.supplies
    this.market = market
    this.changes = changes
    this.candidates = new Map(
      candidatesOf(spec).map(asset => [asset, asset === spec.quote ? undefined : market.instrument(`${asset}-${spec.quote}`)]),
    )
    this.marketInstrument = spec.market === undefined ? undefined : market.instrument(spec.market)
    for (const instrument of this.candidates.values()) instrument?.add(this)
    this.marketInstrument?.add(this)
    this.figures = emptyFigures(spec.id)
    this.figures.pending = this.missing()
  }

  get begun(): boolean {
    return this.figures.shares !== undefined
  }

  /** ms: when waiting for the missing prices ends; Infinity where it does not wait. */
  get dueAt(): number {
    return this.begun || Number.isNaN(this.firstPricedAt) ? Number.POSITIVE_INFINITY : this.firstPricedAt + this.spec.inceptionTimeoutMs
  }

  /**
   * The inception that the prices of this moment allow: every candidate has one, or waiting has ended and those that have one
   * suffice. units = weight × initialPrice ÷ price, down to 18 decimals.
   */
  proposal(t: number): Proposal | undefined {
    if (this.begun) return undefined
    const { weighting, initialPrice, initialShares: shares, id: fund } = this.spec
    if (weighting.scheme === 'units') return { fund, t, units: weighting.units, weights: {}, shares }
    const missing = this.missing()
    // Cash has its price before any market has said a word.
    const quoted = this.eligible().filter(asset => this.candidates.get(asset) !== undefined)
    if (missing.length < quoted.length && Number.isNaN(this.firstPricedAt)) this.firstPricedAt = t
    if (missing.length > 0 && !(t >= this.dueAt)) return undefined
    const weights = this.weigh()
    if (weights === undefined) return undefined
    const units = new Map<string, bigint>()
    for (const [asset, weight] of weights) {
      const price = fromNumber(this.priceOf(asset))
      const share = fromNumber(weight)
      if (!price || share === undefined) return undefined
      units.set(asset, (share * initialPrice) / price)
    }
    return { fund, t, units, weights: Object.fromEntries(weights), shares }
  }

  /** Takes what the journal says that the fund is and owns. */
  hold({ t, units, weights, shares, custody, halted, rebalancedAt = Number.NaN, divisor }: FundHoldings): void {
    this.shares = shares
    this.sharesAmount = toNumber(shares)
    this.inceptionT = t
    const untargeted = this.spec.weighting.scheme === 'units' ? Number.NaN : 0
    // A member that is meant to be and not held yet is as far from its target as can be.
    const members = new Set([...units.keys(), ...Object.keys(weights).filter(asset => weights[asset]! > 0)])
    const first = this.holdings.assets.length === 0
    // The figures so far, before their columns are given up.
    this.figuresNow()
    const told = [...members].map(asset => {
      const figures = this.constituents.get(asset) ?? { ...UNKNOWN, asset, target: Number.NaN }
      this.constituents.set(asset, figures)
      return figures
    })
    this.holdings = holdingsOf(told)
    for (const [i, figures] of told.entries()) {
      const perShare = units.get(figures.asset) ?? 0n
      figures.units = perShare
      const instrument = this.instrumentOf(figures.asset)
      this.holdings.instruments[i] = instrument
      this.holdings.places[i] = instrument?.index ?? CASH
      this.holdings.amount[i] = toNumber(custody.get(figures.asset) ?? 0n)
      this.holdings.units[i] = toNumber(perShare)
      // What it was stays until the next frame, but for what is meant to be.
      this.holdings.price[i] = figures.price
      this.holdings.weight[i] = figures.weight
      this.holdings.drift[i] = figures.drift
      this.holdings.target[i] = weights[figures.asset] ?? untargeted
    }
    this.rowsStale = true
    this.figures.constituents = [...this.constituents.values()]
    // Who has left is still told of, as unknown and in its place, so that its last figures do not stay on a screen.
    for (const figures of this.constituents.values())
      if (!members.has(figures.asset)) Object.assign(figures, UNKNOWN, { target: Number.NaN })
    this.figures.shares = shares
    this.figures.halted = halted
    this.figures.rebalanceLast = rebalancedAt
    this.figures.pending = []
    if (divisor !== undefined) {
      this.divisor = divisor
      this.basis = this.holdings
    } else if (first || sameUnits(this.basis, this.holdings)) this.basis = this.holdings
    else this.link()
    if (Number.isNaN(this.divisor) && this.spec.weighting.scheme !== 'units') this.divisor = toNumber(this.spec.initialPrice) / BASE_LEVEL
  }

  /** Supplies as they are from now on; a candidate that is not named keeps its own. False where that changes nothing. */
  supply(supplies: ReadonlyMap<string, number>): boolean {
    if (this.spec.weighting.scheme !== 'market-cap') return false
    const now = new Map([...this.supplies].map(([asset, before]) => [asset, supplies.get(asset) ?? before]))
    if ([...now].every(([asset, supply]) => this.supplies.get(asset) === supply)) return false
    this.supplies = now
    this.changes.mark(this)
    return true
  }

  /** Value of the units ÷ level, so that the level can go on where it was. NaN while it is not known. */
  get levelDivisor(): number {
    return this.basis === this.holdings ? this.divisor : Number.NaN
  }

  /** Lets the level go by the units held from now on, without a jump; later, where a price is missing. */
  private link(): void {
    const before = unitsValue(this.basis)
    const after = unitsValue(this.holdings)
    if (!(before > 0 && after > 0)) return
    this.divisor *= after / before
    this.basis = this.holdings
  }

  /** Computes the figures at the end of the frame `t`. */
  refresh(t: number): void {
    this.touch(this.changes)
    const f = this.figures
    f.t = t
    if (this.begun) this.valueHoldings(t)
    else f.pending = this.missing()
    f.market = this.marketInstrument?.price ?? Number.NaN
    f.premium = (f.market - f.nav) / f.nav
  }

  /** Undefined is cash. An asset that the configuration no longer names still has its price. */
  private instrumentOf(asset: string): Instrument | undefined {
    if (asset === this.spec.quote) return undefined
    const known = this.candidates.get(asset) ?? this.others.get(asset)
    if (known) return known
    const instrument = this.market.instrument(`${asset}-${this.spec.quote}`)
    instrument.add(this)
    this.others.set(asset, instrument)
    return instrument
  }

  /** The figures with those of the constituents, which are columns until somebody looks. */
  figuresNow(): FundRow {
    if (this.rowsStale) {
      const { told, price, weight, target, drift } = this.holdings
      for (let i = 0; i < told.length; i++) {
        const figures = told[i]!
        figures.price = price[i]!
        figures.weight = weight[i]!
        figures.target = target[i]!
        figures.drift = drift[i]!
      }
      this.rowsStale = false
    }
    return this.figures
  }

  private valueHoldings(t: number): void {
    const f = this.figures
    let aum = 0
    let bid = 0
    let ask = 0
    let oldest = t
    let stale = false
    let perShare = 0
    if (this.basis !== this.holdings) this.link()
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
      oldest = Math.min(oldest, Number.isNaN(quoted) ? tradeT[place]! : quoted)
      if (silent[place] === 1) stale = true
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
    if (Number.isNaN(this.divisor)) this.divisor = perShare / BASE_LEVEL
    f.level = (this.basis === this.holdings ? perShare : unitsValue(this.basis)) / this.divisor
    this.drift(aum)
    this.trigger(t)
  }

  private drift(aum: number): void {
    const f = this.figures
    const live = this.spec.targets === 'live' ? this.weigh() : undefined
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
    // Members of now that are not held: each is its whole target away.
    if (live && aimed < 1 - UNAIMED) {
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

  /** Why the weights should be set anew, if they should. Nothing is concluded from stale or missing prices, or in the cool-off. */
  private trigger(t: number): void {
    const f = this.figures
    const { assetThreshold, relativeThreshold, totalThreshold, maxIntervalMs, coolOffMs } = this.spec.rebalance
    const last = Number.isNaN(f.rebalanceLast) ? this.inceptionT : f.rebalanceLast
    const cooling = coolOffMs !== undefined && t - f.rebalanceLast < coolOffMs
    let reason = ''
    if (!f.stale && !Number.isNaN(f.totalDrift) && !cooling) {
      if (f.maxDrift > assetThreshold) reason = 'asset'
      else if (relativeThreshold !== undefined && this.relativeDrift > relativeThreshold) reason = 'relative'
      else if (f.totalDrift > totalThreshold) reason = 'total'
      else if (t - last > maxIntervalMs) reason = 'age'
    }
    if (reason !== '' && !f.rebalanceNeeded) f.rebalanceSince = t
    if (reason === '') f.rebalanceSince = Number.NaN
    f.rebalanceNeeded = reason !== ''
    f.rebalanceReason = reason
  }

  /** Target weights by the prices of this moment; undefined where they do not suffice. */
  weigh(): Weights | undefined {
    const { weighting } = this.spec
    const priced = [...this.candidates.keys()].filter(asset => !Number.isNaN(this.priceOf(asset)))
    switch (weighting.scheme) {
      case 'market-cap': {
        const members = largest(
          priced.map(asset => [asset, this.priceOf(asset) * (this.supplies.get(asset) ?? 0)] as const),
          weighting.count,
        )
        return weighting.rules ? concentrated(members, weighting.cap, weighting.rules) : cappedWeights(members, weighting.cap)
      }
      case 'equal':
        return capHolds(weighting.cap, priced.length)
          ? cappedWeights(
              priced.map(asset => [asset, 1] as const),
              weighting.cap,
            )
          : undefined
      case 'fixed':
        if (priced.length < this.candidates.size) return undefined
        // They sum to one as they are written; none is computed where none has to be cut.
        return Math.max(...weighting.weights.values()) > weighting.cap ? cappedWeights(weighting.weights, weighting.cap) : weighting.weights
      case 'units':
        return undefined
    }
  }

  private priceOf(asset: string): number {
    if (asset === this.spec.quote) return 1
    return this.candidates.get(asset)?.price ?? Number.NaN
  }

  private missing(): string[] {
    return this.eligible().filter(asset => Number.isNaN(this.priceOf(asset)))
  }

  /** The candidates that it may choose now: of which there is a supply, where that counts. */
  private eligible(): string[] {
    const candidates = [...this.candidates.keys()]
    if (this.spec.weighting.scheme !== 'market-cap') return candidates
    return candidates.filter(asset => this.supplies.get(asset)! > 0)
  }
}

/** The figures as they stand, for the store: the fund goes on writing to its own. */
export const fundRow = (fund: Fund, t: number): FundRow => {
  const figures = fund.figuresNow()
  return { ...figures, t, constituents: figures.constituents.map(c => ({ ...c })) }
}

/** Nothing is worth nothing, whatever its price. */
const worth = (amount: number, price: number): number => (amount === 0 ? 0 : amount * price)

const holdingsOf = (told: readonly Mutable<Constituent>[]): Holdings => {
  const column = (): Float64Array => new Float64Array(told.length).fill(Number.NaN)
  return {
    assets: told.map(({ asset }) => asset),
    instruments: told.map(() => undefined),
    places: new Int32Array(told.length),
    told,
    amount: column(),
    units: column(),
    price: column(),
    weight: column(),
    target: column(),
    drift: column(),
  }
}

/** Of a share; NaN where a price is missing. */
const unitsValue = ({ instruments, units }: Holdings): number =>
  instruments.reduce((sum, instrument, i) => sum + worth(units[i]!, instrument === undefined ? 1 : instrument.price), 0)

const sameUnits = (a: Holdings, b: Holdings): boolean =>
  a.assets.length === b.assets.length && a.assets.every((asset, i) => asset === b.assets[i] && a.units[i] === b.units[i])

const candidatesOf = ({ weighting, supplies }: FundSpec): string[] => {
  switch (weighting.scheme) {
    case 'market-cap':
      return [...supplies].filter(([, supply]) => supply > 0).map(([asset]) => asset)
    case 'equal':
      return [...weighting.assets]
    case 'fixed':
      return [...weighting.weights.keys()]
    case 'units':
      return [...weighting.units.keys()]
  }
}

const emptyFigures = (id: string): Mutable<FundRow> => ({
  kind: 'fund',
  id,
  t: 0,
  nav: Number.NaN,
  aum: Number.NaN,
  shares: undefined,
  level: Number.NaN,
  inavBid: Number.NaN,
  inavMid: Number.NaN,
  inavAsk: Number.NaN,
  inavAge: Number.NaN,
  totalDrift: Number.NaN,
  maxDrift: Number.NaN,
  rebalanceNeeded: false,
  rebalanceReason: '',
  rebalanceSince: Number.NaN,
  rebalanceLast: Number.NaN,
  market: Number.NaN,
  premium: Number.NaN,
  pending: [],
  halted: false,
  stale: false,
  constituents: [],
})
