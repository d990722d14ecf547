import { z } from 'zod'
import { type Changes, type Dependent, Source } from '../lib/dependencies.ts'
import type { Mutable } from '../lib/mutable.ts'
import { DAY, floorTo } from '../market/candles.ts'
import type { FeedLine } from '../market/feedHealth.ts'
import type { Depth, Levels } from '../market/levels.ts'
import { initialRow } from '../measures/fields.ts'
import { POOL } from '../measures/poolFields.ts'
import type { PoolFigures, PoolRow } from '../measures/rows.ts'
import type { AssetPrice, AssetPrices } from './assetPrice.ts'
import { CanonicalLogs, type Place, type StandingLogs } from './canonicalLogs.ts'
import type { ChainLog } from './chainLog.ts'
import { impermanentLoss } from './impermanentLoss.ts'
import { FULL_RANGE, originOf, startBlock, stateOf } from './kinds.ts'
import { readLog } from './logReading.ts'
import { OrderBook } from './orderBook.ts'
import type { PoolPast, StoredLog, TakenLog } from './poolPast.ts'
import { Inconsistent, type LogReading, type NoOutcome, type PoolState, type SwapOutcome, type SwapWish } from './poolState.ts'
import { type ReserveDelta, RollingVolume, type Traded, type TradedMinute } from './rollingVolume.ts'
import type { PoolSpec, TokenSpec } from './spec.ts'
import { UniswapV3 } from './uniswapV3/uniswapV3.ts'

/** The price of a token1, raw, that the UTC day began with: that of 00:00 if one was known, else the first after it. */
interface DayPrice {
  readonly day: number
  readonly price: number
}

/** What a log did: what was traded in it, counted by the prices of that time, and the state after it. */
interface AppliedLog {
  readonly log: ChainLog
  /** The place of the log before it. */
  readonly before: Place
  readonly traded: Traded
  readonly prices: readonly [number, number]
  readonly snapshot: unknown
  readonly dayPrice: DayPrice | undefined
  /** From when on all swaps are counted, ms. */
  readonly begun: number
}

/** A stored state of a pool: what its kind saves, and what is common to all. `since` is null if nothing was traded before its first log. */
const savedState = z.strictObject({
  origin: z.string(),
  chain: z.unknown(),
  dayPrice: z.strictObject({ day: z.number(), price: z.number() }).optional(),
  t: z.number(),
  since: z.number().nullable(),
})

/** Logs after which the state is stored; it also is with the first log of a UTC day. */
const STATE_EVERY = 4_000

/** How far the price moves for the depth that is shown, as a share of it. */
const SHOWN_DEPTH = 0.02

/** What the figures of a pool are computed from. */
export interface PoolParts {
  /** Of a token1 in token0, both raw; NaN if unknown. */
  readonly rawPrice: number
  /** What can be traded within the shown depth, raw: token0 sold for, token1 bought; undefined if unknown. */
  readonly rawDepth: Depth | undefined
  /** What prices its tokens, if they are known. */
  readonly assets: readonly [AssetPrice | undefined, AssetPrice | undefined]
  /** Worth of a raw unit of each token, in the quote currency; NaN if unknown. */
  readonly unitWorths: readonly [number, number]
  /** What was traded in each minute of the day. */
  readonly minutes: readonly TradedMinute[]
  /** The raw price that the UTC day began with. */
  readonly dayPrice: { readonly price: number } | undefined
}

/** One pool: the state its logs give, and its measures in the quote currency at the prices of the moment. */
export class Pool extends Source implements Dependent {
  private known: PoolSpec
  readonly figures: Mutable<PoolFigures>
  dirty = false
  private readonly changes: Changes
  private readonly prices: AssetPrices
  private chain: PoolState | undefined
  /** The prices of its tokens, if these are known. */
  private assets: readonly [AssetPrice | undefined, AssetPrice | undefined] = [undefined, undefined]
  private scales: readonly [number, number] = UNKNOWN
  private readonly feeds = new Set<FeedLine>()
  /** The feed and source whose order book it shows. */
  private followed: { readonly feed: FeedLine; readonly source: number } | undefined
  /** Its logs, the passing of its day and the silence of its feeds, as something it is computed from. */
  private readonly events = new Source()
  private logs: CanonicalLogs<AppliedLog>
  private day = new RollingVolume()
  /** The snapshot before its first log. */
  private start: unknown
  private dayPrice: DayPrice | undefined
  /** The UTC day that time has come to. */
  private today = Number.NEGATIVE_INFINITY
  private listening = false
  private readonly took: (log: TakenLog) => void
  /** Logs since the state was stored, and the UTC day of the one that it was stored with. */
  private unsaved = 0
  private savedDay = Number.NEGATIVE_INFINITY
  /** Its figures are of former runs, and no feed that goes by the wall has spoken of it yet. */
  private awaitsFeed = false
  /** What former runs have stored, while its tokens have to be known to make its state of it. */
  private past: PoolPast | undefined

  /** `took` gets each log that counts, also if it is removed. */
  constructor(spec: PoolSpec, prices: AssetPrices, changes: Changes, took: (log: TakenLog) => void = () => {}) {
    super()
    this.known = spec
    this.prices = prices
    this.changes = changes
    this.took = took
    this.logs = new CanonicalLogs(startBlock(spec))
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
    this.useTokens()
    if (this.past) this.restore(this.past, this.awaitsFeed)
    if (this.listening) for (const asset of this.assets) asset?.follow(this)
    this.events.touch(this.changes)
  }

  private useTokens(): void {
    const { token0, token1, quote } = this.spec
    const priced = (token: TokenSpec | undefined) => token && this.prices.of(token.asset, quote)
    this.assets = [priced(token0), priced(token1)]
    this.scales = [10 ** (token0?.decimals ?? Number.NaN), 10 ** (token1?.decimals ?? Number.NaN)]
    if (this.chain === undefined) {
      this.chain = stateOf(this.spec, this.scales)
      this.start = this.chain?.snapshot
    }
    this.anchorPrices()
  }

  /** Applies one of its logs, or reverts it if it is removed; false if that was done before. Throws as `PoolState.apply` does. */
  apply(log: ChainLog, feed: FeedLine): boolean {
    try {
      if (!(log.removed ? this.revertLog(log) : this.applyLog(log))) return false
    } catch (error) {
      // What is unknown from here on has to be shown nevertheless.
      if (error instanceof Inconsistent) this.heard(feed)
      throw error
    }
    this.heard(feed)
    return true
  }

  private heard(feed: FeedLine): void {
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
    return { final: this.logs.finalPlace, recent: this.logs.recentEffects.map(({ log }) => log) }
  }

  /**
   * Takes the place of what is known: the pool as former runs have left it, before any log of this one. `live`: its logs come from a feed
   * that goes by the wall, and it is stale until that speaks.
   */
  restore(past: PoolPast, live: boolean): void {
    const { base, logs, minutes, gap } = past
    // Without its state it has nothing but its places, and begins again when that is made.
    this.past = this.chain === undefined ? past : undefined
    this.logs = new CanonicalLogs(startBlock(this.spec))
    this.day = new RollingVolume()
    if (base) this.loadState(base.place, base.state)
    for (const stored of logs) this.reapply(stored, base !== undefined)
    if (logs.length > 0) this.day.load(minutes, logs.at(-1)!.log.t)
    else if (base) this.day.load(minutes, this.figures.eventT)
    if (gap > this.day.begun) this.day.begin(gap)
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

  private applyLog(log: ChainLog): boolean {
    if (!this.logs.isNext(log)) return this.refuse(log)
    const { t } = log
    const reading = readLog(this.spec.kind, log)
    this.openDay(t)
    const inconsistent = this.changeState(log, reading)
    this.begin(t, reading)
    const prices = this.tokenPrices()
    const traded = this.tradedIn(reading, prices)
    this.day.add(t, traded)
    this.openDay(t)
    const before = this.logs.newestPlace
    this.logs.add(log, this.effectOf(log, before, traded, prices))
    this.figures.eventT = t
    this.took({ pool: this.spec.id, log, before, traded, prices, state: this.saveState(log) })
    if (inconsistent) throw inconsistent
    if (reading.unread && !log.lost) throw new Inconsistent(`event: found ${log.topics[0]}, expected one that is known`)
    return true
  }

  /**
   * Refuses a log that stands already. Throws Inconsistent if another log stands at its place: one of the two is missing, and what it
   * would have changed is unknown.
   */
  private refuse({ block, index, topics, data, lost }: ChainLog): false {
    const { log: standing, before } = this.logs.effectAt({ block, index }) ?? {}
    if (standing === undefined || before === undefined || standing.lost || lost) return false
    if (standing.data === data && standing.topics.join() === topics.join()) return false
    this.chain?.forget()
    const traded = { swap: undefined, worth: Number.NaN, fees: 0, unread: true }
    this.day.add(standing.t, traded)
    this.took({ pool: this.spec.id, log: { ...standing, topics: [], data: '0x', lost: true }, before, traded, prices: UNKNOWN, state: '' })
    throw new Inconsistent(`log ${index} of block ${block}: found another one, expected that which stands there`)
  }

  /** Changes the state by a log. If that contradicts what is known, this is forgotten and the error returned: the log stands. */
  private changeState(log: ChainLog, reading: LogReading): Inconsistent | undefined {
    if (reading.unread) {
      this.chain?.forget()
      return undefined
    }
    try {
      this.chain?.apply(log, reading)
      return undefined
    } catch (error) {
      if (!(error instanceof Inconsistent)) throw error
      // By itself it may say something nevertheless: a price.
      try {
        this.chain?.apply(log, reading)
      } catch {}
      return error
    }
  }

  /** What a log did, after it was applied. Written out field by field: spreading them costs more than all else of it. */
  private effectOf(log: ChainLog, before: Place, traded: Traded, prices: readonly [number, number]): AppliedLog {
    return { log, before, traded, prices, snapshot: this.chain?.snapshot, dayPrice: this.dayPrice, begun: this.day.begun }
  }

  private begin(t: number, { begins }: LogReading): void {
    if (begins) this.day.begin(Number.NEGATIVE_INFINITY)
    else if (Number.isNaN(this.day.begun)) this.day.begin(t)
  }

  private revertLog(log: ChainLog): boolean {
    const reverted = this.logs.revert(log)
    if (reverted === undefined) return false
    const { before, traded, prices } = reverted
    this.day.revert(reverted.log.t, traded)
    const newest = this.logs.newestEffect
    this.chain?.revert(reverted.log, newest ? newest.snapshot : this.start)
    this.figures.eventT = newest?.log.t ?? Number.NaN
    this.dayPrice = newest?.dayPrice
    this.day.begin(newest?.begun ?? Number.NaN)
    this.openDay(this.today)
    this.took({ pool: this.spec.id, log: { ...reverted.log, removed: true }, before, traded, prices, state: '' })
    return true
  }

  /** Applies a log of a former run. Its trade is counted with its minute. */
  private reapply({ log, before, worth, fees, hasState }: StoredLog, hasBase: boolean): void {
    if (!this.logs.isNext(log)) return
    const { t } = log
    let reading: LogReading
    try {
      reading = readLog(this.spec.kind, log)
    } catch {
      return
    }
    const { newestPlace } = this.logs
    const isFirst = newestPlace.block < 0 && !hasBase
    if (!isFirst && isAfter(before, newestPlace)) {
      // Logs between the two were never stored.
      this.chain?.forget()
      this.day.begin(t)
    }
    this.openDay(t)
    try {
      this.changeState(log, reading)
    } catch {
      return
    }
    this.begin(t, reading)
    const { swap, unread } = reading
    const traded = { swap, worth, fees, unread: unread === 'swap' }
    this.openDay(t)
    this.logs.add(log, this.effectOf(log, before, traded, UNKNOWN))
    this.figures.eventT = t
    this.unsaved += 1
    if (hasState) this.saved(t)
  }

  /** Returns the state after a log as text if it is to be stored with this one, else ''. */
  private saveState({ t }: ChainLog): string {
    const dayBegins = !(floorTo(t, DAY) <= this.savedDay)
    this.unsaved += 1
    if (this.unsaved < STATE_EVERY && !dayBegins) return ''
    this.saved(t)
    const since = Number.isFinite(this.day.begun) ? this.day.begun : null
    const state: z.input<typeof savedState> = { origin: originOf(this.spec), chain: this.chain?.save(), dayPrice: this.dayPrice, t, since }
    return JSON.stringify(state)
  }

  private saved(t: number): void {
    this.unsaved = 0
    this.savedDay = floorTo(t, DAY)
  }

  /** Takes a stored state over. Throws Error if it is none. */
  private loadState(place: Place, text: string): void {
    const { chain, dayPrice, t, since } = savedState.parse(JSON.parse(text))
    this.chain?.load(chain ?? {})
    this.day.begin(since ?? Number.NEGATIVE_INFINITY)
    this.dayPrice = dayPrice
    this.today = floorTo(t, DAY)
    this.figures.eventT = t
    this.saved(t)
    const log = { ...place, t, address: this.spec.address, topics: [], data: '0x' }
    const traded = { swap: undefined, worth: Number.NaN, fees: 0, unread: false }
    this.logs.settle(place, this.effectOf(log, place, traded, UNKNOWN))
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
    const price = this.chain?.price ?? Number.NaN
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
      f.il = this.dayPrice && FULL_RANGE[this.spec.kind] ? impermanentLoss(chain.price / this.dayPrice.price) : Number.NaN
      chain.describe(f, day)
    }
    const [unit0, unit1] = this.units()
    // NaN if the reserves are unknown.
    f.tvl = Number(f.reserve0) * unit0 + Number(f.reserve1) * unit1
    const { bid, ask } = this.depth(SHOWN_DEPTH)
    f.depthBid2 = bid
    f.depthAsk2 = ask
    f.trades24h = day?.n ?? Number.NaN
    f.volume24h = day?.worth ?? Number.NaN
    f.fees24h = (f.volume24h * this.spec.feePips) / 1e6 + (day?.fees ?? 0)
    f.since = day?.since ?? Number.NaN
    f.partial ||= this.day.hasUnread
    f.stale = this.silent
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

  /** Whether all feeds that speak of it are silent. */
  get silent(): boolean {
    return this.feeds.size > 0 ? [...this.feeds].every(feed => feed.silent) : this.awaitsFeed
  }

  /** Returns what a swap would do now, raw; `unknown` also for an order book. */
  outcome(wish: SwapWish): SwapOutcome | NoOutcome {
    return this.chain?.outcome(wish, this.spec.feePips) ?? 'unknown'
  }

  /** The block of its newest log; undefined if it has none. */
  get block(): number | undefined {
    const { block } = this.logs.newestPlace
    return block < 0 ? undefined : block
  }

  /** Its ticks, if it is of Uniswap's third version. */
  get concentrated(): UniswapV3 | undefined {
    return this.chain instanceof UniswapV3 ? this.chain : undefined
  }

  /** The levels that it shows, if it is an order book and they are known. */
  get levels(): Levels | undefined {
    return this.chain instanceof OrderBook ? this.chain.snapshot : undefined
  }

  /** What its figures are computed from. */
  get parts(): PoolParts {
    const { chain, assets, dayPrice } = this
    return {
      rawPrice: chain?.price ?? Number.NaN,
      rawDepth: chain?.depth(SHOWN_DEPTH),
      assets,
      unitWorths: this.units(),
      minutes: this.day.counted,
      dayPrice,
    }
  }

  /** Raw units of a token0 and of a token1; NaN if its tokens are not known. */
  get units01(): readonly [number, number] {
    return this.scales
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

  /** Returns the prices that trades are counted by: those of the market, or if it has neither those that other pools give. */
  private tokenPrices(): readonly [number, number] {
    const [asset0, asset1] = this.assets
    const ofMarket = [asset0?.ofMarket ?? Number.NaN, asset1?.ofMarket ?? Number.NaN] as const
    return ofMarket.every(Number.isNaN) ? [asset0?.known ?? Number.NaN, asset1?.known ?? Number.NaN] : ofMarket
  }

  /** Returns what a log adds to the day. The worth of a swap is the mean of its sides, or that of the side that has a price. */
  private tradedIn({ swap, paid, lent, unread }: LogReading, [price0, price1]: readonly [number, number]): Traded {
    const worth = swap
      ? mean((Math.abs(Number(swap.amount0)) / this.scales[0]) * price0, (Math.abs(Number(swap.amount1)) / this.scales[1]) * price1)
      : Number.NaN
    const fees = this.valued(paid) + (lent ? (this.valued(lent) * this.spec.feePips) / 1e6 : 0)
    return { swap, worth, fees, unread: unread === 'swap' }
  }

  /** Returns what raw amounts are worth in the quote currency; NaN if unknown. */
  private valued(amounts: ReserveDelta | undefined): number {
    if (amounts === undefined) return 0
    const [unit0, unit1] = this.units()
    const { amount0, amount1 } = amounts
    return (amount0 === 0n ? 0 : Number(amount0) * unit0) + (amount1 === 0n ? 0 : Number(amount1) * unit1)
  }

  /** Begins the UTC day of `t` with the price that stands, unless it has begun or there is none. Returns whether it begins with another price. */
  private openDay(t: number): boolean {
    this.today = Math.max(this.today, floorTo(t, DAY))
    if (this.dayPrice?.day === this.today) return false
    const price = this.chain?.price ?? Number.NaN
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

/** Prices that nobody has asked for. */
const UNKNOWN = [Number.NaN, Number.NaN] as const

const isAfter = (a: Place, b: Place): boolean => a.block > b.block || (a.block === b.block && a.index > b.index)

/** Returns the mean of two values, or the known one if the other is NaN. */
const mean = (a: number, b: number): number => (Number.isNaN(a) ? b : Number.isNaN(b) ? a : (a + b) / 2)

/** Returns a copy of the figures for the store, as of `t` (ms): the pool goes on writing to its own. */
export const poolRow = (pool: Pool, t: number): PoolRow => {
  const { il: _, ...row } = pool.figures
  return { ...row, t }
}
