import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { UsageError } from '../config/options.ts'
import { SqliteJournal } from '../journal/sqliteJournal.ts'

/** Follows the chain of a data directory's journal, which no server may hold, and returns one line about it. Throws JournalError if an entry does not follow. */
export const verify = ([dir = 'data', ...rest]: readonly string[]): string => {
  if (rest.length > 0) throw new UsageError(`verify: found "${rest[0]}", expected one data directory`)
  const file = join(dir, 'journal.db')
  if (!existsSync(file)) throw new UsageError(`verify: found no ${file}, expected a data directory with a journal`)
  const journal = new SqliteJournal(file, false)
  try {
    const { entries, hash } = journal.verify()
    return `${file}: ${entries} entries, each follows from all before it; the last has the hash ${hash}`
  } finally {
    journal.close()
  }
}
