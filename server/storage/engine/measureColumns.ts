import type { ClickHouseClient } from '@clickhouse/client'
import { type Layout, REACHED, SINGLE } from './layout.ts'
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
  layout: Layout = SINGLE,
): Promise<string[]> => {
  const run = async (statement: string): Promise<void> => {
    for (const query of layout.statements(statement)) await client.command({ query })
  }
  const answer = await client.query({
    query: `SELECT table, name, concat(hostName(), toString(tcpPort())) AS host FROM ${layout.system('columns')} WHERE database = {database:String} ${REACHED}`,
    query_params: { database },
    format: 'JSONEachRow',
  })
  const present = await answer.json<{ table: string; name: string; host: string }>()
  const hosts = new Set(present.map(({ host }) => host)).size
  const added: string[] = []
  for (const { name, columns } of tables) {
    const table = `${quoted(database)}.${quoted(name)}`
    const known = everywhere(
      present.filter(column => column.table === name),
      hosts,
    )
    if (known.size === 0) {
      await run(createTable(table, columns))
      added.push(name)
      continue
    }
    for (const [i, column] of columns.entries()) {
      if (known.has(column.name)) continue
      const place = i === 0 ? 'FIRST' : `AFTER ${quoted(columns[i - 1]!.name)}`
      await run(`ALTER TABLE ${table} ADD COLUMN IF NOT EXISTS ${definition(column)} ${place}`)
      added.push(`${name}.${column.name}`)
    }
  }
  return added
}

/** Returns the names of this number of hosts. */
const everywhere = (columns: readonly { readonly name: string }[], hosts: number): ReadonlySet<string> => {
  const counts = new Map<string, number>()
  for (const { name } of columns) counts.set(name, (counts.get(name) ?? 0) + 1)
  return new Set([...counts].filter(([, count]) => count >= hosts).map(([name]) => name))
}

/** One row an id and `storeMs`; the newest version of it counts. */
const createTable = (table: string, columns: readonly Column[]): string =>
  `CREATE TABLE IF NOT EXISTS ${table} (${columns.map(definition).join(', ')}, stored ${TIME} DEFAULT now64(3))
  ENGINE = ReplacingMergeTree(stored) PARTITION BY toYYYYMM(t) ORDER BY (id, t) SETTINGS ${SAFE}`

const definition = ({ name, type }: Column): string => `${quoted(name)} ${type}`
