import type { Book, Instrument } from '../book.ts'
import { fromNumber, toNumber } from '../decimal.ts'
import type { FundHoldings, Proposal } from '../input.ts'
import type { Mutable } from '../mutable.ts'
import type { Constituent, FundRow } from '../rows.ts'
import { type Changes, type Dependent, Source } from '../source.ts'
import { capHolds, cappedWeights, largest, type Weights } from './weighting.ts'

/** A fund as its definition says it. */
export interface FundSpec {
  readonly id: string
  readonly name: string
  readonly quote: string
  readonly weighting: Weighting
  /** Asset → circulating supply, of all the fund may choose from. */
  readonly supplies: ReadonlyMap<string, number>
  /** 10⁻¹⁸ of the quote currency, for a share at inception. */
  readonly initialPrice: bigint
  /** 10⁻¹⁸ shares. */
  readonly initialShares: bigint
  readonly inceptionTimeoutMs: number
  readonly targets: 'frozen' | 'live'
  readonly rebalance: RebalanceRules
  /** Of the net asset value of what is created or redeemed, in basis points. */
  readonly createFeeBps: number
  readonly redeemFeeBps: number
  /** The symbol its shares trade under. */
  readonly market: string | undefined
}

export type Weighting =
  | { readonly scheme: 'market-cap'; readonly count: number; readonly cap: number }
  | { readonly scheme: 'equal'; readonly assets: readonly string[]; readonly cap: number }
  | { readonly scheme: 'fixed'; readonly weights: ReadonlyMap<string, number>; readonly cap: number }
  | { readonly scheme: 'units'; readonly units: ReadonlyMap<string, bigint> }

export interface RebalanceRules {
  /** On |weight − target| of any asset; strictly greater. */
  readonly assetThreshold: number
  /** On ½ Σ |weight − target|; strictly greater. */
  readonly totalThreshold: number
  /** ms since the last one. */
  readonly maxIntervalMs: number
}

interface Holding {
  readonly instrument: Instrument | undefined
  readonly figures: Mutable<Constituent>
  /** Held for all shares together, as a measure. */
  readonly amount: number
  /** Units a share, as a measure. */
  readonly units: number
}

const UNKNOWN = { units: undefined, price: Number.NaN, weight: Number.NaN, drift: Number.NaN }

const BPS = 10_000

/** Where `level` begins. */
const BASE_LEVEL = 100

/**
 * One fund: what it may hold, what it holds since its inception, and its figures. Prices come from the book, holdings from the
 * journal's entries; it owns neither.
 *
 * aum = Σ custody × price; nav = aum ÷ shares, or Σ units × price while there is no share; weight = custody value ÷ aum;
 * drift = weight − target. inav.bid is what the basket of a share fetches at the best bids, less the fee of a redemption; inav.ask
 * what it costs at the best asks, with the fee of a creation; inav.mid lies between the two baskets, before fees. A figure that
 * needs a price nobody knows is unknown.
 */
export class Fund extends Source implements Dependent {
  readonly spec: FundSpec
  readonly figures: Mutable<FundRow>
  dirty = false
  private readonly changes: Changes
  private readonly book: Book
  private readonly candidates: ReadonlyMap<string, Instrument | undefined>
  /** What it holds and could not choose any more. */
  private readonly others = new Map<string, Instrument>()
  private readonly market: Instrument | undefined
  private holdings: Holding[] = []
  private shares = 0n
  private sharesAmount = 0
  private firstPricedAt = Number.NaN
  private inceptionT = Number.NaN
  private basis = Number.NaN

  constructor(spec: FundSpec, book: Book, changes: Changes) {
    super()
    this.spec = spec
    this.book = book
    this.changes = changes
    this.candidates = new Map(
      candidatesOf(spec).map(asset => [asset, asset === spec.quote ? undefined : book.instrument(`${asset}-${spec.quote}`)]),
    )
    this.market = spec.market === undefined ? undefined : book.instrument(spec.market)
    for (const instrument of this.candidates.values()) instrument?.add(this)
    this.market?.add(this)
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
    const quoted = [...this.candidates.values()].filter(instrument => instrument !== undefined)
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
  hold({ t, units, weights, shares, custody, halted }: FundHoldings): void {
    this.shares = shares
    this.sharesAmount = toNumber(shares)
    this.inceptionT = t
    const known = new Map(this.holdings.map(h => [h.figures.asset, h]))
    this.holdings = [...units].map(([asset, perShare]) => {
      const target = weights[asset] ?? Number.NaN
      const figures = known.get(asset)?.figures ?? { ...UNKNOWN, asset, target }
      figures.units = perShare
      figures.target = target
      return { instrument: this.instrumentOf(asset), figures, amount: toNumber(custody.get(asset) ?? 0n), units: toNumber(perShare) }
    })
    this.figures.constituents = this.holdings.map(h => h.figures)
    this.figures.shares = shares
    this.figures.halted = halted
    this.figures.pending = []
    if (Number.isNaN(this.basis) && this.spec.weighting.scheme !== 'units') this.basis = toNumber(this.spec.initialPrice)
  }

  /** Computes the figures at the end of the frame `t`. */
  refresh(t: number): void {
    this.touch(this.changes)
    const f = this.figures
    f.t = t
    if (this.begun) this.valueHoldings(t)
    else f.pending = this.missing()
    f.market = this.market?.price ?? Number.NaN
    f.premium = (f.market - f.nav) / f.nav
  }

  /** Undefined is cash. An asset that the configuration no longer names still has its price. */
  private instrumentOf(asset: string): Instrument | undefined {
    if (asset === this.spec.quote) return undefined
    const known = this.candidates.get(asset) ?? this.others.get(asset)
    if (known) return known
    const instrument = this.book.instrument(`${asset}-${this.spec.quote}`)
    instrument.add(this)
    this.others.set(asset, instrument)
    return instrument
  }

  private valueHoldings(t: number): void {
    const f = this.figures
    let aum = 0
    let bid = 0
    let ask = 0
    let oldest = t
    let stale = false
    let perShare = 0
    for (const { instrument, figures, amount, units } of this.holdings) {
      const price = instrument === undefined ? 1 : instrument.price
      figures.price = price
      aum += amount * price
      perShare += units * price
      if (instrument === undefined) {
        bid += units
        ask += units
      } else {
        bid += units * instrument.bid
        ask += units * instrument.ask
        oldest = Math.min(oldest, Number.isNaN(instrument.quoteT) ? instrument.t : instrument.quoteT)
        if (instrument.stale) stale = true
      }
    }
    if (!Number.isNaN(aum)) f.pending = []
    else f.pending = this.holdings.filter(h => Number.isNaN(h.figures.price)).map(h => h.figures.asset)
    f.aum = aum
    f.nav = this.shares > 0n ? aum / this.sharesAmount : perShare
    f.inavBid = bid - (this.spec.redeemFeeBps / BPS) * f.nav
    f.inavAsk = ask + (this.spec.createFeeBps / BPS) * f.nav
    f.inavMid = (bid + ask) / 2
    f.inavAge = t - oldest
    f.stale = stale
    if (Number.isNaN(this.basis)) this.basis = f.nav
    f.level = (BASE_LEVEL * f.nav) / this.basis
    this.drift(aum)
    this.trigger(t)
  }

  private drift(aum: number): void {
    const f = this.figures
    const live = this.spec.targets === 'live' ? this.weigh() : undefined
    const fixedUnits = this.spec.weighting.scheme === 'units'
    let total = 0
    let largestDrift = 0
    for (const { figures, amount } of this.holdings) {
      figures.weight = (amount * figures.price) / aum
      if (fixedUnits) figures.target = figures.weight
      else if (this.spec.targets === 'live') figures.target = live?.get(figures.asset) ?? (live ? 0 : Number.NaN)
      figures.drift = figures.weight - figures.target
      total += Math.abs(figures.drift)
      largestDrift = Math.max(largestDrift, Math.abs(figures.drift))
    }
    f.totalDrift = total / 2
    f.maxDrift = largestDrift
  }

  /** Why the weights should be set anew, if they should. Nothing is concluded from stale or missing prices. */
  private trigger(t: number): void {
    const f = this.figures
    const { assetThreshold, totalThreshold, maxIntervalMs } = this.spec.rebalance
    const last = Number.isNaN(f.rebalanceLast) ? this.inceptionT : f.rebalanceLast
    let reason = ''
    if (!f.stale && !Number.isNaN(f.totalDrift)) {
      if (f.maxDrift > assetThreshold) reason = 'asset'
      else if (f.totalDrift > totalThreshold) reason = 'total'
      else if (t - last > maxIntervalMs) reason = 'age'
    }
    if (reason !== '' && !f.rebalanceNeeded) f.rebalanceSince = t
    if (reason === '') f.rebalanceSince = Number.NaN
    f.rebalanceNeeded = reason !== ''
    f.rebalanceReason = reason
  }

  /** Target weights by the prices of this moment; undefined where they do not suffice. */
  private weigh(): Weights | undefined {
    const { weighting, supplies } = this.spec
    const priced = [...this.candidates.keys()].filter(asset => !Number.isNaN(this.priceOf(asset)))
    switch (weighting.scheme) {
      case 'market-cap':
        return cappedWeights(
          largest(
            priced.map(asset => [asset, this.priceOf(asset) * (supplies.get(asset) ?? 0)] as const),
            weighting.count,
          ),
          weighting.cap,
        )
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
    return [...this.candidates.keys()].filter(asset => Number.isNaN(this.priceOf(asset)))
  }
}

/** The figures as they stand, for the store: the fund goes on writing to its own. */
export const fundRow = (fund: Fund, t: number): FundRow => ({
  ...fund.figures,
  t,
  constituents: fund.figures.constituents.map(c => ({ ...c })),
})

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
