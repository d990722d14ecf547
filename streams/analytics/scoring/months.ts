import type { Snapshot } from '../features/snapshot.ts'

/** How far a snapshot may lie from the day that a month back leads to. */
const NEAR_MS = 4 * 86_400_000

/** Returns `t` (ms) moved by a number of months; the last day of a month that is shorter. */
export const monthsFrom = (t: number, months: number): number => {
  const date = new Date(t)
  const days = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + months + 1, 0)).getUTCDate()
  const first = Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + months, 1)
  const time = t - Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate())
  return first + (Math.min(date.getUTCDate(), days) - 1) * 86_400_000 + time
}

/**
 * Returns the newest snapshot that is not later than `t`, and before it one a month back each, as far as there are any: models were made of
 * monthly snapshots, so a daily list counts by months too. A month without a snapshot stays, with nothing in it: what is not known is not skipped.
 */
export const monthlyTo = (snapshots: readonly Snapshot[], t: number): Snapshot[] => {
  const newest = snapshots.findLast(snapshot => snapshot.t <= t)
  if (newest === undefined) return []
  const first = snapshots[0]!.t
  const months: Snapshot[] = [newest]
  for (let back = 1; ; back++) {
    const wanted = monthsFrom(newest.t, -back)
    if (wanted + NEAR_MS < first) break
    months.push(nearest(snapshots, wanted) ?? { t: wanted, assets: [] })
  }
  return months.reverse()
}

/** Returns the snapshot that lies `months` after `t`; `undefined` if there is none near that day. */
export const snapshotAfter = (snapshots: readonly Snapshot[], t: number, months: number): Snapshot | undefined =>
  nearest(snapshots, monthsFrom(t, months))

/** Returns the newest part of monthly snapshots that has no month without one: there are no outcomes across a gap. */
export const withoutGap = (months: readonly Snapshot[]): Snapshot[] =>
  months.slice(months.findLastIndex(({ assets }) => assets.length === 0) + 1)

const nearest = (snapshots: readonly Snapshot[], wanted: number): Snapshot | undefined => {
  const near = snapshots.filter(({ t }) => Math.abs(t - wanted) <= NEAR_MS)
  return near.length === 0 ? undefined : near.reduce((best, one) => (Math.abs(one.t - wanted) < Math.abs(best.t - wanted) ? one : best))
}
