import type { Evidence } from './alert.ts'
import type { Judge } from './judge.ts'
import type { Deviates } from './rule.ts'
import { MAD_TO_SD, SlidingMedian, type Spread } from './slidingMedian.ts'

/** Nothing lies beyond these. */
const OPEN = { lo: Number.NEGATIVE_INFINITY, hi: Number.POSITIVE_INFINITY }
/** Nothing lies within these. Too little is known: nothing fires, and nothing clears. */
const NOWHERE = { lo: Number.NaN, hi: Number.NaN }

/**
 * Holds a figure, or its change since the sample before, against the median of its past. The running sample may still change and is judged, but is no
 * part of the median. It is never known how a figure changed over a sample that is missing. A figure that stays as it is while the median moves is
 * looked at when it changes next.
 */
export class DeviationJudge implements Judge {
  movesAt = Number.NEGATIVE_INFINITY
  quietLo = Number.NaN
  quietHi = Number.NaN
  readonly lastsMs: number
  private readonly rule: Deviates
  private readonly past: SlidingMedian
  /** Number of the running sample, and of the one that fired last. */
  private sample = Number.NaN
  private firedIn = Number.NaN
  /** The sample before the running one, as it is compared; NaN if unknown. */
  private before = Number.NaN
  private spread: Spread = { median: Number.NaN, mad: Number.NaN, samples: 0 }
  /** Beyond these it fires, and within those it clears, as they are compared. */
  private bounds = OPEN
  private within = NOWHERE
  /** The value is older than one that was seen. */
  private late = false

  constructor(rule: Deviates) {
    this.rule = rule
    this.past = new SlidingMedian(rule.window)
    this.lastsMs = rule.change ? rule.lastsMs : Number.POSITIVE_INFINITY
  }

  get mayFireAgain(): boolean {
    return this.rule.change && this.sample > this.firedIn
  }

  take(t: number, value: number, at: number, held: number): void {
    const { everyMs } = this.rule
    const isSample = this.rule.at !== undefined
    if (isSample && (Number.isNaN(at) || Number.isNaN(value))) return
    const sample = Math.floor((isSample ? at : t) / everyMs)
    this.late = sample < this.sample
    if (this.late || sample === this.sample) return
    if (!Number.isNaN(this.sample)) this.endSample(sample, this.compared(held))
    this.sample = sample
    if (!isSample) this.movesAt = (sample + 1) * everyMs
    this.move()
  }

  fires(_t: number, value: number): boolean {
    const y = this.compared(value)
    return !this.late && (y < this.bounds.lo || y > this.bounds.hi)
  }

  clears(_t: number, value: number): boolean {
    const y = this.compared(value)
    return !this.late && y >= this.within.lo && y <= this.within.hi
  }

  dueAt(open: boolean): number {
    return open && !this.rule.change ? this.movesAt : Number.POSITIVE_INFINITY
  }

  evidence(value: number): Evidence {
    const y = this.compared(value)
    const { median, mad, samples } = this.spread
    const known = { value, median: this.shown(median), mad, samples }
    if (!this.rule.change) return { ...known, bound: this.shown(y < this.bounds.lo ? this.bounds.lo : this.bounds.hi) }
    const bound = (y < this.bounds.lo ? this.bounds.lo : this.bounds.hi) - this.before
    return { ...known, median, before: this.shown(this.before), change: y - this.before, bound }
  }

  opened({ before }: Evidence): void {
    this.firedIn = this.sample
    if (!this.rule.change || typeof before !== 'number') return
    const { logs, clear } = this.rule
    const y = this.compared(before)
    this.within = logs
      ? { lo: y + Math.log(1 - clear), hi: y + Math.log(1 + clear) }
      : { lo: y - Math.abs(y) * clear, hi: y + Math.abs(y) * clear }
    // It has to come back from the side on which it fired, and may go beyond.
    if (this.rule.side === 'below') this.within = { ...this.within, hi: Number.POSITIVE_INFINITY }
    if (this.rule.side === 'above') this.within = { ...this.within, lo: Number.NEGATIVE_INFINITY }
  }

  /** The running sample is over: it ended as `y`, and `next` begins. */
  private endSample(next: number, y: number): void {
    const { change, window, at } = this.rule
    const ended = change ? y - this.before : y
    if (Number.isFinite(ended)) this.past.add(this.sample, ended)
    this.before = Number.isFinite(y) ? y : Number.NaN
    if (next === this.sample + 1) return
    if (at !== undefined) this.before = Number.NaN
    else if (Number.isFinite(y)) for (let n = Math.max(this.sample + 1, next - window); n < next; n++) this.past.add(n, change ? 0 : y)
  }

  private move(): void {
    const { change, mads, least, samples, side, clear } = this.rule
    this.spread = this.past.spread(this.sample)
    const middle = this.spread.median + (change ? this.before : 0)
    const distance = Math.max(least, mads * MAD_TO_SD * this.spread.mad)
    const around = (by: number) => ({ lo: side === 'above' ? OPEN.lo : middle - by, hi: side === 'below' ? OPEN.hi : middle + by })
    const isKnown = this.spread.samples >= samples && !Number.isNaN(middle)
    this.bounds = isKnown ? around(distance) : OPEN
    if (!change) this.within = isKnown ? around(distance * clear) : NOWHERE
    this.quietLo = this.shown(this.bounds.lo)
    this.quietHi = this.shown(this.bounds.hi)
  }

  private compared(value: number): number {
    return this.rule.logs ? Math.log(value) : value
  }

  private shown(y: number): number {
    return this.rule.logs ? Math.exp(y) : y
  }
}
