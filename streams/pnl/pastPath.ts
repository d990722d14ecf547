import { toNumber } from '../lib/decimal.ts'
import { firstAfter, type HourRules } from './hours.ts'
import { LOST, Path, type PathPoint, type PathState } from './path.ts'
import { Positions } from './positions.ts'
import { Summing } from './sums.ts'
import type { Transaction } from './transaction.ts'

/** What is stored of the time that a portfolio's path went through. Times in ms. */
export interface PathPast {
  /** Where the path is known already, and up to when. */
  readonly start?: { readonly t: number; readonly state: PathState }
  /** Moments after `start` at which the portfolio is looked at, rising. */
  readonly samples: readonly number[]
  /** How far it is followed. */
  readonly to: number
  /** Rows of one frame are booked together. */
  readonly frameMs: number
  /** Prices of rows without one, 10⁻¹⁸. */
  readonly rowPrices: ReadonlyMap<Transaction, bigint>
  /** Returns an asset's price at a moment; NaN if nobody knows it. */
  readonly price: (asset: string, t: number) => number
  /** Returns after which moment the prices of an asset were seen; Infinity if they never were. */
  readonly seenAfter: (asset: string) => number
}

/**
 * Follows a portfolio's path through its past, as it would have been followed live: before each flow and at each sample what is held counts
 * at its price. Returns what it came to; all of it is unknown if a part was not seen: rows came before prices did, or a holding had none when
 * rows came or when it was looked at. If the server was away for more than a day, only the depth of falls is unknown.
 */
export const pastPath = (rules: HourRules, transactions: readonly Transaction[], past: PathPast): PathState => {
  const { start, samples, to, frameMs, rowPrices, price, seenAfter } = past
  const books = new Books(rules)
  const path = new Path()
  if (start) path.read(start.state)
  let next = start ? firstAfter(transactions, start.t) : 0
  books.book(transactions.slice(0, next), rowPrices)

  /** Books the rows of each frame up to `t`; false if a part of the path was not seen. */
  const bookUpTo = (t: number): boolean => {
    for (let tx = transactions[next]; tx !== undefined && tx.t <= t; tx = transactions[next]) {
      const frame = Math.ceil(tx.t / frameMs) * frameMs
      const end = firstAfter(transactions, frame)
      const priceThen = (asset: string): number => price(asset, frame)
      books.happen(frame)
      const before = books.at(priceThen)
      path.remember(before)
      const { putIn } = books
      const rows = transactions.slice(next, end)
      if (rows.some(({ asset, t: at }) => asset !== rules.quote && at <= seenAfter(asset))) return false
      books.book(rows, rowPrices)
      next = end
      const after = books.worthAtCost(priceThen)
      if (Number.isNaN(before.worth) || Number.isNaN(after)) return false
      path.booked(before.worth, after, books.putIn - putIn)
    }
    return true
  }

  for (const t of samples) {
    if (!bookUpTo(t)) return LOST
    books.happen(t)
    const point = books.at(asset => price(asset, t))
    if (!Number.isNaN(point.total)) path.remember(point)
    else if (start) path.loseDepth()
    else return LOST
  }
  return bookUpTo(to) ? path.write() : LOST
}

/** Positions, and their holdings as numbers, which change with bookings only. */
class Books {
  private readonly rules: HourRules
  private readonly positions: Positions
  private held: { readonly asset: string; readonly qty: number; readonly cost: number; readonly unvalued: boolean }[] = []

  constructor(rules: HourRules) {
    this.rules = rules
    this.positions = new Positions(rules)
    this.positions.follow(rules.events ?? [])
  }

  book(transactions: readonly Transaction[], rowPrices: ReadonlyMap<Transaction, bigint>): void {
    for (const tx of transactions) {
      this.positions.happen(tx.t)
      this.positions.apply(tx, rowPrices.get(tx))
    }
    this.take()
  }

  /** Lets happen to assets what does up to `t` (ms). */
  happen(t: number): void {
    if (this.positions.happensAt > t) return
    this.positions.happen(t)
    this.take()
  }

  private take(): void {
    this.held = [...this.positions.byAsset.values()]
      .filter(({ asset }) => !this.rules.ignore?.has(asset))
      .map(({ asset, qty, lots }) => ({
        asset,
        qty: toNumber(qty),
        cost: toNumber(lots.cost),
        unvalued: this.positions.unvalued.has(asset),
      }))
  }

  /** The flows so far; what lies in ignored assets counts as taken out. */
  get putIn(): number {
    let putIn = toNumber(this.positions.flows)
    for (const asset of this.rules.ignore ?? []) putIn -= toNumber(this.positions.byAsset.get(asset)?.lots.cost ?? 0n)
    return putIn
  }

  /** Returns what is held at these prices, and what was gained. */
  at(price: (asset: string) => number): PathPoint {
    const { realised, income, expenses } = this.positions
    const summing = new Summing()
    for (const { asset, qty, cost, unvalued } of this.held) {
      const value = qty === 0 ? 0 : qty * this.priceOf(asset, price)
      summing.add(unvalued ? 'unvalued' : Number.isNaN(value) ? 'unpriced' : 'whole', value, cost)
    }
    const sums = summing.of({ realised: toNumber(realised), income: toNumber(income), expenses: toNumber(expenses), fees: 0, flows: 0 })
    return { total: sums.total, worth: Number.isNaN(sums.total) ? Number.NaN : sums.value }
  }

  /** Returns what is held at these prices; what has none yet counts as what it cost. */
  worthAtCost(price: (asset: string) => number): number {
    let worth = 0
    for (const { asset, qty, cost, unvalued } of this.held) {
      const value = qty === 0 ? 0 : qty * this.priceOf(asset, price)
      if (unvalued) return Number.NaN
      worth += Number.isNaN(value) ? cost : value
    }
    return worth
  }

  private priceOf(asset: string, price: (asset: string) => number): number {
    return asset === this.rules.quote ? 1 : price(asset)
  }
}
