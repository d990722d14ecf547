import { type Migration, SAFE } from './migration.ts'

const ENGINE = `ENGINE = ReplacingMergeTree(stored)
    PARTITION BY toYYYYMM(t)
    ORDER BY (id, t)
    SETTINGS ${SAFE}`

/** One row an id and `storeMs`; the newest version of it counts. NULL is what is not known. */
export const measures: Migration = {
  id: 3,
  name: 'measures',
  statements: database => [
    `CREATE TABLE IF NOT EXISTS ${database}.pnl (
      id LowCardinality(String),
      t DateTime64(3, 'UTC'),
      quote LowCardinality(String),
      method LowCardinality(String),
      value Nullable(Float64),
      cost Nullable(Float64),
      unrealised Nullable(Float64),
      realised Nullable(Float64),
      income Nullable(Float64),
      expenses Nullable(Float64),
      fees Nullable(Float64),
      flows Nullable(Float64),
      total Nullable(Float64),
      day Nullable(Float64),
      drawdown_abs Nullable(Float64),
      drawdown_rel Nullable(Float64),
      stale Bool,
      assets Nested (
        asset LowCardinality(String),
        qty Nullable(Float64),
        price Nullable(Float64),
        avg Nullable(Float64),
        value Nullable(Float64),
        cost Nullable(Float64),
        unrealised Nullable(Float64),
        realised Nullable(Float64)
      ),
      unpriced Nested (
        asset LowCardinality(String),
        why LowCardinality(String)
      ),
      stored DateTime64(3, 'UTC') DEFAULT now64(3)
    ) ${ENGINE}`,
    `CREATE TABLE IF NOT EXISTS ${database}.funds (
      id LowCardinality(String),
      t DateTime64(3, 'UTC'),
      nav Nullable(Float64),
      aum Nullable(Float64),
      shares Nullable(Decimal(76, 18)),
      level Nullable(Float64),
      inav_bid Nullable(Float64),
      inav_mid Nullable(Float64),
      inav_ask Nullable(Float64),
      inav_age Nullable(Float64),
      total_drift Nullable(Float64),
      max_drift Nullable(Float64),
      rebalance_needed Bool,
      rebalance_reason LowCardinality(String),
      rebalance_since Nullable(DateTime64(3, 'UTC')),
      rebalance_last Nullable(DateTime64(3, 'UTC')),
      market Nullable(Float64),
      premium Nullable(Float64),
      pending Array(LowCardinality(String)),
      halted Bool,
      stale Bool,
      constituents Nested (
        asset LowCardinality(String),
        units Nullable(Decimal(76, 18)),
        price Nullable(Float64),
        weight Nullable(Float64),
        target Nullable(Float64),
        drift Nullable(Float64)
      ),
      stored DateTime64(3, 'UTC') DEFAULT now64(3)
    ) ${ENGINE}`,
    `CREATE TABLE IF NOT EXISTS ${database}.pools (
      id LowCardinality(String),
      t DateTime64(3, 'UTC'),
      pool LowCardinality(String),
      price Nullable(Float64),
      reserve0 Nullable(UInt256),
      reserve1 Nullable(UInt256),
      tvl Nullable(Float64),
      depth_bid2 Nullable(Float64),
      depth_ask2 Nullable(Float64),
      volume24h Nullable(Float64),
      fees24h Nullable(Float64),
      trades24h Nullable(Float64),
      event_t Nullable(DateTime64(3, 'UTC')),
      partial Bool,
      stale Bool,
      sqrt_price_x96 Nullable(UInt256),
      tick Nullable(Int32),
      liquidity Nullable(UInt256),
      day_n Nullable(UInt32),
      day_in0 Nullable(UInt256),
      day_in1 Nullable(UInt256),
      stored DateTime64(3, 'UTC') DEFAULT now64(3)
    ) ${ENGINE}`,
  ],
}
