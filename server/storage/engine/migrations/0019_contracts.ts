import { type Migration, SAFE } from './migration.ts'

/**
 * `contracts`: what was found out about a contract, a row whenever its code, or the code that it leads calls to, was not the same as before.
 * `codes` and `hashes`: the addresses and the keccak256 of its code and of those it leads to, in order.
 */
export const contracts: Migration = {
  id: 19,
  name: 'contracts',
  usableFrom: 15,
  statements: database => [
    `CREATE TABLE IF NOT EXISTS ${database}.contracts (
      chain LowCardinality(String),
      address String,
      block UInt64,
      t DateTime64(3, 'UTC'),
      codes Array(String),
      hashes Array(String),
      report String,
      stored DateTime64(3, 'UTC') DEFAULT now64(3)
    ) ENGINE = ReplacingMergeTree(stored)
    ORDER BY (chain, address, block)
    SETTINGS ${SAFE}`,
  ],
}
