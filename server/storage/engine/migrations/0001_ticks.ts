import { type Migration, SAFE } from './migration.ts'

/**
 * `span` is the length of a candle in ms, 0 of a trade, whose open, high and low are its price. `frame` is the frame that took
 * the tick in and `row` its number there: together they are the order of arrival. Retention counts from `stored`.
 */
export const ticks: Migration = {
  id: 1,
  name: 'ticks',
  statements: database => [
    `CREATE TABLE IF NOT EXISTS ${database}.ticks (
      symbol LowCardinality(String),
      src LowCardinality(String),
      t DateTime64(3, 'UTC'),
      id String,
      price Float64,
      size Float64,
      side Enum8('' = 0, 'buy' = 1, 'sell' = 2),
      span UInt32,
      open Float64,
      high Float64,
      low Float64,
      frame DateTime64(3, 'UTC'),
      row UInt32,
      stored DateTime64(3, 'UTC') DEFAULT now64(3)
    ) ENGINE = ReplacingMergeTree
    PARTITION BY toYYYYMM(t)
    ORDER BY (symbol, t, src, id)
    SETTINGS ${SAFE}`,
  ],
}
