import type { CredentialStore } from '../identity/credentialStore.ts'
import type { Journal } from '../journal/journal.ts'
import type { SqliteJournal } from '../journal/sqliteJournal.ts'

/** A journal as the thread uses it. */
export interface HouseJournal extends Journal, CredentialStore, Pick<SqliteJournal, 'vouched' | 'notes' | 'verifiedTo' | 'headFailure'> {
  /** If several cores share the ledger, how this one leads them. */
  readonly leading?: Leading | undefined
}

/** How a core leads others. */
export interface Leading {
  readonly term: number
  /** Entries and changes of credentials that were put back because Redis had lost them. */
  readonly healed: number
  /** Replicas of Redis on which the newest commit is. */
  readonly replicas: number
  /** Commits in this term. */
  readonly commits: number
  /** Why it leads no more, and the journal can no longer be used; undefined if it does. */
  readonly ended: string | undefined
  /** Resolves with that when it is so. */
  readonly lost: Promise<string>
  /** Returns why it cannot be sure now that it leads; undefined if it can. */
  unsure(): string | undefined
}
