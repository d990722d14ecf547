import { cp, rmdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { ClickHouseLogLevel, createClient } from '@clickhouse/client'
import { SqliteJournal } from '../journal/sqliteJournal.ts'
import { embeddedConnection } from '../storage/engine/connection.ts'
import { DATABASE, MEMORY } from '../storage/engine/engine.ts'
import { checkEmpty, wholeDirectory } from './directories.ts'
import { BackupError, checkFiles, type Manifest, readManifest } from './manifest.ts'
import { restoreRows } from './storedRows.ts'

/**
 * Makes a data directory of a backup: one that does not exist yet, or is empty. Every file is held against its sum, the journal's whole chain is
 * followed to the hash that the manifest has, and the rows are counted by table. Rejects with BackupError, and leaves nothing, if anything differs.
 */
export const restoreBackup = async (backup: string, dataDir: string): Promise<Manifest> => {
  await checkEmpty(dataDir, 'an empty data directory, or none')
  const manifest = await readManifest(backup)
  await checkFiles(backup, manifest)
  await wholeDirectory(resolve(dataDir), '.restoring', async unfinished => {
    for (const name of topOf(manifest)) await cp(join(backup, name), join(unfinished, name), { recursive: true })
    checkJournal(join(unfinished, 'journal.db'), manifest)
    if (manifest.rows !== null) await restoreEngine(resolve(backup, 'clickhouse'), join(unfinished, 'clickhouse'), manifest.rows)
    // An empty directory gives its name to the whole one.
    await rmdir(dataDir).catch(() => {})
  })
  return manifest
}

/** Returns the files and folders of the data directory itself: all but the engine's, which are made again from theirs. */
const topOf = ({ files }: Manifest): Set<string> =>
  new Set(files.map(({ path }) => path.split('/')[0]!).filter(name => name !== 'clickhouse'))

const checkJournal = (file: string, { journal: { entries, hash } }: Manifest): void => {
  const journal = new SqliteJournal(file)
  try {
    const found = journal.verify()
    if (found.entries !== entries || (entries > 0 && found.hash !== hash))
      throw new BackupError(`${file}: found ${found.entries} entries up to ${found.hash}, expected ${entries} up to ${hash}`)
  } finally {
    journal.close()
  }
}

const restoreEngine = async (backup: string, dataDir: string, expected: Readonly<Record<string, number>>): Promise<void> => {
  const connection = await embeddedConnection({ dataDir, readers: 1, memory: MEMORY, backups: backup })
  const client = createClient({ connection, log: { level: ClickHouseLogLevel.OFF } })
  try {
    const found = await restoreRows(client, DATABASE, backup)
    for (const table of new Set([...Object.keys(expected), ...Object.keys(found)]))
      if (found[table] !== expected[table])
        throw new BackupError(
          `table ${table}: found ${found[table] ?? 'no'} rows after the restore, expected ${expected[table] ?? 'no table'}`,
        )
  } finally {
    await client.close()
  }
}
