import type { Logger } from 'pino'
import { journalFile } from '../clearing/open.ts'
import type { Settings } from '../config/settings.ts'
import { type JournalCopy, repairJournal } from '../journal/repair.ts'
import { logError } from '../lib/errorEvents.ts'
import { type Engine, openEngine } from '../storage/engine/engine.ts'
import { abandonCopied, copiedEntries, copiedJournals, newestCopied } from '../storage/write/entryCopy.ts'

/** Restores the journal of a data directory before anything else opens it, and logs what was done and what is lost. */
export const repairAtStart = async ({ dataDir, clickhouse, config }: Settings, log: Logger, signal: AbortSignal): Promise<void> => {
  const source = clickhouse ?? { dataDir: `${dataDir}/clickhouse` }
  const engine = await openEngine({ source, retention: config.retention, log, signal })
  const file = journalFile(dataDir)
  try {
    const { damaged, entries, restored, lost, ended, lostUsers, abandonedAfter } = await repairJournal(
      file,
      copyOf(engine, clickhouse === undefined),
      new Date(),
    )
    if (damaged === undefined) {
      log.info({ file, entries }, 'the journal needs no repair')
      return
    }
    log.warn({ file, damaged, entries, restored }, 'the journal is repaired; the damaged file is kept')
    if (ended !== undefined) logError(log, 'journal_cut_short', { why: ended })
    if (lost) logError(log, 'entries_lost', { from: lost[0], to: lost[1] })
    if (lostUsers.length > 0) logError(log, 'passwords_lost', { users: lostUsers })
    if (abandonedAfter !== undefined)
      log.warn({ after: abandonedAfter }, 'the copy in ClickHouse had other entries; they are in the table abandoned_entries')
  } finally {
    await engine.close()
  }
}

const copyOf = (engine: Engine, alone: boolean): JournalCopy => ({
  entries: journal => copiedEntries(engine, journal),
  newest: journal => newestCopied(engine, journal),
  abandon: (journal, after) => abandonCopied(engine, journal, after),
  // Of several on one server nobody can say which is meant.
  journal: async () => (alone ? (await copiedJournals(engine))[0]?.journal : undefined),
})
