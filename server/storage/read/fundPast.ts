import type { FundRow } from '../../../streams/measures/rows.ts'
import type { Engine } from '../engine/engine.ts'
import { measureTableOf } from '../engine/measureTables.ts'
import { quoted } from '../engine/migrate.ts'
import { LAST_MS } from '../engine/rowBinary.ts'
import { READ_LIMITS, select, timeOf } from '../engine/select.ts'
import { columnList } from '../engine/tables.ts'

/** Of when the past of funds is read. */
export interface FundMoment {
  /** Only what was computed up to this frame counts, ms. */
  readonly frame: number
  /** How often rows are stored, ms. */
  readonly storeMs: number
}

/** Reads the newest stored state of each fund. One of which nothing is stored is left out. */
export const readFundPasts = async (engine: Engine, ids: readonly string[], { frame, storeMs }: FundMoment): Promise<FundRow[]> => {
  const table = measureTableOf('fund')
  const rows: FundRow[] = []
  for (const id of ids) {
    // A row has the end of its `storeMs` for its time, and may have been computed before a frame that lies in it.
    const input = await select(
      engine,
      `SELECT ${columnList(table.columns)} FROM ${quoted(engine.database)}.${table.name} FINAL
      WHERE id = {id:String} AND t < ${timeOf('end')} AND ifNull(seen_at, t) <= ${timeOf('frame')} ORDER BY t DESC LIMIT 1 ${READ_LIMITS}`,
      { id, end: Math.min(frame + storeMs, LAST_MS), frame: Math.min(frame, LAST_MS) },
    )
    if (!input.ended) rows.push(table.read(input) as FundRow)
  }
  return rows
}
