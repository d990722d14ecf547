import { logRatio, type SnapshotRecord } from './past.ts'

/**
 * Returns the logarithmic return of an asset from snapshot `k` over `horizon` snapshots; NaN if that is not past yet. One that left the list has at
 * most the market cap of the smallest that stayed, so its return is at most ln(smallest market cap then / its own now), and never above 0: it
 * stays a row, with that bound. Leaving it out would keep the survivors only.
 */
export const forwardReturn = (record: SnapshotRecord, asset: number, k: number, horizon: number): number => {
  const then = record.snapshots[k + horizon]
  if (then === undefined) return Number.NaN
  const own = record.logReturn(asset, k, k + horizon)
  if (!Number.isNaN(own)) return own
  const smallest = then.assets.reduce(
    (least, { marketCap }) => (marketCap > 0 ? Math.min(least, marketCap) : least),
    Number.POSITIVE_INFINITY,
  )
  return Math.min(0, logRatio(smallest, record.at(asset, k)!.marketCap))
}

/** Returns whether an asset of snapshot `k` is not listed `horizon` snapshots later. */
export const leaves = (record: SnapshotRecord, asset: number, k: number, horizon: number): boolean =>
  record.at(asset, k + horizon) === undefined
