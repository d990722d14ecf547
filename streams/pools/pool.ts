import { type Changes, type Dependent, Source } from '../lib/dependencies.ts'
import type { Mutable } from '../lib/mutable.ts'
import type { FeedLine } from '../market/feedHealth.ts'
import type { Depth, Levels } from '../market/levels.ts'
import { initialRow } from '../measures/fields.ts'
import { POOL } from '../measures/poolFields.ts'
import type { PoolFigures, PoolRow } from '../measures/rows.ts'
import type { AssetPrices } from './assetPrice.ts'
import type { StandingLogs } from './canonicalLogs.ts'
import { CanonicalState } from './canonicalState.ts'
import type { ChainLog } from './chainLog.ts'
import { impermanentLoss } from './impermanentLoss.ts'
import { FULL_RANGE } from './kinds.ts'
import type { DayPrice } from './openingPrice.ts'
import { OrderBook } from './orderBook.ts'
import type { PoolPast, TakenLog } from './poolPast.ts'
import { Inconsistent, type NoOutcome, type SwapOutcome, type SwapWish } from './poolState.ts'
import type { TradedMinute } from './rollingVolume.ts'
import type { PoolSpec, TokenSpec } from './spec.ts'
import { type TokenAssets, TokenValuation } from './tokenValuation.ts'
import { UniswapV3 } from './uniswapV3/uniswapV3.ts'

/** How far the price moves for the depth that is shown, as a share of it. */
const SHOWN_DEPTH = 0.02

/** What the figures of a pool are computed from. */
export interface PoolParts {
  /** Of a token1 in token0, both raw; NaN if unknown. */
  readonly rawPrice: number
  /** What can be traded within the shown depth, raw: token0 sold for, token1 bought; undefined if unknown. */
  readonly rawDepth: Depth | undefined
  /** What prices its tokens, if they are known. */
  readonly assets: TokenAssets
  /** Worth of a raw unit of each token, in the quote currency; NaN if unknown. */
  readonly unitWorths: readonly [number, number]
  /** What was traded in each minute of the day. */
  readonly minutes: readonly TradedMinute[]
  /** The raw price that the UTC day began with. */
  readonly dayPrice: DayPrice | undefined
}

/** One pool: the state its logs give, and its measures in the quote currency at the prices of the moment. */
export class Pool extends Source implements Dependent {
  private known: PoolSpec
  readonly figures: Mutable<PoolFigures>
  dirty = false
  private readonly changes: Changes
  private readonly tokens: TokenValuation
  private readonly canonical: CanonicalState
  private readonly feeds = new Set<FeedLine>()
  /** The feed and source whose order book it shows. */
  private followed: { readonly feed: FeedLine; readonly source: number } | undefined
  /** Its logs, the passing of its day and the silence of its feeds, as something it is computed from. */
  private readonly events = new Source()
  private listening = false
  /** Its figures are of former runs, and no feed that goes by the wall has spoken of it yet. */
  private awaitsFeed = false
  /** What former runs have stored, while its tokens have to be known to make its state of it. */
  private past: PoolPast | undefined

  /** `took` gets each log that counts, also if it is removed. */
  constructor(spec: PoolSpec, prices: AssetPrices, changes: Changes, took: (log: TakenLog) => void = () => {}) {
    super()
    this.known = spec
    this.changes = changes
    this.tokens = new TokenValuation(spec, prices)
    this.canonical = new CanonicalState(spec, this.tokens, took)
    this.figures = { ...initialRow(POOL, spec.id), pool: spec.kind, partial: true }
    this.events.add(this)
    this.useTokens()
  }

  /** Its specification, with the tokens that its contract has named. */
  get spec(): PoolSpec {
    return this.known
  }

  /** Takes tokens over from its contract, if the configuration does not say them. Before any log of this run. */
  learn(token0: TokenSpec, token1: TokenSpec): void {
    if (this.spec.token0 !== undefined || this.spec.token1 !== undefined) return
    this.known = { ...this.spec, token0, token1 }
    this.tokens.learn(this.spec)
    this.useTokens()
    if (this.past) this.restore(this.past, this.awaitsFeed)
    if (this.listening) this.tokens.follow(this)
    this.events.touch(this.changes)
  }

  private useTokens(): void {
    this.canonical.begin(this.spec, this.tokens.scales)
    const { state } = this.canonical
    if (state) this.tokens.anchor(this.events, state)
  }

  /** Applies one of its logs, or reverts it if it is removed; false if that was done before. Throws as `PoolState.apply` does. */
  apply(log: ChainLog, feed: FeedLine): boolean {
    try {
      if (!this.canonical.apply(log)) return false
    } catch (error) {
      // What is unknown from here on has to be shown nevertheless.
      if (error instanceof Inconsistent) this.heard(feed)
      throw error
    }
    this.heard(feed)
    return true
  }

  private heard(feed: FeedLine): void {
    this.figures.eventT = this.canonical.t
    this.follow(feed)
    this.events.touch(this.changes)
  }

  /** Says that its logs come from this feed, if any come. */
  follow(feed: FeedLine): void {
    if (this.feeds.has(feed)) return
    this.feeds.add(feed)
    feed.carries.add(this.events)
    if (this.awaitsFeed) this.events.touch(this.changes)
    this.awaitsFeed = false
  }

  /** The logs that stand, those of former runs among them. */
  get standing(): StandingLogs {
    return this.canonical.standing
  }

  /**
   * Takes the place of what is known: the pool as former runs have left it, before any log of this one. `live`: its logs come from a feed
   * that goes by the wall, and it is stale until that speaks.
   */
  restore(past: PoolPast, live: boolean): void {
    // Without its state it has nothing but its places, and begins again when that is made.
    this.past = this.canonical.state === undefined ? past : undefined
    this.canonical.restore(past)
    this.figures.eventT = this.canonical.t
    this.awaitsFeed = live && !Number.isNaN(this.figures.eventT)
    // Listeners are shown what is known again. For the store nothing has changed.
    if (this.listening) this.changes.mark(this)
    this.touch(this.changes)
  }

  /**
   * Takes the levels of an order book as they stand now; undefined if they are no longer known. Other kinds ignore them. If several feeds
   * or sources send levels, one is followed until it is silent or knows nothing: books of two venues are two books.
   */
  applyLevels(levels: Levels | undefined, t: number, feed: FeedLine, source: number): void {
    const { followed } = this
    const { state } = this.canonical
    if (!(state instanceof OrderBook)) return
    const another = followed !== undefined && (followed.feed !== feed || followed.source !== source)
    if (another && (levels === undefined || (state.snapshot !== undefined && !followed.feed.silent))) return
    this.followed = { feed, source }
    this.feeds.clear()
    this.feeds.add(feed)
    feed.carries.add(this.events)
    state.replace(levels)
    this.figures.eventT = t
    this.events.touch(this.changes)
  }

  /** Switches whether price changes mark it, as they must while somebody watches. */
  listen(on: boolean): void {
    if (on === this.listening) return
    this.listening = on
    if (on) this.changes.mark(this)
    if (on) this.tokens.follow(this)
    else this.tokens.unfollow(this)
  }

  /** Says whether something it is computed from changed after the frame numbered `frame`. */
  changedSince(frame: number): boolean {
    return this.events.changedAt > frame || this.tokens.changedSince(frame)
  }

  /** ms: when time alone changes its figures next; Infinity if it does not. */
  get changesAt(): number {
    return this.canonical.changesAt
  }

  /** Lets time come to `t`: the day loses its oldest minutes, or another begins. */
  advance(t: number): void {
    if (this.canonical.advance(t)) this.events.touch(this.changes)
  }

  refresh(t: number): void {
    this.evaluate(t)
    // A new listener has the figures computed, but changes nothing.
    if (this.changedSince(this.changes.frame - 1)) this.touch(this.changes)
  }

  /** Computes the figures as of `t` (ms), at the prices of the moment. */
  evaluate(t: number): void {
    const f = this.figures
    const { state, day: volume, dayPrice } = this.canonical
    f.t = t
    const day = volume.total()
    if (state) {
      f.price = this.tokens.priceIn(state)
      const { reserves } = state
      f.reserve0 = reserves?.[0]
      f.reserve1 = reserves?.[1]
      f.il = dayPrice && FULL_RANGE[this.spec.kind] ? impermanentLoss(state.price / dayPrice.price) : Number.NaN
      state.describe(f, day)
    }
    const [unit0, unit1] = this.tokens.units(this.canonical)
    // NaN if the reserves are unknown.
    f.tvl = Number(f.reserve0) * unit0 + Number(f.reserve1) * unit1
    const { bid, ask } = this.depth(SHOWN_DEPTH)
    f.depthBid2 = bid
    f.depthAsk2 = ask
    f.trades24h = day?.n ?? Number.NaN
    f.volume24h = day?.worth ?? Number.NaN
    f.fees24h = (f.volume24h * this.spec.feePips) / 1e6 + (day?.fees ?? 0)
    f.since = day?.since ?? Number.NaN
    f.partial ||= volume.hasUnread
    f.stale = this.silent
  }

  /**
   * Returns what can be sold (`bid`) and bought (`ask`) before the price of a token1 has moved by `fraction` (above 0, below 1), in the
   * quote currency at the prices of the moment; NaN if unknown.
   */
  depth(fraction: number): Depth {
    const depth = this.canonical.state?.depth(fraction)
    const [unit0, unit1] = this.tokens.units(this.canonical)
    return { bid: depth ? depth.bid * unit0 : Number.NaN, ask: depth ? depth.ask * unit1 : Number.NaN }
  }

  /** Whether all feeds that speak of it are silent. */
  get silent(): boolean {
    return this.feeds.size > 0 ? [...this.feeds].every(feed => feed.silent) : this.awaitsFeed
  }

  /** Returns what a swap would do now, raw; `unknown` also for an order book. */
  outcome(wish: SwapWish): SwapOutcome | NoOutcome {
    return this.canonical.state?.outcome(wish, this.spec.feePips) ?? 'unknown'
  }

  /** The block of its newest log; undefined if it has none. */
  get block(): number | undefined {
    return this.canonical.block
  }

  /** Its ticks, if it is of Uniswap's third version. */
  get concentrated(): UniswapV3 | undefined {
    const { state } = this.canonical
    return state instanceof UniswapV3 ? state : undefined
  }

  /** The levels that it shows, if it is an order book and they are known. */
  get levels(): Levels | undefined {
    const { state } = this.canonical
    return state instanceof OrderBook ? state.snapshot : undefined
  }

  /** What its figures are computed from. */
  get parts(): PoolParts {
    const { state, price, day, dayPrice } = this.canonical
    return {
      rawPrice: price,
      rawDepth: state?.depth(SHOWN_DEPTH),
      assets: this.tokens.assets,
      unitWorths: this.tokens.units(this.canonical),
      minutes: day.counted,
      dayPrice,
    }
  }

  /** Raw units of a token0 and of a token1; NaN if its tokens are not known. */
  get units01(): readonly [number, number] {
    return this.tokens.scales
  }
}

/** Returns a copy of the figures for the store, as of `t` (ms): the pool goes on writing to its own. */
export const poolRow = (pool: Pool, t: number): PoolRow => {
  const { il: _, ...row } = pool.figures
  return { ...row, t }
}
