import type { HourRow } from '../../streams/pnl/hours.ts'
import type { MonthCheckpoint } from './checkpoints.ts'

/** Figures of a row and of each asset in it. */
const SUMS = 10
const ASSET_FIGURES = 7

export const figuresOf = (rows: number, assets: number): number => rows * (SUMS + ASSET_FIGURES * assets)

/** Some 25 bytes each. */
const HOURS_MAX = 2_000_000

/**
 * Rows of the months that were asked for last, so that they need not be made again of bytes: a year of ten assets is ninety
 * thousand objects. A month is known by what it was computed from. Bounded: what was used longest ago goes first.
 */
export class HourCache {
  private readonly months = new Map<string, readonly HourRow[]>()
  private figures = 0
  private readonly most: number

  constructor(most = HOURS_MAX) {
    this.most = most
  }

  of(id: string, kept: MonthCheckpoint): readonly HourRow[] | undefined {
    const key = keyOf(id, kept)
    const rows = this.months.get(key)
    if (rows !== undefined) {
      this.months.delete(key)
      this.months.set(key, rows)
    }
    return rows
  }

  put(id: string, kept: MonthCheckpoint, rows: readonly HourRow[]): void {
    this.drop(keyOf(id, kept))
    this.months.set(keyOf(id, kept), rows)
    this.figures += sizeOf(rows)
    for (const oldest of this.months.keys()) {
      if (this.figures <= this.most) break
      this.drop(oldest)
    }
  }

  /** Of a month that something else has taken the place of. */
  forget(id: string, kept: MonthCheckpoint): void {
    this.drop(keyOf(id, kept))
  }

  private drop(key: string): void {
    const rows = this.months.get(key)
    if (rows === undefined) return
    this.months.delete(key)
    this.figures -= sizeOf(rows)
  }
}

const keyOf = (id: string, { month, t, digest, mark }: MonthCheckpoint): string => [id, month, t, digest, mark.ticks, mark.newest].join(' ')

const sizeOf = (rows: readonly HourRow[]): number => figuresOf(rows.length, rows.at(-1)?.assets.length ?? 0)
