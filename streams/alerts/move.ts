import type { Evidence } from './alert.ts'
import type { Judge } from './judge.ts'
import type { Moved } from './rule.ts'

/** Parts that a span is divided into: its beginning is exact to one of them. */
const PARTS = 60

/** How far a figure has moved within a span of time: from the least and the greatest value of each part of it. A figure holds until it changes. */
export class MoveJudge implements Judge {
  movesAt = Number.NEGATIVE_INFINITY
  quietLo = Number.NaN
  quietHi = Number.NaN
  private readonly rule: Moved
  private readonly partMs: number
  /** Number of the running part; the part of number n lies at n modulo their number. */
  private part = Number.NaN
  private readonly least = new Float64Array(PARTS + 1).fill(Number.NaN)
  private readonly most = new Float64Array(PARTS + 1).fill(Number.NaN)
  private min = Number.NaN
  private max = Number.NaN

  constructor(rule: Moved) {
    this.rule = rule
    this.partMs = rule.withinMs / PARTS
  }

  take(t: number, value: number, _at: number, held: number): void {
    const part = Math.floor(t / this.partMs)
    if (part !== this.part) this.passTo(part, held)
    this.include(value)
    this.quietLo = Math.max(this.min, this.lowest(this.rule.by))
    this.quietHi = Math.min(this.max, this.highest(this.rule.by))
  }

  fires(_t: number, value: number): boolean {
    return value < this.lowest(this.rule.by) || value > this.highest(this.rule.by)
  }

  clears(_t: number, value: number): boolean {
    return value >= this.lowest(this.rule.clear) && value <= this.highest(this.rule.clear)
  }

  dueAt(open: boolean): number {
    return open ? this.movesAt : Number.POSITIVE_INFINITY
  }

  evidence(value: number): Evidence {
    const low = this.lowest(this.rule.by)
    const from = value < low ? this.max : this.min
    return { value, from, change: value / from - 1, bound: value < low ? -this.rule.by : this.rule.by }
  }

  /** The least value that has not fallen by the fraction `by`. */
  private lowest(by: number): number {
    return this.rule.side === 'above' || !(this.min > 0) ? Number.NEGATIVE_INFINITY : this.max * (1 - by)
  }

  private highest(by: number): number {
    return this.rule.side === 'below' || !(this.min > 0) ? Number.POSITIVE_INFINITY : this.min * (1 + by)
  }

  private passTo(part: number, held: number): void {
    for (let p = Math.max(Number.isNaN(this.part) ? part : this.part + 1, part - PARTS); p <= part; p++) {
      // The figure was this until now; before the first value nothing is known.
      this.least[p % (PARTS + 1)] = held
      this.most[p % (PARTS + 1)] = held
    }
    this.part = part
    this.movesAt = (part + 1) * this.partMs
    this.min = Number.NaN
    this.max = Number.NaN
    for (let i = 0; i <= PARTS; i++) {
      if (this.least[i]! < this.min || Number.isNaN(this.min)) this.min = this.least[i]!
      if (this.most[i]! > this.max || Number.isNaN(this.max)) this.max = this.most[i]!
    }
  }

  private include(value: number): void {
    if (Number.isNaN(value)) return
    const at = this.part % (PARTS + 1)
    if (!(this.least[at]! <= value)) this.least[at] = value
    if (!(this.most[at]! >= value)) this.most[at] = value
    if (!(this.min <= value)) this.min = value
    if (!(this.max >= value)) this.max = value
  }
}
