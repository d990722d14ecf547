import { createHash } from 'node:crypto'
import type { Logger } from 'pino'
import type { FundHoldings } from '../../streams/fund/inception.ts'
import type { PlanRules, RebalanceProposal } from '../../streams/fund/tradePlan.ts'
import type { Command } from '../../streams/ledger/command.ts'
import type { End } from '../../streams/ledger/rebalanceEntry.ts'
import { isOver, type RebalanceState, type TradeState } from '../../streams/ledger/rebalanceState.ts'
import { divDown, fromNumber, mulUp, ONE } from '../../streams/lib/decimal.ts'
import type { ClearingPort, KnownFund } from '../clearing/port.ts'
import type { Exchange, ExchangeOrder, Report } from '../exchange/exchange.ts'

export interface RebalanceExecutorOptions {
  readonly clearing: ClearingPort
  readonly exchange: Exchange
  /** What there was at the start. */
  readonly known: readonly KnownFund[]
  /** The market of this moment; undefined where it is not to be traded on: stale or unknown. */
  readonly priceOf: (asset: string, quote: string) => number | undefined
  /** How a fund trades; undefined where nobody knows it. */
  readonly rulesOf: (fund: string) => TradeRules | undefined
  /** What the fund's level is divided by; NaN where that is not known. */
  readonly divisorOf: (fund: string) => number
  readonly log: Logger
}

export interface TradeRules {
  readonly quote: string
  readonly trades: PlanRules
  /** Orders may be sent; else what is under way is only brought to its end. */
  readonly execute: boolean
}

/** Worse than the price of the moment by so much is not taken. */
const SLIPPAGE = 0.005
/** Kept beside the fee: a venue rounds prices and fees to its own places. */
const ROUNDING_BPS = 1
/** Percent. A trade that lacks no more of what was planned is complete when there is no cash left for it: prices have moved meanwhile. */
const ALL_BUT = 2n
/** Where cash or assets are short, an order for less than this part of its trade is not worth sending. */
const LEAST_PART = 1000n
/** Orders that a trade gets; then it has failed. */
const ORDERS_PER_TRADE_MAX = 5
/** ms of event time from an order that brought nothing to the next. */
const RETRY_MS = 1_000
/** ms after which an exchange that is silent is asked, again and again. */
const ASK_MS = 10_000
/** ms until an exchange that knows of no such order is asked once more; it may have been on its way. */
const UNKNOWN_MS = 2_000

/** What this process knows of the newest order of a fund, beside what is written down. */
interface Watched {
  readonly order: string
  /** The exchange may still fill it. */
  open: boolean
  /** ms: when it is asked for, or, where it is over, when the next is sent. */
  dueAt: number
  unknown: number
  why: string
}

/**
 * Carries rebalances out, one a fund at a time and one order at a time: sales first, then purchases with the cash that is there. Each
 * order is written down before it is sent, each fill is written down once, and an order is followed by another only when the
 * exchange has said what became of it; so after a crash anywhere it asks, and nothing is traded twice. Works on event time, in the
 * order in which frames and reports come.
 */
export class RebalanceExecutor {
  private readonly options: RebalanceExecutorOptions
  private readonly rebalances = new Map<string, RebalanceState>()
  private readonly holdings = new Map<string, FundHoldings>()
  private readonly watched = new Map<string, Watched>()
  private readonly opening = new Set<string>()
  /** What marks the orders of a fund at the exchange → the fund. */
  private readonly marks = new Map<string, string>()
  private readonly retryAt = new Map<string, number>()
  private work: Promise<void> = Promise.resolve()
  private waiting = 0
  private t = 0
  private readonly counts = { reports: 0, orders: 0, fills: 0, twice: 0, strange: 0, refused: 0, failed: 0 }

  constructor(options: RebalanceExecutorOptions) {
    this.options = options
    for (const { rebalance, holdings } of options.known) {
      if (rebalance) this.take(rebalance)
      if (holdings) this.holdings.set(holdings.fund, holdings)
    }
    options.clearing.commits$.subscribe(({ funds, rebalances }) => {
      for (const each of funds) this.holdings.set(each.fund, each)
      for (const each of rebalances) this.take(each)
    })
    options.exchange.reports$.subscribe(report => this.soon(() => this.report(report)))
  }

  /** Rebalances under way, and what came of orders since the start. `strange`: reports of nothing that is known here. */
  get figures(): Readonly<Record<string, number>> {
    return { running: this.running().length, ...this.counts }
  }

  /** ms of event time at which there is something to do without any report. */
  get dueAt(): number {
    return Math.min(Number.POSITIVE_INFINITY, ...this.running().map(({ fund }) => this.dueOf(fund)))
  }

  /** The end of a frame: what it asks for is begun, what is due is gone on with. */
  frame(t: number, proposals: readonly RebalanceProposal[]): void {
    this.t = t
    for (const proposal of proposals) {
      const { fund } = proposal
      if (this.opening.has(fund) || this.options.rulesOf(fund) === undefined || t < (this.retryAt.get(fund) ?? 0)) continue
      this.opening.add(fund)
      this.soon(() => this.open(proposal))
    }
    for (const { fund } of this.running()) if (t >= this.dueOf(fund)) this.soon(() => this.goOn(fund))
  }

  /** Resolves when all that has come so far is done and written down. */
  async settled(): Promise<void> {
    while (this.waiting > 0) await this.work
  }

  private running(): RebalanceState[] {
    const running: RebalanceState[] = []
    for (const state of this.rebalances.values()) if (!state.ended && this.options.rulesOf(state.fund)) running.push(state)
    return running
  }

  private dueOf(fund: string): number {
    return Math.max(this.watched.get(fund)?.dueAt ?? 0, this.retryAt.get(fund) ?? 0)
  }

  private take(state: RebalanceState): void {
    this.rebalances.set(state.fund, state)
    this.marks.set(markOf(this.options.clearing.id, state.fund), state.fund)
  }

  /** One thing after the other. */
  private soon(work: () => Promise<void>): void {
    this.waiting += 1
    this.work = this.work
      .then(work)
      .catch(error => {
        this.counts.failed += 1
        this.options.log.error({ error: (error as Error).message }, 'a step of a rebalance could not be written down; trying on')
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
    await this.goOn(fund)
  }

  private async goOn(fund: string): Promise<void> {
    while (await this.act(fund)) {}
  }

  /** Does the next thing that the rebalance of the fund needs; false where there is nothing to be done now. */
  private async act(fund: string): Promise<boolean> {
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
      // Sent by a process that is no more, or about to be sent by it.
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

  /** Sends the next order of a trade, or ends it where there is none to be sent. */
  private async trade(fund: string, trade: TradeState, { quote, trades, execute }: TradeRules, why: string): Promise<boolean> {
    const { side, asset } = trade
    const { halted, custody } = this.holdings.get(fund)!
    if (halted || !execute) return this.end(fund, trade, 'cancelled', halted ? 'halted' : 'off')
    const price = this.options.priceOf(asset, quote)
    const limit = price === undefined ? undefined : fromNumber(side === 'buy' ? price * (1 + SLIPPAGE) : price * (1 - SLIPPAGE))
    if (price === undefined || !limit) return this.end(fund, trade, 'cancelled', 'stale_price')
    const left = trade.amount - trade.filled
    const enough = trade.filled > 0n && left * 100n <= trade.amount * ALL_BUT
    if (trade.orders >= ORDERS_PER_TRADE_MAX) return this.end(fund, trade, enough ? 'completed' : 'failed', why || 'not_filled')
    const there = custody.get(side === 'sell' ? asset : quote) ?? 0n
    const withFee = fromNumber(1 + (trades.feeBps + ROUNDING_BPS) / 10_000)!
    const affordable = side === 'sell' ? there : divDown(there, mulUp(limit, withFee))
    const lot = trades.lots.get(asset) ?? 1n
    const amount = (least(left, affordable) / lot) * lot
    const small = amount * fromNumber(price)! < trades.minTrade * ONE || (affordable < left && amount * LEAST_PART < trade.amount)
    if (amount <= 0n || small) {
      const reason = affordable >= left ? 'too_small' : side === 'buy' ? 'no_cash' : 'no_assets'
      const over = enough || (trade.filled > 0n && reason === 'too_small')
      return this.end(fund, trade, over ? 'completed' : 'cancelled', reason)
    }
    const id = `${trade.id}-${trade.orders + 1}`
    const hold = side === 'sell' ? amount : mulUp(mulUp(amount, limit), withFee)
    const order = { id, amount, limit, hold: least(hold, there) }
    await this.write(fund, { kind: 'trade', fund, trade: trade.id, at: this.t, step: { order } })
    // Never what is not written down.
    if (this.tradeOf(fund, trade.id)?.order?.id !== id) return false
    this.watched.set(fund, { order: id, open: true, dueAt: this.t + ASK_MS, unknown: 0, why: '' })
    this.counts.orders += 1
    this.options.exchange.submit({ id: clientId(this.options.clearing.id, fund, id), side, asset, quote, amount, limit })
    return false
  }

  private tradeOf(fund: string, trade: string): TradeState | undefined {
    return this.rebalances.get(fund)?.trades.find(({ id }) => id === trade)
  }

  private inquire(fund: string, trade: TradeState, watched: Watched): void {
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
      this.options.log.warn({ report: plain(report) }, 'the exchange speaks of an order that is not known here')
      return
    }
    if (report.kind === 'fill') await this.fill(fund, trade, order, report)
    else this.heed(fund, trade, order, report)
    await this.goOn(fund)
  }

  /** A fill is a fact, whenever it comes. What cannot be booked ends the fund's business until somebody has looked. */
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
      this.options.log.error({ fund, fill: plain(report) }, 'a fill that the books have no room for; the fund is halted')
      await this.write(fund, { kind: 'halt', fund })
    } else if (this.tradeOf(fund, trade.id)?.fills.length === before) this.counts.twice += 1
    else this.counts.fills += 1
  }

  private heed(fund: string, { order: newest }: TradeState, order: string, report: Exclude<Report, { kind: 'fill' }>): void {
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
        // Of some of its fills nothing was heard yet; they are asked for when it is due.
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
    }
  }

  private end(fund: string, { id }: TradeState, status: End, why: string): Promise<boolean> {
    return this.write(fund, { kind: 'trade', fund, trade: id, at: this.t, step: { end: { status, why } } })
  }

  /** False where the journal refuses it. Where it cannot be reached this throws, and the fund is gone on with later. */
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
    // What is refused is not tried again with every frame.
    this.retryAt.set(fund, this.t + RETRY_MS)
    return false
  }
}

const over = (watched: Watched, nextAt: number, why: string): void => {
  watched.open = false
  watched.dueAt = nextAt
  watched.why = why
}

/** Sales first. */
const nextOf = ({ trades }: RebalanceState): TradeState | undefined =>
  trades.find(trade => trade.side === 'sell' && !isOver(trade)) ?? trades.find(trade => !isOver(trade))

/** Two journals at one exchange do not take each other's orders for their own. */
const markOf = (journal: string, fund: string): string => createHash('sha256').update(`${journal} ${fund}`).digest('hex').slice(0, 12)
const clientId = (journal: string, fund: string, order: string): string => `${markOf(journal, fund)}-${order}`

const least = (a: bigint, b: bigint): bigint => (a < b ? a : b)

const plain = (report: Report): object =>
  JSON.parse(JSON.stringify(report, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)))
