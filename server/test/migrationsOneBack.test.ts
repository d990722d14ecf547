import { hash as digestOf } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { Engine } from '../storage/engine/engine.ts'
import { MIGRATIONS, migrate } from '../storage/engine/migrate.ts'
import type { Migration } from '../storage/engine/migrations/migration.ts'
import { rowsOf, sharedEngine } from './storageKit.ts'

/**
 * Digests of the statements of all migrations that were released. A release adds those that it brings, by hand: what is in this list never
 * changes.
 */
const RELEASED: Readonly<Record<number, string>> = {
  1: '8f1c76779240c8d8',
  2: 'a1578c092be62e79',
  3: '1c563d338af551d1',
  4: '5723e5701f182dd7',
  5: '818f20f898638983',
  7: 'f0c9a91fdeb69f63',
  8: 'ea0541e1dde42603',
  9: 'b17756616608be2f',
  10: 'b10c7972dae8533e',
  11: 'e398feafed4a266a',
  12: 'e40e737f68516597',
  14: '5c503aeabc782818',
  15: '52c0d19c3d954403',
}

const digest = ({ statements }: Migration): string => digestOf('sha256', statements('`d`').join('\n')).slice(0, 16)
const upTo = (id: number): Migration[] => MIGRATIONS.filter(migration => migration.id <= id)
const newest = Math.max(...Object.keys(RELEASED).map(Number))

/** What a version can rely on: columns of tables and views with their types, and how the rows of tables are told apart. */
const formOf = async (engine: Engine, database: string): Promise<ReadonlyMap<string, string>> => {
  const columns = await rowsOf(
    engine,
    `SELECT concat('column ', table, '.', name) AS what, type FROM system.columns WHERE database = '${database}' AND default_kind != 'EPHEMERAL'`,
    ['String', 'String'],
  )
  const tables = await rowsOf(
    engine,
    `SELECT concat('order of ', name) AS what, concat(engine, ' ', sorting_key, ' ', partition_key) AS form FROM system.tables
     WHERE database = '${database}' AND engine LIKE '%MergeTree'`,
    ['String', 'String'],
  )
  return new Map([...columns, ...tables] as [string, string][])
}

/** What a version that knew `before` misses in `after`. */
const missing = (before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): string[] =>
  [...before].flatMap(([what, form]) => (after.get(what) === form ? [] : [`${what}: found ${after.get(what) ?? 'none'}, expected ${form}`]))

describe('migrations', () => {
  const opened = sharedEngine('embedded')

  it('that were released are as they were', () => {
    expect(Object.fromEntries(upTo(newest).map(migration => [migration.id, digest(migration)]))).toEqual(RELEASED)
  })

  it('that are newer let the version before go on', () => {
    expect(MIGRATIONS.filter(({ id, usableFrom = id }) => id > newest && usableFrom > newest).map(({ name }) => name)).toEqual([])
  })

  const kept = MIGRATIONS.filter(({ usableFrom }) => usableFrom !== undefined)
  it.each(kept.map(migration => [migration.name, migration] as const))(
    'only add to what the version before knows: %s',
    async (_, { id, usableFrom }) => {
      const engine = await opened()
      const { client } = engine
      const database = `kept_${id}`
      await migrate(client, database, upTo(usableFrom!))
      const before = await formOf(engine, database)
      expect(before.size).toBeGreaterThan(50)
      await migrate(client, database, upTo(id))
      expect(missing(before, await formOf(engine, database))).toEqual([])
      // The version before starts beside it, and finds nothing to do.
      expect(await migrate(client, database, upTo(usableFrom!))).toEqual([])
      const older = MIGRATIONS.filter(migration => migration.id < usableFrom!)
      await expect(migrate(client, database, older)).rejects.toThrow(/expected none after \d+: a newer version wrote it$/)
    },
  )

  it.each([
    ['a column is dropped', 'ALTER TABLE %.pnl DROP COLUMN method', 'column pnl.method: found none, expected LowCardinality(String)'],
    ['a column gets another type', 'ALTER TABLE %.ticks MODIFY COLUMN span UInt64', 'column ticks.span: found UInt64, expected UInt32'],
    [
      'a column gets another name',
      'ALTER TABLE %.pnl RENAME COLUMN quote TO money',
      'column pnl.quote: found none, expected LowCardinality(String)',
    ],
    ['a table goes', 'DROP TABLE %.quotes', 'order of quotes: found none, expected ReplacingMergeTree symbol '],
    ['a view says less', 'CREATE OR REPLACE VIEW %.fund AS SELECT 1 AS id', 'column fund.name: found none, expected String'],
  ])('do not pass if %s', async (_, statement, fault) => {
    const engine = await opened()
    const database = `planted_${digestOf('sha256', statement).slice(0, 8)}`
    await migrate(engine.client, database)
    const before = await formOf(engine, database)
    const planted: Migration = {
      id: 99,
      name: 'planted',
      usableFrom: MIGRATIONS.at(-1)!.id,
      statements: db => [statement.replace('%', db)],
    }
    await migrate(engine.client, database, [...MIGRATIONS, planted])
    expect(missing(before, await formOf(engine, database))).toContain(fault)
  })
})
