import { fromNumber, toNumber } from '../../streams/lib/decimal.ts'
import type { AssetEvent } from '../../streams/market/assetEvent.ts'
import { DAY, floorTo, HOUR } from '../../streams/market/candles.ts'
import { dividing, factorOfAll, rescalesOf } from '../../streams/market/rescale.ts'
import type { PnlRow } from '../../streams/measures/rows.ts'
import type { HourRules } from '../../streams/pnl/hours.ts'
import { pastPath } from '../../streams/pnl/pastPath.ts'
import type { PathState } from '../../streams/pnl/path.ts'
import type { PortfolioPast } from '../../streams/pnl/portfolioPast.ts'
import type { PortfolioHistory } from '../../streams/pnl/portfolioSpec.ts'
import { Positions } from '../../streams/pnl/positions.ts'
import type { Transaction } from '../../streams/pnl/transaction.ts'
import type { Engine } from '../storage/engine/engine.ts'
import { newestRow, oldestTime } from '../storage/read/newestRow.ts'
import { pricedSince, pricesAt } from '../storage/read/pricesAt.ts'
import { firstFrame } from '../storage/read/storedFrames.ts'
import { readCloses } from './closes.ts'

/** A portfolio with all its rows, and those among them that come from its file. */
export interface PastPortfolio extends PortfolioHistory {
  readonly ofFile: readonly Transaction[]
}

/** Of when the past is read. Times in ms. */
export interface PastMoment {
  /** Only what was stored of the time before counts; Infinity for everything. */
  readonly before: number
  /** The end of the last frame of the past. */
  readonly to: number
  readonly frameMs: number
  /** Whether time went on while nobody listened; in a replay, what was not recorded did not happen. */
  readonly live: boolean
}

/** Moments whose prices are asked for one by one; for more the closes of hours have to do. */
const MOMENTS_MAX = 200
/** Hours that are read at once. */
const HOURS_AT_ONCE = 10_000

/** Reads what the store knows of a portfolio's past: see `PortfolioPast`. */
export const readPortfolioPast = async (engine: Engine, portfolio: PastPortfolio, moment: PastMoment): Promise<PortfolioPast> => {
  const { id, transactions, ofFile, quote } = portfolio
  const { before, to } = moment
  const prices = new PastPrices(engine, portfolio, moment)
  const unpriced = ofFile.filter(tx => needsPrice(tx, quote) && tx.t <= to)
  await prices.ask(unpriced)
  const rowPrices = new Map<Transaction, bigint>()
  for (const tx of unpriced) {
    const price = fromNumber(prices.at(tx.asset, prices.frameOf(tx.t)))
    if (price !== undefined) rowPrices.set(tx, price)
  }
  const midnight = floorTo(to, DAY)
  await prices.askAt(midnight)
  const row = await newestRow(engine, 'pnl', id, before)
  // In a replay nothing happened between two runs: together they are one.
  const first = moment.live ? undefined : await oldestTime(engine, 'pnl', id, before)
  const listenedFrom = first === undefined ? Number.POSITIVE_INFINITY : first - moment.frameMs
  const past = { id, t: to, rows: transactions.length, rowPrices, stored: row !== undefined, listenedFrom }
  return {
    ...past,
    midnight: { t: midnight, prices: new Map(prices.assets.map(asset => [asset, prices.at(asset, midnight)])) },
    path: await pathOf(engine, portfolio, moment, prices, rowPrices, row),
  }
}

const pathOf = async (
  engine: Engine,
  portfolio: PastPortfolio,
  { before, to, frameMs, live }: PastMoment,
  prices: PastPrices,
  rowPrices: ReadonlyMap<Transaction, bigint>,
  row: PnlRow | undefined,
): Promise<PathState> => {
  const { transactions } = portfolio
  const rules = rulesOf(portfolio)
  const common = { to, frameMs, rowPrices, price: (asset: string, t: number) => prices.at(asset, t) }
  if (row && row.t <= to && !Number.isNaN(row.pathGrowth) && sameBooks(row, rules, transactions, rowPrices)) {
    const since = transactions.filter(({ t }) => t > row.t && t <= to)
    const samples = live ? hoursBetween(row.t, to) : []
    if (samples.length > 0) await prices.readHours(row.t)
    if ((await prices.ask(since)) || samples.length > 0)
      return pastPath(rules, transactions, { ...common, start: { t: row.t, state: stateOf(row) }, samples, seenAfter: () => 0 })
  }
  const [first] = transactions
  if (first === undefined || first.t > to) return pastPath(rules, [], { ...common, samples: [], seenAfter: () => 0 })
  if (row === undefined && (await prices.ask(transactions.filter(({ t }) => t <= to)))) {
    // It was never looked at but when rows came.
    const listened = ((await firstFrame(engine, before)) ?? Number.POSITIVE_INFINITY) - frameMs
    const path = pastPath(rules, transactions, { ...common, samples: [], seenAfter: () => listened })
    if (!Number.isNaN(path.growth)) return path
  }
  await prices.readHours(first.t)
  const since = await pricedSince(
    engine,
    prices.assets.map(asset => `${asset}-${portfolio.quote}`),
  )
  const seenAfter = (asset: string): number => (since.get(`${asset}-${portfolio.quote}`) ?? Number.POSITIVE_INFINITY) - 1
  return pastPath(rules, transactions, { ...common, samples: hoursBetween(first.t, to), seenAfter })
}

const rulesOf = ({ quote, method, feesInCost, ignore, transactions, events = [] }: PortfolioHistory): HourRules => ({
  quote,
  method,
  feesInCost,
  ...(ignore && { ignore }),
  events,
  tracksCash: transactions.some(tx => tx.asset === quote),
})

const needsPrice = ({ price, cost, type, asset }: Transaction, quote: string): boolean =>
  price === undefined && cost === undefined && type !== 'transfer' && asset !== quote

/** The ends of the hours after `from`, up to `to` (ms). */
const hoursBetween = (from: number, to: number): number[] => {
  const hours: number[] = []
  for (let t = floorTo(from, HOUR) + HOUR; t <= to; t += HOUR) hours.push(t)
  return hours
}

const stateOf = ({ pathGrowth, pathBase, pathPeak, pathHighest, pathAbs, pathRel }: PnlRow): PathState => ({
  growth: pathGrowth,
  base: pathBase,
  peak: pathPeak,
  highest: pathHighest,
  abs: pathAbs,
  rel: pathRel,
})

/** Says whether the rows of today lead to what was stored: if not, they are others, and so is the path. */
const sameBooks = (
  row: PnlRow,
  rules: HourRules,
  transactions: readonly Transaction[],
  rowPrices: ReadonlyMap<Transaction, bigint>,
): boolean => {
  const books = new Positions(rules)
  books.follow(rules.events ?? [])
  for (const tx of transactions) {
    if (tx.t > row.t) break
    books.happen(tx.t)
    books.apply(tx, rowPrices.get(tx))
  }
  books.happen(row.t)
  const known = Number.isNaN(row.total)
  const booked = [
    [known ? row.knownRealised : row.realised, books.realised],
    [known ? row.knownIncome : row.income, books.income],
    [known ? row.knownExpenses : row.expenses, books.expenses],
    [known ? row.knownFees : row.fees, books.fees],
  ] as const
  const quantities = new Map(row.assets.map(({ asset, qty }) => [asset, qty]))
  return (
    (known || rules.ignore !== undefined || row.flows === toNumber(books.flows)) &&
    booked.every(([stored, amount]) => stored === toNumber(amount)) &&
    [...books.byAsset.values()].every(({ asset, qty }) => (quantities.get(asset) ?? 0) === toNumber(qty)) &&
    row.assets.every(({ asset, qty }) => qty === 0 || books.byAsset.has(asset))
  )
}

/** Prices of a portfolio's assets through its past: those of single moments, and the closes of hours, each good for a day. */
class PastPrices {
  readonly assets: readonly string[]
  private readonly engine: Engine
  private readonly quote: string
  private readonly moment: PastMoment
  private readonly events: readonly AssetEvent[]
  private readonly moments = new Map<number, ReadonlyMap<string, number>>()
  /** Closes of the hours from here on, ms. */
  private hoursFrom = Number.NaN
  private closes: ReadonlyMap<string, Float64Array> = new Map()

  constructor(engine: Engine, { quote, transactions, events = [] }: PortfolioHistory, moment: PastMoment) {
    this.engine = engine
    this.quote = quote
    this.moment = moment
    this.events = events
    const named = transactions.flatMap(({ asset, t }) => (asset === quote || t > moment.to ? [] : [asset]))
    this.assets = [...new Set([...named, ...events.map(({ to }) => to)])]
  }

  /** The end of the frame that a moment lies in, ms. */
  frameOf(t: number): number {
    return Math.ceil(t / this.moment.frameMs) * this.moment.frameMs
  }

  /** Asks for the prices of the frames that rows came in; false if they are too many. */
  async ask(rows: readonly Transaction[]): Promise<boolean> {
    const frames = new Set(rows.map(({ t }) => this.frameOf(t)))
    if (frames.size > MOMENTS_MAX) {
      await this.readHours(rows[0]!.t)
      return false
    }
    for (const t of frames) await this.askAt(t)
    return true
  }

  /** Asks for the prices of one moment. */
  async askAt(t: number): Promise<void> {
    if (this.moments.has(t)) return
    const known = await pricesAt(
      this.engine,
      this.assets.map(asset => `${asset}-${this.quote}`),
      t,
      this.events,
    )
    this.moments.set(t, new Map(this.assets.map(asset => [asset, known.get(`${asset}-${this.quote}`) ?? Number.NaN])))
  }

  /** Reads the closes of hours from a day before `t` (ms) on. */
  async readHours(t: number): Promise<void> {
    const from = floorTo(t, HOUR) - DAY
    if (from >= this.hoursFrom) return
    const to = floorTo(this.moment.to, HOUR)
    const spans = new Map(this.assets.map(asset => [asset, HOUR]))
    const closes = new Map(this.assets.map(asset => [asset, new Float64Array(Math.max(0, (to - from) / HOUR)).fill(Number.NaN)]))
    for (let at = from; at < to && spans.size > 0; at += HOURS_AT_ONCE * HOUR) {
      const part = await readCloses(this.engine, this.quote, spans, at, Math.min(to, at + HOURS_AT_ONCE * HOUR), this.events)
      for (const [asset, series] of part.closes) closes.get(asset)!.set(series, (at - from) / HOUR)
    }
    this.hoursFrom = from
    this.closes = closes
  }

  /** Returns a price; NaN if it is not known. */
  at(asset: string, t: number): number {
    const exact = this.moments.get(t)?.get(asset) ?? Number.NaN
    if (!Number.isNaN(exact) || Number.isNaN(this.hoursFrom)) return exact
    const closes = this.closes.get(asset) ?? NO_CLOSES
    const newest = Math.floor((t - this.hoursFrom) / HOUR) - 1
    // Each is good for the hours of a day that have none.
    for (let i = newest; i >= newest - DAY / HOUR; i--) {
      const close = closes[i] ?? Number.NaN
      if (!Number.isNaN(close)) return close * this.scaleSince(asset, this.hoursFrom + (i + 1) * HOUR - 1, t)
    }
    return Number.NaN
  }

  /** Returns by what a price of `from` changes until `t` (ms). */
  private scaleSince(asset: string, from: number, t: number): number {
    return factorOfAll(dividing(rescalesOf(`${asset}-${this.quote}`, this.events), from, t + 1)).price
  }
}

const NO_CLOSES = new Float64Array()
