import { fundRow } from './fund/fund.ts'
import type { MeasureKind, MeasureRow } from './measures/rows.ts'
import { pnlRow } from './pnl/portfolio.ts'
import { poolRow } from './pools/pool.ts'
import type { FrameOutput, View } from './view.ts'

/** What entries of the journal have changed. */
type LedgerDriven = Pick<FrameOutput, 'funds' | 'portfolios'>

/** What rows are taken at. */
interface Sampling {
  /** The end of the frame, ms. */
  readonly t: number
  /** The time that the rows get, ms. */
  readonly end: number
  /** Number of the frame up to which changes are stored. */
  readonly since: number
  /** What changed before the start and was not stored any more. */
  readonly owed: ReadonlySet<object>
  /** Funds that wait for an entry of the journal. */
  readonly deciding: ReadonlySet<string>
}

/** Of each measure, what changed, as rows. */
const SAMPLERS: { readonly [K in MeasureKind]: (view: View, sampling: Sampling) => MeasureRow[] } = {
  pnl: ({ portfolios }, { t, end, since, owed }) =>
    [...portfolios.values()].flatMap(portfolio => {
      if (!portfolio.changedSince(since) && !owed.has(portfolio)) return []
      portfolio.sample(t)
      return [pnlRow(portfolio, end)]
    }),
  fund: ({ funds }, { t, end, since, owed, deciding }) =>
    [...funds.values()]
      .filter(fund => (fund.changedAt > since || owed.has(fund)) && !(end === t && deciding.has(fund.spec.id)))
      .map(fund => fundRow(fund, end)),
  pool: ({ pools }, { t, end, since, owed }) =>
    [...pools.values()].flatMap(pool => {
      if (!pool.changedSince(since) && !owed.has(pool)) return []
      pool.evaluate(t)
      return [poolRow(pool, end)]
    }),
}

/** Samples what changed as it stands at the end of each `storeMs` of event time, whether anybody watches or not: the rows to be stored. */
export class RowSampler {
  private readonly view: View
  private readonly storeMs: number
  /** End of the `storeMs` in which the first change since the last rows fell; Infinity while nothing changed. */
  private next = Number.POSITIVE_INFINITY
  private since = 0
  private readonly owed = new Set<object>()

  constructor(view: View, storeMs: number) {
    this.view = view
    this.storeMs = storeMs
  }

  /** ms of the next time rows are due; Infinity if nothing changed since the last. */
  get dueAt(): number {
    return this.next
  }

  /** Takes what has changed so far for stored, because rows that are stored changed it; but for the `storeMs` that is not over yet. */
  restored(): void {
    const { changes, portfolios, funds, pools } = this.view
    this.since = changes.lastChange
    for (const portfolio of portfolios.values()) this.owe(portfolio, portfolio.movedAt)
    for (const fund of funds.values()) {
      this.owe(fund, fund.movedAt)
      if (!(this.endAfter(fund.enteredAt) > this.view.t)) continue
      this.owed.add(fund)
      this.next = Math.min(this.next, this.endAfter(fund.enteredAt))
    }
    for (const pool of pools.values()) this.owe(pool, pool.figures.eventT)
  }

  /** Owes a row of what moved at `movedAt` (ms), if the `storeMs` of that moment is not over. What moved later than now did so in the next frame. */
  private owe(source: object, movedAt: number): void {
    const { t, frameMs } = this.view
    if (t === 0) {
      // Before the first frame all that was never stored waits for it.
      if (movedAt === Number.POSITIVE_INFINITY) this.owed.add(source)
      return
    }
    const end = Math.ceil((movedAt > t ? t + frameMs : t) / this.storeMs) * this.storeMs
    if (t === end || !(movedAt > end - this.storeMs)) return
    this.owed.add(source)
    this.next = Math.min(this.next, end)
  }

  /** Returns rows of what entries of the journal have changed, as of the frame `t`. */
  private ledgerDriven(t: number, { funds, portfolios }: LedgerDriven): MeasureRow[] {
    // Entries of an earlier run are no events of this one.
    return t === 0 ? [] : [...funds.map(fund => fundRow(fund, t)), ...portfolios.map(portfolio => pnlRow(portfolio, t))]
  }

  /** Returns rows of what entries have changed after the frame `t`: they change the `storeMs` after it, whether another frame falls into that or not. */
  between(t: number, changed: LedgerDriven): MeasureRow[] {
    const rows = this.ledgerDriven(t, changed)
    if (rows.length > 0 && this.next === Number.POSITIVE_INFINITY) this.next = this.endAfter(t)
    return rows
  }

  /** Returns the end of the `storeMs` that goes on at `t` (ms). */
  private endAfter(t: number): number {
    return t - (t % this.storeMs) + this.storeMs
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
    const sampling = { t, end, since: this.since, owed: this.owed, deciding }
    const rows = Object.values(SAMPLERS).flatMap(sample => sample(this.view, sampling))
    this.since = this.view.changes.lastChange
    this.next = Number.POSITIVE_INFINITY
    this.owed.clear()
    return rows
  }
}
