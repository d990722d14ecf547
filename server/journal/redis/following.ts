import type { JournalEntry } from '../journal.ts'
import { JournalError } from '../journalError.ts'
import { newEntry, type StoredCommit } from './commit.ts'
import { applyChanges } from './credentialChanges.ts'
import { noCommits, readId, type StreamHead } from './head.ts'
import type { LedgerCopy } from './ledgerCopy.ts'

/** What to do about a copy that is not one of the ledger in Redis, as the end of a message. */
export const REMAKE = 'start with --repair to have it made again from Redis'

const differs = (file: string, found: string, expected: string): JournalError =>
  new JournalError(`${file}: found ${found}, expected ${expected}`)

/** Returns the fault of a copy of another ledger. */
export const otherLedger = (file: string, { journal }: StreamHead): JournalError =>
  differs(file, 'another ledger than in Redis', `a copy of ${journal}; ${REMAKE}`)

/**
 * Takes commits of the stream into a copy. Entries that it has already must be the same, and the others must follow. Returns those. Throws
 * JournalError, and takes nothing, if that is not so.
 */
export const takeOver = (copy: LedgerCopy, commits: readonly StoredCommit[]): JournalEntry[] => {
  if (commits.length === 0) return []
  return copy.transaction(() => {
    const fresh: JournalEntry[] = []
    for (const [i, { id, head, texts, changes }] of commits.entries()) {
      const first = head.seq - texts.length + 1
      if (first > copy.seq + 1)
        throw differs(
          copy.file,
          `entries from ${first} on in Redis after entry ${copy.seq}`,
          'those between; begin with journal.db of another core',
        )
      const missing = texts.slice(Math.max(0, copy.seq + 1 - first))
      if (missing.length > 0) for (const entry of copy.append(missing.map(newEntry))) fresh.push(entry)
      expectSame(copy, head)
      applyChanges(copy, changes)
      if (changes.length > 0 || i === commits.length - 1) copy.note(readId(id), changes)
    }
    return fresh
  })
}

/** Throws JournalError unless a copy has the entry that a head of the ledger names. */
export const expectSame = (copy: LedgerCopy, { seq, hash }: Pick<StreamHead, 'seq' | 'hash'>): void => {
  if (seq > 0 && copy.hashAt(seq) !== hash) throw differs(copy.file, `another entry ${seq} than in Redis`, `the same; ${REMAKE}`)
}

/**
 * Holds a copy, which has all that the stream has, against the ledger's head and its own head file. Throws JournalError if entries that were
 * acknowledged are nowhere, or if there is no ledger and this copy may not begin one.
 */
export const compare = (copy: LedgerCopy, head: StreamHead | undefined, mayBegin: boolean): void => {
  const { file, seq, promised } = copy
  if (head === undefined && !mayBegin)
    throw differs(file, 'no ledger in Redis', `the one of which this copy has ${seq} entries; start with --repair to put them there`)
  if (head !== undefined && head.seq > seq)
    throw differs(
      file,
      `${seq} entries in the stream of Redis`,
      `the ${head.seq} that its head names; begin with journal.db of another core`,
    )
  if (head !== undefined) expectSame(copy, head)
  if (promised === undefined) return
  if (promised.seq > seq)
    throw differs(file, `${seq} entries, here and in Redis`, `the ${promised.seq} that ${file}.head says were acknowledged; ${REMAKE}`)
  expectSame(copy, { ...noCommits(copy.id), ...promised })
}
