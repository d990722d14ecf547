import { type Changes, type Dependent, Source } from '../lib/dependencies.ts'
import type { Mutable } from '../lib/mutable.ts'
import { unreachable } from '../lib/unreachable.ts'
import { DAY, floorTo } from '../market/candles.ts'
import type { FeedLine } from '../market/feedHealth.ts'
import type { Depth, Levels } from '../market/levels.ts'
import { initialRow } from '../measures/fields.ts'
import { POOL } from '../measures/poolFields.ts'
import type { PoolFigures, PoolRow } from '../measures/rows.ts'
import type { AssetPrice, AssetPrices } from './assetPrice.ts'
import { CanonicalLogs } from './canonicalLogs.ts'
import type { ChainLog } from './chainLog.ts'
import { impermanentLoss } from './impermanentLoss.ts'
import { OrderBook } from './orderBook.ts'
import { Inconsistent, type PoolState } from './poolState.ts'
import { type ReserveDelta, RollingVolume } from './rollingVolume.ts'
import type { PoolKind, PoolSpec, StableswapSpec, TokenSpec } from './spec.ts'
import { Stableswap } from './stableswap/stableswap.ts'
import { UniswapV2 } from './uniswapV2.ts'
import { UniswapV3 } from './uniswapV3/uniswapV3.ts'

/** The price of a token1 that the UTC day began with: that of 00:00 if one was known, else the first after it. */
interface DayPrice {
  readonly day: number
  readonly price: number
}

/** What a log did: the swap in it and its worth at that time, and the state after it. */
interface AppliedLog {
  readonly log: ChainLog
  readonly swap: ReserveDelta | undefined
  readonly worth: number
  readonly snapshot: unknown
  readonly dayPrice: DayPrice | undefined
}

/** How far the price moves for the depth that is shown, as a share of it. */
const SHOWN_DEPTH = 0.02

/** One pool: the state its logs give, and its measures in the quote currency at the prices of the moment. */
export class Pool extends Source implements Dependent {
  readonly spec: PoolSpec
  readonly figures: Mutable<PoolFigures>
  dirty = false
  private readonly changes: Changes
  private readonly chain: PoolState | undefined
  /** The prices of its tokens, if these are known. */
  private readonly assets: readonly [AssetPrice | undefined, AssetPrice | undefined]
  private readonly scales: readonly [number, number]
  private readonly feeds = new Set<FeedLine>()
  /** The feed and source whose order book it shows. */
  private followed: { readonly feed: FeedLine; readonly source: number } | undefined
  /** Its logs, the passing of its day and the silence of its feeds, as something it is computed from. */
  private readonly events = new Source()
  private readonly logs: CanonicalLogs<AppliedLog>
  private readonly day = new RollingVolume()
  /** The snapshot before its first log. */
  private readonly start: unknown
  private dayPrice: DayPrice | undefined
  /** The UTC day that time has come to. */
  private today = Number.NEGATIVE_INFINITY
  private listening = false

  constructor(spec: PoolSpec, prices: AssetPrices, changes: Changes) {
    super()
    this.spec = spec
    this.changes = changes
    const { token0, token1, quote } = spec
    const priced = (token: TokenSpec | undefined) => token && prices.of(token.asset, quote)
    this.assets = [priced(token0), priced(token1)]
    this.scales = [10 ** (token0?.decimals ?? Number.NaN), 10 ** (token1?.decimals ?? Number.NaN)]
    this.chain = stateOf(spec, this.scales)
    this.start = this.chain?.snapshot
    this.logs = new CanonicalLogs(startBlock(spec))
    this.figures = { ...initialRow(POOL, spec.id), pool: spec.kind, partial: true }
    this.events.add(this)
    this.anchorPrices()
  }

  /** Applies one of its logs, or reverts it if it is removed; false if that was done before. Throws as `PoolState.apply` does. */
  apply(log: ChainLog, feed: FeedLine): boolean {
    if (this.chain === undefined) return true
    try {
      if (!(log.removed ? this.revertLog(log, this.chain) : this.applyLog(log, this.chain))) return false
    } catch (error) {
      // The log is rejected, and what is unknown from here on has to be shown nevertheless.
      if (error instanceof Inconsistent) this.events.touch(this.changes)
      throw error
    }
    this.feeds.add(feed)
    feed.carries.add(this.events)
    this.events.touch(this.changes)
    return true
  }

  /**
   * Takes the levels of an order book as they stand now; undefined if they are no longer known. Other kinds ignore them. If several feeds
   * or sources send levels, one is followed until it is silent or knows nothing: books of two venues are two books.
   */
  applyLevels(levels: Levels | undefined, t: number, feed: FeedLine, source: number): void {
    const { chain, followed } = this
    if (!(chain instanceof OrderBook)) return
    const another = followed !== undefined && (followed.feed !== feed || followed.source !== source)
    if (another && (levels === undefined || (chain.snapshot !== undefined && !followed.feed.silent))) return
    this.followed = { feed, source }
    this.feeds.clear()
    this.feeds.add(feed)
    feed.carries.add(this.events)
    chain.replace(levels)
    this.figures.eventT = t
    this.events.touch(this.changes)
  }

  private applyLog(log: ChainLog, chain: PoolState): boolean {
    if (!this.logs.isNext(log)) return false
    const { t } = log
    this.openDay(t)
    const swap = chain.apply(log)
    const worth = swap ? this.worthOf(swap) : Number.NaN
    if (swap) this.day.add(t, swap, worth)
    this.openDay(t)
    this.logs.add(log, { log, swap, worth, snapshot: chain.snapshot, dayPrice: this.dayPrice })
    this.figures.eventT = t
    return true
  }

  private revertLog(log: ChainLog, chain: PoolState): boolean {
    const reverted = this.logs.revert(log)
    if (reverted === undefined) return false
    if (reverted.swap) this.day.revert(reverted.log.t, reverted.swap, reverted.worth)
    const newest = this.logs.newestEffect
    chain.revert(reverted.log, newest ? newest.snapshot : this.start)
    this.dayPrice = newest?.dayPrice
    this.openDay(this.today)
    return true
  }

  /** Switches whether price changes mark it, as they must while somebody watches. */
  listen(on: boolean): void {
    if (on === this.listening) return
    this.listening = on
    if (on) this.changes.mark(this)
    for (const asset of this.assets) {
      if (on) asset?.follow(this)
      else asset?.unfollow(this)
    }
  }

  /** Says whether something it is computed from changed after the frame numbered `frame`. */
  changedSince(frame: number): boolean {
    return this.events.changedAt > frame || this.assets.some(asset => asset?.changedSince(frame))
  }

  /** ms: when time alone changes its figures next; Infinity if it does not. */
  get changesAt(): number {
    const { price } = this
    const begins = price > 0 && price !== this.dayPrice?.price ? this.today + DAY : Number.POSITIVE_INFINITY
    return Math.min(this.day.losesAt, begins)
  }

  /** Lets time come to `t`: the day loses its oldest minutes, or another begins. */
  advance(t: number): void {
    const lost = this.day.advance(t)
    const began = this.openDay(t)
    if (lost || began) this.events.touch(this.changes)
  }

  refresh(t: number): void {
    this.evaluate(t)
    // A new listener has the figures computed, but changes nothing.
    if (this.changedSince(this.changes.frame - 1)) this.touch(this.changes)
  }

  /** Computes the figures as of `t` (ms), at the prices of the moment. */
  evaluate(t: number): void {
    const f = this.figures
    const { chain } = this
    f.t = t
    const day = this.day.total()
    if (chain) {
      f.price = this.price
      const { reserves } = chain
      f.reserve0 = reserves?.[0]
      f.reserve1 = reserves?.[1]
      f.il = this.dayPrice && FULL_RANGE[this.spec.kind] ? impermanentLoss(f.price / this.dayPrice.price) : Number.NaN
      chain.describe(f, day)
    }
    const [unit0, unit1] = this.units()
    // NaN if the reserves are unknown.
    f.tvl = Number(f.reserve0) * unit0 + Number(f.reserve1) * unit1
    const { bid, ask } = this.depth(SHOWN_DEPTH)
    f.depthBid2 = bid
    f.depthAsk2 = ask
    f.trades24h = day.n
    f.volume24h = day.worth
    f.fees24h = (f.volume24h * this.spec.feePips) / 1e6
    f.stale = this.feeds.size > 0 && [...this.feeds].every(feed => feed.silent)
  }

  /**
   * Returns what can be sold (`bid`) and bought (`ask`) before the price of a token1 has moved by `fraction` (above 0, below 1), in the
   * quote currency at the prices of the moment; NaN if unknown.
   */
  depth(fraction: number): Depth {
    const depth = this.chain?.depth(fraction)
    const [unit0, unit1] = this.units()
    return { bid: depth ? depth.bid * unit0 : Number.NaN, ask: depth ? depth.ask * unit1 : Number.NaN }
  }

  /** Of a token1 in token0; NaN if unknown. */
  private get price(): number {
    return (this.chain?.price ?? Number.NaN) * (this.scales[1] / this.scales[0])
  }

  /** Returns what the smallest units of its tokens are worth. A price that nothing else gives follows from the pool's own. */
  private units(): [number, number] {
    const known0 = this.assets[0]?.known ?? Number.NaN
    const known1 = this.assets[1]?.known ?? Number.NaN
    const price0 = Number.isNaN(known0) ? known1 / this.price : known0
    const price1 = Number.isNaN(known1) ? known0 * this.price : known1
    return [price0 / this.scales[0], price1 / this.scales[1]]
  }

  /** Returns a swap's volume in the quote currency: the mean of both sides if the market prices both, else the one it prices, else by other pools. */
  private worthOf({ amount0, amount1 }: ReserveDelta): number {
    const [asset0, asset1] = this.assets
    const size0 = Math.abs(Number(amount0)) / this.scales[0]
    const size1 = Math.abs(Number(amount1)) / this.scales[1]
    const ofMarket = mean(size0 * (asset0?.ofMarket ?? Number.NaN), size1 * (asset1?.ofMarket ?? Number.NaN))
    return Number.isNaN(ofMarket) ? mean(size0 * (asset0?.known ?? Number.NaN), size1 * (asset1?.known ?? Number.NaN)) : ofMarket
  }

  /** Begins the UTC day of `t` with the price that stands, unless it has begun or there is none. Returns whether it begins with another price. */
  private openDay(t: number): boolean {
    this.today = Math.max(this.today, floorTo(t, DAY))
    if (this.dayPrice?.day === this.today) return false
    const { price } = this
    const before = this.dayPrice?.price
    this.dayPrice = price > 0 ? { day: this.today, price } : undefined
    return this.dayPrice !== undefined && price !== before
  }

  /** Lets the price of either token follow from the other's, for everything that uses it. */
  private anchorPrices(): void {
    const [asset0, asset1] = this.assets
    const { chain, events } = this
    if (asset0 === undefined || asset1 === undefined || chain === undefined) return
    const locked = (side: 0 | 1): number => Number(chain.reserves?.[side]) / this.scales[side]
    asset0.restOn({ events, beside: asset1, ratio: () => 1 / this.price, locked: () => locked(1) })
    asset1.restOn({ events, beside: asset0, ratio: () => this.price, locked: () => locked(0) })
  }
}

/** Makes the state that a pool's logs or levels drive; undefined if nothing does. */
const stateOf = (spec: PoolSpec, scales: readonly [number, number]): PoolState | undefined => {
  switch (spec.kind) {
    case 'uniswap-v2':
      return new UniswapV2()
    case 'uniswap-v3':
      return new UniswapV3(spec.start)
    case 'stableswap':
      return stableswapOf(spec)
    case 'orderbook':
      return spec.token0 && spec.token1 && new OrderBook(...scales)
    default:
      return unreachable(spec)
  }
}

const stableswapOf = ({ stableswap, token0, token1 }: StableswapSpec): Stableswap | undefined => {
  // Balances are brought to 18 places with 18 more: the contract itself has no room for a token of more places than both.
  if (stableswap === undefined || !(token0 && token0.decimals <= 36 && token1 && token1.decimals <= 36)) return undefined
  const rates = [token0, token1].map(({ decimals }) => 10n ** BigInt(36 - decimals))
  return new Stableswap({ ...stableswap, rates }, stableswap.start)
}

/** Returns the block whose end the pool's logs are followed from; undefined if they are followed from the first. */
const startBlock = (spec: PoolSpec): number | undefined => {
  switch (spec.kind) {
    case 'uniswap-v3':
      return spec.start?.block
    case 'stableswap':
      return spec.stableswap?.start?.block
    case 'uniswap-v2':
    case 'orderbook':
      return undefined
    default:
      return unreachable(spec)
  }
}

/** Returns the mean of two values, or the known one if the other is NaN. */
const mean = (a: number, b: number): number => (Number.isNaN(a) ? b : Number.isNaN(b) ? a : (a + b) / 2)

/** Kinds in which a position over all prices loses against holding as x·y = k does. */
const FULL_RANGE: { readonly [K in PoolKind]: boolean } = { 'uniswap-v2': true, 'uniswap-v3': true, stableswap: false, orderbook: false }

/** Returns a copy of the figures for the store, as of `t` (ms): the pool goes on writing to its own. */
export const poolRow = (pool: Pool, t: number): PoolRow => {
  const { il: _, ...row } = pool.figures
  return { ...row, t }
}
