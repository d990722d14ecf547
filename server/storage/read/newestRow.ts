import type { MeasureKind, MeasureRow } from '../../../streams/measures/rows.ts'
import type { Engine } from '../engine/engine.ts'
import { measureTableOf } from '../engine/measureTables.ts'
import { quoted } from '../engine/migrate.ts'
import { type Codec, codecOf, LAST_MS } from '../engine/rowBinary.ts'
import { READ_LIMITS, select, timeOf } from '../engine/select.ts'
import { columnList, TIME } from '../engine/tables.ts'

/** Returns the newest stored row of a measure before `t` (ms); undefined if there is none. */
export const newestRow = async <K extends MeasureKind>(
  engine: Engine,
  kind: K,
  id: string,
  t: number,
): Promise<Extract<MeasureRow, { readonly kind: K }> | undefined> => {
  const table = measureTableOf(kind)
  const input = await select(
    engine,
    `SELECT ${columnList(table.columns)} FROM ${quoted(engine.database)}.${table.name} FINAL
    WHERE id = {id:String} AND t < ${timeOf('t')} ORDER BY t DESC LIMIT 1 ${READ_LIMITS}`,
    { id, t: Math.min(t, LAST_MS) },
  )
  return input.ended ? undefined : (table.read(input) as Extract<MeasureRow, { readonly kind: K }>)
}

/** Returns the time (ms) of the oldest stored row of a measure before `t` (ms); undefined if there is none. */
export const oldestTime = async (engine: Engine, kind: MeasureKind, id: string, t: number): Promise<number | undefined> => {
  const input = await select(
    engine,
    `SELECT min(t) FROM ${quoted(engine.database)}.${measureTableOf(kind).name}
    WHERE id = {id:String} AND t < ${timeOf('t')} HAVING count() > 0 ${READ_LIMITS}`,
    { id, t: Math.min(t, LAST_MS) },
  )
  return input.ended ? undefined : ms.read(input)
}

const ms = codecOf(TIME) as Codec<number>
