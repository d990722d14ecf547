import { type Migration, SAFE } from './migration.ts'

/**
 * What happened to alerts: a row an event, `alert` as it stood after it, in JSON. The same data give the same ids and steps, so the rows of a replay that is
 * played again are the same ones. `shard`: of the core that found it.
 */
export const alerts: Migration = {
  id: 18,
  name: 'alerts',
  usableFrom: 15,
  statements: database => [
    `CREATE TABLE IF NOT EXISTS ${database}.alerts (
      id String,
      step UInt32,
      t DateTime64(3, 'UTC'),
      since DateTime64(3, 'UTC'),
      event LowCardinality(String),
      state LowCardinality(String),
      rule LowCardinality(String),
      channel String,
      severity LowCardinality(String),
      shard LowCardinality(String),
      alert String,
      stored DateTime64(3, 'UTC') DEFAULT now64(3)
    ) ENGINE = ReplacingMergeTree(stored)
    ORDER BY (shard, id, step)
    SETTINGS ${SAFE}`,
  ],
}
