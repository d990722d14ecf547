import type { Book, Instrument } from '../book.ts'
import type { FeedHealth } from '../feedHealth.ts'
import type { ChainLog } from '../input.ts'
import type { Mutable } from '../mutable.ts'
import type { PoolRow } from '../rows.ts'
import { type Changes, type Dependent, Source } from '../source.ts'
import { StandingLogs } from './standingLogs.ts'
import { type DayTotal, type Swap, SwapDay } from './swapDay.ts'
import { UniswapV2 } from './uniswapV2.ts'
import { UniswapV3 } from './uniswapV3.ts'

export const POOL_KINDS = ['uniswap-v2', 'uniswap-v3', 'stableswap', 'orderbook'] as const
export type PoolKind = (typeof POOL_KINDS)[number]

export interface TokenSpec {
  readonly symbol: string
  readonly decimals: number
  /** The asset whose price it has: of WETH that is ETH. */
  readonly asset: string
}

export interface PoolSpec {
  readonly id: string
  readonly kind: PoolKind
  readonly quote: string
  /** Lower case, '' where the pool is named by nothing else. */
  readonly address: string
  /** Hundredths of a basis point. */
  readonly feePips: number
  /** Undefined: nothing is said of its amounts but the raw integers. */
  readonly token0: TokenSpec | undefined
  readonly token1: TokenSpec | undefined
}

/** What a pool's contract says by its events. Integers are raw, of the tokens' smallest units. */
export interface PoolChain {
  /** Takes one log in. The swap in it, if it was one; throws what is wrong with its data, and then has taken nothing in. */
  apply(log: ChainLog): Swap | undefined
  /** Writes what is known into the pool's figures, and what is not as unknown; prices in token0 a token1. */
  describe(figures: Mutable<PoolRow>, scale: number, day: DayTotal): void
  /** A log was taken back: what rests on it is not known any more, until the chain tells it anew. */
  revert(): void
}

/** What a log did to the day: the swap in it, and its worth at that time. */
interface Taken {
  readonly t: number
  readonly swap: Swap | undefined
  readonly worth: number
}

/** How far the price moves for `depth`. */
const DEPTH = 0.02

/** One pool: the state its logs give, and its measures in the quote currency at the prices of the moment. */
export class Pool extends Source implements Dependent {
  readonly spec: PoolSpec
  readonly figures: Mutable<PoolRow>
  dirty = false
  private readonly changes: Changes
  private readonly chain: PoolChain | undefined
  private readonly instruments: readonly Instrument[]
  private readonly priceOf: readonly [() => number, () => number]
  private readonly scales: readonly [number, number]
  private readonly feeds = new Set<FeedHealth>()
  /** Its logs, the passing of its day and the silence of its feeds, as something it is computed from. */
  private readonly events = new Source()
  private readonly logs = new StandingLogs<Taken>()
  private readonly day = new SwapDay()
  private listening = false

  constructor(spec: PoolSpec, book: Book, changes: Changes) {
    super()
    this.spec = spec
    this.changes = changes
    const instruments: Instrument[] = []
    const priced = (token: TokenSpec | undefined): (() => number) => {
      if (token === undefined) return () => Number.NaN
      if (token.asset === spec.quote) return () => 1
      const instrument = book.instrument(`${token.asset}-${spec.quote}`)
      instruments.push(instrument)
      return () => instrument.price
    }
    this.priceOf = [priced(spec.token0), priced(spec.token1)]
    this.instruments = instruments
    this.scales = [10 ** (spec.token0?.decimals ?? Number.NaN), 10 ** (spec.token1?.decimals ?? Number.NaN)]
    this.chain = spec.kind === 'uniswap-v2' ? new UniswapV2() : spec.kind === 'uniswap-v3' ? new UniswapV3() : undefined
    this.figures = emptyFigures(spec)
    this.events.add(this)
  }

  /** Takes one of its logs in, or back; false where that was done before. Throws what is wrong with its data. */
  apply(log: ChainLog, feed: FeedHealth): boolean {
    if (this.chain === undefined) return true
    if (!(log.removed ? this.takeBack(log, this.chain) : this.takeIn(log, this.chain))) return false
    this.feeds.add(feed)
    feed.carries.add(this.events)
    this.events.touch(this.changes)
    return true
  }

  private takeIn(log: ChainLog, chain: PoolChain): boolean {
    if (!this.logs.isNext(log)) return false
    const { t } = log
    const swap = chain.apply(log)
    const worth = swap ? this.worthOf(swap) : Number.NaN
    if (swap) this.day.add(t, swap, worth)
    this.logs.add(log, { t, swap, worth })
    this.figures.eventT = t
    return true
  }

  private takeBack(log: ChainLog, chain: PoolChain): boolean {
    const taken = this.logs.takeBack(log)
    if (taken === undefined) return false
    if (taken.swap) this.day.takeBack(taken.t, taken.swap, taken.worth)
    chain.revert()
    return true
  }

  /** Whether price changes shall mark it, as they must while somebody watches. */
  listen(on: boolean): void {
    if (on === this.listening) return
    this.listening = on
    if (on) this.changes.mark(this)
    for (const instrument of this.instruments) {
      if (on) instrument.add(this)
      else instrument.remove(this)
    }
  }

  /** Something it is computed from changed after the frame numbered `frame`. */
  changedSince(frame: number): boolean {
    return this.events.changedAt > frame || this.instruments.some(i => i.changedAt > frame)
  }

  /** Lets time come to `t`: the day loses its oldest minutes. */
  advance(t: number): void {
    if (this.day.advance(t)) this.events.touch(this.changes)
  }

  refresh(t: number): void {
    this.evaluate(t)
    // Who begins to listen has the figures computed, but changes nothing.
    if (this.changedSince(this.changes.frame - 1)) this.touch(this.changes)
  }

  evaluate(t: number): void {
    const f = this.figures
    f.t = t
    const day = this.day.total()
    this.chain?.describe(f, this.scales[1] / this.scales[0], day)
    const [price0, price1] = this.tokenPrices()
    // Of reserves that are not known nothing is.
    const value0 = (Number(f.reserve0) / this.scales[0]) * price0
    const value1 = (Number(f.reserve1) / this.scales[1]) * price1
    f.tvl = value0 + value1
    if (this.spec.kind === 'uniswap-v2') {
      // x·y = k: the price rises by 2 % when y falls by 1 − 1/√1.02, and falls by 2 % when x falls by 1 − √0.98.
      f.depthAsk2 = value1 * (1 - 1 / Math.sqrt(1 + DEPTH))
      f.depthBid2 = value0 * (1 - Math.sqrt(1 - DEPTH))
    }
    f.trades24h = day.n
    f.volume24h = day.worth
    f.fees24h = (f.volume24h * this.spec.feePips) / 1e6
    f.stale = this.feeds.size > 0 && [...this.feeds].every(feed => feed.silent)
  }

  /** Prices of the tokens in the quote currency; one that the book does not know follows from the other and the pool. */
  private tokenPrices(): [number, number] {
    const price0 = this.priceOf[0]()
    const price1 = this.priceOf[1]()
    const ratio = this.figures.price
    return [Number.isNaN(price0) ? price1 / ratio : price0, Number.isNaN(price1) ? price0 * ratio : price1]
  }

  /** A swap's volume in the quote currency: the mean of both sides where the book knows both, else the one it knows. */
  private worthOf({ amount0, amount1 }: Swap): number {
    const worth0 = (Math.abs(Number(amount0)) / this.scales[0]) * this.priceOf[0]()
    const worth1 = (Math.abs(Number(amount1)) / this.scales[1]) * this.priceOf[1]()
    return Number.isNaN(worth0) ? worth1 : Number.isNaN(worth1) ? worth0 : (worth0 + worth1) / 2
  }
}

/** The figures as they stand, for the store: the pool goes on writing to its own. */
export const poolRow = (pool: Pool, t: number): PoolRow => ({ ...pool.figures, t })

const emptyFigures = ({ id, kind }: PoolSpec): Mutable<PoolRow> => ({
  kind: 'pool',
  id,
  t: 0,
  pool: kind,
  price: Number.NaN,
  reserve0: undefined,
  reserve1: undefined,
  tvl: Number.NaN,
  depthBid2: Number.NaN,
  depthAsk2: Number.NaN,
  volume24h: 0,
  fees24h: 0,
  trades24h: 0,
  eventT: Number.NaN,
  partial: true,
  stale: false,
})
