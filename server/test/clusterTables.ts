import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Session } from 'chdb'
import { CLUSTER_SETTINGS } from '../storage/engine/cluster.ts'
import { clusterLayout, type Layout, SINGLE } from '../storage/engine/layout.ts'
import { MIGRATIONS, quoted } from '../storage/engine/migrate.ts'
import { literal } from '../storage/engine/statement.ts'
import { clusterConfig, onOneServer, unreplicated } from './clusterEngine.ts'

/**
 * Runs all migrations as a process of its own, which does not end by itself while replicated tables are open: in directory `argv[2]`, in four
 * databases. Sends what came of them.
 */
export interface ClusterTables {
  /** Statements that ran for a cluster, and those that did not, with the engine's words. */
  readonly ran: number
  readonly failed: readonly string[]
  /** By database, by table: its columns in order, each with type and default; and its engine with the parameters. */
  readonly columns: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>
  readonly engines: ClusterTables['columns']
}

const [dir = ''] = process.argv.slice(2)
const config = join(dir, 'config.xml')
writeFileSync(config, clusterConfig('desk'))
const session = new Session(join(dir, 'engine'), { connectionArgs: [`--config-file=${config}`] })
for (const [name, value] of Object.entries(CLUSTER_SETTINGS)) session.query(`SET ${name} = ${literal(String(value))}`)
const rows = <T>(sql: string): T[] =>
  session
    .query(sql, 'JSONEachRow')
    .toString()
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line) as T)

/** Texts by database and table. */
class Grouped {
  readonly lists: Record<string, Record<string, string[]>> = {}

  add(database: string, table: string, text: string): void {
    const tables = this.lists[database] ?? {}
    this.lists[database] = tables
    tables[table] = [...(tables[table] ?? []), text]
  }
}

let ran = 0
const failed: string[] = []

/** Builds a database from all migrations, or from those of their statements that make and drop things. */
const build = (database: string, layout: Layout, adapt: (statement: string) => string, all: boolean): void => {
  const statements = ['CREATE DATABASE IF NOT EXISTS %', ...MIGRATIONS.flatMap(migration => migration.statements('%'))]
  for (const plain of statements) {
    if (!all && !/^\s*(?:CREATE|DROP)\b/.test(plain)) continue
    for (const statement of layout.statements(plain.replaceAll('%.', `${quoted(database)}.`).replace(/%$/, quoted(database)))) {
      try {
        session.query(`SELECT formatQuerySingleLine(${literal(statement)}) FORMAT Null`)
        session.query(adapt(statement))
        ran += layout === SINGLE ? 0 : 1
      } catch (error) {
        failed.push(`${database}: ${statement.trim().slice(0, 100)}: ${(error as Error).message.slice(0, 300)}`)
      }
    }
  }
}

const cluster = clusterLayout('desk')
const asIs = (statement: string): string => statement
build('single', SINGLE, asIs, true)
build('spread', cluster, unreplicated, true)
build('made', SINGLE, asIs, false)
build('replicated', cluster, onOneServer, false)

const DATABASES = "database IN ('single', 'spread', 'made', 'replicated')"
const columns = new Grouped()
for (const { database, table, text } of rows<{ database: string; table: string; text: string }>(
  `SELECT database, table, concat(name, ' ', type, ' ', default_kind, ' ', default_expression, ' ', compression_codec) AS text
   FROM system.columns WHERE ${DATABASES} ORDER BY database, table, position`,
))
  columns.add(database, table, text)
const engines = new Grouped()
for (const { database, name, engine } of rows<{ database: string; name: string; engine: string }>(
  `SELECT database, name, engine_full AS engine FROM system.tables WHERE ${DATABASES}`,
))
  engines.add(database, name, engine)

process.send?.({ ran, failed, columns: columns.lists, engines: engines.lists } satisfies ClusterTables)
