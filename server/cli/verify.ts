import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { UsageError } from '../config/options.ts'
import { JournalError } from '../journal/journalError.ts'
import { HELD } from '../journal/journalFile.ts'
import { SqliteJournal } from '../journal/sqliteJournal.ts'
import { type RunningServer, ServerError, serverOf } from './server.ts'

/**
 * Follows the chain of a data directory's journal and returns one line about it. If a server holds the journal, the server is asked how far it
 * has followed it. Rejects with JournalError if an entry does not follow, with ServerError if the server does not answer.
 */
export const verify = async (
  dir: string,
  url: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<string> => {
  const file = join(dir, 'journal.db')
  if (!existsSync(file)) throw new UsageError(`verify: found no ${file}, expected a data directory with a journal`)
  let journal: SqliteJournal
  try {
    journal = new SqliteJournal(file)
  } catch (error) {
    if (!(error as Error).message.includes(HELD)) throw error
    return byServer(file, serverOf({ url }, environment))
  }
  try {
    const { entries, hash } = journal.verify()
    return `${file}: ${entries} entries, each follows from all before it; the last has the hash ${hash}`
  } finally {
    journal.close()
  }
}

interface JournalFigures {
  readonly entries: number
  readonly verifiedTo: number
  readonly fault?: string
}

const byServer = async (file: string, server: RunningServer): Promise<string> => {
  if (!(await server.answers())) throw new ServerError(`${file}: ${HELD}, and ${server.url} does not answer; name its address by --url`)
  const { journal } = await server.get<{ journal: JournalFigures }>('/v1/state/status')
  if (journal.fault !== undefined) throw new JournalError(journal.fault)
  const { entries, verifiedTo } = journal
  const rest = verifiedTo < entries ? `; the server at ${server.url} has not yet followed the others` : ''
  return `${server.url}: ${verifiedTo} of ${entries} entries, each follows from all before it${rest}`
}
