import { existsSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { pino } from 'pino'
import type { BackupState } from '../backup/backups.ts'
import { checkEmpty, moveDirectory } from '../backup/directories.ts'
import { BACKUPS, backupFolder, backupName, makeBackup } from '../backup/makeBackup.ts'
import { BackupError, checkFiles, type Manifest, readManifest } from '../backup/manifest.ts'
import { restoreBackup } from '../backup/restoreBackup.ts'
import { UsageError } from '../config/options.ts'
import { JournalError } from '../journal/journalError.ts'
import { HELD } from '../journal/journalFile.ts'
import { SqliteJournal } from '../journal/sqliteJournal.ts'
import { EngineError, openEngine } from '../storage/engine/engine.ts'
import type { CommandContext } from './command.ts'
import { answering, localToken, type RunningServer, ServerError, type ServerOptions, serverOf } from './server.ts'

/** ms from one question to the next whether a backup is made. */
const ASK_MS = 250

interface BackupOptions extends ServerOptions {
  readonly data?: string
  readonly config?: string
}

/**
 * Runs `backup DIR`: by the server that holds the data directory, or of a directory that nobody holds. Returns the exit code. Rejects with
 * ServerError, and leaves nothing under the name, if the backup is not whole.
 */
export const backup = async (to: string, options: BackupOptions, { environment, version }: CommandContext): Promise<number> => {
  const dir = resolve(to)
  const dataDir = resolve(options.data ?? environment.DRIFTWIRE_DATA ?? 'data')
  if (!existsSync(join(dataDir, 'journal.db')))
    throw new UsageError(`backup: found no ${join(dataDir, 'journal.db')}, expected a data directory with a journal`)
  await failing(() => checkEmpty(dir, 'a name that is free for a backup, or an empty directory'))
  const made =
    (await ofOwn(dataDir, options.config ?? environment.DRIFTWIRE_CONFIG, version)) ?? (await byServer(dataDir, options, environment))
  const manifest = await failing(async () => {
    await moveDirectory(made, dir, async copy => checkFiles(copy, await readManifest(copy)))
    return readManifest(dir)
  })
  console.log(`${dir}: ${linesOf(manifest)}`)
  return 0
}

/** Runs `restore DIR`. Returns the exit code. Rejects with ServerError, and leaves no data directory, if the backup is not whole. */
export const restore = async (from: string, data: string): Promise<number> => {
  const [dir, dataDir] = [resolve(from), resolve(data)]
  if (dirname(dataDir) === dataDir || dataDir.startsWith(`${dir}/`))
    throw new UsageError(`restore: found ${dataDir}, expected a data directory outside of the backup`)
  const manifest = await failing(() => restoreBackup(dir, dataDir))
  console.log(`${dataDir}: ${linesOf(manifest)}`)
  return 0
}

/** Makes the backup of a directory that nobody holds, and returns its path; undefined if a server holds it. */
const ofOwn = async (dataDir: string, configFile: string | undefined, version: string): Promise<string | undefined> => {
  let journal: SqliteJournal
  try {
    journal = new SqliteJournal(join(dataDir, 'journal.db'))
  } catch (error) {
    if ((error as Error).message.includes(HELD)) return undefined
    throw error instanceof JournalError ? new ServerError(lineOf(error)) : error
  }
  try {
    return await failing(async () => {
      const now = new Date()
      const folder = await backupFolder(dataDir)
      const path = join(folder, backupName(now))
      const engineDir = join(dataDir, 'clickhouse')
      const log = pino({ level: 'error' }, pino.destination(2))
      const engine = existsSync(engineDir) ? await openEngine({ source: { dataDir: engineDir }, backups: folder, log }) : undefined
      try {
        const copyJournal = async (file: string): Promise<Manifest['journal']> => {
          const copying = journal.copying(file)
          for (;;) {
            const copied = copying.step()
            if (copied) return copied
          }
        }
        await makeBackup(path, { version, dataDir, configFile, engine, between: work => work(), copyJournal }, now)
        return path
      } finally {
        await engine?.close()
      }
    })
  } finally {
    journal.close()
  }
}

const byServer = async (
  dataDir: string,
  { url, token }: ServerOptions,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<string> => {
  const shown = token ?? environment.DRIFTWIRE_ADMIN_TOKEN ?? (await localToken(dataDir))
  const server = await answering(serverOf({ url, token: shown }, environment))
  const { name } = await server.post<{ name: string }>('/v1/admin/backups', 'application/json', '{}')
  const path = await finished(server, name)
  if (dirname(path) !== join(dataDir, BACKUPS) || !existsSync(path))
    throw new ServerError(
      `${server.url}: found that it made ${basename(path)} in ${dirname(path)}, expected it in ${join(dataDir, BACKUPS)}: is this the server of ${dataDir}?`,
    )
  return path
}

/** Waits until a server has made a backup, and returns its path. */
const finished = async (server: RunningServer, name: string): Promise<string> => {
  for (;;) {
    const newest = await server.get<BackupState>('/v1/admin/backups')
    if (newest.state === 'none' || newest.name !== name)
      throw new ServerError(`${server.url}: found another backup than ${name}, expected it: was it started again?`)
    if (newest.state === 'failed') throw new ServerError(`${server.url}: ${newest.why}`)
    if (newest.state === 'made') return newest.path
    await delay(ASK_MS)
  }
}

const linesOf = ({ journal: { entries, hash }, rows, files }: Manifest): string => {
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
  const stored =
    rows === null
      ? 'ClickHouse not included'
      : `${Object.values(rows).reduce((sum, n) => sum + n, 0)} rows in ${Object.keys(rows).length} tables`
  const last = entries > 0 ? `, the last with the hash ${hash}` : ''
  return `${entries} entries${last}; ${stored}; ${files.length} files, ${bytes} bytes`
}

/** An error of files, SQLite or ClickHouse, which name no expectation, as a line. */
const lineOf = ({ message }: Error): string => {
  const [line = ''] = message.split('\n')
  return /\bexpected\b/.test(line) ? line : `backup: found "${line}", expected a disk that takes it`
}

/** Runs work whose errors of files and engine are the command's. */
const failing = async <T>(work: () => Promise<T>): Promise<T> => {
  try {
    return await work()
  } catch (error) {
    const { code } = error as { code?: string }
    if (error instanceof BackupError || error instanceof JournalError || error instanceof EngineError || code !== undefined)
      throw new ServerError(lineOf(error as Error))
    throw error
  }
}
