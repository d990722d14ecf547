import type { BacktestMoment, PastPrice } from './backtest.ts'

/** The closes of one asset's candles, oldest first. */
export interface AssetCloses {
  readonly asset: string
  /** When each became known: the end of its candle, ms. */
  readonly t: ArrayLike<number>
  readonly price: ArrayLike<number>
}

/** Puts the closes of several assets together, moment by moment. */
export const momentsOf = function* (all: readonly AssetCloses[]): Generator<BacktestMoment> {
  const places = all.map(() => 0)
  for (;;) {
    let t = Number.POSITIVE_INFINITY
    for (const [i, closes] of all.entries()) t = Math.min(t, closes.t[places[i]!] ?? t)
    if (t === Number.POSITIVE_INFINITY) return
    const prices = new Map<string, PastPrice>()
    for (const [i, { asset, t: times, price }] of all.entries()) {
      const at = places[i]!
      if (times[at] !== t) continue
      // A candle's last trade came before its end.
      prices.set(asset, { t: t - 1, price: price[at]! })
      places[i] = at + 1
    }
    yield { t, prices }
  }
}
