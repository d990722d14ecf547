import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pino } from 'pino'
import { JournalError } from '../journal/journalError.ts'
import { SqliteJournal } from '../journal/sqliteJournal.ts'
import { type Engine, EngineError, openEngine } from '../storage/engine/engine.ts'
import { ServerError } from './server.ts'

/** A data directory that no server holds, opened by a command. */
export interface OwnDirectory {
  readonly path: string
  readonly engine: Engine
  /** Notes that something was stored, so that the directory stays. */
  keep(): void
  /** Closes it. What the command has made and stored nothing in is removed again. */
  close(): Promise<void>
}

/** Opens a data directory, or makes one. Rejects with ServerError, and leaves nothing new behind, if a server holds it. */
export const openOwnDirectory = async (path: string): Promise<OwnDirectory> => {
  const forget = await made(path)
  let journal: SqliteJournal | undefined
  try {
    // A server of the directory holds its journal.
    journal = new SqliteJournal(join(path, 'journal.db'))
    const held = journal
    const engine = await openEngine({ source: { dataDir: join(path, 'clickhouse') }, log: pino({ level: 'error' }, pino.destination(2)) })
    let kept = false
    return {
      path,
      engine,
      keep() {
        kept = true
      },
      async close() {
        await engine.close()
        held.close()
        if (!kept) await forget()
      },
    }
  } catch (error) {
    journal?.close()
    await forget()
    if (error instanceof JournalError || error instanceof EngineError)
      throw new ServerError(`${error.message}; give the --url of the server that holds it`)
    throw error
  }
}

/** Makes a directory. Returns how to remove what was not there before: the directory, or what has come into it. */
const made = async (path: string): Promise<() => Promise<void>> => {
  const first = await mkdir(path, { recursive: true, mode: 0o700 })
  if (first !== undefined) return () => rm(first, { recursive: true, force: true })
  const before = new Set(await readdir(path))
  return async () => {
    for (const name of await readdir(path)) if (!before.has(name)) await rm(join(path, name), { recursive: true, force: true })
  }
}
