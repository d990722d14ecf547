import { DAY } from '../../../streams/market/candles.ts'
import { AHEAD_MS_MAX } from '../../../streams/market/ticks.ts'

/** A row with the time and the symbol that it speaks of. */
export interface Timed {
  /** ms. */
  readonly t: number
  readonly symbol: number
}

/** Rows that are looked at before a jump of more than a day counts as one. */
const WINDOW = 64

/**
 * In a file that does not say when its rows were received, the rows themselves show how far time has come. A row far ahead of all before it
 * is kept back for one row: if that one falls back, it was a mistake; else there was a gap. Of a jump of more than a day 64 rows decide, or
 * as many as the file still has: unless most of them are near the time behind it, those that are were mistakes.
 */
export class OutlierFilter<Row extends Timed> {
  private readonly take: (row: Row) => void
  private readonly refuse: (row: Row) => void
  private readonly symbols = new Set<number>()
  private newest = Number.NEGATIVE_INFINITY
  /** The row that jumped, and those behind it. */
  private held: Row[] = []

  constructor(take: (row: Row) => void, refuse: (row: Row) => void) {
    this.take = take
    this.refuse = refuse
  }

  put(row: Row): void {
    const [first] = this.held
    if (first === undefined) this.begin(row)
    else if (this.isLong(first)) {
      this.held.push(row)
      if (this.held.length === WINDOW) this.decide()
    } else {
      this.held = []
      if (this.refutes(row, first)) this.refuse(first)
      else this.accept(first)
      this.begin(row)
    }
  }

  /** Decides on the rows that are still held. The last of a file has none that could refute it: it is taken. */
  end(): void {
    while (this.held.length > 0) this.decide()
  }

  private begin(row: Row): void {
    if (row.t > this.newest + AHEAD_MS_MAX) this.held = [row]
    else this.accept(row)
  }

  private accept(row: Row): void {
    this.symbols.add(row.symbol)
    if (row.t > this.newest) this.newest = row.t
    this.take(row)
  }

  private isLong({ t }: Row): boolean {
    return this.newest > Number.NEGATIVE_INFINITY && t - this.newest > DAY
  }

  /** Decides on the first jump that is held, and puts the rows behind it in again. */
  private decide(): void {
    const { held, newest } = this
    const first = held[0]!
    this.held = []
    const middle = (newest + first.t) / 2
    const behind = held.filter(({ t }) => t >= middle)
    const before = held.filter(row => row.t < middle && this.goesOn(row, first))
    if (this.isLong(first) && before.length >= behind.length) {
      for (const row of behind) this.refuse(row)
      for (const row of held) if (row.t < middle) this.put(row)
      return
    }
    this.accept(first)
    for (const row of held.slice(1)) this.put(row)
  }

  /** In a file that goes symbol by symbol, the next symbol begins long before: that says nothing of the one before it. */
  private goesOn(row: Row, jumped: Row): boolean {
    return row.symbol === jumped.symbol || (this.symbols.has(row.symbol) && row.t >= this.newest - AHEAD_MS_MAX)
  }

  private refutes(row: Row, held: Row): boolean {
    return row.t < held.t - AHEAD_MS_MAX && (row.symbol === held.symbol || row.t >= this.newest - AHEAD_MS_MAX)
  }
}
