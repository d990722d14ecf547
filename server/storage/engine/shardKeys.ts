import { MEASURE_TABLE_NAMES } from './tables.ts'

/**
 * The column of each table by which a cluster spreads its rows over shards. It stands in the table's ORDER BY, because FINAL and merges bring
 * together only what lies in one shard; and `ticks`, `bars` and `given` have the same one, because views write into the tables of their own shard.
 */
export const SHARD_KEYS: Readonly<Record<string, string>> = {
  migrations: 'id',
  ticks: 'symbol',
  candles: 'symbol',
  bars: 'symbol',
  given: 'symbol',
  ...Object.fromEntries(MEASURE_TABLE_NAMES.map(table => [table, 'id'])),
  pnl_hours: 'id',
  pnl_checkpoints: 'id',
  entries: 'journal',
  abandoned_entries: 'journal',
  configured_funds: 'id',
  configured_assets: 'ticker',
  swaps: 'id',
  pool_trades: 'market',
  liquidity: 'market',
  listening: 'symbol',
  quotes: 'symbol',
  pool_logs: 'pool',
  alerts: 'id',
  metrics: 'asset',
  snapshots: 'name',
  scores: 'name',
  outcomes: 'name',
  models: 'version',
  aliases: 'name',
  trials: 'horizon',
  contracts: 'address',
}
