import type { AssetFacts, Snapshot } from '../../../streams/analytics/features/snapshot.ts'
import { monthlyTimes, snapshotsAt, withoutGap } from '../../../streams/analytics/scoring/months.ts'
import type { Engine } from '../../storage/engine/engine.ts'
import { timeOf } from '../../storage/engine/select.ts'
import { cell, insertRows, millis, selectRows, timeText } from '../rows.ts'

/** Where lists of assets come from. */
export interface SnapshotOrigin {
  /** Of the simulated market: never mixed with the rest. */
  readonly simulated: boolean
  readonly source: string
  /** ms: from when on it is known. */
  readonly availableAt: number
}

/** A list of collected metrics that is made later than that was not known on its day. */
const HINDSIGHT_DAYS = 4

/** The source of lists that were made of collected metrics. */
export const COLLECTED = 'collected'

/** Stores lists of assets. A list that is there already at the same moment is the same row again; known later, it revises the one before. */
export const addSnapshots = (
  engine: Engine,
  { simulated, source, availableAt }: SnapshotOrigin,
  snapshots: readonly Snapshot[],
): Promise<void> =>
  insertRows(
    engine,
    'snapshots',
    snapshots.flatMap(({ t, assets }) =>
      assets.map(({ name, symbol, rank, marketCap, price, supply, volume, change1d, change7d }) => ({
        simulated,
        t: timeText(t),
        available_at: timeText(Math.max(t, availableAt)),
        ...{ name, symbol, source },
        rank: cell(rank),
        market_cap: cell(marketCap),
        price: cell(price),
        supply: cell(supply),
        volume: cell(volume),
        change_1d: cell(change1d),
        change_7d: cell(change7d),
      })),
    ),
  )

/** Returns the times of the lists that were known at `known`, ms, ascending. */
export const snapshotTimes = async (engine: Engine, simulated: boolean, known: number): Promise<number[]> => {
  const rows = await selectRows<{ time: string }>(
    engine,
    `SELECT DISTINCT ${millis('t')} AS time FROM {db}.snapshots WHERE simulated = {simulated:Bool} AND available_at <= ${timeOf('known')}`,
    { simulated, known },
  )
  return rows.map(({ time }) => Number(time)).sort((a, b) => a - b)
}

/**
 * Returns the times of the lists, a month apart, that a model may learn from at `t` (ms): without a gap, ascending. A list that was made of metrics long after
 * its day is left out: its assets are those of today, of which one knows that they are still there.
 */
export const lessonTimes = async (engine: Engine, simulated: boolean, t: number): Promise<number[]> => {
  const rows = await selectRows<{ time: string }>(
    engine,
    `SELECT ${millis('t')} AS time FROM {db}.snapshots
     WHERE simulated = {simulated:Bool} AND available_at <= ${timeOf('known')} AND (source != {collected:String} OR available_at <= t + toIntervalDay(${HINDSIGHT_DAYS}))
     GROUP BY t`,
    { simulated, known: t, collected: COLLECTED },
  )
  const times = rows.map(({ time }) => Number(time)).sort((a, b) => a - b)
  return withoutGap(monthlyTimes(times, t), new Set(times))
}

/**
 * Returns the newest list that is not later than `t`, and those a month back each, as they were known at `known` (ms). A list that was revised later is the
 * one of then, so what is computed of it is the same again.
 */
export const monthsKnown = async (engine: Engine, simulated: boolean, t: number, known: number): Promise<Snapshot[]> => {
  const times = monthlyTimes(await snapshotTimes(engine, simulated, known), t)
  return snapshotsAt(await snapshotsKnown(engine, simulated, times, known), times)
}

interface Row extends Record<'symbol' | 'name', string> {
  readonly time: string
  readonly rank: number | null
  readonly market_cap: number | null
  readonly price: number | null
  readonly supply: number | null
  readonly volume: number | null
  readonly change_1d: number | null
  readonly change_7d: number | null
}

/** Returns the lists of these times as they were known at `known` (ms). */
export const snapshotsKnown = async (engine: Engine, simulated: boolean, times: readonly number[], known: number): Promise<Snapshot[]> => {
  if (times.length === 0) return []
  const rows = await selectRows<Row>(
    engine,
    `SELECT ${millis('t')} AS time, name, symbol, rank, market_cap, price, supply, volume, change_1d, change_7d FROM (
       SELECT *, max(available_at) OVER (PARTITION BY t) AS newest FROM {db}.snapshots FINAL
       WHERE simulated = {simulated:Bool} AND available_at <= ${timeOf('known')} AND toUnixTimestamp64Milli(t) IN {times:Array(Int64)}
     ) WHERE available_at = newest ORDER BY t, isNull(rank), rank, name`,
    { simulated, known, times },
  )
  const byTime = new Map<number, AssetFacts[]>()
  for (const row of rows) {
    const t = Number(row.time)
    const assets = byTime.get(t) ?? []
    byTime.set(t, assets)
    assets.push({
      name: row.name,
      symbol: row.symbol,
      rank: row.rank ?? Number.NaN,
      marketCap: row.market_cap ?? Number.NaN,
      price: row.price ?? Number.NaN,
      supply: row.supply ?? Number.NaN,
      volume: row.volume ?? Number.NaN,
      change1d: row.change_1d ?? Number.NaN,
      change7d: row.change_7d ?? Number.NaN,
    })
  }
  return [...byTime].map(([t, assets]) => ({ t, assets }))
}
