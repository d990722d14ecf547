import { DAY, floorTo, MINUTE } from '../../../streams/market/candles.ts'
import type { Place } from '../../../streams/pools/canonicalLogs.ts'
import { originOf } from '../../../streams/pools/kinds.ts'
import type { PoolPast, StoredLog } from '../../../streams/pools/poolPast.ts'
import type { TradedMinute } from '../../../streams/pools/rollingVolume.ts'
import type { PoolSpec } from '../../../streams/pools/spec.ts'
import type { Engine } from '../engine/engine.ts'
import { quoted } from '../engine/migrate.ts'
import { type Codec, codecOf, type RowReader } from '../engine/rowBinary.ts'
import { select, timeOf } from '../engine/select.ts'
import { TIME } from '../engine/tables.ts'

/** Logs that a chain may take back are in the newest blocks: one older than that many is final. */
const FINAL_AFTER = 64
/** Logs of one pool that are read at most: more lie behind a state only if it is of another configuration. */
const LOGS_MAX = 200_000
/** ms: the last time that a column holds. */
const TIME_MAX = Date.UTC(2299, 0)

const text = codecOf('String') as Codec<string>
const texts = codecOf('Array(String)') as Codec<string[]>
const float = codecOf('Float64') as Codec<number>
const measure = codecOf('Nullable(Float64)') as Codec<number>
const count = codecOf('UInt32') as Codec<number>
const flag = codecOf('Bool') as Codec<boolean>
const time = codecOf(TIME) as Codec<number>

/** Reads what is stored of pools up to the event time `asOf` (ms), by their ids. A pool without any stored log is left out. */
export const readPoolPasts = async (engine: Engine, pools: readonly PoolSpec[], asOf: number): Promise<Map<string, PoolPast>> => {
  const pasts = new Map<string, PoolPast>()
  for (const spec of pools) {
    const past = await readPoolPast(engine, spec, Math.min(asOf, TIME_MAX))
    if (past) pasts.set(spec.id, past)
  }
  return pasts
}

const readPoolPast = async (engine: Engine, spec: PoolSpec, asOf: number): Promise<PoolPast | undefined> => {
  const table = `${quoted(engine.database)}.pool_logs FINAL WHERE pool = {pool:String} AND t <= ${timeOf('asOf')}`
  const bound = { pool: spec.id, asOf }
  const newest = await select(engine, `SELECT toFloat64(block), t FROM ${table} ORDER BY block DESC, log_index DESC LIMIT 1`, bound)
  if (newest.ended) return undefined
  const block = float.read(newest)
  const from = floorTo(time.read(newest), MINUTE) + MINUTE - DAY
  const states = await select(
    engine,
    `SELECT toFloat64(block), toFloat64(log_index), state FROM ${table} AND state != '' AND block <= {final:Int64}
      AND JSONExtractString(state, 'origin') = {origin:String} ORDER BY block DESC, log_index DESC LIMIT 1`,
    { ...bound, final: block - FINAL_AFTER, origin: originOf(spec) },
  )
  const base = states.ended ? undefined : { place: placeIn(states), state: text.read(states) }
  return {
    base,
    logs: await logsAfter(engine, table, bound, base?.place ?? { block: -1, index: -1 }, spec.address),
    minutes: await minutesOf(engine, table, { ...bound, from }),
    gap: await gapIn(engine, table, { ...bound, from }),
  }
}

type Bound = Readonly<Record<string, unknown>>

const placeIn = (input: RowReader): Place => ({ block: float.read(input), index: float.read(input) })

/** Returns the newest logs behind a place, in the order of the chain. */
const logsAfter = async (engine: Engine, table: string, bound: Bound, { block, index }: Place, address: string): Promise<StoredLog[]> => {
  const input = await select(
    engine,
    `SELECT toFloat64(block), toFloat64(log_index), t, topics, data, lost, toFloat64(before_block), toFloat64(before_index), worth, fees,
      state != '' FROM ${table} AND (toInt64(block), log_index) > ({block:Int64}, {index:Int64})
      ORDER BY block DESC, log_index DESC LIMIT ${LOGS_MAX}`,
    { ...bound, block, index },
  )
  const logs: StoredLog[] = []
  while (!input.ended) {
    const place = placeIn(input)
    const log = { ...place, t: time.read(input), address, topics: texts.read(input), data: text.read(input) }
    const lost = flag.read(input)
    logs.push({
      log: lost ? { ...log, lost } : log,
      before: placeIn(input),
      worth: measure.read(input),
      fees: measure.read(input),
      hasState: flag.read(input),
    })
  }
  return logs.reverse()
}

/** Returns the swaps by minutes. Those of a minute are added up in the order of the chain, as they were. */
const minutesOf = async (engine: Engine, table: string, bound: Bound): Promise<TradedMinute[]> => {
  const inOrder = (column: string): string =>
    `arrayFold((sum, log) -> sum + log.3, arraySort(groupArrayIf((block, log_index, assumeNotNull(${column})), ${column} IS NOT NULL)), toFloat64(0))`
  const input = await select(
    engine,
    `SELECT fromUnixTimestamp64Milli(intDiv(toUnixTimestamp64Milli(t), ${MINUTE}) * ${MINUTE}, 'UTC') AS minute,
      toUInt32(countIf(amount0 IS NOT NULL)), toString(sumIf(assumeNotNull(amount0), amount0 > 0)),
      toString(sumIf(assumeNotNull(amount1), amount1 > 0)), ${inOrder('worth')}, toUInt32(countIf(amount0 IS NOT NULL AND worth IS NULL)),
      ${inOrder('fees')}, toUInt32(countIf(fees IS NULL)), toUInt32(countIf(unread))
    FROM ${table} AND t >= ${timeOf('from')} GROUP BY minute ORDER BY minute`,
    bound,
  )
  const minutes: TradedMinute[] = []
  while (!input.ended) {
    const [t, n] = [time.read(input), count.read(input)]
    const [in0, in1] = [BigInt(text.read(input)), BigInt(text.read(input))]
    const [worth, unpriced, fees, unpricedFees] = [float.read(input), count.read(input), float.read(input), count.read(input)]
    minutes.push({ t, n, in0, in1, worth, unpriced, fees, unpricedFees, unread: count.read(input) })
  }
  return minutes
}

/** Returns the time (ms) of the newest log that came after one that is not stored; NaN if all are. */
const gapIn = async (engine: Engine, table: string, bound: Bound): Promise<number> => {
  const input = await select(
    engine,
    `SELECT max(t) FROM (
      SELECT t, (before_block, before_index) AS before, row_number() OVER logs AS row,
        (lagInFrame(toInt64(block)) OVER logs, lagInFrame(toInt64(log_index)) OVER logs) AS last
      FROM ${table} AND t >= ${timeOf('from')}
      WINDOW logs AS (ORDER BY block, log_index ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
    ) WHERE row > 1 AND before > last HAVING count() > 0`,
    bound,
  )
  return input.ended ? Number.NaN : time.read(input)
}
