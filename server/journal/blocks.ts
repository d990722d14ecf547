import { createHash, type Hash } from 'node:crypto'
import type Database from 'libsql'
import { type Block, FIRST, lastFollowing } from './block.ts'
import { JournalError, REPAIR } from './journalError.ts'

/** An entry's number and hash. */
export interface Head {
  readonly seq: number
  readonly hash: string
}

/** The head of a journal without entries. */
export const START: Head = { seq: 0, hash: FIRST }

/** Owner and key of an entry of a block; 0 if it has no key. */
export type BlockKey = readonly [who: string, key: string] | 0

/** Rows of the index that are read at once, some ten thousand keys at most. */
const CHUNK = 200

/** All rows of an index, in order, as one digest. */
export class IndexDigest {
  private readonly hash: Hash

  constructor(hash: Hash = createHash('sha256')) {
    this.hash = hash
  }

  /** Adds rows as `indexRow` writes them. */
  add(rows: string): void {
    this.hash.update(rows)
  }

  /** Returns another one with the same rows. */
  copy(): IndexDigest {
    return new IndexDigest(this.hash.copy())
  }

  /** The digest of the rows so far, hexadecimal. */
  get value(): string {
    return this.hash.copy().digest('hex')
  }
}

/** Returns a block's row of the index as it is digested. `keys` is JSON. */
const indexRow = (seq: number, first: number, hash: string, keys: string): string => `[${seq},${first},"${hash}",${keys}],\n`

/** The table of blocks. Its columns beside the entries are the index: which numbers, which last hash, and whose keys. */
export class Blocks {
  private readonly file: string
  private readonly statements
  /** Blocks up to this number are checked when they are read: others may have written them. */
  private readonly foreignTo: number

  constructor(db: Database.Database, file: string) {
    this.file = file
    this.statements = {
      add: db.prepare('INSERT INTO blocks (seq, first, hash, keys, entries) VALUES (?, ?, ?, ?, ?)'),
      after: db.prepare('SELECT seq, first, hash, entries FROM blocks WHERE seq > ? ORDER BY seq LIMIT 1'),
      newest: db.prepare('SELECT seq, hash FROM blocks ORDER BY seq DESC LIMIT 1'),
      before: db.prepare('SELECT seq, hash FROM blocks WHERE seq < ? ORDER BY seq DESC LIMIT 1'),
      at: db.prepare('SELECT seq, hash FROM blocks WHERE seq = ?'),
      keys: db.prepare('SELECT keys FROM blocks WHERE seq = ?'),
      setKeys: db.prepare('UPDATE blocks SET keys = ? WHERE seq = ?'),
      // One text a chunk: reading a row at a time would cost three times as much.
      index: db.prepare(
        `SELECT max(seq) AS last, group_concat('[' || seq || ',' || first || ',"' || hash || '",' || keys || '],' || char(10), '') AS rows
         FROM (SELECT seq, first, hash, keys FROM blocks WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ${CHUNK})`,
      ),
    }
    this.foreignTo = this.newest().seq
  }

  /** Adds a block of entries. Returns its row of the index. */
  add(seq: number, first: number, hash: string, keys: readonly BlockKey[], entries: Buffer): string {
    const written = JSON.stringify(keys)
    this.statements.add.run(seq, first, hash, written, entries)
    return indexRow(seq, first, hash, written)
  }

  /** Returns number and hash of the newest entry. */
  newest(): Head {
    return (this.statements.newest.get() as Head | undefined) ?? START
  }

  /** Returns the last entry of a block by its number; undefined if no block ends there. */
  at(seq: number): Head | undefined {
    return seq === 0 ? START : (this.statements.at.get(seq) as Head | undefined)
  }

  /** Yields the blocks that have entries after a number, in order, as they are. */
  *after(seq: number): Iterable<Block> {
    for (let last = seq; ; ) {
      const block = this.statements.after.get(last) as Block | undefined
      if (block === undefined) return
      yield block
      last = block.seq
    }
  }

  /** Yields the same. Throws JournalError before a block whose entries do not follow from those before it. */
  *trusted(seq: number): Iterable<Block> {
    for (const block of this.after(seq)) {
      if (block.seq <= this.foreignTo) {
        const { hash } = (this.statements.before.get(block.seq) as Head | undefined) ?? START
        const last = lastFollowing(block, hash)
        if (last !== block.seq) throw unfollowing(this.file, last + 1)
      }
      yield block
    }
  }

  /** Yields rows of the index of blocks after a number and up to another, many as one text. */
  *index(after: number, upTo = Number.MAX_SAFE_INTEGER): Iterable<string> {
    for (let last = after; ; ) {
      const chunk = this.statements.index.get(last, upTo) as { last: number | null; rows: string | null }
      if (chunk.last === null) return
      yield chunk.rows!
      last = chunk.last
    }
  }

  /** Returns the keys of a block as they are written. */
  keys(seq: number): string {
    return (this.statements.keys.get(seq) as { keys: string }).keys
  }

  /** Replaces the keys of a block. */
  setKeys(seq: number, keys: string): void {
    this.statements.setKeys.run(keys, seq)
  }
}

/** Returns the fault of an entry that does not follow. */
export const unfollowing = (file: string, seq: number): JournalError =>
  new JournalError(`${file}: entry ${seq} does not follow from those before it; ${REPAIR}`)
