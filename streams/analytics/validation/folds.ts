import type { Outcomes, Panel } from '../features/panel.ts'

/** How a record is gone through: forwards only. */
export interface WalkForward {
  /** The first snapshot that is tested; all before it is for training. */
  readonly firstTest: number
  /** Snapshots that one fit is tested on. */
  readonly refitEvery: number
  /** Snapshots left out between the last outcome of the training and the first test, beyond the purge. */
  readonly embargo: number
}

/** One fit: what it learns from, and what it is tested on. */
export interface Fold {
  /** The snapshot at which it is fitted. */
  readonly at: number
  readonly train: Int32Array
  readonly test: Int32Array
}

/**
 * Returns the folds of a walk forward, expanding. They are purged: no outcome that is learnt from ends after the fit, so outcomes of several months
 * do not overlap those that are tested. A test has all rows of its snapshots, whatever became of them. No other split exists here: shuffled ones find
 * skill where there is none.
 */
export const foldsOf = ({ snapshot, times }: Panel, { horizon }: Outcomes, { firstTest, refitEvery, embargo }: WalkForward): Fold[] => {
  const rowsWhere = (is: (k: number) => boolean): Int32Array => Int32Array.from([...snapshot.keys()].filter(row => is(snapshot[row]!)))
  const folds: Fold[] = []
  for (let at = firstTest; at < times.length; at += refitEvery)
    folds.push({ at, train: rowsWhere(k => k + horizon + embargo <= at), test: rowsWhere(k => k >= at && k < at + refitEvery) })
  return folds
}
