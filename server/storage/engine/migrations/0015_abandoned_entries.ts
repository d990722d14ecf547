import { type Migration, SAFE } from './migration.ts'

/** Entries of the journal's copy that a repair took out of `entries`, because the journal goes on without them. */
export const abandonedEntries: Migration = {
  id: 15,
  name: 'abandoned_entries',
  usableFrom: 12,
  statements: database => [
    `CREATE TABLE IF NOT EXISTS ${database}.abandoned_entries (
      journal LowCardinality(String),
      seq UInt64,
      t DateTime64(3, 'UTC'),
      text String,
      hash String,
      stored DateTime64(3, 'UTC'),
      abandoned DateTime64(3, 'UTC') DEFAULT now64(3)
    ) ENGINE = ReplacingMergeTree(abandoned)
    ORDER BY (journal, seq, hash)
    SETTINGS ${SAFE}`,
  ],
}
