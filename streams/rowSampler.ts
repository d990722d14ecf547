import { fundRow } from './fund/fund.ts'
import type { MeasureRow } from './measures/rows.ts'
import { pnlRow } from './pnl/portfolio.ts'
import { poolRow } from './pools/pool.ts'
import type { FrameOutput, View } from './view.ts'

/** What entries of the journal have changed. */
type LedgerDriven = Pick<FrameOutput, 'funds' | 'portfolios'>

/** Samples what changed as it stands at the end of each `storeMs` of event time, whether anybody watches or not: the rows to be stored. */
export class RowSampler {
  private readonly view: View
  private readonly storeMs: number
  /** End of the `storeMs` in which the first change since the last rows fell; Infinity while nothing changed. */
  private next = Number.POSITIVE_INFINITY
  private since = 0

  constructor(view: View, storeMs: number) {
    this.view = view
    this.storeMs = storeMs
  }

  /** ms of the next time rows are due; Infinity if nothing changed since the last. */
  get dueAt(): number {
    return this.next
  }

  /** Takes what has changed so far for stored: it was changed by rows that are. */
  restored(): void {
    this.since = this.view.changes.lastChange
  }

  /** Returns rows of what entries of the journal have changed, as of the frame `t`. */
  ledgerDriven(t: number, { funds, portfolios }: LedgerDriven): MeasureRow[] {
    // Entries of an earlier run are no events of this one.
    return t === 0 ? [] : [...funds.map(fund => fundRow(fund, t)), ...portfolios.map(portfolio => pnlRow(portfolio, t))]
  }

  /**
   * Returns the rows due at the end of the frame `t`, and those of what entries have `changed`. The last frame of all does not wait for
   * the end of its `storeMs`. A fund in `deciding` waits for an entry of the journal that this frame has asked for, and is stored as it
   * stands after it.
   */
  rows(t: number, last: boolean, deciding: ReadonlySet<string>, changed: LedgerDriven): MeasureRow[] {
    const decided = this.ledgerDriven(t, changed)
    const due = this.due(t, last, deciding)
    const isDue = ({ kind, id, t: at }: MeasureRow): boolean => due.some(same => same.kind === kind && same.id === id && same.t === at)
    return decided.length === 0 ? due : [...due, ...decided.filter(row => !isDue(row))]
  }

  private due(t: number, last: boolean, deciding: ReadonlySet<string>): MeasureRow[] {
    if (this.next === Number.POSITIVE_INFINITY) {
      if (this.since === this.view.changes.lastChange) return []
      this.next = Math.ceil(t / this.storeMs) * this.storeMs
    }
    if (t < this.next && !last) return []
    // Live, after a stall, the end of more than one may have passed: the row has the newest.
    const end = last ? Math.max(this.next, t) : t - (t % this.storeMs)
    const { portfolios, funds, pools, changes } = this.view
    const rows: MeasureRow[] = []
    for (const portfolio of portfolios.values()) {
      if (!portfolio.changedSince(this.since)) continue
      portfolio.sample(t)
      rows.push(pnlRow(portfolio, end))
    }
    for (const fund of funds.values()) {
      if (fund.changedAt > this.since && !(end === t && deciding.has(fund.spec.id))) rows.push(fundRow(fund, end))
    }
    for (const pool of pools.values()) {
      if (!pool.changedSince(this.since)) continue
      pool.evaluate(t)
      rows.push(poolRow(pool, end))
    }
    this.since = changes.lastChange
    this.next = Number.POSITIVE_INFINITY
    return rows
  }
}
