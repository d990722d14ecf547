import { type CollectedAsset, collectedList, knownIn, LIST_METRICS, LOOKS_BACK } from '../../../streams/analytics/features/collectedList.ts'
import { MetricLog } from '../../../streams/analytics/features/metricLog.ts'
import type { Snapshot } from '../../../streams/analytics/features/snapshot.ts'
import { DAY, floorTo } from '../../../streams/market/candles.ts'
import type { Engine } from '../../storage/engine/engine.ts'
import { timeOf } from '../../storage/engine/select.ts'
import { addAll, factsAsOf } from '../metrics/metricTable.ts'
import type { TakeLists } from './takenSnapshot.ts'

/** Assets that a list needs: percentiles and thirds of fewer say nothing. */
const ASSETS_MIN = 20
/** How long a day's list waits for prices that have not been collected, ms. */
const PATIENCE_MS = 6 * 3_600_000
/** Days of the past of which lists are made, and of how many the metrics are read in one go. */
const PAST_DAYS = 400
const DAYS_A_TURN = 30

/**
 * Returns what makes the list of each day of collected metrics: as soon as the price of every asset is known, and six hours after the day began of what there
 * is. With it come the lists of days of the past that have none, as far as sources told of them. All of them are known from then on.
 */
export const collectedTaker =
  (assets: () => readonly CollectedAsset[]): TakeLists =>
  async (engine, t, times) => {
    const day = floorTo(t, DAY)
    if (times.includes(day)) return { lists: [], waits: false }
    const all = assets()
    if (all.length < ASSETS_MIN)
      return {
        lists: [],
        waits: false,
        lacking: { assets: all, why: `found ${all.length} assets whose prices are collected, ${EXPECTED}` },
      }
    const log = await collectedFrom(engine, all, day, day, t)
    const list = collectedList(log, day, t, all, true)
    const priced = list.assets.filter(({ price }) => price > 0).length
    if (priced < all.length && t - day < PATIENCE_MS) return { lists: [], waits: true }
    const known = knownIn(list)
    if (known < ASSETS_MIN) {
      const why = `found ${known} assets whose price and market cap of ${new Date(day).toISOString().slice(0, 10)} are known, ${EXPECTED}`
      return { lists: [], waits: true, lacking: { assets: all, why } }
    }
    return { lists: [...(await pastLists(engine, all, day, t, new Set(times))), list], waits: false }
  }

const EXPECTED = `expected at least ${ASSETS_MIN}`

/** Returns lists of the days before one that have none, oldest first. */
const pastLists = async (
  engine: Engine,
  assets: readonly CollectedAsset[],
  day: number,
  known: number,
  there: ReadonlySet<number>,
): Promise<Snapshot[]> => {
  const lists: Snapshot[] = []
  for (let ago = PAST_DAYS; ago > 0; ago -= DAYS_A_TURN) {
    const days = Array.from({ length: Math.min(DAYS_A_TURN, ago) }, (_, i) => day - (ago - i) * DAY).filter(one => !there.has(one))
    if (days.length === 0) continue
    const log = await collectedFrom(engine, assets, days[0]!, days.at(-1)!, known)
    lists.push(...days.map(one => collectedList(log, one, known, assets, false)).filter(list => knownIn(list) >= ASSETS_MIN))
  }
  return lists
}

/** Returns what lists of the days from `from` to `to` are made of, as it was known at `known`; all in ms. */
const collectedFrom = async (
  engine: Engine,
  assets: readonly CollectedAsset[],
  from: number,
  to: number,
  known: number,
): Promise<MetricLog> => {
  const log = new MetricLog()
  const where = `metric IN {metrics:Array(String)} AND asset IN {assets:Array(String)} AND period >= ${timeOf('from')} AND period <= ${timeOf('to')}`
  const parameters = { metrics: LIST_METRICS, assets: assets.map(({ asset }) => asset), from: Math.max(0, from - LOOKS_BACK * DAY), to }
  await addAll(log, await factsAsOf(engine, known, { where, parameters }))
  return log
}
