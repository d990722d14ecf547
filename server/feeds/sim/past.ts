import { DAY, floorTo, HOUR, MINUTE } from '../../../streams/market/candles.ts'
import { seededRandom, seedOf } from '../../lib/seededRandom.ts'
import { nice, SIM_ASSETS, type SimAsset, YEAR_MS } from './market.ts'

/** A price that an asset had at `t` (ms): the simulated past passes through it. */
export interface Anchor {
  readonly t: number
  readonly price: number
}

/** A candle of the simulated past. */
export interface SimCandle {
  readonly openT: number
  /** Its length, ms. */
  readonly span: number
  readonly prices: { readonly open: number; readonly high: number; readonly low: number; readonly close: number }
  readonly volume: number
}

/** What the past leads to, and from where. */
export interface SimPast {
  readonly seed: number
  /** The past ends with the minute before this moment, ms, with the prices that the market begins with. */
  readonly to: number
  /** By asset. */
  readonly anchors: ReadonlyMap<string, readonly Anchor[]>
}

/** The time that every asset has a past of, in hours; one with anchors has the last hour of each day from a day before the first of them. */
const IN_HOURS = 31 * DAY
/** The end of the past, in minutes. */
const IN_MINUTES = 3 * HOUR
/** What is traded of an asset in a second, in the quote currency. */
const TRADED_A_SECOND = 600
/** How far a candle reaches beyond its open and close, as a share of its spread. */
const WICK = 0.4

/**
 * Yields the candles of each asset before the market begins, oldest first: geometric Brownian bridges between its anchors, with the common factor
 * that the market has. The same seed, end and anchors give the same past.
 */
export const simPast = function* ({
  seed,
  to,
  anchors,
}: SimPast): Iterable<{ readonly asset: string; readonly candles: readonly SimCandle[] }> {
  const end = floorTo(to, MINUTE)
  const begins = (asset: string): number => Math.min(end - IN_HOURS, ...(anchors.get(asset) ?? []).map(({ t }) => t - 2 * DAY))
  const common: number[] = []
  const shared = seededRandom(seed)
  for (const asset of SIM_ASSETS) {
    const times = timesOf(end, begins(asset.name))
    while (common.length < times.length) common.push(shared.normal())
    yield { asset: asset.name, candles: candlesOf(asset, seed, times, common, anchors.get(asset.name) ?? []) }
  }
}

/** Returns the ends and beginnings of the candles from `end` back to `begin` (ms), newest first, each once. */
const timesOf = (end: number, begin: number): number[] => {
  const times: number[] = []
  const inHours = floorTo(end - IN_MINUTES, HOUR)
  for (let t = end; t > inHours; t -= MINUTE) times.push(t)
  const inDays = floorTo(end - IN_HOURS, DAY)
  for (let t = inHours; t > inDays; t -= HOUR) times.push(t)
  for (let t = inDays; t >= begin; t -= DAY) times.push(t, t - HOUR)
  return times
}

const candlesOf = (
  asset: SimAsset,
  seed: number,
  times: readonly number[],
  common: readonly number[],
  anchors: readonly Anchor[],
): SimCandle[] => {
  const random = seededRandom(seedOf(`${seed} ${asset.name}`))
  const prices = pathOf(asset, random.normal, times, common, anchors).map(nice)
  const candles: SimCandle[] = []
  for (let i = times.length - 2; i >= 0; i--) {
    const [openT, span] = [times[i + 1]!, times[i]! - times[i + 1]!]
    if (span > HOUR) continue
    const [open, close] = [prices[i + 1]!, prices[i]!]
    const reach = WICK * asset.volatility * Math.sqrt(span / YEAR_MS)
    const high = Math.max(open, close, nice(Math.max(open, close) * (1 + reach * random.uniform())))
    const low = Math.min(open, close, nice(Math.min(open, close) * (1 - reach * random.uniform())))
    const worth = ((TRADED_A_SECOND * span) / 1000) * Math.exp(0.5 * random.normal())
    candles.push({ openT, span, prices: { open, high, low, close }, volume: Number((worth / close).toPrecision(5)) })
  }
  return candles
}

/** Returns the prices at these times, from the newest back: of a Brownian bridge each step leads towards the next anchor, and strays less near it. */
const pathOf = (
  { price, volatility, share }: SimAsset,
  normal: () => number,
  times: readonly number[],
  common: readonly number[],
  anchors: readonly Anchor[],
): number[] => {
  const left = [...anchors].sort((a, b) => a.t - b.t)
  let log = Math.log(price)
  return times.map((t, i) => {
    const before = times[i - 1]
    const anchor = left.at(-1)
    if (before !== undefined) {
      const move = volatility * Math.sqrt((before - t) / YEAR_MS) * (share * common[i]! + Math.sqrt(1 - share * share) * normal())
      const rest = anchor === undefined ? 1 : t <= anchor.t ? 0 : (t - anchor.t) / (before - anchor.t)
      log = log * rest + (rest < 1 ? Math.log(anchor!.price) * (1 - rest) : 0) + move * Math.sqrt(rest)
    }
    // What was paid at a moment is the close of the newest candle that had ended then.
    if (t - (times[i + 1] ?? Number.NEGATIVE_INFINITY) <= HOUR) while (left.length > 0 && left.at(-1)!.t >= t) left.pop()
    return before === undefined ? price : Math.exp(log)
  })
}
