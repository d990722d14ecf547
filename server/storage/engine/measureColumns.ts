import type { ClickHouseClient } from '@clickhouse/client'
import { MEASURE_TABLES } from './measureTables.ts'
import { quoted } from './migrate.ts'
import { SAFE } from './migrations/migration.ts'
import type { Column } from './rowBinary.ts'
import { type Table, TIME } from './tables.ts'

/**
 * Gives the database the tables and columns of measures that their lists name and it lacks, and returns the names of those it added. A
 * column that no list names any more stays. Rows stored before have the column's default: unknown, for most types.
 */
export const addMeasureColumns = async (
  client: ClickHouseClient,
  database: string,
  tables: readonly Table<string>[] = Object.values(MEASURE_TABLES),
): Promise<string[]> => {
  const answer = await client.query({
    query: 'SELECT table, name FROM system.columns WHERE database = {database:String}',
    query_params: { database },
    format: 'JSONEachRow',
  })
  const present = await answer.json<{ table: string; name: string }>()
  const added: string[] = []
  for (const { name, columns } of tables) {
    const table = `${quoted(database)}.${quoted(name)}`
    const known = new Set(present.filter(column => column.table === name).map(column => column.name))
    if (known.size === 0) {
      await client.command({ query: createTable(table, columns) })
      added.push(name)
      continue
    }
    for (const [i, column] of columns.entries()) {
      if (known.has(column.name)) continue
      const place = i === 0 ? 'FIRST' : `AFTER ${quoted(columns[i - 1]!.name)}`
      await client.command({ query: `ALTER TABLE ${table} ADD COLUMN IF NOT EXISTS ${definition(column)} ${place}` })
      added.push(`${name}.${column.name}`)
    }
  }
  return added
}

/** One row an id and `storeMs`; the newest version of it counts. */
const createTable = (table: string, columns: readonly Column[]): string =>
  `CREATE TABLE IF NOT EXISTS ${table} (${columns.map(definition).join(', ')}, stored ${TIME} DEFAULT now64(3))
  ENGINE = ReplacingMergeTree(stored) PARTITION BY toYYYYMM(t) ORDER BY (id, t) SETTINGS ${SAFE}`

const definition = ({ name, type }: Column): string => `${quoted(name)} ${type}`
