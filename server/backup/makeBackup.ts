import { hash as digestOf } from 'node:crypto'
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Engine } from '../storage/engine/engine.ts'
import { syncDirectory, wholeDirectory } from './directories.ts'
import { MANIFEST, type Manifest, manifestText, sealedFiles } from './manifest.ts'
import { backUpRows } from './storedRows.ts'

/** What a backup is made of. */
export interface BackupParts {
  readonly version: string
  readonly dataDir: string
  /** The configuration's file, if there is one. */
  readonly configFile: string | undefined
  /** An embedded ClickHouse; undefined if the rows lie on a server. */
  readonly engine: Engine | undefined
  /** Runs work while no row is on its way from the spool to ClickHouse: all that a file of the spool has is there, or none of it. */
  readonly between: <T>(work: () => Promise<T>) => Promise<T>
  /** Copies the journal into a file, while it is written to. */
  readonly copyJournal: (file: string) => Promise<Manifest['journal']>
}

/** The folder, in a data directory, in which backups are made. The embedded engine writes nowhere else. */
export const BACKUPS = 'backups'
const UNFINISHED = '.part'

/** Returns the name of a backup that is made at a time. */
export const backupName = (now: Date): string => now.toISOString().replaceAll(/[-:.]/g, '')

/** Returns the folder of a data directory in which backups are made, readable by its owner alone. Removes what a killed process has left there. */
export const backupFolder = async (dataDir: string): Promise<string> => {
  const folder = join(dataDir, BACKUPS)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  for (const name of await readdir(folder)) if (name.endsWith(UNFINISHED)) await rm(join(folder, name), { recursive: true, force: true })
  return folder
}

/**
 * Makes a backup under a name that is free. Rows come first and the journal last: it is the truth, so the rows may be older. Rejects, and leaves
 * nothing, if something cannot be read or written.
 */
export const makeBackup = (dir: string, parts: BackupParts, now: Date): Promise<Manifest> =>
  wholeDirectory(dir, UNFINISHED, async unfinished => {
    const rows = await parts.between(async () => {
      await copySpool(join(parts.dataDir, 'spool'), join(unfinished, 'spool'))
      const { engine } = parts
      return engine === undefined ? null : backUpRows(engine.client, engine.database, join(unfinished, 'clickhouse'))
    })
    const journal = await parts.copyJournal(join(unfinished, 'journal.db'))
    await ifThere(copyFile(join(parts.dataDir, 'admin.token'), join(unfinished, 'admin.token')))
    const manifest: Manifest = {
      format: 1,
      driftwire: parts.version,
      made: now.toISOString(),
      journal,
      rows,
      config: parts.configFile === undefined ? null : digestOf('sha256', await readFile(parts.configFile)),
      files: await sealedFiles(unfinished),
    }
    await writeFile(join(unfinished, MANIFEST), manifestText(manifest), { mode: 0o600, flush: true })
    await syncDirectory(unfinished)
    return manifest
  })

/** Copies the files that wait, those that are set aside, and the gaps. What was just being written is not a file yet. */
const copySpool = async (from: string, to: string): Promise<void> => {
  const names = (await ifThere(readdir(from))) ?? []
  await mkdir(to)
  for (const name of names) if (!name.endsWith('.tmp')) await copyFile(join(from, name), join(to, name))
}

const ifThere = <T>(read: Promise<T>): Promise<T | undefined> =>
  read.catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
