import { type Migration, SAFE } from './migration.ts'

const INTERVALS = '[60000, 300000, 3600000, 86400000]'

const MS = 'toUnixTimestamp64Milli(t)'

/** Orders ticks by time (ms), then by arrival, as one integer: comparing it costs a quarter of comparing a tuple. */
export const orderOf = (time: string): string =>
  `bitOr(bitShiftLeft(toUInt128(${time}), 80), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Milli(frame)), 32), toUInt128(row)))`
const ORDER = orderOf(MS)

/** A number as an integer, 2^-100 each: sums of these are the same whatever the order. */
const exact = (number: string): string => `toInt256(${number} * pow(2, 100))`

/**
 * A size as the decimal that it prints as. Printing it costs twice as much as all else of the view, so sizes of up to eight places are
 * brought to whole numbers instead: below 9e7 no two of these are the same double.
 */
const DECIMAL_SIZE = `if(
          abs(size) < 9e7 AND round(size * 1e8) / 1e8 = size,
          toDecimal256(toInt64(round(size * 1e8)), 10) * toDecimal32(0.00000001, 8),
          toDecimal256(toString(size), 18)
        )`

const barsOf = (database: string): string => `SELECT
      symbol,
      interval AS span,
      fromUnixTimestamp64Milli(intDiv(minute, interval) * interval, 'UTC') AS open_t,
      src,
      argMinMergeState(first) AS o,
      max(highest) AS h,
      min(lowest) AS l,
      argMaxMergeState(last) AS c,
      sum(sizes) AS v,
      sum(rows) AS n,
      sum(exact_volume) AS volume,
      sum(exact_notional) AS notional,
      min(earliest) AS first_t,
      max(latest) AS last_t,
      max(newest) AS stored
    FROM (
      SELECT
        symbol,
        src,
        intDiv(${MS}, 60000) * 60000 AS minute,
        argMinState(price, ${ORDER}) AS first,
        max(price) AS highest,
        min(price) AS lowest,
        argMaxState(price, ${ORDER}) AS last,
        sum(${DECIMAL_SIZE}) AS sizes,
        count() AS rows,
        sum(${exact('size')}) AS exact_volume,
        sum(${exact('(size * price)')}) AS exact_notional,
        min(t) AS earliest,
        max(t) AS latest,
        max(ticks.stored) AS newest
      FROM ${database}.ticks
      WHERE ticks.span = 0
      GROUP BY symbol, src, minute
    )
    ARRAY JOIN ${INTERVALS} AS interval
    GROUP BY symbol, span, open_t, src`

const givenOf = (database: string): string => `SELECT
      symbol,
      ticks.span AS span,
      fromUnixTimestamp64Milli(${MS} - ticks.span + 1, 'UTC') AS open_t,
      src,
      open AS o,
      high AS h,
      low AS l,
      price AS c,
      size AS v,
      frame,
      row,
      ticks.stored AS stored,
      toUInt64(18446744073709551615 - toUInt64(toUnixTimestamp64Milli(ticks.stored))) AS first
    FROM ${database}.ticks
    WHERE ticks.span > 0`

/**
 * What was traded, told apart by source, so that each part of time can be counted once (docs/decisions/0011-sources.md). Both tables are made
 * by views of `ticks`.
 *
 * `bars`: trades by source, put together to candles of every interval. `v` is the sum of the decimals that the sizes print as; `volume` and
 * `notional` are sums of the very numbers, as integers, from which a start rebuilds the rolling day to the last digit.
 *
 * `given`: candles as a feed or an import gave them; of several of one source, length and beginning the first stays.
 */
export const bars: Migration = {
  id: 9,
  name: 'bars',
  statements: database => [
    `CREATE TABLE IF NOT EXISTS ${database}.bars (
      symbol LowCardinality(String),
      span UInt32,
      open_t DateTime64(3, 'UTC'),
      src LowCardinality(String),
      o AggregateFunction(argMin, Float64, UInt128),
      h SimpleAggregateFunction(max, Float64),
      l SimpleAggregateFunction(min, Float64),
      c AggregateFunction(argMax, Float64, UInt128),
      v SimpleAggregateFunction(sum, Decimal(76, 18)),
      n SimpleAggregateFunction(sum, UInt64),
      volume SimpleAggregateFunction(sum, Int256),
      notional SimpleAggregateFunction(sum, Int256),
      first_t SimpleAggregateFunction(min, DateTime64(3, 'UTC')),
      last_t SimpleAggregateFunction(max, DateTime64(3, 'UTC')),
      stored SimpleAggregateFunction(max, DateTime64(3, 'UTC'))
    ) ENGINE = AggregatingMergeTree
    PARTITION BY toYear(open_t)
    ORDER BY (symbol, span, open_t, src)
    SETTINGS ${SAFE}`,
    `CREATE TABLE IF NOT EXISTS ${database}.given (
      symbol LowCardinality(String),
      span UInt32,
      open_t DateTime64(3, 'UTC'),
      src LowCardinality(String),
      o Float64,
      h Float64,
      l Float64,
      c Float64,
      v Float64,
      frame DateTime64(3, 'UTC'),
      row UInt32,
      stored DateTime64(3, 'UTC'),
      first UInt64
    ) ENGINE = ReplacingMergeTree(first)
    PARTITION BY toYear(open_t)
    ORDER BY (symbol, span, open_t, src)
    SETTINGS ${SAFE}`,
    // What a migration that was cut short has left is made again.
    `DROP VIEW IF EXISTS ${database}.bars_of_ticks`,
    `DROP VIEW IF EXISTS ${database}.given_of_ticks`,
    `DROP VIEW IF EXISTS ${database}.candles_of_ticks`,
    `TRUNCATE TABLE ${database}.bars`,
    `TRUNCATE TABLE ${database}.given`,
    `INSERT INTO ${database}.bars ${barsOf(database)}`,
    `INSERT INTO ${database}.given ${givenOf(database)}`,
    // Candles whose ticks are no longer kept: nobody knows their sources.
    `INSERT INTO ${database}.bars (symbol, span, open_t, src, o, h, l, c, v, n, volume, notional, first_t, last_t, stored)
    SELECT symbol, span, open_t, '', o, h, l, c, v, n, ${exact('toFloat64(v)')}, ${exact('(toFloat64(v) * finalizeAggregation(c))')}, open_t, open_t + toIntervalMillisecond(span - 1), stored FROM ${database}.candles
    WHERE (symbol, span, open_t) NOT IN (SELECT symbol, span, open_t FROM ${database}.bars)
      AND (symbol, toStartOfDay(open_t)) NOT IN (SELECT symbol, toStartOfDay(open_t) FROM ${database}.given)`,
    `CREATE MATERIALIZED VIEW IF NOT EXISTS ${database}.bars_of_ticks TO ${database}.bars AS ${barsOf(database)}`,
    `CREATE MATERIALIZED VIEW IF NOT EXISTS ${database}.given_of_ticks TO ${database}.given AS ${givenOf(database)}`,
  ],
}
