import Database from 'libsql'
import { type Block, BlockWriter, chained, FIRST, linksOf } from './block.ts'
import { JournalError } from './journalError.ts'

/** One entry as it stands on disk: `hash` is the SHA-256 of the hash before it and the entry's text. */
export interface JournalEntry {
  readonly seq: number
  readonly text: string
  readonly hash: string
}

/** An entry to be written, a line of text, and under whose key it can be found again. */
export interface NewJournalEntry {
  readonly text: string
  readonly who: string
  readonly key: string | undefined
}

export interface Snapshot {
  readonly seq: number
  readonly state: string
}

/** Blocks whose keys are read at once, some ten thousand at most. */
const CHUNK = 200
/** Of how the tables below are laid out. */
const LAYOUT = 2

/**
 * The clearing house's memory: entries in order, for ever, each bearing the hash of all before it. Beside them, in the same file
 * so that one commit covers both, what is no entry because it is secret: hashes of passwords and of tokens.
 *
 * Synchronous, for a thread of its own. What `append` has returned from is on disk; what it has thrown at is not there at all.
 */
export class SqliteJournal {
  /** Names this journal among others whose entries may lie in the same database. */
  readonly id: string
  private readonly file: string
  private readonly db: Database.Database
  private readonly writer = new BlockWriter()
  private head: Head
  private within = false
  private readonly statements

  /** Opens the file, or makes it. Throws JournalError; `repair` cuts a damaged tail at the last whole entry first. */
  constructor(file: string, repair: boolean) {
    this.file = file
    try {
      this.db = new Database(file)
      // The lock is held from the first statement on; a second process is told at once.
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

  /** One transaction. Throws JournalError, and nothing of it is there, where the disk does not take it. */
  append(lines: readonly NewJournalEntry[], users: readonly User[]): JournalEntry[] {
    const written: JournalEntry[] = []
    this.transaction(() => {
      let { seq, hash } = this.head
      let keys: Key[] = []
      // Nothing is left in it of what failed before.
      this.writer.drain()
      for (const [i, { text, who, key }] of lines.entries()) {
        hash = this.writer.add(hash, text)
        seq += 1
        keys.push(key === undefined ? 0 : [who, key])
        written.push({ seq, text, hash })
        if (!this.writer.full && i < lines.length - 1) continue
        this.statements.add.run(seq, seq - keys.length + 1, hash, JSON.stringify(keys), this.writer.drain())
        keys = []
      }
      for (const { name, hash: secret } of users) this.statements.addUser.run(name, secret)
      this.head = { seq, hash }
    })
    return written
  }

  /** Keeps the state after the newest entry, for the next start; older ones go. */
  save(state: string): void {
    const { seq, hash } = this.head
    this.transaction(() => {
      this.db.exec('DELETE FROM snapshots')
      this.db.prepare('INSERT INTO snapshots (seq, hash, state) VALUES (?, ?, ?)').run(seq, chained(hash, state), state)
    })
  }

  /** The newest state that was kept. */
  get snapshot(): Snapshot | undefined {
    return this.db.prepare('SELECT seq, state FROM snapshots ORDER BY seq DESC LIMIT 1').get() as Snapshot | undefined
  }

  at(seq: number): JournalEntry | undefined {
    return this.page(seq - 1, 1)[0]
  }

  /** At most `limit` entries after number `after`. */
  page(after: number, limit: number): JournalEntry[] {
    const lines: JournalEntry[] = []
    for (const line of this.since(after)) if (lines.push(line) >= limit) break
    return lines
  }

  /** Every entry after number `after`, in order. */
  *since(after: number): Iterable<JournalEntry> {
    for (const block of this.blocks(after)) for (const { seq, text, hash } of linksOf(block, after)) yield { seq, text, hash }
  }

  /** Number, owner and key of every entry that has a key, in order. */
  *keys(): Iterable<readonly [seq: number, who: string, key: string]> {
    // One text a chunk: a row at a time would cost three times as much.
    const chunk = this.db.prepare(
      `SELECT '[' || group_concat('[' || seq || ',' || first || ',' || keys || ']') || ']' AS blocks
       FROM (SELECT seq, first, keys FROM blocks WHERE seq > ? ORDER BY seq LIMIT ?)`,
    )
    for (let after = 0; ; ) {
      const { blocks } = chunk.get(after, CHUNK) as { blocks: string | null }
      if (blocks === null) return
      for (const [last, first, keys] of JSON.parse(blocks) as [number, number, Key[]][]) {
        for (const [i, key] of keys.entries()) if (key !== 0) yield [first + i, ...key]
        after = last
      }
    }
  }

  /** Follows the chain from the first entry to the last, which a start does from the newest snapshot only. Throws JournalError. */
  verify(): { readonly entries: number; readonly hash: string } {
    const { seq, hash, fault } = this.followed(START)
    if (fault) throw new JournalError(`${this.file}: ${found(fault)} after entry ${seq}`)
    if (seq !== this.head.seq) throw damaged(this.file, seq + 1)
    return { entries: seq, hash }
  }

  /** The hash of a user's password. */
  hashOf(user: string): string | undefined {
    return (this.statements.user.get(user) as { hash: string } | undefined)?.hash
  }

  get tokens(): Token[] {
    return this.db.prepare('SELECT digest, user, expires FROM tokens').all() as Token[]
  }

  putToken({ digest, user, expires }: Token): void {
    this.transaction(() => this.statements.addToken.run(digest, user, expires))
  }

  removeTokens(digests: readonly string[]): void {
    this.transaction(() => {
      for (const digest of digests) this.statements.removeToken.run(digest)
    })
  }

  /** False: used already. */
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

  /**
   * All that `work` writes, by one commit; within another one it is a part of that. Throws JournalError, or what `work` has thrown,
   * and nothing of it is there.
   */
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

  /** The blocks that have entries after a number, in order. */
  private *blocks(after: number): Iterable<Block> {
    for (let last = after; ; ) {
      const block = this.statements.after.get(last) as Block | undefined
      if (block === undefined) return
      yield block
      last = block.seq
    }
  }

  /** The last entry that follows from all before it, from one on of which that is known; and why what is behind it cannot be read. */
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

  /** Follows the chain from the newest snapshot on; from the first entry where that does not fit or the chain is to be repaired. */
  private check(file: string, repair: boolean): void {
    const kept = this.db.prepare('SELECT seq, hash, state FROM snapshots').get() as (Snapshot & { hash: string }) | undefined
    if (kept && kept.seq > this.head.seq && !repair) throw damaged(file, this.head.seq + 1)
    const base = kept && this.at(kept.seq)
    const fits = kept !== undefined && base !== undefined && kept.hash === chained(base.hash, kept.state)
    const { seq, fault } = this.followed(fits && !repair ? base : START)
    if (fault && !repair) throw new JournalError(`${file}: ${found(fault)} after entry ${seq}; start with --repair to go on from there`)
    if (seq !== this.head.seq && !repair) throw damaged(file, seq + 1)
    // It can be made again from the entries.
    if (kept && !fits) this.db.exec('DELETE FROM snapshots')
    if (seq === this.head.seq) return
    this.transaction(() => this.cut(seq, fault === undefined))
    this.head = this.readHead()
  }

  /** Forgets all entries after a number. Where what is behind it is not `readable` a block ends there. */
  private cut(last: number, readable: boolean): void {
    const { db } = this
    const next = readable ? db.prepare('SELECT first, keys FROM blocks WHERE seq > ? ORDER BY seq LIMIT 1').get(last) : undefined
    const block = next as { first: number; keys: string } | undefined
    const kept = block && block.first <= last ? this.page(block.first - 1, last - block.first + 1) : undefined
    for (const table of ['blocks', 'snapshots']) db.prepare(`DELETE FROM ${table} WHERE seq > ?`).run(last)
    if (block && kept) {
      this.head = this.readHead()
      const keys = JSON.parse(block.keys) as Key[]
      this.append(
        kept.map(({ text }, i) => ({ text, who: (keys[i] || [])[0] ?? '', key: (keys[i] || [])[1] })),
        [],
      )
    }
    // Users whose registration is cut off could neither register again nor order anything.
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

/** Whose key an entry bears; 0: it bears none. */
type Key = readonly [who: string, key: string] | 0

export interface User {
  readonly name: string
  /** Of the password, as argon2 writes it. */
  readonly hash: string
}

export interface Token {
  /** SHA-256 of the token, hexadecimal. */
  readonly digest: string
  readonly user: string
  /** ms since the epoch. */
  readonly expires: number
}

const TABLES = `
  CREATE TABLE IF NOT EXISTS journal (id TEXT NOT NULL);
  INSERT INTO journal SELECT lower(hex(randomblob(16))) WHERE NOT EXISTS (SELECT 1 FROM journal);
  CREATE TABLE IF NOT EXISTS blocks (seq INTEGER PRIMARY KEY, first INTEGER NOT NULL, hash TEXT NOT NULL, keys TEXT NOT NULL, entries BLOB NOT NULL);
  CREATE TABLE IF NOT EXISTS snapshots (seq INTEGER PRIMARY KEY, hash TEXT NOT NULL, state TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS users (name TEXT PRIMARY KEY, hash TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS invites (digest TEXT PRIMARY KEY) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS tokens (digest TEXT PRIMARY KEY, user TEXT NOT NULL, expires INTEGER NOT NULL) WITHOUT ROWID;`

const damaged = (file: string, seq: number): JournalError =>
  new JournalError(`${file}: entry ${seq} does not follow from what stands before it; start with --repair to cut it off there`)

/** Of the database, not of what was done with it. */
const isFault = (error: unknown): boolean => error instanceof Database.SqliteError

const found = (error: unknown): string => {
  const { code, message } = error as { code?: string; message: string }
  if (code?.startsWith('SQLITE_BUSY') || /locked/i.test(message))
    return 'found that another process holds it, expected a journal of its own'
  return `found ${code ?? ''} ${message}`.replace('found  ', 'found ').trim()
}
