import { type Migration, SAFE } from './migration.ts'

/** The clearing house's journal: one row an entry, `text` as it is hashed, and what moved in columns beside it. */
export const entries: Migration = {
  id: 4,
  name: 'entries',
  statements: database => [
    `CREATE TABLE IF NOT EXISTS ${database}.entries (
      journal LowCardinality(String),
      seq UInt64,
      t DateTime64(3, 'UTC'),
      who LowCardinality(String),
      kind LowCardinality(String),
      key String,
      fund LowCardinality(String),
      status LowCardinality(String),
      code LowCardinality(String),
      postings Nested (
        account LowCardinality(String),
        asset LowCardinality(String),
        amount Decimal(76, 18),
        after Decimal(76, 18)
      ),
      \`postings.before\` Array(Decimal(76, 18)) DEFAULT arrayMap((after, amount) -> after - amount, postings.after, postings.amount),
      text String,
      hash String,
      stored DateTime64(3, 'UTC') DEFAULT now64(3)
    ) ENGINE = ReplacingMergeTree(stored)
    PARTITION BY toYYYYMM(t)
    ORDER BY (journal, seq)
    SETTINGS ${SAFE}`,
  ],
}
