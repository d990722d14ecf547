import type { Dependent, Source } from '../lib/dependencies.ts'
import type { AssetPrice, AssetPrices } from './assetPrice.ts'
import type { Valuation } from './canonicalState.ts'
import type { LogReading, PoolState, Priced } from './poolState.ts'
import type { ReserveDelta, Traded } from './rollingVolume.ts'
import type { PoolSpec } from './spec.ts'

/** What values the two tokens of a pool, if they are known. */
export type TokenAssets = readonly [AssetPrice | undefined, AssetPrice | undefined]

/**
 * What the tokens of a pool are worth in its quote currency at the prices of the moment. A price that nothing else gives follows from the
 * pool's own.
 */
export class TokenValuation implements Valuation {
  /** The prices of its tokens, if these are known. */
  assets: TokenAssets = [undefined, undefined]
  /** Raw units of a token0 and of a token1; NaN if they are not known. */
  scales: readonly [number, number] = [Number.NaN, Number.NaN]
  private readonly prices: AssetPrices
  private readonly feePips: number

  constructor(spec: PoolSpec, prices: AssetPrices) {
    this.prices = prices
    this.feePips = spec.feePips
    this.learn(spec)
  }

  /** Takes the tokens of a specification. */
  learn({ token0, token1, quote }: PoolSpec): void {
    this.assets = [token0 && this.prices.of(token0.asset, quote), token1 && this.prices.of(token1.asset, quote)]
    this.scales = [10 ** (token0?.decimals ?? Number.NaN), 10 ** (token1?.decimals ?? Number.NaN)]
  }

  /** Lets the price of either token follow from the other's, for everything that uses it. `events` are the changes of the pool. */
  anchor(events: Source, pool: Pick<PoolState, 'price' | 'reserves'>): void {
    const [asset0, asset1] = this.assets
    if (asset0 === undefined || asset1 === undefined) return
    const locked = (side: 0 | 1): number => Number(pool.reserves?.[side]) / this.scales[side]
    asset0.restOn({ events, beside: asset1, ratio: () => 1 / this.priceIn(pool), locked: () => locked(1) })
    asset1.restOn({ events, beside: asset0, ratio: () => this.priceIn(pool), locked: () => locked(0) })
  }

  /** Lets changes of the tokens' prices mark a dependent. */
  follow(dependent: Dependent): void {
    for (const asset of this.assets) asset?.follow(dependent)
  }

  /** Ends what `follow` began. */
  unfollow(dependent: Dependent): void {
    for (const asset of this.assets) asset?.unfollow(dependent)
  }

  /** Says whether the price of either token changed after the frame numbered `frame`. */
  changedSince(frame: number): boolean {
    return this.assets.some(asset => asset?.changedSince(frame))
  }

  /** Returns the price of a whole token1 in token0; NaN if unknown. */
  priceIn({ price }: Priced): number {
    return price * (this.scales[1] / this.scales[0])
  }

  /** Returns what the smallest units of the tokens are worth; NaN if unknown. */
  units(pool: Priced): [number, number] {
    const known0 = this.assets[0]?.known ?? Number.NaN
    const known1 = this.assets[1]?.known ?? Number.NaN
    const price0 = Number.isNaN(known0) ? known1 / this.priceIn(pool) : known0
    const price1 = Number.isNaN(known1) ? known0 * this.priceIn(pool) : known1
    return [price0 / this.scales[0], price1 / this.scales[1]]
  }

  /** Returns the prices that trades are counted by: those of the market, or if it has neither those that other pools give. */
  tradePrices(): readonly [number, number] {
    const [asset0, asset1] = this.assets
    const ofMarket = [asset0?.ofMarket ?? Number.NaN, asset1?.ofMarket ?? Number.NaN] as const
    return ofMarket.every(Number.isNaN) ? [asset0?.known ?? Number.NaN, asset1?.known ?? Number.NaN] : ofMarket
  }

  /** Returns what a log adds to the day. The worth of a swap is the mean of its sides, or that of the side that has a price. */
  tradedIn({ swap, paid, lent, unread }: LogReading, [price0, price1]: readonly [number, number], pool: Priced): Traded {
    const worth = swap
      ? mean((Math.abs(Number(swap.amount0)) / this.scales[0]) * price0, (Math.abs(Number(swap.amount1)) / this.scales[1]) * price1)
      : Number.NaN
    const fees = this.valued(paid, pool) + (lent ? (this.valued(lent, pool) * this.feePips) / 1e6 : 0)
    return { swap, worth, fees, unread: unread === 'swap' }
  }

  /** Returns what raw amounts are worth in the quote currency; NaN if unknown. */
  private valued(amounts: ReserveDelta | undefined, pool: Priced): number {
    if (amounts === undefined) return 0
    const [unit0, unit1] = this.units(pool)
    const { amount0, amount1 } = amounts
    return (amount0 === 0n ? 0 : Number(amount0) * unit0) + (amount1 === 0n ? 0 : Number(amount1) * unit1)
  }
}

/** Returns the mean of two values, or the known one if the other is NaN. */
const mean = (a: number, b: number): number => (Number.isNaN(a) ? b : Number.isNaN(b) ? a : (a + b) / 2)
