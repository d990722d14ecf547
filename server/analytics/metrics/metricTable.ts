import { MetricLog, type SourcedFact } from '../../../streams/analytics/features/metricLog.ts'
import { METRICS, type Metric } from '../../../streams/analytics/features/metrics.ts'
import { ROWS_A_TURN, yieldTurn } from '../../lib/yieldTurn.ts'
import type { Engine } from '../../storage/engine/engine.ts'
import { quoted } from '../../storage/engine/migrate.ts'
import { type Codec, codecOf, type RowReader } from '../../storage/engine/rowBinary.ts'
import { select, timeOf } from '../../storage/engine/select.ts'
import { TEXT, TIME } from '../../storage/engine/tables.ts'

/** The metrics that this version knows: a newer one may have stored others. */
const KNOWN_METRICS = Object.keys(METRICS)

/** The order in which facts of one period are known: the last counts. */
const MOMENT = 'tuple(available_at, source)'

/** Which facts are read, by a condition of SQL and its parameters. */
export interface Which {
  readonly where: string
  readonly parameters: Readonly<Record<string, unknown>>
}

/** Inserts facts. The same fact may come again. Rejects if the engine refuses them. */
export const insertFacts = async ({ client, database }: Engine, facts: readonly SourcedFact[]): Promise<void> => {
  if (facts.length === 0) return
  await client.insert({
    table: `${quoted(database)}.metrics`,
    values: facts.map(({ asset, metric, period, availableAt, value, source, ref }) => ({
      asset,
      metric,
      period: timeText(period),
      available_at: timeText(availableAt),
      source,
      value,
      ref,
    })),
    format: 'JSONEachRow',
    clickhouse_settings: { async_insert: 0, max_partitions_per_insert_block: '0' },
  })
}

const timeText = (t: number): string => new Date(t).toISOString().slice(0, -1).replace('T', ' ')

/** Returns all that was ever said of the assets, metrics and periods that these facts are of. */
export const saidOf = async (engine: Engine, facts: readonly SourcedFact[]): Promise<MetricLog> => {
  const log = new MetricLog()
  if (facts.length === 0) return log
  const [from, to] = facts.reduce(
    ([least, most], { period }) => [Math.min(least, period), Math.max(most, period)],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  )
  const parameters = {
    assets: [...new Set(facts.map(({ asset }) => asset))],
    metrics: [...new Set(facts.map(({ metric }) => metric))],
    from,
    to,
  }
  const where = `asset IN {assets:Array(String)} AND metric IN {metrics:Array(String)} AND period >= ${timeOf('from')} AND period <= ${timeOf('to')}`
  await addAll(log, await everyFact(engine, { where, parameters }, Number.MAX_SAFE_INTEGER))
  return log
}

/** Adds facts to a log, a turn of the event loop at a time. */
export const addAll = async (log: MetricLog, facts: readonly SourcedFact[]): Promise<void> => {
  for (const [i, fact] of facts.entries()) {
    log.add(fact)
    if (i % ROWS_A_TURN === ROWS_A_TURN - 1) await yieldTurn()
  }
}

/** Returns facts with all revisions, by periods, oldest first; at most `limit` of them, those of the newest periods. */
export const everyFact = async (engine: Engine, { where, parameters }: Which, limit: number): Promise<SourcedFact[]> => {
  const input = await select(
    engine,
    `SELECT asset, metric, period, available_at, source, value, ref FROM ${quoted(engine.database)}.metrics FINAL
     WHERE metric IN {known:Array(String)} AND ${where} ORDER BY period DESC LIMIT {limit:UInt64}`,
    { known: KNOWN_METRICS, limit, ...parameters },
  )
  const facts = await factsIn(input)
  return facts.reverse()
}

/** Returns of each asset, metric and period the word that counted at `t` (ms): the newest by then, also if it is that the value is not known. */
export const factsAsOf = async (engine: Engine, t: number, { where, parameters }: Which): Promise<SourcedFact[]> =>
  factsIn(await select(engine, counting(engine, 'asset, metric, period', MOMENT, where), { known: KNOWN_METRICS, t, ...parameters }))

/** Returns of each asset and metric the fact of the newest period that was known at `t` (ms), as it was known then. */
export const newestFacts = async (engine: Engine, t: number): Promise<SourcedFact[]> =>
  factsIn(
    await select(engine, counting(engine, 'asset, metric', `tuple(period, available_at, source)`, 'true'), { known: KNOWN_METRICS, t }),
  )

/** Because `argMax` passes over NULL, and a value that was taken back must not let an older one speak, the value stands in a tuple. */
const counting = ({ database }: Engine, group: string, order: string, where: string): string =>
  `SELECT asset, metric, fact.1, fact.2, fact.3, fact.4, fact.5 FROM (
     SELECT asset, metric, argMax(tuple(period, available_at, source, value, ref), ${order}) AS fact
     FROM ${quoted(database)}.metrics
     WHERE metric IN {known:Array(String)} AND available_at <= ${timeOf('t')} AND ${where}
     GROUP BY ${group})
   ORDER BY asset, metric, fact.1`

/** Returns the facts that become known after `t` (ms), the first of them, in the order in which they do. */
export const factsAfter = async (engine: Engine, t: number, limit: number): Promise<SourcedFact[]> => {
  const input = await select(
    engine,
    `SELECT asset, metric, period, available_at, source, value, ref FROM ${quoted(engine.database)}.metrics FINAL
     WHERE metric IN {known:Array(String)} AND available_at > ${timeOf('t')} ORDER BY available_at, source LIMIT {limit:UInt64}`,
    { known: KNOWN_METRICS, t, limit },
  )
  return factsIn(input)
}

/** The beginning of the newest period that a source has given of a metric. */
export interface NewestOf {
  readonly asset: string
  readonly metric: Metric
  readonly source: string
  readonly period: number
}

/** Returns the newest period of each asset, metric and source. */
export const newestPeriods = async (engine: Engine): Promise<NewestOf[]> => {
  const input = await select(
    engine,
    `SELECT asset, metric, source, max(period) FROM ${quoted(engine.database)}.metrics
     WHERE metric IN {known:Array(String)} GROUP BY asset, metric, source`,
    { known: KNOWN_METRICS },
  )
  const periods: NewestOf[] = []
  while (!input.ended)
    periods.push({ asset: text.read(input), metric: text.read(input) as Metric, source: text.read(input), period: ms.read(input) })
  return periods
}

/** Reads facts, a turn of the event loop at a time. Equal texts become one, because a source's name stands in every row. */
const factsIn = async (input: RowReader): Promise<SourcedFact[]> => {
  const names = new Map<string, string>()
  const name = (): string => {
    const read = text.read(input)
    const known = names.get(read)
    if (known === undefined) names.set(read, read)
    return known ?? read
  }
  const facts: SourcedFact[] = []
  while (!input.ended) {
    const [asset, metric] = [name(), name() as Metric]
    const [period, availableAt, source] = [ms.read(input), ms.read(input), name()]
    const value = measure.read(input)
    facts.push({ asset, metric, period, availableAt, source, value: Number.isNaN(value) ? null : value, ref: text.read(input) })
    if (facts.length % ROWS_A_TURN === 0) await yieldTurn()
  }
  return facts
}

const text = codecOf(TEXT) as Codec<string>
const ms = codecOf(TIME) as Codec<number>
const measure = codecOf('Nullable(Float64)') as Codec<number>
