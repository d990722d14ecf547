import { type Migration, SAFE } from './migration.ts'

const TRADE = `
      id String,
      version UInt64,
      deleted UInt8,
      market LowCardinality(String),
      t DateTime64(3, 'UTC'),
      started DateTime64(3, 'UTC'),
      maker_coin LowCardinality(String),
      taker_coin LowCardinality(String),
      maker LowCardinality(String),
      taker LowCardinality(String),
      maker_amount Decimal(76, 18),
      taker_amount Decimal(76, 18),
      maker_usd Nullable(Float64),
      taker_usd Nullable(Float64),
      maker_first Bool MATERIALIZED maker < taker,
      a LowCardinality(String) MATERIALIZED maker_first ? maker : taker,
      b LowCardinality(String) MATERIALIZED maker_first ? taker : maker,
      price Float64 MATERIALIZED maker_first
        ? toFloat64(taker_amount) / toFloat64(maker_amount) : toFloat64(maker_amount) / toFloat64(taker_amount),
      variant LowCardinality(String) MATERIALIZED concat(maker_first ? maker_coin : taker_coin, ' ', maker_first ? taker_coin : maker_coin),
      place UInt128 MATERIALIZED bitShiftLeft(toUInt128(toUnixTimestamp64Milli(t)), 64) + (market = ''
        ? reinterpretAsUInt64(reverse(unhex(substring(replaceAll(id, '-', ''), 17)))) : toUInt64OrZero(splitByChar(':', id)[-1])),
      worth Nullable(Float64) MATERIALIZED coalesce(
        (toFloat64(maker_amount) * maker_usd + toFloat64(taker_amount) * taker_usd) / 2,
        toFloat64(maker_amount) * maker_usd, toFloat64(taker_amount) * taker_usd),
      stored DateTime64(3, 'UTC') DEFAULT now64(3)`

/**
 * What was traded on decentralised exchanges, one row a trade whatever told of it: of several rows of one trade the highest version
 * counts, and none where that is a deletion (a reorganisation took the trade back). The maker gives what the taker gets. `maker` and
 * `taker` are the coins without their platform. What follows from these, with the coins in the order of the alphabet (`a` before `b`), is
 * computed once: the price of an `a` in `b`, and the worth of both sides, or of the one whose price is known.
 * `place` is the order of the trades as one integer: time, then in a block the log, else some order that stays (comparing tuples with texts in
 * them takes four times as long).
 *
 * `swaps`: between two people, by uuid alone, for sources may not agree on the time. `pool_trades`: by pool and time, because there are
 * many and what is asked for is some days of them.
 *
 * `liquidity`: what lay in a market at each full hour. Figures are sums over `n` hours, prices over `priced`; so days that are over
 * can become one row each, and an average stays what it is however often they are put together.
 */
export const dex: Migration = {
  id: 8,
  name: 'dex',
  statements: database => [
    `CREATE TABLE IF NOT EXISTS ${database}.swaps (${TRADE}
    ) ENGINE = ReplacingMergeTree(version, deleted)
    ORDER BY id
    SETTINGS ${SAFE}`,
    `CREATE TABLE IF NOT EXISTS ${database}.pool_trades (${TRADE}
    ) ENGINE = ReplacingMergeTree(version, deleted)
    PARTITION BY toYYYYMM(t)
    ORDER BY (market, t, id)
    SETTINGS ${SAFE}`,
    `CREATE TABLE IF NOT EXISTS ${database}.liquidity (
      market LowCardinality(String),
      base LowCardinality(String),
      quote LowCardinality(String),
      t DateTime64(3, 'UTC'),
      n UInt32,
      base_amount Float64,
      quote_amount Float64,
      priced UInt32,
      base_price Float64,
      quote_price Float64,
      base_liquidity Float64,
      quote_liquidity Float64,
      liquidity Float64,
      stored DateTime64(3, 'UTC') DEFAULT now64(3)
    ) ENGINE = ReplacingMergeTree(stored)
    ORDER BY (market, base, quote, toStartOfDay(t), t)
    TTL toDateTime(toStartOfDay(t)) + toIntervalDay(2) GROUP BY market, base, quote, toStartOfDay(t) SET
      t = max(t), n = sum(n), base_amount = sum(base_amount), quote_amount = sum(quote_amount), priced = sum(priced),
      base_price = sum(base_price), quote_price = sum(quote_price), base_liquidity = sum(base_liquidity),
      quote_liquidity = sum(quote_liquidity), liquidity = sum(liquidity), stored = max(stored)
    SETTINGS ${SAFE}`,
  ],
}
