import { rankCorrelation } from '../../../streams/analytics/ranks.ts'
import { monthsFrom, timeAfter } from '../../../streams/analytics/scoring/months.ts'
import { outcomesBetween } from '../../../streams/analytics/scoring/outcome.ts'
import type { Ics } from '../../../streams/analytics/validation/compare.ts'
import type { Engine } from '../../storage/engine/engine.ts'
import { timeOf } from '../../storage/engine/select.ts'
import { insertRows, millis, selectRows, timeText } from '../rows.ts'
import { snapshotsKnown, snapshotTimes } from '../snapshots/snapshotStore.ts'

/** Lists whose outcomes are looked up in one go: the others follow with the next. */
const LISTS_MAX = 50

interface List {
  readonly horizon: number
  readonly t: number
  readonly knownAt: number
}

/**
 * Records what became of all that was scored, of each list once, as soon as a list of its horizon's end is known at `now` (ms). Every asset that was scored
 * has an outcome: one that has left the list is held to have had the most that it can have had. Returns how many lists that were.
 */
export const recordOutcomes = async (engine: Engine, simulated: boolean, now: number): Promise<number> => {
  const times = await snapshotTimes(engine, simulated, now)
  const open = await openLists(engine, simulated, now)
  let recorded = 0
  for (const { horizon, t, knownAt } of open) {
    const end = timeAfter(times, t, horizon)
    if (end === undefined || end > now) continue
    const [then] = await snapshotsKnown(engine, simulated, [t], knownAt)
    const [later] = await snapshotsKnown(engine, simulated, [end], now)
    if (then === undefined || later === undefined) continue
    const names = await scoredNames(engine, simulated, horizon, t)
    await insertRows(
      engine,
      'outcomes',
      outcomesBetween(then, later, names).map(({ name, logReturn, aboveMedian, percentile, hasLeft }) => ({
        ...{ name, simulated, horizon, t: timeText(t), known_at: timeText(now) },
        ...{ log_return: logReturn, above_median: aboveMedian, percentile, has_left: hasLeft },
      })),
    )
    recorded += 1
  }
  return recorded
}

/** Returns the lists that were scored, whose horizon has ended, and of which nothing is recorded, oldest first. */
const openLists = async (engine: Engine, simulated: boolean, now: number): Promise<List[]> => {
  const scored = await selectRows<{ horizon: number; time: string; known: string }>(
    engine,
    `SELECT horizon, ${millis('t')} AS time, ${millis('min(known_at)')} AS known FROM {db}.scores
     WHERE simulated = {simulated:Bool} GROUP BY horizon, t ORDER BY t`,
    { simulated },
  )
  const done = await selectRows<{ horizon: number; time: string }>(
    engine,
    `SELECT DISTINCT horizon, ${millis('t')} AS time FROM {db}.outcomes WHERE simulated = {simulated:Bool}`,
    { simulated },
  )
  const known = new Set(done.map(({ horizon, time }) => `${horizon} ${time}`))
  return scored
    .filter(({ horizon, time }) => !known.has(`${horizon} ${time}`) && monthsFrom(Number(time), horizon) <= now)
    .slice(0, LISTS_MAX)
    .map(({ horizon, time, known }) => ({ horizon, t: Number(time), knownAt: Number(known) }))
}

const scoredNames = async (engine: Engine, simulated: boolean, horizon: number, t: number): Promise<ReadonlySet<string>> => {
  const rows = await selectRows<{ name: string }>(
    engine,
    `SELECT DISTINCT name FROM {db}.scores
     WHERE simulated = {simulated:Bool} AND horizon = {horizon:UInt16} AND t = ${timeOf('t')} AND score IS NOT NULL`,
    { simulated, horizon, t },
  )
  return new Set(rows.map(({ name }) => name))
}

/** Returns the ICs of a model's scores from `from` (ms) on, of each list whose outcomes are known. */
export const icsOf = async (
  engine: Engine,
  of: { readonly simulated: boolean; readonly horizon: number; readonly version: string },
  from: number,
): Promise<Ics> => {
  const where = `simulated = {simulated:Bool} AND horizon = {horizon:UInt16} AND t >= ${timeOf('from')}`
  const scores = await selectRows<{ time: string; names: string[]; values: number[] }>(
    engine,
    `SELECT ${millis('t')} AS time, groupArray(name) AS names, groupArray(assumeNotNull(score)) AS values FROM {db}.scores FINAL
     WHERE ${where} AND version = {version:String} AND score IS NOT NULL GROUP BY t`,
    { ...of, from },
  )
  const outcomes = await selectRows<{ time: string; names: string[]; values: number[] }>(
    engine,
    `SELECT ${millis('t')} AS time, groupArray(name) AS names, groupArray(log_return) AS values FROM {db}.outcomes FINAL WHERE ${where} GROUP BY t`,
    { simulated: of.simulated, horizon: of.horizon, from },
  )
  const became = new Map(outcomes.map(({ time, names, values }) => [time, new Map(names.map((name, i) => [name, values[i]!]))]))
  return new Map(
    scores.flatMap(({ time, names, values }) => {
      const returns = became.get(time)
      if (returns === undefined) return []
      const ic = rankCorrelation(
        Float64Array.from(values),
        Float64Array.from(names, name => returns.get(name) ?? Number.NaN),
      )
      return Number.isNaN(ic) ? [] : [[Number(time), ic] as const]
    }),
  )
}
