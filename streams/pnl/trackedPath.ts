import type { Mutable } from '../lib/mutable.ts'
import type { PnlFigures } from '../measures/rows.ts'
import { LOST, Path, type PathPoint, type PathState } from './path.ts'
import { PathSteps } from './pathSteps.ts'

/**
 * The path of a portfolio as it is followed live, from which its time-weighted return and its drawdown follow. The part before the first
 * frame may come from the store while it is followed already: the newest steps are then taken again from there.
 */
export class TrackedPath {
  private readonly path = new Path()
  private readonly recent = new PathSteps()
  /** Whether the path before the first frame is still to come; until then the path is unknown. */
  private awaitsPast: boolean

  constructor(awaitsPast: boolean) {
    this.awaitsPast = awaitsPast
  }

  /** Whether no part of it was missed. */
  get known(): boolean {
    return this.path.known
  }

  /** What it has come to; unknown while it waits for its past. */
  get state(): PathState {
    return this.awaitsPast ? LOST : this.path.write()
  }

  /** Ends the wait for its past. Returns whether it has waited. */
  endWaiting(): boolean {
    const waited = this.awaitsPast
    this.awaitsPast = false
    return waited
  }

  /** Says whether it can go on from a past that ends at `t` (ms). */
  reachesBackTo(t: number): boolean {
    return this.recent.reachBackTo(t)
  }

  /** Takes in what it had come to at `t` (ms), and goes on from there as it has gone since. */
  restore(state: PathState, t: number): void {
    this.path.read(state)
    this.recent.repeat(this.path, t)
  }

  /** Begins with what is held when the first frame begins, `worth`, after flows of `flow`. */
  begin(worth: number, flow: number): void {
    this.path.booked(0, worth, flow)
  }

  /** Makes the end of the frame `t` (ms) part of it. */
  sample(t: number, point: PathPoint): void {
    this.path.remember(point)
    this.recent.looked(t, point)
  }

  /** Notes that bookings in the frame `t` (ms) changed what is held from `before` to `after`, and brought in `flow`. */
  booked(t: number, before: number, after: number, flow: number): void {
    this.path.booked(before, after, flow)
    this.recent.booked(t, before, after, flow)
  }

  /** Notes that all rows were booked again in the frame `t` (ms), as `Path.restated` says. */
  restated(t: number, before: number, after: number, gained: number): void {
    this.path.restated(before, after, gained)
    this.recent.forget(t)
  }

  /** Notes that part of it up to the frame `t` (ms) was not seen. */
  lose(t: number): void {
    this.path.lose()
    this.recent.forget(t)
  }

  /** Writes the figures of it as of a moment; they are unknown if the portfolio itself is. */
  show(figures: Mutable<PnlFigures>, point: PathPoint, knows: boolean): void {
    const known = knows && !this.awaitsPast
    const { abs, rel } = this.path.at(point)
    figures.twr = known ? this.path.returned(point) : Number.NaN
    figures.drawdownAbs = known ? abs : Number.NaN
    figures.drawdownRel = known ? rel : Number.NaN
  }
}
