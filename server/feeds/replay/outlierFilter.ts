import { AHEAD_MS_MAX } from '../../../streams/market/ticks.ts'

/** A row with a time and the number of its symbol. */
export interface Timed {
  /** ms. */
  readonly t: number
  readonly symbol: number
}

/**
 * In a file that does not say when its rows were received, the rows themselves say how far time has come. A row far ahead of
 * all before it is kept back for one row: if that one falls back, it was a mistake; else there was a gap.
 */
export class OutlierFilter<Row extends Timed> {
  private readonly take: (row: Row) => void
  private readonly refuse: (row: Row) => void
  private newest = Number.NEGATIVE_INFINITY
  private held: Row | undefined

  constructor(take: (row: Row) => void, refuse: (row: Row) => void) {
    this.take = take
    this.refuse = refuse
  }

  put(row: Row): void {
    const held = this.held
    if (held !== undefined) {
      if (this.refutes(row, held)) {
        this.held = undefined
        this.refuse(held)
      } else this.confirm(held)
    }
    if (row.t > this.newest + AHEAD_MS_MAX) this.held = row
    else {
      if (row.t > this.newest) this.newest = row.t
      this.take(row)
    }
  }

  /** The last row of a file has none that could refute it: it is taken. */
  end(): void {
    if (this.held !== undefined) this.confirm(this.held)
  }

  private confirm(row: Row): void {
    this.held = undefined
    this.newest = row.t
    this.take(row)
  }

  /** In a file that goes symbol by symbol, the next symbol begins long before: that says nothing of the one before it. */
  private refutes(row: Row, held: Row): boolean {
    if (!(row.t < held.t - AHEAD_MS_MAX)) return false
    return row.symbol === held.symbol || row.t >= this.newest - AHEAD_MS_MAX
  }
}
