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
  /** What is older belongs to others, ms. */
  private begins = Number.NEGATIVE_INFINITY
  /** Rows that come again. */
  private again = new Map<string, number>()

  constructor(from: number) {
    this.from = from
  }

  /** Rows are asked for, from `since` on: from an earlier moment than these begin at if others need them. */
  ask(since: number): void {
    this.phase = 'asked'
    this.begins = since < this.from ? this.from : Number.NEGATIVE_INFINITY
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
    const fresh = rows.filter(row => timeOf(row) >= this.begins && !this.cameBefore(row))
    const last = fresh.at(-1)
    if (last && timeOf(last) > this.from) {
      this.from = timeOf(last)
      this.newest.clear()
    }
    for (let i = fresh.length - 1; i >= 0 && timeOf(fresh[i]!) === this.from; i--) {
      const text = JSON.stringify(fresh[i])
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
