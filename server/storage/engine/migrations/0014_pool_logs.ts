import { type Migration, SAFE } from './migration.ts'

/**
 * `pool_logs`: the logs that pools have taken in, one row a place in the chain; of several the highest version counts, and none if that is
 * a deletion (a reorganisation took the log back). With a log stands what only its moment knew: what was traded in it and its worth. `before_*`
 * is the place of the log before it, −1 if there was none, so that a row that is missing shows. `state` is the pool after the log, with some
 * of them: from the newest of these and the logs after it a pool is what it was.
 *
 * `pools.since`: from when on the figures of 24 hours are complete; NULL if they cover all of them.
 */
export const poolLogs: Migration = {
  id: 14,
  name: 'pool_logs',
  usableFrom: 12,
  statements: database => [
    `CREATE TABLE IF NOT EXISTS ${database}.pool_logs (
      pool LowCardinality(String),
      t DateTime64(3, 'UTC'),
      block UInt64,
      log_index UInt64,
      version UInt64,
      deleted UInt8,
      lost Bool,
      topics Array(String),
      data String,
      before_block Int64,
      before_index Int64,
      amount0 Nullable(Int256),
      amount1 Nullable(Int256),
      worth Nullable(Float64),
      fees Nullable(Float64),
      unread Bool,
      state String CODEC(ZSTD(3)),
      stored DateTime64(3, 'UTC') DEFAULT now64(3)
    ) ENGINE = ReplacingMergeTree(version, deleted)
    PARTITION BY toYYYYMM(t)
    ORDER BY (pool, t, block, log_index)
    SETTINGS ${SAFE}`,
    `ALTER TABLE ${database}.pools ADD COLUMN IF NOT EXISTS since Nullable(DateTime64(3, 'UTC')) AFTER trades24h`,
  ],
}
