import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { ClickHouseClient } from '@clickhouse/client'
import { quoted } from '../storage/engine/migrate.ts'
import { literal } from '../storage/engine/statement.ts'
import { BackupError } from './manifest.ts'

/** What makes tables lose rows beside those who write: repeated rows go with merges, old ones by their time. */
const LOSING = ['MERGES', 'TTL MERGES'] as const
/** ms from one look at the running merges to the next, and looks at most. */
const LOOK_MS = 20
const LOOKS = 500

/**
 * Writes the embedded engine's database into a directory that does not exist yet: as one statement of the only session that writes. Returns the
 * rows that lie there, by table.
 */
export const backUpRows = async (client: ClickHouseClient, database: string, dir: string): Promise<Record<string, number>> => {
  // Each part says how many rows it has, in a small file that may be the same as that of another part.
  await client.command({ query: `BACKUP DATABASE ${quoted(database)} TO File(${literal(dir)}) SETTINGS deduplicate_files = false` })
  const rows: Record<string, number> = {}
  for (const file of (await readdir(join(dir, 'metadata', database))).sort()) {
    const definition = await readFile(join(dir, 'metadata', database, file), 'utf8')
    if (/\bENGINE = \w*MergeTree\b/.test(definition))
      rows[file.replace(/\.sql$/, '')] = await rowsIn(join(dir, 'data', database, file.replace(/\.sql$/, '')))
  }
  return rows
}

const rowsIn = async (table: string): Promise<number> => {
  let rows = 0
  for (const part of await readdir(table).catch(() => [])) rows += Number(await readFile(join(table, part, 'count.txt'), 'utf8'))
  return rows
}

/** Makes the database of such a directory again. Returns its rows, by table. */
export const restoreRows = async (client: ClickHouseClient, database: string, dir: string): Promise<Record<string, number>> => {
  const from = `RESTORE DATABASE ${quoted(database)} FROM File(${literal(dir)})`
  await client.command({ query: `${from} SETTINGS structure_only = true` })
  // Only tables that are there can be stopped.
  await stopLosing(client, database)
  await client.command({ query: `${from} SETTINGS create_database = 'if-not-exists', create_table = 'if-not-exists'` })
  return rowsOf(client, database)
}

/** Resolves when no table loses rows any more. */
const stopLosing = async (client: ClickHouseClient, database: string): Promise<void> => {
  for (const losing of LOSING) await client.command({ query: `SYSTEM STOP ${losing}` })
  for (let look = 0; look < LOOKS; look++) {
    const answer = await client.query({
      query: 'SELECT 1 FROM system.merges WHERE database = {database:String}',
      query_params: { database },
      format: 'JSONEachRow',
    })
    if ((await answer.json()).length === 0) return
    await delay(LOOK_MS)
  }
  throw new BackupError(`database ${database}: found merges that do not end, expected that they stop`)
}

/** Returns the rows of each table, as they lie there. */
const rowsOf = async (client: ClickHouseClient, database: string): Promise<Record<string, number>> => {
  const answer = await client.query({
    query: `SELECT name, toFloat64(total_rows) AS n FROM system.tables WHERE database = {database:String} AND engine LIKE '%MergeTree' ORDER BY name`,
    query_params: { database },
    format: 'JSONEachRow',
  })
  return Object.fromEntries((await answer.json<{ name: string; n: number }>()).map(({ name, n }) => [name, n]))
}
