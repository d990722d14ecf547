import type { AssetEvent } from '../market/assetEvent.ts'
import type { Instrument } from '../market/market.ts'

/** Which assets have no market: nothing was traded for too long, or they were delisted. Nothing may be traded at their last price. */
export class DeadMarkets {
  readonly delistAfterMs: number
  /** Asset → when it was delisted, ms. */
  private delistedAt: ReadonlyMap<string, number> = new Map()
  /** ms: when the fund began; of what was delisted before, a later trade shows that it has a market again. */
  private since = Number.POSITIVE_INFINITY

  constructor(delistAfterMs = Number.POSITIVE_INFINITY) {
    this.delistAfterMs = delistAfterMs
  }

  /** Takes in what has happened to assets so far, of a fund that began at `since` (ms; Infinity if it has not begun). */
  follow(events: readonly AssetEvent[], since: number): void {
    this.since = since
    this.delistedAt = new Map(events.flatMap(({ kind, asset, t }) => (kind === 'delisting' ? [[asset, t] as const] : [])))
  }

  /** Whether any asset was ever delisted. */
  get anyDelisted(): boolean {
    return this.delistedAt.size > 0
  }

  /** Returns whether an asset was delisted, and is no other's name since. */
  isDelisted(asset: string, instrument: Instrument): boolean {
    const at = this.delistedAt.get(asset)
    return at !== undefined && (at > this.since || !(instrument.t >= at))
  }

  /** Returns the last moment (ms) at which the newest trade still stands for a market; NaN without one. */
  aliveUntil(instrument: Instrument): number {
    // Between two long candles nothing is missing.
    return instrument.t + Math.max(this.delistAfterMs, 2 * instrument.candleMs)
  }

  /** Returns whether nothing may be traded at the asset's last price at `t` (ms). */
  isDead(asset: string, instrument: Instrument, t: number): boolean {
    return t > instrument.t + this.delistAfterMs
      ? t > this.aliveUntil(instrument) || this.isDelisted(asset, instrument)
      : this.isDelisted(asset, instrument)
  }
}
