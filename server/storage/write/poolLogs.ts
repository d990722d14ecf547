import type { TakenLog } from '../../../streams/pools/poolPast.ts'
import type { Engine } from '../engine/engine.ts'
import { quoted } from '../engine/migrate.ts'

/** A log that a pool has taken in; of the rows of one place the one with the highest version counts. */
export interface VersionedLog extends TakenLog {
  readonly version: bigint
}

/** Stands for the index behind all logs of a block. */
const BEHIND_ALL = 2 ** 32

/** Inserts logs of pools. The same log may come again. */
export const insertPoolLogs = async ({ client, database }: Engine, logs: readonly VersionedLog[]): Promise<void> => {
  if (logs.length === 0) return
  await client.insert({
    table: `${quoted(database)}.pool_logs`,
    values: logs.map(({ pool, log, before, traded, state, version }) => ({
      pool,
      t: new Date(log.t).toISOString().slice(0, -1).replace('T', ' '),
      block: log.block,
      log_index: log.index,
      version: String(version),
      deleted: log.removed ? 1 : 0,
      lost: log.lost === true,
      topics: log.topics,
      data: log.data,
      before_block: before.block,
      before_index: Number.isFinite(before.index) ? before.index : BEHIND_ALL,
      amount0: traded.swap ? String(traded.swap.amount0) : null,
      amount1: traded.swap ? String(traded.swap.amount1) : null,
      worth: known(traded.worth),
      fees: known(traded.fees),
      unread: traded.unread,
      state,
    })),
    format: 'JSONEachRow',
    clickhouse_settings: { async_insert: 0, max_partitions_per_insert_block: '0' },
  })
}

const known = (value: number): number | null => (Number.isFinite(value) ? value : null)
