import type { Outcomes, Panel } from '../features/panel.ts'
import { excessOf, intervalOf, type Spread, spreadOf, tailAfter } from './interval.ts'
import { isotonic, type Steps, stepAt } from './isotonic.ts'
import { testsOf } from './skill.ts'
import { targetsOf } from './walkForward.ts'

/** What scores are turned into: probabilities of two events, and an interval of the return. Of the best third nothing can be told, so nothing is said. */
export interface Calibration {
  /** P(return above the median of its snapshot). */
  readonly above: Steps
  /** P(return among the worst third of its snapshot). */
  readonly worst: Steps
  readonly spread: Spread
}

/** How right the probabilities and intervals were of rows that came later than all they were made of. */
export interface CalibrationSkill {
  readonly above: EventSkill
  readonly worst: EventSkill
  /** Of intervals that should hold 80 %: the mean, and the least of a snapshot. */
  readonly coverage: number
  readonly worstCoverage: number
  readonly snapshots: number
  readonly rows: number
}

/** Of one event. */
export interface EventSkill {
  /** Mean distance of probability and frequency over at most ten bins of about equal size; equal probabilities share one. */
  readonly error: number
  /** 1 − Brier score / that of always saying how often it comes. */
  readonly brierSkill: number
}

/** Snapshots of outcomes that a calibration needs at least. */
const SNAPSHOTS_MIN = 6
const WORST = -1 / 6
const BINS = 10

/**
 * Returns the calibration that scores out of sample give, and how right calibrations were on the way: each snapshot's was made of earlier ones
 * whose outcomes were known then.
 */
export const calibrate = (
  panel: Panel,
  outcomes: Outcomes,
  scores: Float64Array,
  first: number,
): { readonly calibration: Calibration; readonly skill: CalibrationSkill } => {
  const targets = targetsOf(panel, outcomes)
  const excess = excessOf(panel, outcomes)
  const tests = testsOf(panel, outcomes, first)
  const madeOf = (some: typeof tests, coverages: readonly number[]): Calibration => {
    const rows = some.flatMap(test => test.rows)
    const own = Float64Array.from(rows, row => scores[row]!)
    const events = (is: (target: number) => boolean): Uint8Array => Uint8Array.from(rows, row => (is(targets[row]!) ? 1 : 0))
    return {
      above: isotonic(
        own,
        events(target => target > 0),
      ),
      worst: isotonic(
        own,
        events(target => target < WORST),
        true,
      ),
      spread: spreadOf(panel, excess, rows, tailAfter(coverages)),
    }
  }
  const above: Said[] = []
  const worst: Said[] = []
  const held: { readonly k: number; readonly share: number }[] = []
  for (const { k, rows } of tests) {
    const isPast = (test: { readonly k: number }): boolean => test.k + outcomes.horizon <= k
    const earlier = tests.filter(isPast)
    if (earlier.length < SNAPSHOTS_MIN) continue
    const calibration = madeOf(
      earlier,
      held.filter(isPast).map(({ share }) => share),
    )
    for (const row of rows) {
      above.push({ p: stepAt(calibration.above, scores[row]!), event: targets[row]! > 0 ? 1 : 0 })
      worst.push({ p: stepAt(calibration.worst, scores[row]!), event: targets[row]! < WORST ? 1 : 0 })
    }
    const within = rows.filter(row => {
      const { low, high } = intervalOf(panel, row, calibration.spread)
      return excess[row]! >= low && excess[row]! <= high
    })
    held.push({ k, share: within.length / rows.length })
  }
  const shares = held.map(({ share }) => share)
  const skill = {
    above: eventSkill(above),
    worst: eventSkill(worst),
    coverage: shares.reduce((sum, share) => sum + share, 0) / shares.length,
    worstCoverage: Math.min(...shares),
    snapshots: shares.length,
    rows: above.length,
  }
  return { calibration: madeOf(tests, shares), skill }
}

interface Said {
  readonly p: number
  readonly event: number
}

/** Returns how right probabilities were; NaN of none. */
export const eventSkill = (said: readonly Said[]): EventSkill => {
  const sorted = [...said].sort((a, b) => a.p - b.p)
  const meanOf = (some: readonly Said[], of: (one: Said) => number): number => some.reduce((sum, one) => sum + of(one), 0) / some.length
  let error = 0
  for (let from = 0; from < sorted.length; ) {
    let to = Math.min(sorted.length, from + Math.ceil(sorted.length / BINS))
    while (to < sorted.length && sorted[to]!.p === sorted[to - 1]!.p) to++
    const bin = sorted.slice(from, to)
    error += (bin.length / sorted.length) * Math.abs(meanOf(bin, ({ p }) => p) - meanOf(bin, ({ event }) => event))
    from = to
  }
  const often = meanOf(said, ({ event }) => event)
  return { error, brierSkill: 1 - meanOf(said, ({ p, event }) => (p - event) ** 2) / (often * (1 - often)) }
}
