import Database from 'libsql'
import type { CredentialStore, StoredToken, User } from '../identity/credentialStore.ts'
import { type Block, BlockWriter, chained, FIRST, linksOf } from './block.ts'
import { entryAt, type Journal, type JournalEntry, type JournalKey, type NewJournalEntry, pageAfter, type Snapshot } from './journal.ts'
import { JournalError } from './journalError.ts'

/** Blocks whose keys are read at once, some ten thousand at most. */
const CHUNK = 200
/** Number of the layout of the tables below. */
const LAYOUT = 2

/** The journal and the credentials in one SQLite file, so that one commit covers both. */
export class SqliteJournal implements Journal, CredentialStore {
  readonly id: string
  private readonly file: string
  private readonly db: Database.Database
  private readonly writer = new BlockWriter()
  private head: Head
  private within = false
  private readonly statements

  /** Opens the file, or makes it. `repair` cuts off a damaged tail first. Throws JournalError if the file cannot be used. */
  constructor(file: string, repair: boolean) {
    this.file = file
    try {
      this.db = new Database(file)
      // The lock is held from the first statement on; a second process fails at once.
      // Pages of 4 KiB would cost four times as many steps for the same entries.
      this.db.exec('PRAGMA page_size = 16384')
      this.db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -32000')
      this.db.exec('BEGIN EXCLUSIVE')
      const { tables } = this.db.prepare('SELECT count(*) AS tables FROM sqlite_master').get() as { tables: number }
      if (tables === 0) this.db.exec(`PRAGMA user_version = ${LAYOUT}`)
      const { user_version: layout } = this.db.prepare('PRAGMA user_version').get() as { user_version: number }
      if (layout !== LAYOUT) throw new JournalError(`a journal of layout ${layout}, expected ${LAYOUT}`)
      this.db.exec(TABLES)
      this.db.exec('COMMIT')
    } catch (error) {
      throw new JournalError(`${file}: ${found(error)}`)
    }
    this.statements = {
      add: this.db.prepare('INSERT INTO blocks (seq, first, hash, keys, entries) VALUES (?, ?, ?, ?, ?)'),
      after: this.db.prepare('SELECT seq, first, hash, entries FROM blocks WHERE seq > ? ORDER BY seq LIMIT 1'),
      user: this.db.prepare('SELECT hash FROM users WHERE name = ?'),
      addUser: this.db.prepare('INSERT INTO users (name, hash) VALUES (?, ?)'),
      addToken: this.db.prepare('INSERT OR REPLACE INTO tokens (digest, user, expires) VALUES (?, ?, ?)'),
      removeToken: this.db.prepare('DELETE FROM tokens WHERE digest = ?'),
    }
    try {
      this.head = this.readHead()
      this.check(file, repair)
      this.id = (this.db.prepare('SELECT id FROM journal').get() as { id: string }).id
    } catch (error) {
      this.close()
      throw error instanceof JournalError ? error : new JournalError(`${file}: ${found(error)}`)
    }
  }

  get seq(): number {
    return this.head.seq
  }

  append(entries: readonly NewJournalEntry[]): JournalEntry[] {
    const written: JournalEntry[] = []
    this.transaction(() => {
      let { seq, hash } = this.head
      let keys: BlockKey[] = []
      // It may still hold what failed before.
      this.writer.drain()
      for (const [i, { text, who, key }] of entries.entries()) {
        hash = this.writer.add(hash, text)
        seq += 1
        keys.push(key === undefined ? 0 : [who, key])
        written.push({ seq, text, hash })
        if (!this.writer.full && i < entries.length - 1) continue
        this.statements.add.run(seq, seq - keys.length + 1, hash, JSON.stringify(keys), this.writer.drain())
        keys = []
      }
      this.head = { seq, hash }
    })
    return written
  }

  save(state: string): void {
    const { seq, hash } = this.head
    this.transaction(() => {
      this.db.exec('DELETE FROM snapshots')
      this.db.prepare('INSERT INTO snapshots (seq, hash, state) VALUES (?, ?, ?)').run(seq, chained(hash, state), state)
    })
  }

  get snapshot(): Snapshot | undefined {
    return this.db.prepare('SELECT seq, state FROM snapshots ORDER BY seq DESC LIMIT 1').get() as Snapshot | undefined
  }

  *since(after: number): Iterable<JournalEntry> {
    for (const block of this.blocks(after)) {
      for (const { seq, text, hash } of linksOf(block, after)) yield { seq, text, hash }
    }
  }

  *keys(): Iterable<JournalKey> {
    // One text a chunk: reading a row at a time would cost three times as much.
    const chunk = this.db.prepare(
      `SELECT '[' || group_concat('[' || seq || ',' || first || ',' || keys || ']') || ']' AS blocks
       FROM (SELECT seq, first, keys FROM blocks WHERE seq > ? ORDER BY seq LIMIT ?)`,
    )
    for (let after = 0; ; ) {
      const { blocks } = chunk.get(after, CHUNK) as { blocks: string | null }
      if (blocks === null) return
      for (const [last, first, keys] of JSON.parse(blocks) as [number, number, BlockKey[]][]) {
        for (const [i, key] of keys.entries()) if (key !== 0) yield [first + i, ...key]
        after = last
      }
    }
  }

  verify(): { readonly entries: number; readonly hash: string } {
    const { seq, hash, fault } = this.followed(START)
    if (fault) throw new JournalError(`${this.file}: ${found(fault)} after entry ${seq}`)
    if (seq !== this.head.seq) throw damaged(this.file, seq + 1)
    return { entries: seq, hash }
  }

  hashOf(user: string): string | undefined {
    return (this.statements.user.get(user) as { hash: string } | undefined)?.hash
  }

  addUser({ name, hash }: User): void {
    this.transaction(() => this.statements.addUser.run(name, hash))
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

  giveInviteBack(digest: string): void {
    this.transaction(() => this.db.prepare('DELETE FROM invites WHERE digest = ?').run(digest))
  }

  close(): void {
    try {
      // The library lets go of a file when the last of its statements is collected; without the log and the lock that does no harm.
      this.db.exec('PRAGMA journal_mode = DELETE; PRAGMA locking_mode = NORMAL; SELECT id FROM journal')
    } catch {
      // The log stays beside the file then, and is read at the next start.
    }
    this.db.close()
  }

  transaction<T>(work: () => T): T {
    if (this.within) return work()
    const before = this.head
    this.within = true
    try {
      this.db.exec('BEGIN IMMEDIATE')
      const result = work()
      this.db.exec('COMMIT')
      return result
    } catch (error) {
      try {
        this.db.exec('ROLLBACK')
      } catch {
        // Some faults have ended the transaction already.
      }
      this.head = before
      this.head = this.readHead()
      throw isFault(error) ? new JournalError(found(error)) : error
    } finally {
      this.within = false
    }
  }

  private readHead(): Head {
    return (this.db.prepare('SELECT seq, hash FROM blocks ORDER BY seq DESC LIMIT 1').get() as Head | undefined) ?? START
  }

  /** Yields the blocks that have entries after a number, in order. */
  private *blocks(after: number): Iterable<Block> {
    for (let last = after; ; ) {
      const block = this.statements.after.get(last) as Block | undefined
      if (block === undefined) return
      yield block
      last = block.seq
    }
  }

  /** Returns the last entry that follows from all before it, beginning after one that does; and the fault, if what comes next cannot be read. */
  private followed(from: Head): Head & { readonly fault?: unknown } {
    let { seq, hash } = from
    try {
      for (const block of this.blocks(seq)) {
        const before = { seq, hash }
        for (const link of linksOf(block, seq)) {
          if (link.seq !== seq + 1 || link.before !== hash || link.hash !== chained(hash, link.text)) return { seq, hash }
          seq = link.seq
          hash = link.hash
        }
        if (seq !== block.seq) return before
      }
      return { seq, hash }
    } catch (fault) {
      return { seq, hash, fault }
    }
  }

  /** Follows the chain from the newest snapshot on; from the first entry if the snapshot does not fit or the chain is to be repaired. */
  private check(file: string, repair: boolean): void {
    const kept = this.db.prepare('SELECT seq, hash, state FROM snapshots').get() as (Snapshot & { hash: string }) | undefined
    if (kept && kept.seq > this.head.seq && !repair) throw damaged(file, this.head.seq + 1)
    const base = kept && entryAt(this, kept.seq)
    const fits = kept !== undefined && base !== undefined && kept.hash === chained(base.hash, kept.state)
    const { seq, fault } = this.followed(fits && !repair ? base : START)
    if (fault && !repair) throw new JournalError(`${file}: ${found(fault)} after entry ${seq}; start with --repair to go on from there`)
    if (seq !== this.head.seq && !repair) throw damaged(file, seq + 1)
    // The entries can make it again.
    if (kept && !fits) this.db.exec('DELETE FROM snapshots')
    if (seq === this.head.seq) return
    this.transaction(() => this.cut(seq, fault === undefined))
    this.head = this.readHead()
  }

  /** Removes all entries after a number. If what comes next is not `readable`, a block ends there. */
  private cut(last: number, readable: boolean): void {
    const { db } = this
    const next = readable ? db.prepare('SELECT first, keys FROM blocks WHERE seq > ? ORDER BY seq LIMIT 1').get(last) : undefined
    const block = next as { first: number; keys: string } | undefined
    const kept = block && block.first <= last ? pageAfter(this, block.first - 1, last - block.first + 1) : undefined
    for (const table of ['blocks', 'snapshots']) db.prepare(`DELETE FROM ${table} WHERE seq > ?`).run(last)
    if (block && kept) {
      this.head = this.readHead()
      const keys = JSON.parse(block.keys) as BlockKey[]
      this.append(kept.map(({ text }, i) => ({ text, who: (keys[i] || [])[0] ?? '', key: (keys[i] || [])[1] })))
    }
    // A user whose registration is cut off could neither register again nor order anything.
    const registered = new Set<string>()
    for (const { text } of this.since(0)) {
      if (!text.includes('"register"')) continue
      const { kind, client } = JSON.parse(text) as { kind: string; client: string }
      if (kind === 'register') registered.add(client)
    }
    const users = db.prepare('SELECT name FROM users').all() as { name: string }[]
    for (const { name } of users) if (!registered.has(name)) db.prepare('DELETE FROM users WHERE name = ?').run(name)
    db.exec('DELETE FROM tokens WHERE user NOT IN (SELECT name FROM users)')
  }
}

/** An entry's number and hash. */
interface Head {
  readonly seq: number
  readonly hash: string
}
const START: Head = { seq: 0, hash: FIRST }

/** Owner and key of an entry of a block; 0 if it has no key. */
type BlockKey = readonly [who: string, key: string] | 0

const TABLES = `
  CREATE TABLE IF NOT EXISTS journal (id TEXT NOT NULL);
  INSERT INTO journal SELECT lower(hex(randomblob(16))) WHERE NOT EXISTS (SELECT 1 FROM journal);
  CREATE TABLE IF NOT EXISTS blocks (seq INTEGER PRIMARY KEY, first INTEGER NOT NULL, hash TEXT NOT NULL, keys TEXT NOT NULL, entries BLOB NOT NULL);
  CREATE TABLE IF NOT EXISTS snapshots (seq INTEGER PRIMARY KEY, hash TEXT NOT NULL, state TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS users (name TEXT PRIMARY KEY, hash TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS invites (digest TEXT PRIMARY KEY) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS tokens (digest TEXT PRIMARY KEY, user TEXT NOT NULL, expires INTEGER NOT NULL) WITHOUT ROWID;`

const damaged = (file: string, seq: number): JournalError =>
  new JournalError(`${file}: entry ${seq} does not follow from those before it; start with --repair to cut the journal off there`)

/** Whether the database failed, rather than the work done with it. */
const isFault = (error: unknown): boolean => error instanceof Database.SqliteError

const found = (error: unknown): string => {
  const { code, message } = error as { code?: string; message: string }
  if (code?.startsWith('SQLITE_BUSY') || /locked/i.test(message))
    return 'found that another process holds it, expected a journal of its own'
  return `found ${code ?? ''} ${message}`.replace('found  ', 'found ').trim()
}
