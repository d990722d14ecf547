import { Candle, floorTo, MINUTE } from './candles.ts'

/** A candle as a feed gave it. A second one of the same length, beginning and source is left out: the first counts. */
export interface GivenCandle {
  readonly openT: number
  /** Length, ms. */
  readonly span: number
  /** The number of its source. */
  readonly source: number
  readonly bar: Candle
}

/** Makes a given candle: all of it counts as traded at its close, which is what its notional is computed from. */
export const givenCandle = (
  openT: number,
  span: number,
  source: number,
  prices: { readonly open: number; readonly high: number; readonly low: number; readonly close: number },
  volume: number,
): GivenCandle => {
  const { open, high, low, close } = prices
  const bar = new Candle(openT)
  bar.add(openT, openT + span - 1, open, high, low, close, volume, volume * close, 1)
  return { openT, span, source, bar }
}

/** Returns the last minute of a given candle, ms: the moment at which it counts. */
export const lastMinute = ({ openT, span }: GivenCandle): number => floorTo(openT + span - 1, MINUTE)
