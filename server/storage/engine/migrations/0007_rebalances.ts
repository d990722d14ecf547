import { type Migration, SAFE } from './migration.ts'

const DECIMAL = (json: string, ...path: readonly string[]): string =>
  `toDecimal256OrZero(JSONExtractString(${[json, ...path.map(name => `'${name}'`)].join(', ')}), 18)`
const AT = `fromUnixTimestamp64Milli(JSONExtractInt(text, 'at'), 'UTC')`

/**
 * Funds, their constituents and their trades as one asks for them: views on the journal's copy and on the newest figures. What neither of
 * them knows, because only the configuration says it, stands in two small tables, written at every start. A directory may hold the copies of
 * more than one journal; the one that was written last counts.
 */
export const rebalances: Migration = {
  id: 7,
  name: 'rebalances',
  statements: database => {
    const entries = `(SELECT * FROM ${database}.entries FINAL WHERE journal = (SELECT argMax(journal, (stored, seq)) FROM ${database}.entries))`
    const newest = `(
      SELECT id, max(t) AS at, argMax(f.aum, f.t) AS aum, argMax(f.shares, f.t) AS shares, argMax(f.constituents.asset, f.t) AS assets,
        argMax(f.constituents.units, f.t) AS units, argMax(f.constituents.price, f.t) AS prices, argMax(f.constituents.weight, f.t) AS weights
      FROM ${database}.funds AS f GROUP BY id)`
    return [
      `CREATE TABLE IF NOT EXISTS ${database}.configured_funds (
        id LowCardinality(String),
        name String,
        cap Nullable(Float64),
        threshold Nullable(Float64),
        stored DateTime64(3, 'UTC') DEFAULT now64(3)
      ) ENGINE = ReplacingMergeTree(stored) ORDER BY id SETTINGS ${SAFE}`,
      `CREATE TABLE IF NOT EXISTS ${database}.configured_assets (
        ticker LowCardinality(String),
        supply Nullable(Decimal(76, 18)),
        stored DateTime64(3, 'UTC') DEFAULT now64(3)
      ) ENGINE = ReplacingMergeTree(stored) ORDER BY ticker SETTINGS ${SAFE}`,
      `CREATE OR REPLACE VIEW ${database}.fund AS
        SELECT e.id AS id, c.name AS name, e.created AS created, e.last_rebalanced AS last_rebalanced, c.cap AS cap, n.aum AS capital,
          c.threshold AS threshold, e.active AS active
        FROM (
          SELECT fund AS id, minIf(toNullable(if(JSONHas(text, 'at'), ${AT}, t)), kind = 'inception') AS created, maxIf(toNullable(${AT}), kind = 'rebalanced') AS last_rebalanced,
            argMaxIf(kind, seq, kind IN ('define', 'halt', 'resume')) != 'halt' AS active
          FROM ${entries} WHERE fund != '' GROUP BY fund
        ) AS e
        LEFT JOIN (SELECT * FROM ${database}.configured_funds FINAL) AS c ON c.id = e.id
        LEFT JOIN ${newest} AS n ON n.id = e.id`,
      `CREATE OR REPLACE VIEW ${database}.fund_constituent AS
        SELECT id AS fund, at AS t, asset, weight * 100 AS percentage, toDecimal256(unit * shares, 18) AS amount,
          toFloat64(unit) * toFloat64(shares) * price AS value
        FROM ${newest} ARRAY JOIN assets AS asset, units AS unit, prices AS price, weights AS weight
        WHERE unit IS NOT NULL AND shares IS NOT NULL`,
      `CREATE OR REPLACE VIEW ${database}.constituent AS
        SELECT ticker, ticker AS name, p.price * toFloat64(c.supply) AS market_cap, p.price AS price
        FROM (
          SELECT asset AS ticker, argMax(price, at) AS price
          FROM ${newest} ARRAY JOIN assets AS asset, prices AS price GROUP BY asset
        ) AS p
        LEFT JOIN (SELECT * FROM ${database}.configured_assets FINAL) AS c ON c.ticker = p.ticker`,
      `CREATE OR REPLACE VIEW ${database}.rebalance_transaction AS
        SELECT o.fund AS fund, o.rebalance AS rebalance, o.id AS id, o.t AS t, o.reason AS reason, o.action AS action, o.asset AS asset,
          o.amount AS amount, sum(s.filled) AS filled, if(filled = 0, NULL, sum(s.worth) / toFloat64(filled)) AS price,
          sum(if(s.fee_asset = o.asset, toDecimal256(s.fee_amount * s.price, 18), s.fee_amount)) AS fee,
          if(max(s.seq) = 0, 'pending', argMax(s.status, s.seq)) AS status
        FROM (
          SELECT fund, JSONExtractUInt(text, 'id') AS rebalance, ${AT} AS t, JSONExtractString(text, 'reason') AS reason,
            JSONExtractString(trade, 'id') AS id, JSONExtractString(trade, 'side') AS action, JSONExtractString(trade, 'asset') AS asset,
            ${DECIMAL('trade', 'amount')} AS amount
          FROM ${entries} ARRAY JOIN JSONExtractArrayRaw(text, 'trades') AS trade WHERE kind = 'rebalance'
        ) AS o
        LEFT JOIN (
          SELECT fund, seq, status, JSONExtractString(text, 'trade') AS trade, ${DECIMAL('text', 'fill', 'amount')} AS filled,
            ${DECIMAL('text', 'fill', 'price')} AS price, toFloat64(filled) * toFloat64(price) AS worth,
            JSONExtractString(text, 'fill', 'fee', 'asset') AS fee_asset, ${DECIMAL('text', 'fill', 'fee', 'amount')} AS fee_amount
          FROM ${entries} WHERE kind = 'trade'
        ) AS s ON s.fund = o.fund AND s.trade = o.id
        GROUP BY fund, rebalance, id, t, reason, action, asset, amount`,
    ]
  },
}
