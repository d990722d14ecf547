import type { HourRow } from '../../streams/pnl/hours.ts'
import type { MonthCheckpoint } from './checkpoints.ts'

/** Figures of a row and of each asset in it. */
const SUM_FIGURES = 19
const ASSET_FIGURES = 7

/** Returns the number of figures in `rows` rows, each with `assets` assets. */
export const figuresOf = (rows: number, assets: number): number => rows * (SUM_FIGURES + ASSET_FIGURES * assets)

/** Figures that are cached, some 25 bytes each. */
const FIGURES_MAX = 2_000_000

/**
 * Rows of the months that were asked for last, so that they need not be read from bytes again: a year of ten assets is ninety
 * thousand objects. The key of a month is what it was computed from. The size is bounded: the month used longest ago goes first.
 */
export class HourCache {
  private readonly months = new Map<string, readonly HourRow[]>()
  private figures = 0
  private readonly most: number

  constructor(most = FIGURES_MAX) {
    this.most = most
  }

  /** Returns the rows of a month; undefined if they are not here. */
  of(id: string, month: MonthCheckpoint): readonly HourRow[] | undefined {
    const key = keyOf(id, month)
    const rows = this.months.get(key)
    if (rows !== undefined) {
      this.months.delete(key)
      this.months.set(key, rows)
    }
    return rows
  }

  /** Takes in the rows of a month. */
  put(id: string, month: MonthCheckpoint, rows: readonly HourRow[]): void {
    this.drop(keyOf(id, month))
    this.months.set(keyOf(id, month), rows)
    this.figures += sizeOf(rows)
    for (const oldest of this.months.keys()) {
      if (this.figures <= this.most) break
      this.drop(oldest)
    }
  }

  /** Drops a month that has been replaced. */
  forget(id: string, month: MonthCheckpoint): void {
    this.drop(keyOf(id, month))
  }

  private drop(key: string): void {
    const rows = this.months.get(key)
    if (rows === undefined) return
    this.months.delete(key)
    this.figures -= sizeOf(rows)
  }
}

const keyOf = (id: string, { month, t, digest, candles }: MonthCheckpoint): string =>
  [id, month, t, digest, candles.ticks, candles.newest].join(' ')

const sizeOf = (rows: readonly HourRow[]): number => figuresOf(rows.length, rows.at(-1)?.assets.length ?? 0)
