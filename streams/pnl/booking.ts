import { fromNumber } from '../lib/decimal.ts'
import { type AssetEvent, converts } from '../market/assetEvent.ts'
import type { Instrument } from '../market/market.ts'
import { BookingQueue } from './bookingQueue.ts'
import type { PortfolioPast } from './portfolioPast.ts'
import type { PortfolioSpec } from './portfolioSpec.ts'
import { Positions } from './positions.ts'
import { inOrder, type Transaction } from './transaction.ts'

/**
 * The rows of a portfolio, and the exact positions that those give whose time has come. If one belongs before what is booked, all have to be
 * booked again from the first on (`late`), at the prices that they were booked at.
 */
export class Booking {
  private readonly spec: PortfolioSpec
  private readonly instrumentOf: (asset: string) => Instrument | undefined
  private readonly queue: BookingQueue
  private booked: Positions
  /** A row belongs before what is booked, or before the running day. */
  private isLate = false
  private tracksCash: boolean
  /** What is known to happen to assets, and what of it concerns this portfolio; in order of time. */
  private assetEvents: readonly AssetEvent[] = []
  private concerned: readonly AssetEvent[] = []
  /** ms: up to when rows and events are booked. */
  private bookedTo = Number.NEGATIVE_INFINITY
  /** The price at which a row of the file without one was booked, so that it is booked at the same again. */
  private readonly marketPrices = new Map<Transaction, bigint | undefined>()
  /** ms: what happened after this has been seen, or is part of the path. */
  private seenFrom = Number.POSITIVE_INFINITY
  /** ms: since then somebody has listened to prices. */
  private listenedFrom = Number.POSITIVE_INFINITY
  /** A row came that is older than that: the path does not know of it. */
  private older = false

  /** `instrumentOf` returns what prices an asset; undefined for the quote asset. */
  constructor(spec: PortfolioSpec, instrumentOf: (asset: string) => Instrument | undefined) {
    this.spec = spec
    this.instrumentOf = instrumentOf
    this.queue = new BookingQueue(spec.transactions)
    this.tracksCash = spec.transactions.some(tx => tx.asset === spec.quote)
    this.booked = this.noPositions()
  }

  /** The positions after what is booked. */
  get positions(): Positions {
    return this.booked
  }

  /** All rows in the order in which they are booked, those that wait for their time at the end. */
  get rows(): readonly Transaction[] {
    return this.queue.all
  }

  /** How many rows there are, booked or not. */
  get rowCount(): number {
    return this.queue.size
  }

  /** What happens to the assets of its rows, in order of time. */
  get events(): readonly AssetEvent[] {
    return this.concerned
  }

  /** Whether any row is booked. */
  get begun(): boolean {
    return this.queue.begun
  }

  /** ms: the time of the last row that is booked; -Infinity if none is. */
  get newestRow(): number {
    return this.queue.bookedTo
  }

  /** Whether all has to be booked again: `restart` has to come before `book`. */
  get late(): boolean {
    return this.isLate
  }

  /** ms of the next row or event that waits for its time; Infinity if none does. */
  get dueAt(): number {
    return this.isLate ? Number.NEGATIVE_INFINITY : Math.min(this.nextRow, this.booked.happensAt)
  }

  private get nextRow(): number {
    return this.queue.upcoming?.t ?? Number.POSITIVE_INFINITY
  }

  /** Lets time come to `t` (ms) while nothing is held yet that anything could happen to. Returns false if there is something to be booked. */
  idle(t: number): boolean {
    if (this.queue.begun || this.isLate || this.nextRow <= t) return false
    this.booked.happen(t)
    return true
  }

  /** Says that somebody listens to prices since `t` (ms). */
  listen(t: number): void {
    this.seeFrom(t)
    this.listenedFrom = Math.min(this.listenedFrom, t)
  }

  /** Says that what happened after `t` (ms) has been seen, or is part of the path. */
  seeFrom(t: number): void {
    this.seenFrom = Math.min(this.seenFrom, t)
  }

  /** Takes in at which prices former runs have booked rows of the file, and since when they listened. The path of then knows of all rows. */
  restore({ rowPrices, listenedFrom }: PortfolioPast): void {
    for (const [tx, price] of rowPrices) this.marketPrices.set(tx, price)
    this.listenedFrom = Math.min(this.listenedFrom, listenedFrom)
    this.older = false
  }

  /** Takes in what is known to happen to assets, in order of time. What should have happened already is booked with the next that is due. */
  follow(events: readonly AssetEvent[]): void {
    this.assetEvents = events
    const concerning = this.concerning()
    this.isLate ||= this.queue.begun && concerning.some(event => event.t <= this.bookedTo && !this.concerned.includes(event))
    this.concerned = concerning
    if (!this.isLate) this.booked.follow(concerning, this.queue.begun ? this.bookedTo : undefined)
  }

  /** Takes in rows that came at run time, none of which was there before. They are late, too, if they are older than `dayBegan` (ms). */
  record(rows: readonly Transaction[], dayBegan: number): void {
    if (rows.length === 0) return
    const added = rows.toSorted(inOrder)
    const { begun } = this.queue
    if (!this.tracksCash && added.some(tx => tx.asset === this.spec.quote)) {
      this.tracksCash = true
      if (begun) this.isLate = true
      else this.booked = this.noPositions()
    }
    // Money is worth the same at any time. Before the first frame nothing is computed that could lack a row.
    const listens = Number.isFinite(this.listenedFrom)
    this.older ||= listens && added.some(({ t, asset }) => t <= this.listenedFrom && asset !== this.spec.quote)
    this.isLate ||= added[0]!.t < dayBegan || (begun && this.queue.precedesBooked(added[0]!))
    this.queue.record(added)
    if (this.assetEvents.length > 0) this.follow(this.assetEvents)
  }

  /** Empties the positions, and lets all rows wait again. */
  restart(): void {
    this.isLate = false
    this.booked = this.noPositions()
    this.queue.restart()
  }

  /** Books the rows up to `t`. Returns whether all that came since the last time came in time for their moment to be seen. */
  book(t: number): boolean {
    let seen = !this.older
    this.older = false
    for (let tx = this.queue.upcoming; tx !== undefined && tx.t <= t; tx = this.queue.upcoming) {
      const instrument = this.instrumentOf(tx.asset)
      // Money is worth the same at any time.
      if (tx.t <= this.seenFrom && instrument !== undefined) seen = false
      // A recorded row has the price of the moment it was recorded at, if there was one: a later one would be another after each start.
      const recorded = this.queue.pass()
      this.booked.happen(tx.t)
      this.booked.apply(tx, recorded ? undefined : (tx.price ?? this.marketPrice(tx, instrument)))
    }
    this.booked.happen(t)
    this.bookedTo = t
    return seen
  }

  /** Books all rows again that are booked, beside, from the first on, and calls `after` behind each with the positions as they are then. */
  rebook(after: (tx: Transaction, positions: Positions) => void): void {
    const positions = this.noPositions()
    for (const tx of this.queue.all) {
      if (tx.t > this.bookedTo) break
      positions.happen(tx.t)
      positions.apply(tx, this.marketPrices.get(tx))
      after(tx, positions)
    }
  }

  /** Those events that concern what its rows name, or what that has become. */
  private concerning(): AssetEvent[] {
    const names = new Set(this.queue.all.map(({ asset }) => asset))
    return this.assetEvents.filter(event => {
      if (!converts(event) || !names.has(event.asset) || event.asset === this.spec.quote) return false
      names.add(event.to)
      return true
    })
  }

  /** Returns the price of a row's moment, 10⁻¹⁸; undefined if nobody saw it. */
  private marketPrice(tx: Transaction, instrument: Instrument | undefined): bigint | undefined {
    if (!this.marketPrices.has(tx)) {
      const price = tx.t <= this.seenFrom ? Number.NaN : (instrument?.price ?? 1)
      this.marketPrices.set(tx, fromNumber(price))
    }
    return this.marketPrices.get(tx)
  }

  private noPositions(): Positions {
    const { quote, method, feesInCost } = this.spec
    const positions = new Positions({ quote, method, feesInCost, tracksCash: this.tracksCash })
    positions.follow(this.concerned)
    return positions
  }
}
