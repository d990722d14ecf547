import { type Migration, SAFE } from './migration.ts'

/**
 * What scores are made of, and what became of them. `snapshots`: lists of assets as they were known from a moment on; a revised list is a list of its own.
 * `scores`: what a model said, with its reasons; `outcomes`: what became of it. `models`: trained ensembles by the digest of their content, `artifact` whole;
 * `aliases`: which of them was what, since when and by whom; `trials`: every training, whatever came of it. What comes from the simulated market is
 * marked and never mixed with the rest.
 */
export const scores: Migration = {
  id: 17,
  name: 'scores',
  usableFrom: 15,
  statements: database => [
    `CREATE TABLE IF NOT EXISTS ${database}.snapshots (
      simulated Bool,
      t DateTime64(3, 'UTC'),
      available_at DateTime64(3, 'UTC'),
      name LowCardinality(String),
      symbol LowCardinality(String),
      rank Nullable(Float64),
      market_cap Nullable(Float64),
      price Nullable(Float64),
      supply Nullable(Float64),
      volume Nullable(Float64),
      change_1d Nullable(Float64),
      change_7d Nullable(Float64),
      source LowCardinality(String),
      stored DateTime64(3, 'UTC') DEFAULT now64(3)
    ) ENGINE = ReplacingMergeTree(stored)
    PARTITION BY toYear(t)
    ORDER BY (name, simulated, t, available_at)
    SETTINGS ${SAFE}`,
    `CREATE TABLE IF NOT EXISTS ${database}.scores (
      name LowCardinality(String),
      asset LowCardinality(String),
      symbol LowCardinality(String),
      simulated Bool,
      horizon UInt16,
      t DateTime64(3, 'UTC'),
      version String,
      known_at DateTime64(3, 'UTC'),
      score Nullable(Float64),
      p Nullable(Float64),
      worst Nullable(Float64),
      lo Nullable(Float64),
      hi Nullable(Float64),
      rank Nullable(UInt32),
      of Nullable(UInt32),
      expected Nullable(Float64),
      base Nullable(Float64),
      features Array(LowCardinality(String)),
      parts Array(Float64),
      reason String,
      inputs String,
      stored DateTime64(3, 'UTC') DEFAULT now64(3)
    ) ENGINE = ReplacingMergeTree(stored)
    PARTITION BY toYear(t)
    ORDER BY (name, simulated, horizon, t, version)
    SETTINGS ${SAFE}`,
    `CREATE TABLE IF NOT EXISTS ${database}.outcomes (
      name LowCardinality(String),
      simulated Bool,
      horizon UInt16,
      t DateTime64(3, 'UTC'),
      known_at DateTime64(3, 'UTC'),
      log_return Float64,
      above_median Float64,
      percentile Float64,
      has_left Bool,
      stored DateTime64(3, 'UTC') DEFAULT now64(3)
    ) ENGINE = ReplacingMergeTree(stored)
    PARTITION BY toYear(t)
    ORDER BY (name, simulated, horizon, t)
    SETTINGS ${SAFE}`,
    `CREATE TABLE IF NOT EXISTS ${database}.models (
      version String,
      simulated Bool,
      horizon UInt16,
      made DateTime64(3, 'UTC'),
      trained_from DateTime64(3, 'UTC'),
      trained_to DateTime64(3, 'UTC'),
      features Array(String),
      seed Int64,
      data_hash String,
      card String,
      artifact String CODEC(ZSTD(3)),
      stored DateTime64(3, 'UTC') DEFAULT now64(3)
    ) ENGINE = ReplacingMergeTree(stored)
    ORDER BY version
    SETTINGS ${SAFE}`,
    `CREATE TABLE IF NOT EXISTS ${database}.aliases (
      name LowCardinality(String),
      simulated Bool,
      horizon UInt16,
      t DateTime64(3, 'UTC'),
      version String,
      who String,
      why String,
      stored DateTime64(3, 'UTC') DEFAULT now64(3)
    ) ENGINE = ReplacingMergeTree(stored)
    ORDER BY (name, simulated, horizon, t)
    SETTINGS ${SAFE}`,
    `CREATE TABLE IF NOT EXISTS ${database}.trials (
      horizon UInt16,
      simulated Bool,
      t DateTime64(3, 'UTC'),
      seed Int64,
      data_hash String,
      version String,
      ic Float64,
      ic_low Float64,
      ic_high Float64,
      warnings Array(String),
      who String,
      stored DateTime64(3, 'UTC') DEFAULT now64(3)
    ) ENGINE = ReplacingMergeTree(stored)
    ORDER BY (horizon, simulated, t, seed)
    SETTINGS ${SAFE}`,
  ],
}
