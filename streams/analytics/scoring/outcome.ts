import { SnapshotRecord } from '../features/past.ts'
import type { Snapshot } from '../features/snapshot.ts'
import { forwardReturn, leaves } from '../features/target.ts'
import { percentiles } from '../ranks.ts'

/** What became of an asset of a list by the time of a later one. */
export interface Outcome {
  readonly name: string
  /** Logarithmic; of one that has left the list the most that it can be. */
  readonly logReturn: number
  /** The same less the median of all. */
  readonly aboveMedian: number
  /** Among all, 0 to 100. */
  readonly percentile: number
  readonly hasLeft: boolean
}

/** Returns what became of the assets of these names; those of which it is not known are left out. */
export const outcomesBetween = (then: Snapshot, later: Snapshot, names: ReadonlySet<string>): Outcome[] => {
  const record = new SnapshotRecord([then, later])
  const known = record.listed[0]!.flatMap((asset, i) => {
    const { name } = then.assets[i]!
    const logReturn = names.has(name) ? forwardReturn(record, asset, 0, 1) : Number.NaN
    const hasLeft = leaves(record, asset, 0, 1)
    // Listed without a price it has not left: its return is not known.
    const isUnknown = Number.isNaN(logReturn) || (!hasLeft && Number.isNaN(record.logReturn(asset, 0, 1)))
    return isUnknown ? [] : [{ name, logReturn, hasLeft }]
  })
  const returns = Float64Array.from(known, ({ logReturn }) => logReturn)
  const places = percentiles(returns)
  const sorted = returns.slice().sort()
  const median = (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2
  return known.map((one, i) => ({ ...one, aboveMedian: one.logReturn - median, percentile: 100 * (places[i]! + 0.5) }))
}
