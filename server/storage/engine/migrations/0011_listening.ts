import { type Migration, SAFE } from './migration.ts'

/**
 * When trades of a symbol and source were listened to, and when not. `heard`: the server listened from `t` to `until`; written every few
 * seconds of a run, of which the last stays. `missed`: trades between the two times are missing; of several rows of one gap the highest
 * `version` counts, and one that ends where it begins is a gap that was closed.
 *
 * `quotes`: the best bid and ask of each symbol that were written last.
 */
export const listening: Migration = {
  id: 11,
  name: 'listening',
  usableFrom: 10,
  statements: database => [
    `CREATE TABLE IF NOT EXISTS ${database}.listening (
      symbol LowCardinality(String),
      src LowCardinality(String),
      kind Enum8('heard' = 0, 'missed' = 1),
      t DateTime64(3, 'UTC'),
      until DateTime64(3, 'UTC'),
      version UInt64,
      stored DateTime64(3, 'UTC') DEFAULT now64(3)
    ) ENGINE = ReplacingMergeTree(version)
    ORDER BY (symbol, kind, src, t)
    SETTINGS ${SAFE}`,
    `CREATE TABLE IF NOT EXISTS ${database}.quotes (
      symbol LowCardinality(String),
      t DateTime64(3, 'UTC'),
      bid Nullable(Float64),
      ask Nullable(Float64),
      stored DateTime64(3, 'UTC') DEFAULT now64(3)
    ) ENGINE = ReplacingMergeTree(stored)
    ORDER BY symbol
    SETTINGS ${SAFE}`,
  ],
}
