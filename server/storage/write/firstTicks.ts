import { Readable } from 'node:stream'
import { drainStream } from '@clickhouse/client'
import type { Interner } from '../../../streams/lib/interner.ts'
import type { Ticks } from '../../../streams/market/ticks.ts'
import { yieldTurn } from '../../lib/yieldTurn.ts'
import type { Engine } from '../engine/engine.ts'
import { quoted } from '../engine/migrate.ts'
import { select } from '../engine/select.ts'
import { columnList, TICKS } from '../engine/tables.ts'
import { Batches } from './batches.ts'
import { StoredIndex } from './storedIndex.ts'

/**
 * Stores ticks of the time before the first run, past the spool: they are no part of a frame. If any tick is stored already, none of these is:
 * they are made up again at every start. Returns how many were stored.
 */
export const storeFirstTicks = async (
  engine: Engine,
  names: { readonly symbols: Interner; readonly sources: Interner },
  ticks: Iterable<Ticks>,
): Promise<number> => {
  const { client, database } = engine
  if (!(await select(engine, `SELECT toUInt8(1) FROM ${quoted(database)}.ticks LIMIT 1`, {})).ended) return 0
  const full: Buffer[] = []
  let rows = 0
  const batches = new Batches(names.symbols, names.sources, new StoredIndex(), ({ out, rows: more }) => {
    full.push(Buffer.from(out.bytes.subarray(0, out.length)))
    rows += more
    batches.reuse(out)
  })
  for (const some of ticks) {
    batches.acceptImport([some], 0)
    await yieldTurn()
  }
  batches.finish()
  for (const bytes of full) {
    const { stream } = await client.exec({
      query: `INSERT INTO ${quoted(database)}.ticks (${columnList(TICKS.columns)})
        SETTINGS max_partitions_per_insert_block = 0, optimize_on_insert = 0 FORMAT RowBinary`,
      values: Readable.from(bytes),
    })
    await drainStream(stream)
  }
  return rows
}
