import { constants, copyFileSync, existsSync, renameSync, rmSync } from 'node:fs'
import { readEntry } from '../../streams/ledger/entryText.ts'
import { Ledger } from '../../streams/ledger/ledger.ts'
import { isOfThisForm } from '../../streams/ledger/snapshot.ts'
import type { User } from '../identity/credentialStore.ts'
import { chained, FIRST } from './block.ts'
import type { Head } from './blocks.ts'
import { type HeadFound, type HeadRecord, readHeadFile, usersSum } from './headFile.ts'
import type { Journal, NewJournalEntry } from './journal.ts'
import { damagedName, HELD, LOGS, openFile, TABLES } from './journalFile.ts'
import { Remains } from './remains.ts'
import { type Candidate, type Candidates, type Restored, restore } from './restoration.ts'
import { SqliteJournal } from './sqliteJournal.ts'

/** What is known of a journal elsewhere. */
export interface JournalCopy {
  /** Yields the entries of a journal that the copy has, in order. */
  entries(journal: string): AsyncIterator<{ readonly seq: number } & Candidate>
  /** Number and hash of the newest entry that the copy has of a journal; undefined if it has none. */
  newest(journal: string): Promise<Head | undefined>
  /** Returns the journal of which a directory's own copy has entries; undefined if there is none, or no telling. */
  journal(): Promise<string | undefined>
  /** Takes the entries of a journal after a number out of the copy, because it goes on otherwise. */
  abandon(journal: string, after: number): Promise<void>
}

/** What a repair has done. */
export interface Repair {
  /** Where the damaged file lies; undefined if nothing had to be repaired. */
  readonly damaged: string | undefined
  /** Entries of the journal now. */
  readonly entries: number
  /** Entries that are other than in the damaged file, or were not in it. */
  readonly restored: number
  /** Numbers of entries that are known to have been there and are lost, first and last; undefined if none is. */
  readonly lost: readonly [first: number, last: number] | undefined
  /** Why the entries end where they do; undefined if nothing more was there. */
  readonly ended: string | undefined
  /** Users whose passwords are lost. */
  readonly lostUsers: readonly string[]
  /** Entries of the copy after this one were taken out of it; undefined if none was. */
  readonly abandonedAfter: number | undefined
}

/** Entries of one commit. */
const BATCH = 5_000

/**
 * Restores a journal that cannot be opened, or does not agree with its copy, to the last entry that its copy has or its own chain confirms. The
 * damaged file stays beside the new one. A journal that is right is left as it is. Throws JournalError if another process holds it.
 */
export const repairJournal = async (file: string, copy: JournalCopy, now: Date): Promise<Repair> => {
  // Opening it may change it.
  const damaged = keepDamaged(file, now)
  const acknowledged = acknowledgedOf(readHeadFile(`${file}.head`))
  const entries = await unharmed(file, copy).catch(error => {
    removeFile(damaged)
    throw error
  })
  if (entries !== undefined) {
    removeFile(damaged)
    return { damaged: undefined, entries, restored: 0, lost: undefined, ended: undefined, lostUsers: [], abandonedAfter: undefined }
  }
  const remains = new Remains(file)
  try {
    const id = await identityOf(acknowledged?.journal ?? remains.id, copy)
    const mine = acknowledged?.journal === id ? acknowledged : undefined
    const { restored, lostUsers } = await rebuild(file, id, remains, copy, mine)
    const newest = id === undefined ? undefined : await copy.newest(id)
    const abandons = newest !== undefined && newest.seq > restored.copiedTo
    if (abandons) await copy.abandon(id!, restored.copiedTo)
    const { seq } = restored.head
    const known = Math.max(remains.id === id ? remains.newest : 0, mine?.seq ?? 0, newest?.seq ?? 0)
    return {
      damaged,
      entries: seq,
      restored: restored.restored,
      lost: known > seq ? [seq + 1, known] : undefined,
      ended: restored.ended,
      lostUsers,
      abandonedAfter: abandons ? restored.copiedTo : undefined,
    }
  } finally {
    remains.close()
  }
}

/** Returns which journal is to be restored: the one that the file or its head file names, unless the copy knows only another. */
const identityOf = async (named: string | undefined, copy: JournalCopy): Promise<string | undefined> =>
  named !== undefined && (await copy.newest(named)) !== undefined ? named : ((await copy.journal()) ?? named)

const acknowledgedOf = (found: HeadFound): HeadRecord | undefined => (typeof found === 'object' && found.seq > 0 ? found : undefined)

/** Returns the number of entries of a journal that needs no repair; undefined if it needs one. */
const unharmed = async (file: string, copy: JournalCopy): Promise<number | undefined> => {
  let journal: SqliteJournal
  try {
    journal = new SqliteJournal(file, { followedMax: Number.POSITIVE_INFINITY })
  } catch (error) {
    if ((error as Error).message.includes(HELD)) throw error
    return undefined
  }
  try {
    const { seq, id } = journal
    const newest = await copy.newest(id)
    if (newest === undefined && (await copy.journal()) !== undefined) return undefined
    if (newest !== undefined && journal.hashAt(newest.seq) !== newest.hash) return undefined
    return followsLedger(journal) ? seq : undefined
  } finally {
    journal.close()
  }
}

/** Returns whether all entries follow by the ledger's own rules, and give the state that is kept. */
const followsLedger = (journal: Journal): boolean => {
  const { snapshot } = journal
  const ledger = new Ledger()
  let holds = true
  try {
    for (const { text } of journal.since(0)) {
      ledger.post(readEntry(text))
      if (ledger.seq === snapshot?.seq && isOfThisForm(snapshot.state)) holds = ledger.write() === snapshot.state
    }
    return holds
  } catch {
    return false
  }
}

/** Copies the file as it is, with its log, beside it. Returns the name. */
const keepDamaged = (file: string, now: Date): string => {
  const damaged = damagedName(file, now)
  for (const suffix of ['', '-wal'])
    if (existsSync(file + suffix)) copyFileSync(file + suffix, damaged + suffix, constants.COPYFILE_FICLONE)
  return damaged
}

const removeFile = (file: string): void => {
  for (const suffix of ['', '.head', ...LOGS]) rmSync(file + suffix, { force: true })
}

/** Writes what can be restored into a new file and puts it in place of the damaged one. */
const rebuild = async (
  file: string,
  id: string | undefined,
  remains: Remains,
  copy: JournalCopy,
  acknowledged: HeadRecord | undefined,
): Promise<{ restored: Restored; lostUsers: string[] }> => {
  const path = `${file}.repaired`
  removeFile(path)
  const journal = newJournal(path, id)
  const batch: NewJournalEntry[] = []
  const write = (): void => void journal.append(batch.splice(0))
  const journalHolds = acknowledged !== undefined && (await leadsTo(remains, acknowledged))
  const copied = id === undefined ? NONE : inOrder(copy.entries(id))
  const late = new Set<string>()
  const restored = await restore({
    journal: remains.id === undefined || remains.id === id ? remains : NONE,
    copy: copied,
    acknowledged,
    journalHolds,
    take({ seq, text }) {
      const { who, key, kind, client } = JSON.parse(text) as { who: string; key?: string; kind: string; client?: string }
      if (kind === 'register' && seq > (acknowledged?.seq ?? 0)) late.add(client!)
      if (batch.push({ text, who, key }) >= BATCH) write()
    },
  })
  write()
  const registered = remains.users.filter(({ name }) => restored.clients.has(name))
  const early = registered.filter(({ name }) => !late.has(name))
  const users = areAsWritten(early, acknowledged) ? registered : registered.filter(({ name }) => late.has(name))
  const known = new Set(users.map(({ name }) => name))
  journal.transaction(() => {
    for (const user of users) journal.addUser(user)
    for (const token of remains.tokens) if (known.has(token.user)) journal.putToken(token)
    for (const invite of remains.invites) journal.useInvite(invite)
  })
  journal.close()
  remains.close()
  for (const suffix of LOGS) rmSync(file + suffix, { force: true })
  renameSync(path, file)
  renameSync(`${path}.head`, `${file}.head`)
  return { restored, lostUsers: [...restored.clients].filter(name => !known.has(name)) }
}

/**
 * Returns whether passwords may be those that were written. Some may be missing; but if all are there and their sum is another, at least one was
 * changed, and nobody can say which.
 */
const areAsWritten = (users: readonly User[], acknowledged: HeadRecord | undefined): boolean => {
  if (acknowledged === undefined) return true
  const { count, sum } = usersSum(users)
  return count < acknowledged.users.count || sum === acknowledged.users.sum
}

const NONE: Candidates = { at: async () => undefined }

/** Makes a journal of a name. */
const newJournal = (path: string, id: string | undefined): SqliteJournal => {
  const db = openFile(path)
  db.exec(TABLES)
  if (id !== undefined) db.prepare('UPDATE journal SET id = ?').run(id)
  db.exec('PRAGMA journal_mode = DELETE; PRAGMA locking_mode = NORMAL; SELECT id FROM journal')
  db.close()
  return new SqliteJournal(path)
}

/** Whether the chain of what is left leads to an entry. */
const leadsTo = async (remains: Remains, { seq: to, hash }: Head): Promise<boolean> => {
  let before = FIRST
  for (let seq = 1; seq <= to; seq++) {
    const entry = await remains.at(seq)
    if (entry === undefined || chained(before, entry.text) !== entry.hash) return false
    before = entry.hash
  }
  return before === hash
}

/** Returns entries that come in order as candidates that are asked for in order. */
const inOrder = (entries: AsyncIterator<{ readonly seq: number } & Candidate>): Candidates => {
  let next: ({ readonly seq: number } & Candidate) | undefined
  let done = false
  return {
    async at(seq) {
      while (!done && (next === undefined || next.seq < seq)) {
        const step = await entries.next()
        done = step.done === true
        next = step.done ? undefined : step.value
      }
      return next?.seq === seq ? next : undefined
    },
  }
}
