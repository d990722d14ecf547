import type { Rate } from '../../../streams/wire/requests.ts'
import type { FanoutGroup } from './fanoutGroup.ts'

/**
 * The groups of one rate. They all get their pushes in the same turns, so that a client sees its channels as of one frame. Turns
 * follow each other as evenly as the calls of `begin` allow, and never more than `rate` of them fall into any second.
 */
export class PacedGroups {
  readonly groups = new Set<FanoutGroup>()
  /** True while a turn lasts: outside of it nobody at this rate gets anything but the snapshot it begins with. */
  open = false
  /** ms from one turn to the next. */
  readonly periodMs: number
  private readonly recent: number[]
  private oldest = 0
  private due = Number.NEGATIVE_INFINITY

  constructor(rate: Rate) {
    this.periodMs = 1000 / rate
    this.recent = new Array<number>(rate).fill(Number.NEGATIVE_INFINITY)
  }

  /** Opens a turn if it is time for one. Returns whether it did. */
  begin(now: number): boolean {
    if (now < this.due || now - this.recent[this.oldest]! < 1000) return false
    this.recent[this.oldest] = now
    this.oldest = (this.oldest + 1) % this.recent.length
    this.due = now - this.due < this.periodMs ? this.due + this.periodMs : now + this.periodMs
    this.open = true
    return true
  }
}
