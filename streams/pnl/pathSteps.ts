import type { Path, PathPoint } from './path.ts'

/** What happened to a path at the end of a frame: it was looked at, or rows came. */
type Step = { readonly t: number } & (
  | { readonly point: PathPoint }
  | { readonly before: number; readonly after: number; readonly flow: number }
)

/** Steps that are remembered: five minutes of samples, as a rule. */
const STEPS_MAX = 300

/** The newest steps of a path, so that they can be repeated from a past that becomes known later. */
export class PathSteps {
  private steps: Step[] = []
  /** ms: nothing is missing since then. */
  private from = Number.NEGATIVE_INFINITY

  /** Adds a moment at which the path was looked at. */
  looked(t: number, point: PathPoint): void {
    if (!Number.isNaN(point.total)) this.add({ t, point })
  }

  /** Adds rows that came. */
  booked(t: number, before: number, after: number, flow: number): void {
    this.add({ t, before, after, flow })
  }

  /** Forgets all steps up to `t` (ms): other rows belong to them. */
  forget(t: number): void {
    this.steps = []
    this.from = t
  }

  /** Says whether all steps after `t` (ms) are there. */
  reachBackTo(t: number): boolean {
    return this.from <= t
  }

  /** Lets a path take the steps after `t` (ms). */
  repeat(path: Path, t: number): void {
    for (const step of this.steps) {
      if (step.t <= t) continue
      if ('point' in step) path.remember(step.point)
      else path.booked(step.before, step.after, step.flow)
    }
  }

  private add(step: Step): void {
    this.steps.push(step)
    if (this.steps.length <= 2 * STEPS_MAX) return
    this.steps = this.steps.slice(-STEPS_MAX)
    this.from = this.steps[0]!.t
  }
}
