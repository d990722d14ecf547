import type { PoolSwap, PoolSwaps } from '../../streams/wire/answers/pools.ts'
import type { Engine } from '../storage/engine/engine.ts'
import { quoted } from '../storage/engine/migrate.ts'
import { type Codec, codecOf, LAST_MS, type RowReader } from '../storage/engine/rowBinary.ts'
import { READ_LIMITS, select, timeOf } from '../storage/engine/select.ts'
import { TIME } from '../storage/engine/tables.ts'
import { readCursor, writeCursor } from '../storage/read/cursor.ts'

/** Which swaps of a pool are asked for: at most `limit`, those behind a page or the newest. */
export interface SwapsQuery {
  readonly cursor?: string | undefined
  readonly limit: number
}

/** Swaps, newest first, without the name of their pool. */
export type SwapsPage = Omit<PoolSwaps, 'pool'>

/** The times that are searched, ms back: a pool has many logs, and the newest are asked for. The last reaches over all. */
const REACHES = [3_600_000, 57_600_000, 921_600_000, 14_745_600_000, Number.POSITIVE_INFINITY]

/** Reads swaps of a pool, newest first. `units` are the raw units of a token0 and a token1; NaN if they are not known. */
export const swapsOf = async (
  engine: Engine,
  pool: string,
  units: readonly [number, number],
  { cursor, limit }: SwapsQuery,
): Promise<SwapsPage> => {
  const place = readCursor(cursor, 'number', 'number', 'number') as [number, number, number] | undefined
  const newest = place ?? [await newestOf(engine, pool), Number.MAX_SAFE_INTEGER, 0]
  if (Number.isNaN(newest[0])) return { swaps: [] }
  for (const reach of REACHES) {
    const swaps = await within(engine, pool, units, newest, Math.max(newest[0] - reach, 0), limit + 1)
    if (swaps.length <= limit && Number.isFinite(reach)) continue
    const page = swaps.slice(0, limit)
    const last = page.at(-1)
    return last !== undefined && swaps.length > limit ? { swaps: page, next: writeCursor(last.t, last.block, last.index) } : { swaps: page }
  }
  return { swaps: [] }
}

/** Returns the time of a pool's newest log, ms; NaN if it has none. */
const newestOf = async (engine: Engine, pool: string): Promise<number> => {
  const query = `SELECT t FROM ${quoted(engine.database)}.pool_logs WHERE pool = {pool:String} ORDER BY t DESC LIMIT 1 ${READ_LIMITS}`
  const input = await select(engine, query, { pool })
  return input.ended ? Number.NaN : ms.read(input)
}

/** Reads the swaps before a place that are not older than `from` (ms). */
const within = async (
  engine: Engine,
  pool: string,
  units: readonly [number, number],
  [t, block, index]: readonly [number, number, number],
  from: number,
  most: number,
): Promise<PoolSwap[]> => {
  const input = await select(
    engine,
    `SELECT t, toFloat64(block), toFloat64(log_index), toString(assumeNotNull(amount0)), toString(assumeNotNull(amount1)), worth
     FROM ${quoted(engine.database)}.pool_logs FINAL
     WHERE pool = {pool:String} AND t >= ${timeOf('from')} AND t <= ${timeOf('t')} AND amount0 IS NOT NULL
       AND (t, block, log_index) < (${timeOf('t')}, {block:UInt64}, {index:UInt64})
     ORDER BY t DESC, block DESC, log_index DESC LIMIT {most:UInt32} ${READ_LIMITS}`,
    { pool, t: Math.min(t, LAST_MS), block, index, from, most },
  )
  const swaps: PoolSwap[] = []
  while (!input.ended) swaps.push(readSwap(input, units))
  return swaps
}

const readSwap = (input: RowReader, [unit0, unit1]: readonly [number, number]): PoolSwap => {
  const [t, block, index] = [ms.read(input), float.read(input), float.read(input)]
  const [amount0, amount1] = [text.read(input), text.read(input)]
  const worth = measure.read(input)
  const price = Math.abs(Number(amount0) / unit0 / (Number(amount1) / unit1))
  return {
    t,
    block,
    index,
    side: amount1.startsWith('-') ? 'buy' : 'sell',
    ...(Number.isFinite(price) && { price }),
    amount0,
    amount1,
    ...(!Number.isNaN(worth) && { worth }),
  }
}

const ms = codecOf(TIME) as Codec<number>
const float = codecOf('Float64') as Codec<number>
const text = codecOf('String') as Codec<string>
const measure = codecOf('Nullable(Float64)') as Codec<number>
