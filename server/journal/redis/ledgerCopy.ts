import type { StoredToken, User } from '../../identity/credentialStore.ts'
import { SqliteJournal } from '../sqliteJournal.ts'
import type { CredentialChange } from './credentialChanges.ts'
import { type CommitId, idText, readId } from './head.ts'

/** Commits with changes of credentials that are kept, to be put back if a failover has lost them. */
const CHANGES_MAX = 10_000

const TABLES = `
  CREATE TABLE IF NOT EXISTS followed (one INTEGER PRIMARY KEY CHECK (one = 1), id TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS changes (term INTEGER, n INTEGER, changes TEXT NOT NULL, PRIMARY KEY (term, n)) WITHOUT ROWID;`

/**
 * A core's own copy of the ledger in Redis: a journal in SQLite that follows the stream. All reads come from it, and it heals the stream if
 * Redis has lost its newest commits. Its commits are not synced: they are synced in Redis.
 */
export class LedgerCopy extends SqliteJournal {
  private readonly statements_

  /** Opens the file as `SqliteJournal` does. One without entries takes the name of the ledger, if there is one. */
  constructor(file: string, journal: string | undefined, followedMax: number | undefined) {
    super(file, { copyOf: { journal }, ...(followedMax !== undefined && { followedMax }) })
    this.db.exec(TABLES)
    this.statements_ = {
      id: this.db.prepare('SELECT id FROM followed'),
      setId: this.db.prepare('INSERT INTO followed VALUES (1, ?) ON CONFLICT DO UPDATE SET id = excluded.id'),
      add: this.db.prepare('INSERT OR REPLACE INTO changes VALUES (?, ?, ?)'),
      after: this.db.prepare('SELECT changes FROM changes WHERE (term, n) > (?, ?) ORDER BY term, n'),
      trim: this.db.prepare(
        `DELETE FROM changes WHERE (term, n) <= (SELECT term, n FROM changes ORDER BY term DESC, n DESC LIMIT 1 OFFSET ${CHANGES_MAX})`,
      ),
    }
  }

  /** The newest commit that it has; undefined if it has never followed a stream. */
  get followed(): CommitId | undefined {
    const row = this.statements_.id.get() as { id: string } | undefined
    return row && readId(row.id)
  }

  /** Notes that it has a commit, and what that has changed of the credentials. */
  note(id: CommitId, changes: readonly CredentialChange[]): void {
    this.transaction(() => {
      this.statements_.setId.run(idText(id))
      if (changes.length === 0) return
      this.statements_.add.run(id.term, id.n, JSON.stringify(changes))
      // Seldom enough to cost nothing.
      if (id.n % 1_000 === 0) this.statements_.trim.run()
    })
  }

  /** Returns what commits after one have changed of the credentials. */
  changesAfter({ term, n }: CommitId): CredentialChange[] {
    const rows = this.statements_.after.all(term, n) as { changes: string }[]
    return rows.flatMap(({ changes }) => JSON.parse(changes) as CredentialChange[])
  }

  /** Returns all credentials, as the changes that make them. */
  allCredentials(): CredentialChange[] {
    const users = this.db.prepare('SELECT name, hash FROM users').all() as User[]
    const invites = this.db.prepare('SELECT digest FROM invites').all() as { digest: string }[]
    return [
      ...users.map(user => ({ user: { name: user.name, hash: user.hash } })),
      ...this.tokens().map(({ digest, user, expires }: StoredToken) => ({ token: { digest, user, expires } })),
      ...invites.map(({ digest }) => ({ used: digest })),
    ]
  }
}
