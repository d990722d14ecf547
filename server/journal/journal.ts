import { hash as digestOf } from 'node:crypto'
import Database from 'libsql'
import { JournalError } from './journalError.ts'

/** One entry as it stands on disk: `hash` is the SHA-256 of the hash before it and the entry's text. */
export interface Line {
  readonly seq: number
  readonly text: string
  readonly hash: string
}

/** An entry to be written, and under whose key it can be found again. */
export interface NewLine {
  readonly text: string
  readonly who: string
  readonly key: string | undefined
}

export interface Snapshot {
  readonly seq: number
  readonly state: string
}

const FIRST = '0'.repeat(64)
const CHUNK = 5_000

/**
 * The clearing house's memory: entries in order, for ever, each bearing the hash of all before it. Beside them, in the same file
 * so that one commit covers both, what is no entry because it is secret: hashes of passwords and of tokens.
 *
 * Synchronous, for a thread of its own. What `append` has returned from is on disk; what it has thrown at is not there at all.
 */
export class Journal {
  /** Names this journal among others whose entries may lie in the same database. */
  readonly id: string
  private readonly file: string
  private readonly db: Database.Database
  private head: { seq: number; hash: string }
  private within = false
  private readonly statements

  /** Opens the file, or makes it. Throws JournalError; `repair` cuts a damaged tail at the last whole entry first. */
  constructor(file: string, repair: boolean) {
    this.file = file
    try {
      this.db = new Database(file)
      // The lock is held from the first statement on; a second process is told at once.
      // Of pages of 4 KiB an order of ten assets would fill more than a half of one, and no second would fit beside it.
      this.db.exec('PRAGMA page_size = 16384')
      this.db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -32000')
      this.db.exec('BEGIN EXCLUSIVE')
      this.db.exec(TABLES)
      this.db.exec('COMMIT')
    } catch (error) {
      throw new JournalError(`${file}: ${found(error)}`)
    }
    this.statements = {
      entries: new RowInsert(this.db, 'entries (seq, text, hash)', 3),
      keys: new RowInsert(this.db, 'keys (seq, who, key)', 3),
      at: this.db.prepare('SELECT seq, text, hash FROM entries WHERE seq = ?'),
      page: this.db.prepare('SELECT seq, text, hash FROM entries WHERE seq > ? ORDER BY seq LIMIT ?'),
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
  append(lines: readonly NewLine[], users: readonly User[]): Line[] {
    let { seq, hash } = this.head
    const written: Line[] = []
    const entries: unknown[] = []
    const keys: unknown[] = []
    for (const { text, who, key } of lines) {
      seq += 1
      hash = chained(hash, text)
      entries.push(seq, text, hash)
      if (key !== undefined) keys.push(seq, who, key)
      written.push({ seq, text, hash })
    }
    this.transaction(() => {
      this.statements.entries.run(entries)
      this.statements.keys.run(keys)
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

  at(seq: number): Line | undefined {
    return this.statements.at.get(seq) as Line | undefined
  }

  /** At most `limit` entries after number `after`. */
  page(after: number, limit: number): Line[] {
    return this.statements.page.all(after, limit) as Line[]
  }

  *since(after: number): Iterable<Line> {
    for (let from = after; ; ) {
      const lines = this.page(from, CHUNK)
      yield* lines
      if (lines.length < CHUNK) return
      from = lines.at(-1)!.seq
    }
  }

  /** Number, owner and key of every entry that has a key, in order. */
  *keys(): Iterable<readonly [seq: number, who: string, key: string]> {
    // One text a chunk: a row at a time would cost three times as much.
    const chunk = this.db.prepare(
      'SELECT json_group_array(json_array(seq, who, key)) AS rows FROM (SELECT * FROM keys WHERE seq > ? ORDER BY seq LIMIT ?)',
    )
    for (let from = 0; ; ) {
      const rows = JSON.parse((chunk.get(from, CHUNK) as { rows: string }).rows) as [number, string, string][]
      yield* rows
      if (rows.length < CHUNK) return
      from = rows.at(-1)![0]
    }
  }

  /** Follows the chain from the first entry to the last, which a start does from the newest snapshot only. Throws JournalError. */
  verify(): { readonly entries: number; readonly hash: string } {
    let last = { seq: 0, hash: FIRST }
    for (const { seq, text, hash } of this.since(0)) {
      if (seq !== last.seq + 1 || hash !== chained(last.hash, text)) throw damaged(this.file, last.seq + 1)
      last = { seq, hash }
    }
    return { entries: last.seq, hash: last.hash }
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

  private readHead(): { seq: number; hash: string } {
    const last = this.db.prepare('SELECT seq, hash FROM entries ORDER BY seq DESC LIMIT 1').get() as Omit<Line, 'text'> | undefined
    return last ? { seq: last.seq, hash: last.hash } : { seq: 0, hash: FIRST }
  }

  /** Follows the chain from the newest snapshot on; from the first entry where that does not fit or the chain is to be repaired. */
  private check(file: string, repair: boolean): void {
    const kept = this.db.prepare('SELECT seq, hash, state FROM snapshots').get() as (Snapshot & { hash: string }) | undefined
    if (kept && kept.seq > this.head.seq && !repair) throw damaged(file, this.head.seq + 1)
    const base = kept && this.at(kept.seq)
    const fits = kept !== undefined && base !== undefined && kept.hash === chained(base.hash, kept.state)
    let { seq, hash } = fits && !repair ? base : { seq: 0, hash: FIRST }
    const whole = (): number => {
      for (const line of this.since(seq)) {
        if (line.seq !== seq + 1 || line.hash !== chained(hash, line.text)) break
        seq = line.seq
        hash = line.hash
      }
      return seq
    }
    let last: number
    try {
      last = whole()
    } catch (error) {
      if (!repair) throw new JournalError(`${file}: ${found(error)} after entry ${seq}; start with --repair to go on from there`)
      last = seq
    }
    if (last !== this.head.seq && !repair) throw damaged(file, last + 1)
    // It can be made again from the entries.
    if (kept && !fits) this.db.exec('DELETE FROM snapshots')
    if (last === this.head.seq) return
    this.transaction(() => {
      for (const table of ['entries', 'keys', 'snapshots']) this.db.prepare(`DELETE FROM ${table} WHERE seq > ?`).run(last)
      this.db.exec(FORGET)
    })
    this.head = this.readHead()
  }
}

/** Rows of one table, several by one statement: a call costs as much as a row. */
class RowInsert {
  private readonly width: number
  private readonly one: Database.Statement
  private readonly many: Database.Statement

  /** `into`: the table and its columns, of which there are `width`. */
  constructor(db: Database.Database, into: string, width: number) {
    const row = `(${Array(width).fill('?').join(', ')})`
    this.width = width
    this.one = db.prepare(`INSERT INTO ${into} VALUES ${row}`)
    this.many = db.prepare(`INSERT INTO ${into} VALUES ${Array(AT_ONCE).fill(row).join(', ')}`)
  }

  /** The values of all rows, one row after the other. */
  run(values: readonly unknown[]): void {
    const piece = this.width * AT_ONCE
    let from = 0
    for (; values.length - from >= piece; from += piece) this.many.run(...values.slice(from, from + piece))
    for (; from < values.length; from += this.width) this.one.run(...values.slice(from, from + this.width))
  }
}

const AT_ONCE = 16

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
  CREATE TABLE IF NOT EXISTS entries (seq INTEGER PRIMARY KEY, text TEXT NOT NULL, hash TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS keys (seq INTEGER PRIMARY KEY, who TEXT NOT NULL, key TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS snapshots (seq INTEGER PRIMARY KEY, hash TEXT NOT NULL, state TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS users (name TEXT PRIMARY KEY, hash TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS invites (digest TEXT PRIMARY KEY) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS tokens (digest TEXT PRIMARY KEY, user TEXT NOT NULL, expires INTEGER NOT NULL) WITHOUT ROWID;`

/** Users whose registration is cut off could neither register again nor order anything. */
const FORGET = `
  DELETE FROM users WHERE name NOT IN (SELECT json_extract(text, '$.client') FROM entries WHERE json_extract(text, '$.kind') = 'register');
  DELETE FROM tokens WHERE user NOT IN (SELECT name FROM users);`

const chained = (before: string, text: string): string => digestOf('sha256', before + text)

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
