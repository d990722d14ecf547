import { type Migration, SAFE } from './migration.ts'

/**
 * `metrics`: values of metrics, each with the period that it is of and the moment from which it was known. A revision is a row of its own beside what it
 * revises; so is another source. `value` is NULL if the source says that it does not know, or no longer. Because `argMax` passes over NULL, an answer as
 * of a time takes `argMax(tuple(value), …)`.
 */
export const metrics: Migration = {
  id: 16,
  name: 'metrics',
  usableFrom: 15,
  statements: database => [
    `CREATE TABLE IF NOT EXISTS ${database}.metrics (
      asset LowCardinality(String),
      metric LowCardinality(String),
      period DateTime64(3, 'UTC'),
      available_at DateTime64(3, 'UTC'),
      source LowCardinality(String),
      value Nullable(Float64),
      ref String,
      stored DateTime64(3, 'UTC') DEFAULT now64(3)
    ) ENGINE = ReplacingMergeTree(stored)
    PARTITION BY toYear(period)
    ORDER BY (asset, metric, period, available_at, source)
    SETTINGS ${SAFE}`,
  ],
}
