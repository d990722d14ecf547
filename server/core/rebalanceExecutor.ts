import { createHash } from 'node:crypto'
import type { Logger } from 'pino'
import type { FundHoldings } from '../../streams/fund/inception.ts'
import { nextOrder, type TradeEnd } from '../../streams/fund/orderSize.ts'
import type { PlanRules, RebalanceProposal } from '../../streams/fund/tradePlan.ts'
import type { Command } from '../../streams/ledger/command.ts'
import { isOver, type RebalanceState, type TradeState } from '../../streams/ledger/rebalanceState.ts'
import { unreachable } from '../../streams/lib/unreachable.ts'
import type { ClearingPort, KnownFund } from '../clearing/port.ts'
import type { Exchange, ExchangeOrder, Report, Standing } from '../exchange/exchange.ts'
import { logError } from '../lib/errorEvents.ts'
import type { FundPlayback, FundStep } from './fundPlayback.ts'

/** What a rebalance executor needs. */
export interface RebalanceExecutorOptions {
  readonly clearing: ClearingPort
  readonly exchange: Exchange
  /** What there was at the start. */
  readonly known: readonly KnownFund[]
  /** Returns the price of the moment; undefined if it may not be traded on, because it is stale, dead or unknown, or because amounts of the asset are being converted. */
  readonly priceOf: (asset: string, quote: string, fund: string) => number | undefined
  /** Returns how a fund trades; undefined if the fund is unknown. */
  readonly rulesOf: (fund: string) => TradeRules | undefined
  /** Returns what the fund's level is divided by; NaN if unknown. */
  readonly divisorOf: (fund: string) => number
  /** In a replay: what earlier runs have entered. While that is played of a fund nothing is done for it. */
  readonly playback?: Pick<FundPlayback, 'steps$' | 'plays'>
  /** Takes an order up again that was sent in an earlier run. */
  readonly resume?: (order: ExchangeOrder, standing: Standing) => void
  readonly log: Logger
}

/** How a fund trades. */
export interface TradeRules {
  readonly quote: string
  readonly trades: PlanRules
  /** Whether orders may be sent; if not, what is under way is only brought to its end. */
  readonly execute: boolean
}

/** ms of event time from an order that brought nothing to the next. */
const RETRY_MS = 1_000
/** ms after which a silent exchange is asked, again and again. */
const ASK_MS = 10_000
/** ms of event time that a trade waits for a price that may be traded on; then it is cancelled. */
const PRICE_WAIT_MS = 30_000
/** ms until an exchange that knows of no such order is asked once more: the order may have been on its way. */
const UNKNOWN_MS = 2_000

/** What this process knows of the newest order of a fund, beside what is written down. */
interface WatchedOrder {
  readonly order: string
  /** The exchange may still fill it. */
  open: boolean
  /** ms: when the exchange is asked about it or, once it is over, when the next order is sent. */
  dueAt: number
  /** How often the exchange has said that it knows of no such order. */
  unknown: number
  /** Why it brought nothing; '' if it did. */
  why: string
}

/**
 * Carries rebalances out, one a fund at a time and one order at a time: sales first, then purchases with the cash that is there. Each
 * order is written down before it is sent, each fill is written down once, and another order follows only once the exchange has said
 * what became of the one before. So after a crash anywhere it asks, and nothing is traded twice. It works on event time, in the order
 * in which frames and reports come.
 */
export class RebalanceExecutor {
  private readonly options: RebalanceExecutorOptions
  private readonly rebalances = new Map<string, RebalanceState>()
  private readonly holdings = new Map<string, FundHoldings>()
  private readonly watched = new Map<string, WatchedOrder>()
  private readonly opening = new Set<string>()
  /** What entries of this run have made of funds that were being played. */
  private readonly changed = new Map<string, FundHoldings>()
  /** The mark of a fund's orders at the exchange → the fund. */
  private readonly marks = new Map<string, string>()
  private readonly retryAt = new Map<string, number>()
  /** What trades have no price, and since when. */
  private readonly unpriced = new Map<string, { readonly trade: string; readonly since: number }>()
  private work: Promise<void> = Promise.resolve()
  private waiting = 0
  private t = 0
  private readonly counts = { reports: 0, orders: 0, fills: 0, twice: 0, strange: 0, refused: 0, failed: 0 }

  constructor(options: RebalanceExecutorOptions) {
    this.options = options
    for (const { id, rebalance, holdings } of options.known) {
      if (this.isPlayed(id)) continue
      if (rebalance) this.apply(rebalance)
      if (holdings) this.holdings.set(holdings.fund, holdings)
    }
    options.clearing.commits$.subscribe(({ funds, rebalances }) => {
      for (const each of funds) {
        if (this.isPlayed(each.fund)) this.changed.set(each.fund, each)
        else this.holdings.set(each.fund, each)
      }
      for (const each of rebalances) this.apply(each)
    })
    options.playback?.steps$.subscribe(step => this.play(step))
    options.exchange.reports$.subscribe(report => this.enqueue(() => this.report(report)))
  }

  /** Rebalances under way, and what came of orders since the start. `strange` counts reports of orders that are not known here. */
  get figures(): Readonly<Record<string, number>> {
    return { running: this.running().length, ...this.counts }
  }

  /** ms of event time at which something is due without any report. */
  get dueAt(): number {
    return Math.min(Number.POSITIVE_INFINITY, ...this.running().map(({ fund }) => this.dueOf(fund)))
  }

  /** Ends a frame at `t` (ms): begins what the frame asks for, and proceeds with what is due. */
  frame(t: number, proposals: readonly RebalanceProposal[]): void {
    this.t = t
    for (const proposal of proposals) {
      const { fund } = proposal
      if (this.opening.has(fund) || this.isPlayed(fund) || this.options.rulesOf(fund) === undefined || t < (this.retryAt.get(fund) ?? 0))
        continue
      this.opening.add(fund)
      this.enqueue(() => this.open(proposal))
    }
    for (const { fund } of this.running()) if (t >= this.dueOf(fund)) this.enqueue(() => this.proceed(fund))
  }

  /** Resolves once all that has come so far is done and written down. */
  async settled(): Promise<void> {
    while (this.waiting > 0) await this.work
  }

  private running(): RebalanceState[] {
    const running: RebalanceState[] = []
    for (const state of this.rebalances.values())
      if (!state.ended && !this.isPlayed(state.fund) && this.options.rulesOf(state.fund)) running.push(state)
    return running
  }

  private isPlayed(fund: string): boolean {
    return this.options.playback?.plays(fund) ?? false
  }

  /** Follows what earlier runs have entered, and goes on from the last of it. */
  private play({ fund, at, holdings, rebalance, last, early }: FundStep): void {
    this.holdings.set(fund, this.changed.get(fund) ?? holdings)
    if (rebalance) this.apply(rebalance)
    if (!last || rebalance === undefined || rebalance.ended) return
    const trade = nextOf(rebalance)
    if (trade?.order && this.options.rulesOf(fund)) {
      const order = this.orderOf(fund, trade)
      this.watched.set(fund, { order: trade.order.id, open: true, dueAt: at + ASK_MS, unknown: 0, why: '' })
      const fills = trade.fills.filter(id => id.startsWith(`${order.id}.`)).length
      this.options.resume?.(order, { at, fills, filled: trade.order.filled })
    }
    // Before the first frame nothing has a price.
    if (!early) this.enqueue(() => this.proceed(fund))
  }

  private dueOf(fund: string): number {
    return Math.max(this.watched.get(fund)?.dueAt ?? 0, this.retryAt.get(fund) ?? 0)
  }

  private apply(state: RebalanceState): void {
    this.rebalances.set(state.fund, state)
    this.marks.set(markOf(this.options.clearing.id, state.fund), state.fund)
  }

  /** Does one thing after the other. */
  private enqueue(work: () => Promise<void>): void {
    this.waiting += 1
    this.work = this.work
      .then(work)
      .catch(error => {
        this.counts.failed += 1
        logError(this.options.log, 'rebalance_step_failed', { error: (error as Error).message })
      })
      .then(() => {
        this.waiting -= 1
      })
  }

  private async open(proposal: RebalanceProposal): Promise<void> {
    const { fund, t: at, id, reason, targets, trades } = proposal
    try {
      await this.write(fund, { kind: 'rebalance', fund, id, at, reason, targets, trades })
    } finally {
      this.opening.delete(fund)
    }
    await this.proceed(fund)
  }

  private async proceed(fund: string): Promise<void> {
    while (await this.step(fund)) {}
  }

  /** Does the next thing that the rebalance of the fund needs; false if there is nothing to be done now. */
  private async step(fund: string): Promise<boolean> {
    const state = this.rebalances.get(fund)
    const rules = this.options.rulesOf(fund)
    if (state === undefined || state.ended || rules === undefined || this.t < this.dueOf(fund)) return false
    const trade = nextOf(state)
    if (trade === undefined) {
      this.watched.delete(fund)
      const divisor = this.options.divisorOf(fund)
      return this.write(fund, { kind: 'rebalanced', fund, id: state.id, at: this.t, ...(divisor > 0 && { divisor }) })
    }
    const watched = this.watched.get(fund)
    if (trade.order && watched?.order !== trade.order.id) {
      // A process before this one sent it, or was about to.
      this.inquire(fund, trade, { order: trade.order.id, open: true, dueAt: 0, unknown: 0, why: '' })
      return false
    }
    if (trade.order && watched?.open) {
      this.options.exchange.cancel(this.orderOf(fund, trade))
      this.inquire(fund, trade, watched)
      return false
    }
    return this.trade(fund, trade, rules, watched?.order === trade.order?.id ? (watched?.why ?? '') : '')
  }

  /** Sends the next order of a trade, or ends the trade if there is none to be sent. `why` says why the order before brought nothing. */
  private async trade(fund: string, trade: TradeState, { quote, trades, execute }: TradeRules, why: string): Promise<boolean> {
    const { side, asset } = trade
    const { halted, custody } = this.holdings.get(fund)!
    if (halted || !execute) return this.end(fund, trade, { status: 'cancelled', why: halted ? 'halted' : 'off' })
    const price = this.options.priceOf(asset, quote, fund)
    if (price === undefined && this.awaitsPrice(fund, trade.id)) return false
    this.unpriced.delete(fund)
    const available = custody.get(side === 'sell' ? asset : quote) ?? 0n
    const next = nextOrder(trade, price, available, trades, why)
    if ('end' in next) return this.end(fund, trade, next.end)
    const { amount, limit } = next.order
    const id = `${trade.id}-${trade.orders + 1}`
    await this.write(fund, { kind: 'trade', fund, trade: trade.id, at: this.t, step: { order: { id, ...next.order } } })
    // Nothing is sent that is not written down.
    if (this.tradeOf(fund, trade.id)?.order?.id !== id) return false
    this.watched.set(fund, { order: id, open: true, dueAt: this.t + ASK_MS, unknown: 0, why: '' })
    this.counts.orders += 1
    this.options.exchange.submit({ id: clientId(this.options.clearing.id, fund, id), side, asset, quote, amount, limit })
    return false
  }

  /** Whether a trade without a price has some of its wait left. A start knows prices one after the other, and a feed may be away for a moment. */
  private awaitsPrice(fund: string, trade: string): boolean {
    const known = this.unpriced.get(fund)
    const since = known?.trade === trade ? known.since : this.t
    this.unpriced.set(fund, { trade, since })
    if (this.t - since >= PRICE_WAIT_MS) return false
    this.retryAt.set(fund, this.t + RETRY_MS)
    return true
  }

  private tradeOf(fund: string, trade: string): TradeState | undefined {
    return this.rebalances.get(fund)?.trades.find(({ id }) => id === trade)
  }

  private inquire(fund: string, trade: TradeState, watched: WatchedOrder): void {
    watched.dueAt = this.t + ASK_MS
    this.watched.set(fund, watched)
    this.options.exchange.ask(this.orderOf(fund, trade))
  }

  private orderOf(fund: string, { side, asset, order }: TradeState): ExchangeOrder {
    const { id, amount, limit } = order!
    return { id: clientId(this.options.clearing.id, fund, id), side, asset, quote: this.options.rulesOf(fund)!.quote, amount, limit }
  }

  private async report(report: Report): Promise<void> {
    this.counts.reports += 1
    const [mark = '', ...rest] = report.order.split('-')
    const fund = this.marks.get(mark)
    const order = rest.join('-')
    const trade = fund === undefined ? undefined : this.rebalances.get(fund)?.trades.find(({ id }) => order.startsWith(`${id}-`))
    if (fund === undefined || trade === undefined) {
      this.counts.strange += 1
      this.options.log.warn({ report: plain(report) }, 'the exchange reports an order that is not known here')
      return
    }
    if (report.kind === 'fill') await this.fill(fund, trade, order, report)
    else this.follow(fund, trade, order, report)
    await this.proceed(fund)
  }

  /** Books a fill, which is a fact whenever it comes. One that cannot be booked halts the fund until somebody has looked. */
  private async fill(fund: string, trade: TradeState, order: string, report: Report & { kind: 'fill' }): Promise<void> {
    const { id, amount, price, fee } = report
    const before = trade.fills.length
    const written = await this.write(fund, {
      kind: 'trade',
      fund,
      trade: trade.id,
      at: this.t,
      step: { fill: { order, id, amount, price, fee } },
    })
    if (!written) {
      logError(this.options.log, 'fill_not_booked', { fund, fill: plain(report) })
      await this.write(fund, { kind: 'halt', fund })
    } else if (this.tradeOf(fund, trade.id)?.fills.length === before) this.counts.twice += 1
    else this.counts.fills += 1
  }

  private follow(fund: string, { order: newest }: TradeState, order: string, report: Exclude<Report, { kind: 'fill' }>): void {
    const watched = this.watched.get(fund)
    if (watched?.order !== order || !watched.open) return
    switch (report.kind) {
      case 'accepted':
        watched.unknown = 0
        return
      case 'rejected':
        over(watched, this.t + RETRY_MS, `rejected: ${report.why}`)
        return
      case 'done':
        // Some of its fills have not come yet; they are asked for when it is due.
        if (newest?.id === order && newest.filled < report.filled) {
          watched.dueAt = Math.min(watched.dueAt, this.t + RETRY_MS)
          return
        }
        over(watched, report.filled > 0n ? this.t : this.t + RETRY_MS, report.filled > 0n ? '' : 'not_filled')
        return
      case 'unknown':
        watched.unknown += 1
        if (watched.unknown > 1) over(watched, this.t, 'lost')
        else watched.dueAt = this.t + UNKNOWN_MS
        return
      default:
        unreachable(report)
    }
  }

  private end(fund: string, { id }: TradeState, end: TradeEnd): Promise<boolean> {
    return this.write(fund, { kind: 'trade', fund, trade: id, at: this.t, step: { end } })
  }

  /** Writes a step down; false if the journal refuses it. Throws if the journal cannot be reached, and the fund proceeds later. */
  private async write(fund: string, command: Command): Promise<boolean> {
    try {
      const done = await this.options.clearing.ask('execute', { command, who: 'system', t: this.t })
      if (!('refused' in done)) return true
      this.counts.refused += 1
      this.options.log.warn({ fund, step: command.kind, refused: done.refused }, 'a step of a rebalance was refused')
    } catch (error) {
      this.retryAt.set(fund, this.t + RETRY_MS)
      throw error
    }
    // A refused step is not tried again with every frame.
    this.retryAt.set(fund, this.t + RETRY_MS)
    return false
  }
}

const over = (watched: WatchedOrder, nextAt: number, why: string): void => {
  watched.open = false
  watched.dueAt = nextAt
  watched.why = why
}

/** Returns the next trade to work on, sales first; undefined if all have ended. */
const nextOf = ({ trades }: RebalanceState): TradeState | undefined =>
  trades.find(trade => trade.side === 'sell' && !isOver(trade)) ?? trades.find(trade => !isOver(trade))

/** Returns what marks a fund's orders, so that two journals at one exchange do not take each other's orders for their own. */
const markOf = (journal: string, fund: string): string => createHash('sha256').update(`${journal} ${fund}`).digest('hex').slice(0, 12)
const clientId = (journal: string, fund: string, order: string): string => `${markOf(journal, fund)}-${order}`

const plain = (report: Report): object =>
  JSON.parse(JSON.stringify(report, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)))
