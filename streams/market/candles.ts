/** ms. */
export const MINUTE = 60_000
/** ms. */
export const HOUR = 3_600_000
/** ms. */
export const DAY = 86_400_000

/** One candle. Open and close go by event time, then by the order of arrival. Prices in the quote, volume in base units, times in ms. */
export class Candle {
  openT: number
  open = 0
  high = 0
  low = 0
  close = 0
  volume = 0
  notional = 0
  n = 0
  /** Event times of the trades that gave `open` and `close`. */
  firstT = 0
  lastT = 0

  constructor(openT: number) {
    this.openT = openT
  }

  /** Adds one trade. */
  trade(t: number, price: number, size: number): void {
    this.add(t, t, price, price, price, price, size, size * price, 1)
  }

  /** Adds all of another candle. Volumes and notionals add, so an average is never summed. */
  merge(other: Candle): void {
    if (other.n > 0)
      this.add(other.firstT, other.lastT, other.open, other.high, other.low, other.close, other.volume, other.notional, other.n)
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
    this.volume += volume
    this.notional += notional
    this.n += n
  }
}

/** Returns the beginning of the interval that `t` falls into, both in ms. */
export const floorTo = (t: number, interval: number): number => t - (t % interval)

/** The running candle of one interval and the last closed one before it. */
export class Candles {
  readonly interval: number
  running: Candle | undefined
  previous: Candle | undefined

  constructor(interval: number) {
    this.interval = interval
  }

  /** Returns the candle that `t` (ms) falls into; undefined if it closed before the last closed one, because only the store still has it. */
  at(t: number): Candle | undefined {
    const openT = floorTo(t, this.interval)
    if (this.running === undefined || openT > this.running.openT) {
      this.previous = this.running
      this.running = new Candle(openT)
      return this.running
    }
    if (openT === this.running.openT) return this.running
    if (this.previous === undefined || openT > this.previous.openT) this.previous = new Candle(openT)
    return openT === this.previous.openT ? this.previous : undefined
  }
}
