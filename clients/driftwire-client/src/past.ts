import type { JsonObject } from '../../../streams/wire/mergePatch.ts'

/**
 * The rows of the past of one follower. It knows where they go on after a cut: from the time of the newest row, whose rows come again and are
 * left out.
 */
export class Past {
  /** Rows from here on are missing, ms. */
  from: number
  /** `wanted`: to be asked for; `asked`: under way; `failed`: cannot be had at present; `given`: all are there. */
  phase: 'wanted' | 'asked' | 'failed' | 'given' = 'wanted'
  /** How often each row of the time `from` was given. */
  private readonly newest = new Map<string, number>()
  /** Rows that come again. */
  private again = new Map<string, number>()

  constructor(from: number) {
    this.from = from
  }

  /** The rows from `from` on are asked for. */
  ask(): void {
    this.phase = 'asked'
    this.again = new Map(this.newest)
  }

  /** Nothing more comes of what was asked for. */
  lost(): void {
    if (this.phase !== 'given') this.phase = 'wanted'
  }

  /** What was asked for cannot be had at present; `again`: it may be asked for once more. */
  failed(again: boolean): void {
    if (again && this.phase === 'failed') this.phase = 'wanted'
    else if (this.phase === 'asked') this.phase = 'failed'
  }

  /** After all were given, rows are missing again, from a moment on. */
  reopen(from: number): void {
    if (this.phase !== 'given') return
    this.phase = 'wanted'
    this.from = from
    this.newest.clear()
  }

  /** Returns those of the rows that were not given before. */
  take(rows: readonly JsonObject[], more: boolean): readonly JsonObject[] {
    const fresh = rows.filter(row => timeOf(row) >= this.from && !this.cameBefore(row))
    for (const row of fresh) {
      const time = timeOf(row)
      if (time > this.from) {
        this.from = time
        this.newest.clear()
      }
      const text = JSON.stringify(row)
      this.newest.set(text, (this.newest.get(text) ?? 0) + 1)
    }
    if (!more) this.phase = 'given'
    return fresh
  }

  private cameBefore(row: JsonObject): boolean {
    if (this.again.size === 0 || timeOf(row) > this.from) return false
    const text = JSON.stringify(row)
    const left = this.again.get(text) ?? 0
    if (left > 0) this.again.set(text, left - 1)
    return left > 0
  }
}

/** Returns the time of a row, ms: of a candle, its beginning. */
const timeOf = ({ t, open_t }: JsonObject): number => Number(t ?? open_t)
