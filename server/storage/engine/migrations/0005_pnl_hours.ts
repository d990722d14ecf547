import { type Migration, SAFE } from './migration.ts'

/**
 * Portfolios as they stood at the end of each hour, computed from candles, and the checkpoints from which the computing goes on:
 * one a portfolio and month. A checkpoint whose digest or candles are no longer those of today disowns the rows of its month;
 * an empty digest disowns them at once. What follows from other columns (value, avg and unrealised of an asset) is not stored.
 */
export const pnlHours: Migration = {
  id: 5,
  name: 'pnl_hours',
  statements: database => [
    `CREATE TABLE IF NOT EXISTS ${database}.pnl_hours (
      id LowCardinality(String),
      t DateTime64(3, 'UTC'),
      value Float64,
      cost Float64,
      unrealised Float64,
      realised Float64,
      income Float64,
      expenses Float64,
      fees Float64,
      flows Float64,
      total Float64,
      assets Nested (
        asset LowCardinality(String),
        qty Float64,
        price Nullable(Float64),
        cost Float64,
        realised Float64
      ),
      unpriced Nested (
        asset LowCardinality(String),
        why LowCardinality(String)
      ),
      carried Nested (
        asset LowCardinality(String),
        since DateTime64(3, 'UTC')
      ),
      stored DateTime64(3, 'UTC')
    ) ENGINE = ReplacingMergeTree(stored)
    PARTITION BY toYear(t)
    ORDER BY (id, t)
    SETTINGS ${SAFE}`,
    `CREATE TABLE IF NOT EXISTS ${database}.pnl_checkpoints (
      id LowCardinality(String),
      month DateTime64(3, 'UTC'),
      t DateTime64(3, 'UTC'),
      digest String,
      content String,
      ticks UInt64,
      newest DateTime64(3, 'UTC'),
      checkpoint String,
      stored DateTime64(3, 'UTC')
    ) ENGINE = ReplacingMergeTree(stored)
    PARTITION BY toYear(month)
    ORDER BY (id, month)
    SETTINGS ${SAFE}`,
  ],
}
