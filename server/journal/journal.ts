/** An entry as the journal keeps it. */
export interface JournalEntry {
  /** The first entry is 1; no number is left out. */
  readonly seq: number
  /** One line of JSON. */
  readonly text: string
  /** SHA-256 of the hash of the entry before and the text, hexadecimal; before the first entry stand 64 zeros. */
  readonly hash: string
}

/** A copy of a journal that is made step by step, while entries are added. */
export interface JournalCopying {
  /** Copies for a few ms. Returns how many entries the copy has, and the hash of the last, if it is whole; undefined if there is more. */
  step(): { readonly entries: number; readonly hash: string } | undefined
  /** Lets go of a copy that is not whole. */
  abandon(): void
}

/** An entry to be written. */
export interface NewJournalEntry {
  /** One line of JSON, without a line feed. */
  readonly text: string
  readonly who: string
  /** The client's own key, by which `keys` lists it; undefined if it has none. */
  readonly key: string | undefined
}

/** How far a verification has come: all entries up to this one follow from those before it, and their keys are their own. */
export interface Verified {
  readonly seq: number
  /** Those that this step has verified. */
  readonly entries: Iterable<Pick<JournalEntry, 'seq' | 'text'>>
}

/** The state after an entry. */
export interface Snapshot {
  /** Number of that entry. */
  readonly seq: number
  readonly state: string
}

/** Number, owner and key of an entry that has a key. */
export type JournalKey = readonly [seq: number, who: string, key: string]

/**
 * The clearing house's memory: entries in order, for ever, each with the hash of all before it.
 *
 * An implementation guarantees:
 * - Durability: when `append`, `save` or the outermost `transaction` returns, its writes survive a kill and a power cut.
 * - Atomicity: when one of them throws, none of its writes is there, not even in part, and the next call works as if it had not been.
 * - One writer: as long as it is open nobody else can append. A second one that tries to open it is refused at once.
 * - Order: what `since` and `keys` yield is what `append` returned, in that order, after any number of starts.
 * - Integrity: opening it throws JournalError if it is not what was acknowledged, or if an entry is not that follows from those before it. An
 *   entry that was written before this start is checked whenever it is read. A snapshot or keys that were changed are made again from the
 *   entries.
 *
 * All of it is synchronous, for a thread of its own. A fault of the medium is thrown as JournalError.
 */
export interface Journal {
  /** Names this journal among others whose entries may lie in the same database. */
  readonly id: string
  /** Number of the newest entry; 0 if there is none. */
  readonly seq: number
  /** The newest snapshot; undefined if there is none, or none that fits its entry. */
  readonly snapshot: Snapshot | undefined
  /**
   * Runs `work` and commits all that it writes, here and into the credentials beside the journal, at once. Within another transaction it is
   * a part of that one. Throws what `work` throws.
   */
  transaction<T>(work: () => T): T
  /** Appends entries. Returns them with their numbers and hashes. */
  append(entries: readonly NewJournalEntry[]): JournalEntry[]
  /** Yields every entry after a number, in order. */
  since(after: number): Iterable<JournalEntry>
  /** Yields the keys of all entries, in order. */
  keys(): Iterable<JournalKey>
  /** Keeps the state after the newest entry for the next start; it replaces the snapshots before it. */
  save(state: string): void
  /** Returns the hash of an entry; undefined if there is none of this number. */
  hashAt(seq: number): string | undefined
  /** Follows the chain from the first entry to the last of now, some entries a step. Throws JournalError at one that does not follow. */
  verification(): Generator<Verified, void>
  /** Follows the chain from the first entry to the last. Throws JournalError if an entry does not follow. */
  verify(): { readonly entries: number; readonly hash: string }
  /** Begins a copy of the journal and the credentials, as a file of its own. Throws if there is such a file. */
  copying(file: string): JournalCopying
  /** Lets go of the journal. Nothing can be called after it. */
  close(): void
}

/** Returns at most `limit` entries after a number. */
export const pageAfter = (journal: Journal, after: number, limit: number): JournalEntry[] => {
  const page: JournalEntry[] = []
  for (const entry of journal.since(after)) if (page.push(entry) >= limit) break
  return page
}

/** Returns the entry of a number; undefined if there is none. */
export const entryAt = (journal: Journal, seq: number): JournalEntry | undefined => pageAfter(journal, seq - 1, 1)[0]
