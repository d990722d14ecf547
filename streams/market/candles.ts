/** ms. */
export const MINUTE = 60_000
/** ms. */
export const HOUR = 3_600_000
/** ms. */
export const DAY = 86_400_000

/** Returns the beginning of the interval that `t` falls into, both in ms. */
export const floorTo = (t: number, interval: number): number => t - (t % interval)

/**
 * One candle. Open and close go by event time, then by the order of arrival. Prices in the quote, volume in base units, times in ms.
 *
 * Volume and notional are sums of two numbers each, the second of which holds what the first cannot (Knuth's TwoSum): so they are the
 * nearest number to the true sum, whatever the order of the trades, and the same as the store's integers give.
 */
export class Candle {
  openT: number
  open = 0
  high = 0
  low = 0
  close = 0
  n = 0
  /** Event times of the trades that gave `open` and `close`. */
  firstT = 0
  lastT = 0
  volumeSum = 0
  volumeRest = 0
  notionalSum = 0
  notionalRest = 0

  constructor(openT: number) {
    this.openT = openT
  }

  get volume(): number {
    return this.volumeSum + this.volumeRest
  }

  get notional(): number {
    return this.notionalSum + this.notionalRest
  }

  /** Adds one trade. */
  trade(t: number, price: number, size: number): void {
    this.add(t, t, price, price, price, price, size, size * price, 1)
  }

  /** Adds all of another candle, its sums as they are shown. Volumes and notionals add, so an average is never summed. */
  merge(other: Candle): void {
    if (other.n > 0)
      this.add(other.firstT, other.lastT, other.open, other.high, other.low, other.close, other.volume, other.notional, other.n)
  }

  /** Adds more of the same candle, with every digit of its sums. */
  extend(more: Candle): void {
    if (more.n === 0) return
    this.add(more.firstT, more.lastT, more.open, more.high, more.low, more.close, more.volumeSum, more.notionalSum, more.n)
    this.volumeRest += more.volumeRest
    this.notionalRest += more.notionalRest
  }

  /** Returns the candle on another scale: its prices and sizes multiplied. */
  scaled({ price, size }: { readonly price: number; readonly size: number }): Candle {
    if (price === 1 && size === 1) return this
    const { openT, firstT, lastT, open, high, low, close, n } = this
    const candle = new Candle(openT)
    candle.add(
      firstT,
      lastT,
      open * price,
      high * price,
      low * price,
      close * price,
      this.volumeSum * size,
      this.notionalSum * price * size,
      n,
    )
    candle.volumeRest += this.volumeRest * size
    candle.notionalRest += this.notionalRest * price * size
    return candle
  }

  /** Adds trades that are already summed. `firstT` and `lastT` are when `open` and `close` were traded. */
  add(
    firstT: number,
    lastT: number,
    open: number,
    high: number,
    low: number,
    close: number,
    volume: number,
    notional: number,
    n: number,
  ): void {
    if (this.n === 0) {
      this.open = open
      this.high = high
      this.low = low
      this.close = close
      this.firstT = firstT
      this.lastT = lastT
    } else {
      if (high > this.high) this.high = high
      if (low < this.low) this.low = low
      if (firstT < this.firstT) {
        this.open = open
        this.firstT = firstT
      }
      if (lastT >= this.lastT) {
        this.close = close
        this.lastT = lastT
      }
    }
    const volumes = this.volumeSum + volume
    const added = volumes - this.volumeSum
    this.volumeRest += this.volumeSum - (volumes - added) + (volume - added)
    this.volumeSum = volumes
    const notionals = this.notionalSum + notional
    const worth = notionals - this.notionalSum
    this.notionalRest += this.notionalSum - (notionals - worth) + (notional - worth)
    this.notionalSum = notionals
    this.n += n
  }
}
