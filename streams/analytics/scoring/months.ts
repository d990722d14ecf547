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
 * Returns the newest of some times, ascending, that is not later than `t`, and before it one a month back each, as far as there are any: models were made
 * of monthly snapshots, so a daily list counts by months too. A month without a snapshot has the time at which it would be.
 */
export const monthlyTimes = (times: readonly number[], t: number): number[] => {
  const newest = times.findLast(time => time <= t)
  if (newest === undefined) return []
  const months = [newest]
  for (let back = 1; ; back++) {
    const wanted = monthsFrom(newest, -back)
    if (wanted + NEAR_MS < times[0]!) break
    months.push(nearest(times, wanted) ?? wanted)
  }
  return months.reverse()
}

/** Returns the snapshots of these times. One that there is not stays, with nothing in it: what is not known is not skipped. */
export const snapshotsAt = (snapshots: readonly Snapshot[], times: readonly number[]): Snapshot[] => {
  const byTime = new Map(snapshots.map(snapshot => [snapshot.t, snapshot]))
  return times.map(t => byTime.get(t) ?? { t, assets: [] })
}

/** Returns the time that lies `months` after `t`; `undefined` if there is none near that day. */
export const timeAfter = (times: readonly number[], t: number, months: number): number | undefined => nearest(times, monthsFrom(t, months))

/** Returns the newest part of monthly times that has none without a list: there are no outcomes across a gap. */
export const withoutGap = (months: readonly number[], there: ReadonlySet<number>): number[] =>
  months.slice(months.findLastIndex(t => !there.has(t)) + 1)

const nearest = (times: readonly number[], wanted: number): number | undefined => {
  const near = times.filter(t => Math.abs(t - wanted) <= NEAR_MS)
  return near.length === 0 ? undefined : near.reduce((best, t) => (Math.abs(t - wanted) < Math.abs(best - wanted) ? t : best))
}
