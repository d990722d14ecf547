import type { Evidence } from './alert.ts'
import { DeviationJudge } from './deviation.ts'
import type { Judge } from './judge.ts'
import { MoveJudge } from './move.ts'
import type { Beyond, Condition, Stale } from './rule.ts'

/** Makes what says of one figure whether the condition holds. */
export const judgeOf = (condition: Condition): Judge => {
  switch (condition.kind) {
    case 'beyond':
      return new BeyondJudge(condition)
    case 'moved':
      return new MoveJudge(condition)
    case 'deviates':
      return new DeviationJudge(condition)
    case 'stale':
      return new StaleJudge(condition)
    case 'is':
      // The figure is read as 1 if it is the value, else as 0.
      return new BeyondJudge({ kind: 'beyond', lo: Number.NEGATIVE_INFINITY, hi: 0, clearLo: Number.NEGATIVE_INFINITY, clearHi: 0 })
  }
}

class BeyondJudge implements Judge {
  readonly movesAt = Number.POSITIVE_INFINITY
  private readonly bounds: Beyond

  constructor(bounds: Beyond) {
    this.bounds = bounds
  }

  get quietLo(): number {
    return this.bounds.lo
  }

  get quietHi(): number {
    return this.bounds.hi
  }

  take(): void {}

  fires(_t: number, value: number): boolean {
    return value < this.bounds.lo || value > this.bounds.hi
  }

  clears(_t: number, value: number): boolean {
    return value >= this.bounds.clearLo && value <= this.bounds.clearHi
  }

  dueAt(): number {
    return Number.POSITIVE_INFINITY
  }

  evidence(value: number): Evidence {
    return { value, bound: value < this.bounds.lo ? this.bounds.lo : this.bounds.hi }
  }
}

/** A figure that was never known counts as unchanged since it was first looked at. */
class StaleJudge implements Judge {
  /** Every change counts. */
  readonly quietLo = Number.NaN
  readonly quietHi = Number.NaN
  readonly movesAt = Number.POSITIVE_INFINITY
  private readonly ms: number
  private changedAt = Number.NaN

  constructor({ ms }: Stale) {
    this.ms = ms
  }

  take(t: number, _value: number, _at: number, _held: number, changed: boolean): void {
    if (changed || Number.isNaN(this.changedAt)) this.changedAt = t
  }

  fires(t: number): boolean {
    return t - this.changedAt >= this.ms
  }

  clears(t: number): boolean {
    return !this.fires(t)
  }

  dueAt(open: boolean): number {
    return open ? Number.POSITIVE_INFINITY : this.changedAt + this.ms
  }

  evidence(value: number): Evidence {
    return { ...(!Number.isNaN(value) && { value }), changed: this.changedAt, bound: this.ms }
  }

  /** After a restart it counts from when the figure last changed. */
  opened({ changed }: Evidence): void {
    if (Number.isNaN(this.changedAt) && typeof changed === 'number') this.changedAt = changed
  }
}
