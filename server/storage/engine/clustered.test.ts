import { describe, expect, it } from 'vitest'
import { clustered } from './clustered.ts'
import { MIGRATIONS, quoted } from './migrate.ts'
import { SHARD_KEYS } from './shardKeys.ts'

const one = (statement: string): string => {
  const statements = clustered(statement, 'desk')
  expect(statements).toHaveLength(1)
  return statements[0]!
}

describe('a statement for a cluster', () => {
  it('makes two tables of one: replicated rows of a shard, and all shards in front of them', () => {
    expect(
      clustered(
        'CREATE TABLE IF NOT EXISTS `d`.ticks (symbol String, id String) ENGINE = ReplacingMergeTree ORDER BY (symbol, id) SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1',
        'desk',
      ),
    ).toEqual([
      "CREATE TABLE IF NOT EXISTS `d`.ticks_local ON CLUSTER 'desk' (symbol String, id String) ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/desk/{shard}/d/ticks', '{replica}') ORDER BY (symbol, id) SETTINGS replicated_deduplication_window = 1000, replicated_deduplication_window_seconds = 31536000, fsync_after_insert = 1",
      "CREATE TABLE IF NOT EXISTS `d`.ticks ON CLUSTER 'desk' AS `d`.ticks_local ENGINE = Distributed('desk', 'd', 'ticks_local', cityHash64(symbol))",
    ])
  })

  it('keeps what an engine is given', () => {
    const [local] = clustered(
      'CREATE TABLE IF NOT EXISTS d.swaps (id String) ENGINE = ReplacingMergeTree(version, deleted) ORDER BY id',
      'desk',
    )
    expect(local).toContain(
      "ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/desk/{shard}/d/swaps', '{replica}', version, deleted) ORDER BY id",
    )
  })

  it('leaves a view of inserts within its shard', () => {
    expect(
      one('CREATE MATERIALIZED VIEW IF NOT EXISTS d.v TO d.bars AS SELECT x FROM (SELECT ticks.stored AS x FROM d.ticks WHERE 1)'),
    ).toBe(
      "CREATE MATERIALIZED VIEW IF NOT EXISTS d.v ON CLUSTER 'desk' TO d.bars_local AS SELECT x FROM (SELECT ticks.stored AS x FROM d.ticks_local AS ticks WHERE 1)",
    )
  })

  it.each([
    ['CREATE DATABASE IF NOT EXISTS `d`', ["CREATE DATABASE IF NOT EXISTS `d` ON CLUSTER 'desk'"]],
    [
      'CREATE OR REPLACE VIEW d.fund AS SELECT 1 FROM d.entries',
      ["CREATE OR REPLACE VIEW d.fund ON CLUSTER 'desk' AS SELECT 1 FROM d.entries"],
    ],
    ['CREATE VIEW d.candles AS SELECT 1', ["CREATE VIEW d.candles ON CLUSTER 'desk' AS SELECT 1"]],
    ['DROP VIEW IF EXISTS d.v', ["DROP VIEW IF EXISTS d.v ON CLUSTER 'desk' SYNC"]],
    [
      'DROP TABLE IF EXISTS d.t',
      ["DROP TABLE IF EXISTS d.t ON CLUSTER 'desk' SYNC", "DROP TABLE IF EXISTS d.t_local ON CLUSTER 'desk' SYNC"],
    ],
    ['TRUNCATE TABLE d.t', ["TRUNCATE TABLE d.t_local ON CLUSTER 'desk'"]],
    ['INSERT INTO d.t SELECT 1', ['INSERT INTO d.t SELECT 1']],
    [
      'ALTER TABLE d.t ADD COLUMN IF NOT EXISTS x Int8',
      [
        "ALTER TABLE d.t_local ON CLUSTER 'desk' ADD COLUMN IF NOT EXISTS x Int8",
        "ALTER TABLE d.t ON CLUSTER 'desk' ADD COLUMN IF NOT EXISTS x Int8",
      ],
    ],
    ['ALTER TABLE `d`.`t` REMOVE TTL', ["ALTER TABLE `d`.t_local ON CLUSTER 'desk' REMOVE TTL"]],
    ['ALTER TABLE d.t DELETE WHERE x = 1', ["ALTER TABLE d.t_local ON CLUSTER 'desk' DELETE WHERE x = 1"]],
  ])('has a form for %s', (statement, expected) => {
    expect(clustered(statement, 'desk')).toEqual(expected)
  })

  it('is refused if it has no form, or if its table has no shard key', () => {
    expect(() => clustered('OPTIMIZE TABLE d.ticks', 'desk')).toThrow(
      'found "OPTIMIZE TABLE d.ticks", expected a statement that a cluster has a form for',
    )
    expect(() => clustered('CREATE TABLE IF NOT EXISTS d.new (a Int8) ENGINE = MergeTree ORDER BY a', 'desk')).toThrow(
      'table new: found no column in SHARD_KEYS, expected the one by which a cluster spreads it',
    )
  })
})

describe('the list of shard keys', () => {
  const statements = MIGRATIONS.flatMap(migration => migration.statements(quoted('d')))
  const made = new Map(
    statements.flatMap(sql => {
      const [, name, order] = /CREATE TABLE IF NOT EXISTS `d`\.(\w+) [\s\S]*?ORDER BY (\([^)]*\)|\w+)/.exec(sql) ?? []
      return name === undefined ? [] : [[name, order!.match(/\w+/g)!] as const]
    }),
  )

  it('names each table of the migrations, and no other', () => {
    expect(Object.keys(SHARD_KEYS).sort()).toEqual([...made.keys(), 'migrations'].sort())
  })

  it('names a column of what makes two rows one', () => {
    for (const [table, order] of made) expect(order, table).toContain(SHARD_KEYS[table])
  })

  it('lays what a view of inserts reads and writes into one shard', () => {
    const views = statements.flatMap(sql => {
      const [, target] = /CREATE MATERIALIZED VIEW IF NOT EXISTS `d`\.\w+ TO `d`\.(\w+)/.exec(sql) ?? []
      return target === undefined ? [] : [...sql.matchAll(/FROM `d`\.(\w+)/g)].map(([, source]) => [source!, target] as const)
    })
    expect(views.length).toBeGreaterThan(2)
    for (const [source, target] of views) expect(SHARD_KEYS[target], target).toBe(SHARD_KEYS[source])
  })
})
