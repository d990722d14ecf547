import { type Changes, type Dependent, Source } from '../lib/dependencies.ts'
import type { Instrument, Market } from '../market/market.ts'

/** A pool as something that says what an asset costs, in units of the other asset in it. */
export interface Anchor {
  /** Its logs. */
  readonly events: Source
  /** The other asset. */
  readonly beside: AssetPrice
  /** NaN where unknown. */
  ratio(): number
  /** Units of the other asset that lie in the pool; NaN where unknown. */
  locked(): number
}

/** A pool tells a price by what is locked in it of the other asset: with less than this, in the quote currency, anybody can move it. */
const LEAST_LOCKED = 10_000

/**
 * The price of an asset in the quote currency: the book's, else that of the deepest pool in which it lies beside an asset that the book
 * knows. A price that comes from a pool derives no other, so none can come to rest on itself.
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

  /** NaN where the book knows none. */
  get ofBook(): number {
    return this.instrument === undefined ? 1 : this.instrument.price
  }

  /** NaN where nothing tells it. */
  get known(): number {
    const ofBook = this.ofBook
    return Number.isNaN(ofBook) ? this.derived() : ofBook
  }

  /** Makes it follow from a pool too. All pools are there before anybody follows a price. */
  restOn(anchor: Anchor): void {
    this.anchors.push(anchor)
  }

  /** What it is computed from changed after the frame numbered `frame`. */
  changedSince(frame: number): boolean {
    if (this.bookChangedSince(frame)) return true
    if (!Number.isNaN(this.ofBook)) return false
    return this.anchors.some(({ events, beside }) => events.changedAt > frame || beside.bookChangedSince(frame))
  }

  follow(dependent: Dependent): void {
    this.add(dependent)
    this.followers += 1
    if (this.followers === 1) for (const source of this.sources()) source.add(this)
  }

  unfollow(dependent: Dependent): void {
    this.remove(dependent)
    this.followers -= 1
    if (this.followers === 0) for (const source of this.sources()) source.remove(this)
  }

  refresh(): void {
    if (this.changedSince(this.changes.frame - 1)) this.touch(this.changes)
  }

  private bookChangedSince(frame: number): boolean {
    return this.instrument !== undefined && this.instrument.changedAt > frame
  }

  private derived(): number {
    let most = LEAST_LOCKED
    let price = Number.NaN
    for (const anchor of this.anchors) {
      const unit = anchor.beside.ofBook
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

/** The prices of assets over one book: one of each, for all pools. */
export class AssetPrices {
  private readonly market: Market
  private readonly changes: Changes
  private readonly prices = new Map<string, AssetPrice>()

  constructor(market: Market, changes: Changes) {
    this.market = market
    this.changes = changes
  }

  of(asset: string, quote: string): AssetPrice {
    const symbol = `${asset}-${quote}`
    const price = this.prices.get(symbol) ?? new AssetPrice(asset === quote ? undefined : this.market.instrument(symbol), this.changes)
    this.prices.set(symbol, price)
    return price
  }
}
