import type Database from 'libsql'
import type { CredentialStore, StoredToken, User } from '../identity/credentialStore.ts'
import { BlockWriter, linksOf } from './block.ts'
import { type BlockKey, Blocks, type Head, IndexDigest } from './blocks.ts'
import { HeadFile, type HeadFound, type HeadRecord, plusUser, readHeadFile, usersSum } from './headFile.ts'
import type { Journal, JournalCopying, JournalEntry, JournalKey, NewJournalEntry, Snapshot, Verified } from './journal.ts'
import { headPathOf, JournalCopy } from './journalCopy.ts'
import { JournalError } from './journalError.ts'
import { found, isFault, openFile, release, TABLES } from './journalFile.ts'
import { checkOpening, FOLLOWED_MAX, hashAt, sealOf } from './opening.ts'
import { verification } from './verification.ts'

/** What of a journal changes with a commit, beside its file. */
interface Committed {
  readonly head: Head
  readonly index: IndexDigest
  readonly users: HeadRecord['users']
  readonly seal: string
}

/** How a journal's file is opened. */
export interface SqliteJournalOptions {
  /** Entries of a journal that is followed from its first one on. */
  readonly followedMax?: number
  /**
   * The file is a copy of a ledger that lies elsewhere. A loss of power may take its newest commits, and it may be behind its head file: its
   * owner gets them from there, and holds them against `promised`. One without entries takes the ledger's name.
   */
  readonly copyOf?: { readonly journal: string | undefined }
}

/** The journal and the credentials in one SQLite file, so that one commit covers both; and the head file beside it. */
export class SqliteJournal implements Journal, CredentialStore {
  readonly id: string
  /** The head file confirmed all that it knew of, or there was nothing to confirm. */
  readonly vouched: boolean
  /** What was put right at the start, for the log. */
  readonly notes: readonly string[]
  /** Up to here the start has followed the chain from the first entry on. */
  readonly verifiedTo: number
  /** Of a copy that is behind its head file: what that says; undefined if it is not. */
  readonly promised: Head | undefined
  readonly file: string
  protected readonly db: Database.Database
  private readonly blocks: Blocks
  private readonly headFile: HeadFile
  private readonly writer = new BlockWriter()
  private now: Committed
  private within = false
  private readonly statements

  /**
   * Opens the file, or makes it. Throws JournalError if it cannot be used, or is not what was acknowledged.
   */
  constructor(file: string, { followedMax = FOLLOWED_MAX, copyOf }: SqliteJournalOptions = {}) {
    this.file = file
    this.db = openFile(file, copyOf === undefined ? 'FULL' : 'NORMAL')
    try {
      this.db.exec(TABLES)
      if (copyOf?.journal !== undefined) this.db.prepare(ADOPT).run(copyOf.journal)
      this.statements = {
        user: this.db.prepare('SELECT hash FROM users WHERE name = ?'),
        addUser: this.db.prepare('INSERT INTO users (name, hash) VALUES (?, ?)'),
        addToken: this.db.prepare('INSERT OR REPLACE INTO tokens (digest, user, expires) VALUES (?, ?, ?)'),
        removeToken: this.db.prepare('DELETE FROM tokens WHERE digest = ?'),
      }
      this.id = (this.db.prepare('SELECT id FROM journal').get() as { id: string }).id
      this.blocks = new Blocks(this.db, file)
      const { blocks, db, id } = this
      const written = readHeadFile(headPathOf(file))
      this.promised = copyOf && aheadOf(blocks.newest(), id, written)
      const acknowledged = this.promised ? 'absent' : written
      const { head, keeps, index, users, verifiedTo, vouched, notes } = checkOpening({ file, db, id, blocks, acknowledged, followedMax })
      if (!keeps) db.exec('DELETE FROM snapshots')
      this.now = { head, index, users, seal: keeps && typeof acknowledged === 'object' ? acknowledged.seal : '' }
      this.vouched = vouched
      this.verifiedTo = verifiedTo
      this.notes = this.promised ? [`${file}: ${head.seq} of ${this.promised.seq} entries: the others come from Redis`] : notes
      this.headFile = new HeadFile(headPathOf(file))
      this.acknowledge()
    } catch (error) {
      release(this.db)
      throw error instanceof JournalError ? error : new JournalError(`${file}: ${found(error)}`)
    }
  }

  get seq(): number {
    return this.now.head.seq
  }

  /** Why the head file is behind; undefined if it is not. */
  get headFailure(): string | undefined {
    return this.headFile.failure
  }

  append(entries: readonly NewJournalEntry[]): JournalEntry[] {
    const written: JournalEntry[] = []
    this.transaction(() => {
      let { seq, hash } = this.now.head
      let keys: BlockKey[] = []
      const index = this.now.index.copy()
      // It may still hold what failed before.
      this.writer.drain()
      for (const [i, { text, who, key }] of entries.entries()) {
        hash = this.writer.add(hash, text)
        seq += 1
        keys.push(key === undefined ? 0 : [who, key])
        written.push({ seq, text, hash })
        if (!this.writer.full && i < entries.length - 1) continue
        index.add(this.blocks.add(seq, seq - keys.length + 1, hash, keys, this.writer.drain()))
        keys = []
      }
      this.now = { ...this.now, head: { seq, hash }, index }
    })
    return written
  }

  save(state: string): void {
    this.transaction(() => {
      const { head, index } = this.now
      const seal = sealOf(head.hash, index, state)
      this.db.exec('DELETE FROM snapshots')
      this.db.prepare('INSERT INTO snapshots (seq, hash, state) VALUES (?, ?, ?)').run(head.seq, seal, state)
      this.now = { ...this.now, seal }
    })
    // Without it the next start would make the state again from all entries.
    this.headFile.sync()
  }

  get snapshot(): Snapshot | undefined {
    return this.db.prepare('SELECT seq, state FROM snapshots ORDER BY seq DESC LIMIT 1').get() as Snapshot | undefined
  }

  *since(after: number): Iterable<JournalEntry> {
    for (const block of this.blocks.trusted(after)) {
      for (const { seq, text, hash } of linksOf(block, after)) yield { seq, text, hash }
    }
  }

  *keys(): Iterable<JournalKey> {
    for (const rows of this.blocks.index(0)) {
      for (const [, first, , keys] of JSON.parse(`[${rows.slice(0, -2)}]`) as [number, number, string, BlockKey[]][]) {
        for (const [i, key] of keys.entries()) if (key !== 0) yield [first + i, ...key]
      }
    }
  }

  hashAt(seq: number): string | undefined {
    // Asked most often, and known without reading a block.
    const { head } = this.now
    return seq === head.seq && seq > 0 ? head.hash : hashAt(this.blocks, seq)
  }

  /** Follows the chain from the first entry on, a block a step. */
  verification(): Generator<Verified, void> {
    return verification(this.blocks, this.now.head.seq, this.file)
  }

  verify(): { readonly entries: number; readonly hash: string } {
    for (const _ of this.verification());
    const { seq: entries, hash } = this.now.head
    return { entries, hash }
  }

  hashOf(user: string): string | undefined {
    return (this.statements.user.get(user) as { hash: string } | undefined)?.hash
  }

  addUser(user: User): void {
    this.transaction(() => {
      this.statements.addUser.run(user.name, user.hash)
      this.now = { ...this.now, users: plusUser(this.now.users, user) }
    })
  }

  tokens(): StoredToken[] {
    return this.db.prepare('SELECT digest, user, expires FROM tokens').all() as StoredToken[]
  }

  putToken({ digest, user, expires }: StoredToken): void {
    this.transaction(() => this.statements.addToken.run(digest, user, expires))
  }

  removeTokens(digests: readonly string[]): void {
    this.transaction(() => {
      for (const digest of digests) this.statements.removeToken.run(digest)
    })
  }

  useInvite(digest: string): boolean {
    let changes = 0
    this.transaction(() => {
      changes = this.db.prepare('INSERT INTO invites (digest) VALUES (?) ON CONFLICT DO NOTHING').run(digest).changes
    })
    return changes > 0
  }

  usedInvites(digests: readonly string[]): string[] {
    const find = this.db.prepare('SELECT 1 FROM invites WHERE digest = ?')
    return digests.filter(digest => find.get(digest) !== undefined)
  }

  giveInviteBack(digest: string): void {
    this.transaction(() => this.db.prepare('DELETE FROM invites WHERE digest = ?').run(digest))
  }

  copying(file: string): JournalCopying {
    const copy = new JournalCopy(this.db, file)
    return { step: () => copy.step(this.headRecord()), abandon: () => copy.abandon() }
  }

  close(): void {
    if (!this.db.open) return
    this.headFile.close()
    release(this.db)
  }

  transaction<T>(work: () => T): T {
    if (this.within) return work()
    const before = this.now
    this.within = true
    let result: T
    try {
      this.db.exec('BEGIN IMMEDIATE')
      result = work()
      this.db.exec('COMMIT')
    } catch (error) {
      try {
        this.db.exec('ROLLBACK')
      } catch {
        // Some faults have ended the transaction already.
      }
      // A commit that fails may yet be there.
      this.now = this.blocks.newest().seq === before.head.seq ? before : this.reread()
      throw isFault(error) ? new JournalError(found(error)) : error
    } finally {
      this.within = false
    }
    if (this.now !== before) this.acknowledge()
    return result
  }

  private reread(): Committed {
    const index = new IndexDigest()
    for (const rows of this.blocks.index(0)) index.add(rows)
    const users = usersSum(this.db.prepare('SELECT name, hash FROM users').all() as User[])
    return { head: this.blocks.newest(), index, users, seal: '' }
  }

  /** Writes down what is committed, before anybody hears of it. */
  private acknowledge(): void {
    if (this.promised && this.seq < this.promised.seq) return
    this.headFile.write(this.headRecord())
  }

  private headRecord(): HeadRecord {
    const { head, users, seal } = this.now
    return { journal: this.id, ...head, users, seal }
  }
}

/** Names a journal that has no entry. */
const ADOPT = 'UPDATE journal SET id = ? WHERE NOT EXISTS (SELECT 1 FROM blocks)'

/** Returns what a head file says of a journal if the journal is behind it. */
const aheadOf = ({ seq }: Head, id: string, written: HeadFound): Head | undefined =>
  typeof written === 'object' && written.journal === id && written.seq > seq ? { seq: written.seq, hash: written.hash } : undefined
