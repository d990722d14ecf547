import type { Evidence } from './alert.ts'

/**
 * Says of a figure whether a condition holds. It gets every value that the figure takes, in order of time. Values from `quietLo` to `quietHi`
 * before `movesAt` (ms) neither fire nor teach it anything, so they need not be shown to it while no alert is open.
 */
export interface Judge {
  readonly quietLo: number
  readonly quietHi: number
  readonly movesAt: number
  /**
   * Takes note of a value at `t` (ms). `at` is the time of its sample, `held` the value until now: both NaN if unknown. `changed`: it is another
   * value than before.
   */
  take(t: number, value: number, at: number, held: number, changed: boolean): void
  /** Whether the newest value fires at `t` (ms). */
  fires(t: number, value: number): boolean
  /** Whether it is so far back that an open alert clears. */
  clears(t: number, value: number): boolean
  /** Returns when (ms) time alone changes the answer; Infinity if it never does. */
  dueAt(open: boolean): number
  /** Returns what its answer rests on. */
  evidence(value: number): Evidence
  /** Notes that an alert has been opened, on this evidence. */
  opened?(evidence: Evidence): void
  /** Whether a value may fire again while an alert is open: it belongs to another sample than the one that fired last. */
  readonly mayFireAgain?: boolean
  /** ms after the last firing at which an alert clears as the new level; Infinity if it never does. */
  readonly lastsMs?: number
}
