import { type Changes, type Dependent, Source } from '../lib/dependencies.ts'
import type { Instrument, Market } from '../market/market.ts'

/** A pool that says what an asset costs, in units of the other asset in it. */
export interface Anchor {
  /** Its logs. */
  readonly events: Source
  /** The other asset. */
  readonly beside: AssetPrice
  /** Returns units of the other asset for one of this; NaN if unknown. */
  ratio(): number
  /** Returns the units of the other asset that lie in the pool; NaN if unknown. */
  locked(): number
}

/** In the quote currency: a pool in which less is locked of the other asset gives no price, because anybody can move it. */
const LOCKED_MIN = 10_000

/**
 * The price of an asset in the quote currency: the market's, else that of the deepest pool in which it lies beside an asset that the market
 * prices. A price that comes from a pool gives no other, so none can come to rest on itself.
 */
export class AssetPrice extends Source implements Dependent {
  dirty = false
  private readonly instrument: Instrument | undefined
  private readonly changes: Changes
  private readonly anchors: Anchor[] = []
  private followers = 0

  /** `instrument` undefined: it is the quote currency itself. */
  constructor(instrument: Instrument | undefined, changes: Changes) {
    super()
    this.instrument = instrument
    this.changes = changes
  }

  /** Gives the market's price; undefined of the quote currency itself. */
  get market(): Instrument | undefined {
    return this.instrument
  }

  /** The market's price; NaN if it has none. */
  get ofMarket(): number {
    return this.instrument === undefined ? 1 : this.instrument.price
  }

  /** The market's price, else that of a pool; NaN if unknown. */
  get known(): number {
    const ofMarket = this.ofMarket
    return Number.isNaN(ofMarket) ? this.derived() : ofMarket
  }

  /** Lets it follow from a pool too. */
  restOn(anchor: Anchor): void {
    if (this.followers > 0) for (const source of this.sources()) source.remove(this)
    this.anchors.push(anchor)
    if (this.followers > 0) for (const source of this.sources()) source.add(this)
  }

  /** Says whether something it is computed from changed after the frame numbered `frame`. */
  changedSince(frame: number): boolean {
    if (this.marketChangedSince(frame)) return true
    if (!Number.isNaN(this.ofMarket)) return false
    return this.anchors.some(({ events, beside }) => events.changedAt > frame || beside.marketChangedSince(frame))
  }

  /** Lets changes of the price mark a dependent. */
  follow(dependent: Dependent): void {
    this.add(dependent)
    this.followers += 1
    if (this.followers === 1) for (const source of this.sources()) source.add(this)
  }

  /** Ends what `follow` began. */
  unfollow(dependent: Dependent): void {
    this.remove(dependent)
    this.followers -= 1
    if (this.followers === 0) for (const source of this.sources()) source.remove(this)
  }

  refresh(): void {
    if (this.changedSince(this.changes.frame - 1)) this.touch(this.changes)
  }

  private marketChangedSince(frame: number): boolean {
    return this.instrument !== undefined && this.instrument.changedAt > frame
  }

  private derived(): number {
    let most = LOCKED_MIN
    let price = Number.NaN
    for (const anchor of this.anchors) {
      const unit = anchor.beside.ofMarket
      const locked = anchor.locked() * unit
      const found = anchor.ratio() * unit
      // The first of two that are equally deep, so that the order of the configuration decides and nothing else.
      if (!(locked > most) || !Number.isFinite(found)) continue
      most = locked
      price = found
    }
    return price
  }

  private sources(): Set<Source> {
    const sources = new Set<Source>(this.instrument ? [this.instrument] : [])
    for (const { events, beside } of this.anchors) {
      sources.add(events)
      if (beside.instrument) sources.add(beside.instrument)
    }
    return sources
  }
}

/** The prices of assets over one market: one of each, for all pools. */
export class AssetPrices {
  private readonly market: Market
  private readonly changes: Changes
  private readonly prices = new Map<string, AssetPrice>()

  constructor(market: Market, changes: Changes) {
    this.market = market
    this.changes = changes
  }

  /** Returns the price of an asset in a quote currency, the same for all who ask. */
  of(asset: string, quote: string): AssetPrice {
    const symbol = `${asset}-${quote}`
    const price = this.prices.get(symbol) ?? new AssetPrice(asset === quote ? undefined : this.market.instrument(symbol), this.changes)
    this.prices.set(symbol, price)
    return price
  }
}
