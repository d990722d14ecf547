import { orderOf } from './0009_bars.ts'
import type { Migration } from './migration.ts'

const INTERVALS = '[60000, 300000, 3600000, 86400000]'

/**
 * `candles` becomes a view of `bars` and `given`: what all sources say of an interval, together. So it is right for prices, and its counts
 * show whether something has changed; volumes are counted once by `candlePage` only.
 */
export const candlesOfAll: Migration = {
  id: 10,
  name: 'candles_of_all',
  statements: database => [
    `DROP TABLE IF EXISTS ${database}.candles`,
    `CREATE VIEW ${database}.candles AS
    SELECT symbol, span, open_t, o, h, l, c, v, n, stored FROM ${database}.bars
    UNION ALL
    SELECT
      symbol,
      interval AS span,
      fromUnixTimestamp64Milli(intDiv(ends, interval) * interval, 'UTC') AS open_t,
      argMinState(o, ${orderOf('toUnixTimestamp64Milli(given.open_t)')}) AS o,
      max(h) AS h,
      min(l) AS l,
      argMaxState(c, ${orderOf('ends')}) AS c,
      sum(toDecimal256(toString(v), 18)) AS v,
      count() AS n,
      max(stored) AS stored
    FROM (
      SELECT *, toUnixTimestamp64Milli(open_t) + span - 1 AS ends, span AS own FROM ${database}.given FINAL
    ) AS given
    ARRAY JOIN arrayFilter(i -> i >= own, ${INTERVALS}) AS interval
    GROUP BY symbol, span, open_t`,
  ],
}
