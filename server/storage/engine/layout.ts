import { clustered } from './clustered.ts'
import { literal } from './statement.ts'

/** How the tables of a database lie: all on one server, or over the servers of a cluster. */
export interface Layout {
  /** Returns the statements that do here what one statement does on a single server. */
  statements(statement: string): readonly string[]
  /** Returns the table that holds the rows of a table. */
  stored(table: string): string
  /** Returns what reads a table of the database `system`, of every server. */
  system(table: string): string
}

/** One server: statements as they are written. */
export const SINGLE: Layout = { statements: statement => [statement], stored: table => table, system: table => `system.${table}` }

/** Returns the layout of a cluster: rows in replicated tables `…_local`, and in front of them distributed tables of the names that all statements use. */
export const clusterLayout = (cluster: string): Layout => ({
  statements: statement => clustered(statement, cluster),
  stored: table => `${table}_local`,
  system: table => `clusterAllReplicas(${literal(cluster)}, system.${table})`,
})

/** Ends a SELECT of `system` tables: a server of a cluster that is away is not asked. */
export const REACHED = 'SETTINGS skip_unavailable_shards = 1'
