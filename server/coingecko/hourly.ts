import { DAY, floorTo, HOUR } from '../../streams/market/candles.ts'
import { isPrice, isTime } from '../../streams/market/ticks.ts'

/** One point of a chart: ms and price; null if CoinGecko has none. */
export type Point = readonly [t: number, price: number | null]

/** The prices of one hour's points. Prices between them are unknown. */
export interface HourPrices {
  /** ms: the end of the hour. */
  readonly end: number
  readonly open: number
  readonly high: number
  readonly low: number
  readonly close: number
}

/** Returns the grain of a chart of this many days, in words and as the step (ms) between the hour ends that it has. */
export const resolutionOf = (days: number): { readonly every: string; readonly step: number } =>
  days === 1
    ? { every: 'a point every 5 minutes', step: HOUR }
    : days <= 90
      ? { every: 'a point an hour', step: HOUR }
      : { every: 'a point a day, at 00:00 UTC', step: DAY }

/** Returns the ends of the hours that a chart of `days` requested at `now` (ms) has: `first ≤ end ≤ last`, in steps. */
export const hoursToAskFor = (days: number, now: number): { readonly first: number; readonly last: number; readonly step: number } => {
  const { step } = resolutionOf(days)
  const begin = Math.ceil((now - days * DAY) / step) * step
  // The hour of the first midnight began before the chart does, but its point is at its end.
  return { first: step === HOUR ? begin + HOUR : begin, last: floorTo(now, step), step }
}

/**
 * The hours that have ended by the chart's last point. That point is "now" and no part of the chart: the next chart has another in
 * its place. An hour's close is the last point at or before its end. An hour without a point is left out, neither made up nor filled:
 * a reader of candles carries the last price forward and says so. `bad` counts the points that are no price at no time.
 */
export const hoursOf = (points: readonly Point[]): { readonly hours: readonly HourPrices[]; readonly bad: number } => {
  const good = points.filter((point): point is readonly [number, number] => isTime(point[0]) && point[1] !== null && isPrice(point[1]))
  good.sort(([a], [b]) => a - b)
  const ended = floorTo(good.at(-1)?.[0] ?? 0, HOUR)
  const hours: HourPrices[] = []
  for (const [t, price] of good.slice(0, -1)) {
    const end = Math.ceil(t / HOUR) * HOUR
    if (end > ended) break
    const before = hours.at(-1)
    if (before?.end !== end) hours.push({ end, open: price, high: price, low: price, close: price })
    else {
      const { open, high, low } = before
      hours[hours.length - 1] = { end, open, high: Math.max(high, price), low: Math.min(low, price), close: price }
    }
  }
  return { hours, bad: points.length - good.length }
}
