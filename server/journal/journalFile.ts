import { existsSync, renameSync } from 'node:fs'
import Database from 'libsql'
import { JournalError, REPAIR } from './journalError.ts'

/** Number of the layout of the tables below. */
const LAYOUT = 2

/** Makes the tables that are missing, and the journal's name. */
export const TABLES = `
  CREATE TABLE IF NOT EXISTS journal (id TEXT NOT NULL);
  INSERT INTO journal SELECT lower(hex(randomblob(16))) WHERE NOT EXISTS (SELECT 1 FROM journal);
  CREATE TABLE IF NOT EXISTS blocks (seq INTEGER PRIMARY KEY, first INTEGER NOT NULL, hash TEXT NOT NULL, keys TEXT NOT NULL, entries BLOB NOT NULL);
  CREATE TABLE IF NOT EXISTS snapshots (seq INTEGER PRIMARY KEY, hash TEXT NOT NULL, state TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS users (name TEXT PRIMARY KEY, hash TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS invites (digest TEXT PRIMARY KEY) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS tokens (digest TEXT PRIMARY KEY, user TEXT NOT NULL, expires INTEGER NOT NULL) WITHOUT ROWID;`

/**
 * Opens a journal's database, or makes it, and holds it against all others. With `synchronous` NORMAL a loss of power may take its newest commits,
 * but harms nothing else. Throws JournalError if it cannot be used.
 */
export const openFile = (file: string, synchronous: 'FULL' | 'NORMAL' = 'FULL'): Database.Database => {
  let db: Database.Database | undefined
  try {
    db = new Database(file)
    // The lock is held from the first statement on; a second process fails at once.
    // Pages of 4 KiB would cost four times as many steps for the same entries.
    db.exec('PRAGMA page_size = 16384')
    db.exec(`PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous}; PRAGMA cache_size = -32000`)
    db.exec('BEGIN EXCLUSIVE')
    const { tables } = db.prepare('SELECT count(*) AS tables FROM sqlite_master').get() as { tables: number }
    if (tables === 0) db.exec(`PRAGMA user_version = ${LAYOUT}`)
    const { user_version: layout } = db.prepare('PRAGMA user_version').get() as { user_version: number }
    if (layout !== LAYOUT) throw new JournalError(`a journal of layout ${layout}, expected ${LAYOUT}`)
    db.exec('COMMIT')
    return db
  } catch (error) {
    db?.close()
    throw new JournalError(`${file}: ${found(error)}`)
  }
}

/** Closes a journal's database, and leaves no log beside it. */
export const release = (db: Database.Database): void => {
  try {
    // The library lets go of a file when the last of its statements is collected; without the log and the lock that does no harm.
    db.exec('PRAGMA journal_mode = DELETE; PRAGMA locking_mode = NORMAL; SELECT id FROM journal')
  } catch {
    // The log stays beside the file then, and is read at the next start.
  }
  db.close()
}

/** What the database keeps beside its file. */
export const LOGS = ['-wal', '-shm', '-journal']

/** Returns the name under which a damaged file is kept. */
export const damagedName = (file: string, now: Date): string => `${file}.damaged-${now.toISOString().replaceAll(/[-:]|\.\d+/g, '')}`

/** Puts a file that cannot be used out of the way, with its log. Returns the new name. */
export const setAside = (file: string, now: Date): string => {
  const name = damagedName(file, now)
  for (const suffix of ['', '-wal', '.head']) if (existsSync(file + suffix)) renameSync(file + suffix, name + suffix)
  return name
}

/** What is found if another process has the journal open. */
export const HELD = 'found that another process holds it'

/** Whether the database failed, rather than the work done with it. */
export const isFault = (error: unknown): boolean => error instanceof Database.SqliteError

/** Returns what an error of the database says, as a part of a line. */
export const found = (error: unknown): string => {
  const { code, message } = error as { code?: string; message: string }
  if (code?.startsWith('SQLITE_BUSY') || /locked/i.test(message)) return `${HELD}, expected a journal of its own`
  const damaged = code?.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB'
  return `found ${code ?? ''} ${message}`.replace('found  ', 'found ').trim() + (damaged ? `, expected a journal; ${REPAIR}` : '')
}
