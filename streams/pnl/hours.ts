import { fromNumber, toNumber } from '../lib/decimal.ts'
import { type AssetEvent, factorOf } from '../market/assetEvent.ts'
import { HOUR } from '../market/candles.ts'
import type { AssetPnl, PnlRow } from '../measures/rows.ts'
import type { KnownSums, Sums } from '../measures/sums.ts'
import { type PositionRules, Positions, type WrittenPositions } from './positions.ts'
import { type BookedSums, type Standing, Summing } from './sums.ts'
import type { Transaction } from './transaction.ts'

/** A portfolio as it stood at the end of an hour. Money in the quote currency; NaN is unknown. */
export interface HourRow extends Sums, KnownSums, Pick<PnlRow, 'assets' | 'unpriced'> {
  /** ms: the end of the hour. */
  readonly t: number
  /** Assets valued at a price older than the hour, and when the candle that gave it ended, ms. */
  readonly carried: readonly (readonly [asset: string, since: number])[]
}

/** How the rows of hours are computed. */
export interface HourRules extends PositionRules {
  /** Assets that are no part of the sums. */
  readonly ignore?: ReadonlySet<string>
  /** What happens to its assets, in order of time. */
  readonly events?: readonly AssetEvent[]
}

/** The state that hourly rows go on from, as JSON can hold it. */
export interface Checkpoint {
  /** ms, the end of an hour: transactions up to it are booked. */
  readonly t: number
  readonly books: WrittenPositions
  /** All assets that transactions have named, in order of their appearance. */
  readonly assets: readonly string[]
  /** Close of the last candle of an asset that ended by `t`, and when it did, ms. */
  readonly prices: readonly (readonly [asset: string, price: number, since: number])[]
}

/** Returns a checkpoint with nothing booked yet. `prices` are those of candles that ended by `t` (ms). */
export const opening = (rules: PositionRules, t: number, prices: Checkpoint['prices'] = []): Checkpoint => ({
  t,
  books: new Positions(rules).write(),
  assets: [],
  prices,
})

/**
 * Returns a row for the end of each hour after `start.t`, up to `to` (ms), and a checkpoint as of `to`. Rows and checkpoint are the same
 * however the time is cut.
 *
 * `closes` holds an asset's closes: at `i` that of the hour which ends at `start.t + (i + 1) × HOUR`, NaN if it had no candle. A transaction
 * without a price is booked at the close of the last candle that had ended by its time: an hour knows nothing that only its end shows.
 * `transactions` are sorted by time; those up to `start.t` are passed over. From the time of an event on its asset is counted and valued in
 * the units of after it; rows of before it stay as they were.
 */
export const hourRows = (
  rules: HourRules,
  transactions: readonly Transaction[],
  closes: ReadonlyMap<string, Float64Array>,
  to: number,
  start: Checkpoint,
): { rows: HourRow[]; checkpoint: Checkpoint } => {
  const positions = Positions.read(rules, start.books)
  const assets = new Set(start.assets)
  const prices = new Map<string, Price>(start.prices.map(([asset, price, since]) => [asset, { price, since }]))
  const rows: HourRow[] = []
  let next = firstAfter(transactions, start.t)
  let held = holdings(positions, assets)
  positions.follow(rules.events ?? [], start.t)

  /** Lets happen what does up to `t`: the last prices, all of before it, are of the units that it ends. */
  const happen = (t: number): void => {
    if (positions.happensAt > t) return
    for (const { t: at, asset, to: now, ratio } of positions.upcoming) {
      if (at > t) break
      const last = prices.get(asset)
      if (last === undefined || last.since > at) continue
      if (now !== asset) prices.delete(asset)
      if (now === asset || !prices.has(now)) prices.set(now, { ...last, price: last.price / factorOf(ratio) })
      if (assets.has(asset)) assets.add(now)
    }
    positions.happen(t)
    held = holdings(positions, assets)
  }

  /** Books what happened before `end` at the prices of the moment. */
  const bookBefore = (end: number): void => {
    for (let tx = transactions[next]; tx !== undefined && tx.t < end; tx = transactions[++next]) {
      happen(tx.t)
      assets.add(tx.asset)
      positions.apply(tx, fromNumber(prices.get(tx.asset)?.price ?? Number.NaN))
    }
    happen(end - 1)
  }

  for (let i = 0, t = start.t + HOUR; t <= to; i++, t += HOUR) {
    const booked = next
    bookBefore(t)
    for (const [asset, series] of closes) if (!Number.isNaN(series[i]!)) prices.set(asset, { price: series[i]!, since: t })
    bookBefore(t + 1)
    if (next > booked) held = holdings(positions, assets)
    rows.push(rowAt(t, rules, positions, held, prices))
  }

  const last = [...prices].sort(([a], [b]) => (a < b ? -1 : 1)).map(([asset, { price, since }]) => [asset, price, since] as const)
  return { rows, checkpoint: { t: to, books: positions.write(), assets: [...assets], prices: last } }
}

interface Price {
  readonly price: number
  readonly since: number
}

/** The positions as numbers: what stays the same from one transaction to the next. */
interface Holdings {
  readonly sums: BookedSums
  readonly assets: readonly { readonly held: Held; readonly cost: number; readonly unvalued: boolean }[]
}

/** A holding of an asset, as measures; `cost` and `realised` are NaN if a row of it could not be valued. */
export type Held = Pick<AssetPnl, 'asset' | 'qty' | 'cost' | 'realised'>

/** Returns an asset's figures at a price in the quote currency; NaN if there is none. */
export const assetAt = ({ asset, qty, cost, realised }: Held, price: number): AssetPnl => {
  const value = qty * price
  return { asset, qty, price, avg: qty === 0 ? Number.NaN : cost / qty, value, cost, unrealised: value - cost, realised }
}

const holdings = (positions: Positions, assets: ReadonlySet<string>): Holdings => ({
  sums: {
    realised: toNumber(positions.realised),
    income: toNumber(positions.income),
    expenses: toNumber(positions.expenses),
    fees: toNumber(positions.fees),
    flows: toNumber(positions.flows),
  },
  assets: [...new Set([...assets, ...positions.byAsset.keys()])].map(asset => {
    const { lots, qty = 0n, realised = 0n } = positions.byAsset.get(asset) ?? {}
    const cost = toNumber(lots?.cost ?? 0n)
    const unvalued = positions.unvalued.has(asset)
    const known = unvalued ? { cost: Number.NaN, realised: Number.NaN } : { cost, realised: toNumber(realised) }
    return { held: { asset, qty: toNumber(qty), ...known }, cost, unvalued }
  }),
})

/** Returns the row of an hour. */
const rowAt = (
  t: number,
  { quote, ignore }: HourRules,
  { flaws }: Positions,
  { sums, assets }: Holdings,
  prices: ReadonlyMap<string, Price>,
): HourRow => {
  const figures: AssetPnl[] = []
  const unpriced: [string, string][] = []
  const carried: [string, number][] = []
  const summing = new Summing()
  for (const { held, cost, unvalued } of assets) {
    const { asset, qty } = held
    const last = asset === quote ? { price: 1, since: t } : prices.get(asset)
    const figure = assetAt(held, last?.price ?? Number.NaN)
    figures.push(figure)
    const missing = qty !== 0 && last === undefined
    // The balance of money is unknown if a row that moved it could not be valued.
    const standing: Standing = missing || (unvalued && asset === quote) ? 'unpriced' : unvalued ? 'unvalued' : 'whole'
    const why = flaws.get(asset) ?? (missing ? 'no price yet' : undefined)
    if (why !== undefined) unpriced.push([asset, why])
    summing.add(ignore?.has(asset) ? 'ignored' : standing, qty === 0 ? 0 : figure.value, cost)
    if (qty !== 0 && last !== undefined && last.since < t) carried.push([asset, last.since])
  }
  return { t, ...summing.of(sums), assets: figures, unpriced, carried }
}

/** Returns the index of the first transaction after `t` (ms). */
export const firstAfter = (transactions: readonly Transaction[], t: number): number => {
  let low = 0
  let high = transactions.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (transactions[middle]!.t <= t) low = middle + 1
    else high = middle
  }
  return low
}
