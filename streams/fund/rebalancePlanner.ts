import type { RebalanceState } from '../ledger/rebalanceState.ts'
import { type Changes, type Dependent, Source } from '../lib/dependencies.ts'
import type { Instrument, Market } from '../market/market.ts'
import type { Fund } from './fund.ts'
import type { FundHoldings } from './inception.ts'
import { planTrades, type RebalanceProposal } from './tradePlan.ts'

/**
 * The rebalances of one fund: the running one or the last, as the journal has it, and what would be traded now if the fund's drift asks for
 * it. It plans and carries nothing out: in the mode `execute` its plan is proposed to the journal, in `propose` it is shown, and made with
 * each frame while somebody watches.
 */
export class RebalancePlanner extends Source implements Dependent {
  readonly fund: Fund
  /** The running rebalance or the last, as the journal has it. */
  state: RebalanceState | undefined
  /** What would be traded now; in the mode `propose` only. */
  proposed: RebalanceProposal | undefined
  /** Assets of which the journal has not converted yet what an event has changed. */
  converting: ReadonlySet<string> = new Set()
  dirty = false
  private readonly market: Market
  private readonly changes: Changes
  private readonly ask: (proposal: RebalanceProposal) => void
  private custody: ReadonlyMap<string, bigint> = new Map()
  private listening = false

  constructor(fund: Fund, market: Market, changes: Changes, ask: (proposal: RebalanceProposal) => void) {
    super()
    this.fund = fund
    this.market = market
    this.changes = changes
    this.ask = ask
    if (fund.spec.rebalance.mode === 'execute') fund.add(this)
  }

  /** Switches whether it plans what is only shown, as it must while somebody watches. */
  listen(on: boolean): void {
    if (on === this.listening || this.fund.spec.rebalance.mode !== 'propose') return
    this.listening = on
    if (on) {
      this.fund.add(this)
      this.changes.mark(this)
    } else {
      this.fund.remove(this)
      this.proposed = undefined
    }
  }

  /** Takes over what the fund owns by the journal. */
  hold({ custody }: FundHoldings, converting: ReadonlySet<string>): void {
    this.custody = custody
    this.converting = converting
  }

  /** Takes over a rebalance as the journal has it. */
  apply(state: RebalanceState): void {
    this.state = state
    this.proposed = undefined
    this.touch(this.changes)
  }

  /** Plans at the end of the frame `t` (ms), if the fund's figures of it ask for a rebalance. */
  refresh(t: number): void {
    const proposal = this.due(t) ? this.plan(t) : undefined
    if (this.fund.spec.rebalance.mode === 'execute') {
      if (proposal) this.ask(proposal)
      return
    }
    if (proposal === undefined && this.proposed === undefined) return
    this.proposed = proposal
    this.touch(this.changes)
  }

  private due(t: number): boolean {
    const { rebalanceNeeded, halted, shares, rebalanceLast, blocked } = this.fund.figures
    if (!rebalanceNeeded || halted || shares === undefined || shares === 0n) return false
    // Nothing is planned by a price at which nobody trades, nor while amounts are being converted.
    if (blocked.length > 0 || this.converting.size > 0) return false
    if (this.state && this.state.ended === undefined) return false
    return !(t - rebalanceLast < (this.fund.spec.rebalance.coolOffMs ?? 0))
  }

  /** Returns undefined if a price is stale or missing, or if drift asks for it and nothing is large enough to be traded. */
  private plan(t: number): RebalanceProposal | undefined {
    const { spec, figures } = this.fund
    const targets = this.fund.targets.weigh(t)
    if (targets === undefined || spec.rebalance.trades === undefined) return undefined
    const prices = new Map<string, number>()
    for (const asset of new Set([...this.custody.keys(), ...targets.keys()])) {
      if (asset === spec.quote) continue
      const { price, stale } = this.instrument(asset)
      if (stale || !(price > 0)) return undefined
      prices.set(asset, price)
    }
    const trades = planTrades(this.custody, prices, targets, spec.quote, spec.rebalance.trades)
    if (trades.length === 0 && figures.rebalanceReason !== 'age') return undefined
    const { id: fund } = spec
    return { fund, t, id: (this.state?.id ?? 0) + 1, reason: figures.rebalanceReason, targets: Object.fromEntries(targets), trades }
  }

  private instrument(asset: string): Instrument {
    return this.market.instrument(`${asset}-${this.fund.spec.quote}`)
  }
}
