import { divDown, fromNumber, ONE, toNumber } from '../lib/decimal.ts'
import { Changes } from '../lib/dependencies.ts'
import { Interner } from '../lib/interner.ts'
import type { AssetEvent } from '../market/assetEvent.ts'
import type { DatedSupply } from '../market/datedSupplies.ts'
import { type Instrument, Market } from '../market/market.ts'
import { NO_SIDE } from '../market/ticks.ts'
import { AssetFacts } from './assetFacts.ts'
import { Fund } from './fund.ts'
import { holdingsAsOf } from './holdingsAsOf.ts'
import { type FundHoldings, inceptionOf } from './inception.ts'
import type { FundSpec } from './spec.ts'
import { purchaseCost, saleProceeds } from './tradeCost.ts'
import { type PlannedTrade, type PlanRules, planTrades } from './tradePlan.ts'

/** A price of the past. */
export interface PastPrice {
  /** When it was traded, ms: what happens to the asset after that changes it. */
  readonly t: number
  /** In the quote currency. */
  readonly price: number
}

/** One moment of the past: the prices that became known. */
export interface BacktestMoment {
  /** ms; later than that of the moment before. */
  readonly t: number
  /** By asset, of those that had one. */
  readonly prices: ReadonlyMap<string, PastPrice>
}

/** What is known of assets with a date, for the whole time. */
export interface PastFacts {
  readonly events: readonly AssetEvent[]
  readonly supplies: readonly DatedSupply[]
}

/** A rebalance that a backtest carried out. */
export interface PastRebalance {
  /** ms. */
  readonly t: number
  readonly reason: string
  readonly trades: number
  /** Half of what was traded ÷ what the fund was worth. */
  readonly turnover: number
  /** Of the quote asset. */
  readonly fees: number
}

/** What a fund would have done. The columns have one figure a moment, from its inception on. */
export interface Backtest {
  readonly t: readonly number[]
  /** Of a share, after costs. */
  readonly nav: readonly number[]
  /** Without costs, 100 at inception. */
  readonly level: readonly number[]
  /** What a share would be worth had nothing been traded since the inception. */
  readonly held: readonly number[]
  readonly rebalances: readonly PastRebalance[]
  /** Sum over the rebalances. */
  readonly turnover: number
  /** Of the quote asset, of the whole fund. */
  readonly fees: number
  /** Return of a share less that of the level, over the whole time. */
  readonly trackingDifference: number
}

/** A fund that could not begin, because these assets had no price. */
export interface NeverBegun {
  readonly pending: readonly string[]
}

/** The rules of a plan if trading costs nothing. */
const FREE: PlanRules = { feeBps: 0, minTrade: 0n, lots: new Map() }

const NO_FACTS: PastFacts = { events: [], supplies: [] }

/**
 * Runs a fund over the past, moment by moment, with the code that runs it live: it begins with the first moment whose prices suffice, decides
 * at each moment whether it needs a rebalance, and trades what its plan says at the prices of that moment, the fee out of what is spent or
 * fetched. A price older than `staleAfterMs` is stale: nothing is concluded from it. Facts about assets count from their dates on, as they do
 * live.
 */
export class BacktestRun {
  private readonly spec: FundSpec
  private readonly staleAfterMs: number
  private readonly rules: PlanRules
  private readonly market = new Market(new Interner())
  private readonly changes = new Changes()
  private readonly fund: Fund
  private readonly facts = new AssetFacts()
  private holdings: FundHoldings | undefined
  /** What is held if nothing is ever traded. */
  private first: FundHoldings | undefined
  /** Its units, as measures. */
  private firstUnits: readonly (readonly [asset: string, units: number])[] = []
  private readonly columns: Record<'t' | 'nav' | 'level' | 'held', number[]> = { t: [], nav: [], level: [], held: [] }
  private readonly rebalances: PastRebalance[] = []

  constructor(spec: FundSpec, staleAfterMs: number, { events, supplies }: PastFacts = NO_FACTS) {
    this.spec = spec
    this.staleAfterMs = staleAfterMs
    this.rules = spec.rebalance.trades ?? FREE
    this.fund = new Fund(spec, this.market, this.changes)
    this.market.follow(events)
    this.facts.add(
      events.map((event, seq) => ({ seq, event })),
      supplies,
    )
  }

  /** Lets time come to a moment. */
  apply({ t, prices }: BacktestMoment): void {
    const { fund, columns } = this
    // A price is of before what happens if its trade was.
    const { dueAt } = this.facts
    this.trade(prices, traded => traded < dueAt)
    this.happen(t)
    this.trade(prices, traded => !(traded < dueAt))
    // They are known from the moment on.
    for (const asset of prices.keys()) this.instrument(asset).t = t
    if (this.holdings === undefined) this.begin(t)
    fund.refresh(t)
    if (this.holdings === undefined) return
    if (fund.figures.rebalanceNeeded) this.rebalance(this.holdings, t)
    columns.t.push(t)
    columns.nav.push(fund.figures.nav)
    columns.level.push(fund.figures.level)
    let value = 0
    for (const [asset, units] of this.firstUnits) value += units * this.priceOf(asset)
    columns.held.push(value)
  }

  /** Returns the result so far. */
  result(): Backtest | NeverBegun {
    const { columns, rebalances } = this
    if (this.holdings === undefined) return { pending: this.fund.figures.pending }
    const over = (column: readonly number[]): number => column.at(-1)! / column[0]! - 1
    return {
      ...columns,
      rebalances,
      turnover: rebalances.reduce((sum, { turnover }) => sum + turnover, 0),
      fees: rebalances.reduce((sum, { fees }) => sum + fees, 0),
      trackingDifference: over(columns.nav) - over(columns.level),
    }
  }

  /** Takes in those of the prices whose trades were at such a time. */
  private trade(prices: BacktestMoment['prices'], was: (t: number) => boolean): void {
    for (const [asset, { t, price }] of prices) if (was(t)) this.instrument(asset).trade(t, price, Number.NaN, NO_SIDE, 0)
  }

  /** Lets happen to assets what is due by `t` (ms). */
  private happen(t: number): void {
    const { fund, facts, market } = this
    const { supplies, events } = facts.advance(t)
    if (supplies) fund.supply(facts.supplies)
    if (events.length === 0) return
    market.happen(
      t,
      events.map(({ event }) => event),
      this.changes,
    )
    fund.follow(facts.happened.map(({ event }) => event))
    if (this.holdings === undefined) return
    this.holdings = this.convertedNow(this.holdings)
    this.buyAndHold(this.convertedNow(this.first!))
    fund.hold(this.holdings, true)
  }

  /** Returns what holdings of before have become by what has happened. */
  private convertedNow(before: FundHoldings): FundHoldings {
    const { happened, events } = this.facts
    const { holdings } = holdingsAsOf(before, happened, events)
    return { ...holdings, converted: new Set(happened.map(({ seq }) => seq)) }
  }

  private begin(t: number): void {
    const proposal = this.fund.proposal(t)
    if (proposal === undefined) return
    this.holdings = inceptionOf(proposal)
    this.buyAndHold(this.holdings)
    this.fund.hold(this.holdings)
  }

  private buyAndHold(first: FundHoldings): void {
    this.first = first
    this.firstUnits = [...first.units].map(([asset, units]) => [asset, toNumber(units)] as const)
  }

  private rebalance(holdings: FundHoldings, t: number): void {
    const { fund, rules } = this
    const { quote } = this.spec
    const { rebalanceReason: reason, aum, blocked } = fund.figures
    const targets = fund.targets.weigh(t)
    if (targets === undefined || blocked.length > 0) return
    const traded = new Set([...holdings.custody.keys(), ...targets.keys()])
    traded.delete(quote)
    if ([...traded].some(asset => !(t - this.instrument(asset).t <= this.staleAfterMs))) return
    const prices = new Map([...traded].map(asset => [asset, this.priceOf(asset)]))
    const trades = planTrades(holdings.custody, prices, targets, quote, rules)
    // A rebalance that only age asks for is done even if nothing has to be traded.
    if (trades.length === 0 && reason !== 'age') return
    const { custody, units, value, fees } = carriedOut(holdings, trades, rules.feeBps, quote)
    this.rebalances.push({ t, reason, trades: trades.length, turnover: value / 2 / aum, fees })
    this.holdings = { ...holdings, custody, units, weights: Object.fromEntries(targets), rebalancedAt: t }
    fund.hold(this.holdings)
    fund.refresh(t)
  }

  private instrument(asset: string): Instrument {
    return this.market.instrument(`${asset}-${this.spec.quote}`)
  }

  private priceOf(asset: string): number {
    return asset === this.spec.quote ? 1 : this.instrument(asset).price
  }
}

interface CarriedOut {
  readonly custody: ReadonlyMap<string, bigint>
  readonly units: ReadonlyMap<string, bigint>
  /** What was moved and what that cost, both of the quote asset. */
  readonly value: number
  readonly fees: number
}

/** Returns what the fund holds after the trades, at their prices. */
const carriedOut = (holdings: FundHoldings, trades: readonly PlannedTrade[], feeBps: number, quote: string): CarriedOut => {
  const custody = new Map(holdings.custody)
  const rate = fromNumber(feeBps)!
  let moved = 0n
  let cost = 0n
  const add = (asset: string, amount: bigint): void => void custody.set(asset, (custody.get(asset) ?? 0n) + amount)
  for (const { side, asset, amount, price } of trades) {
    const unit = fromNumber(price)!
    const value = (amount * unit) / ONE
    const cash = side === 'sell' ? saleProceeds(amount, unit, rate) : purchaseCost(amount, unit, rate)
    add(asset, side === 'sell' ? -amount : amount)
    add(quote, side === 'sell' ? cash : -cash)
    moved += value
    cost += side === 'sell' ? value - cash : cash - value
  }
  for (const [asset, amount] of custody) if (amount === 0n) custody.delete(asset)
  const units =
    holdings.shares > 0n ? new Map([...custody].map(([asset, amount]) => [asset, divDown(amount, holdings.shares)])) : holdings.units
  return { custody, units, value: toNumber(moved), fees: toNumber(cost) }
}
