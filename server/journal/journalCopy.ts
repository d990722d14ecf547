import { closeSync, fsyncSync, openSync } from 'node:fs'
import type Database from 'libsql'
import { HeadFile, type HeadRecord } from './headFile.ts'
import { openFile, release, TABLES } from './journalFile.ts'

/** What a copy has when it is whole: the number of entries, and the hash of the last. */
export interface CopiedJournal {
  readonly entries: number
  readonly hash: string
}

/** ms of one step, which orders wait for. */
const STEP_MS = 5

/**
 * A copy of a journal's file that is made while the journal is written to. Blocks of entries never change, so they are copied some at a time;
 * all else goes with the last of them, in one step. The copy has a head file, so it can be opened as the journal that it is.
 */
export class JournalCopy {
  private readonly file: string
  private readonly from: Database.Database
  private readonly to: Database.Database
  private readonly next: Database.Statement
  private readonly add: Database.Statement
  private last = 0

  /** Makes the file, readable by its owner alone. Throws if there is one already, or if it cannot be made. */
  constructor(from: Database.Database, file: string) {
    this.file = file
    this.from = from
    for (const name of [file, headPathOf(file)]) closeSync(openSync(name, 'wx', 0o600))
    this.to = openFile(file, 'NORMAL')
    this.to.exec(TABLES)
    this.next = from.prepare('SELECT seq, first, hash, keys, entries FROM blocks WHERE seq > ? ORDER BY seq LIMIT 1')
    this.add = this.to.prepare('INSERT INTO blocks (seq, first, hash, keys, entries) VALUES (?, ?, ?, ?, ?)')
  }

  /** Copies for some ms. Returns what the copy has if it is whole and on disk; undefined if there is more. Throws if the disk does not take it. */
  step(head: HeadRecord): CopiedJournal | undefined {
    const until = performance.now() + STEP_MS
    this.to.exec('BEGIN IMMEDIATE')
    for (;;) {
      const block = this.next.get(this.last) as Row | undefined
      if (block === undefined) break
      this.add.run(block.seq, block.first, block.hash, block.keys, block.entries)
      this.last = block.seq as number
      if (performance.now() < until) continue
      this.to.exec('COMMIT')
      return undefined
    }
    this.copyRest()
    this.to.exec('COMMIT')
    return this.finish(head)
  }

  /** Lets go of a copy that is not whole. */
  abandon(): void {
    release(this.to)
  }

  private copyRest(): void {
    const tables = this.from.prepare("SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name != 'blocks'").all() as Row[]
    const made = new Set((this.to.prepare('SELECT name FROM sqlite_master').all() as Row[]).map(({ name }) => name))
    for (const { name, sql } of tables) {
      if (!made.has(name)) this.to.exec(sql as string)
      this.to.exec(`DELETE FROM ${name}`)
      for (const row of this.from.prepare(`SELECT * FROM ${name}`).all() as Row[]) {
        const columns = Object.keys(row)
        this.to
          .prepare(`INSERT INTO ${name} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`)
          .run(...Object.values(row))
      }
    }
  }

  private finish(head: HeadRecord): CopiedJournal {
    release(this.to)
    const file = openSync(this.file, 'r+')
    fsyncSync(file)
    closeSync(file)
    const headFile = new HeadFile(headPathOf(this.file))
    headFile.write(head)
    headFile.close()
    if (headFile.failure !== undefined) throw new Error(headFile.failure)
    return { entries: head.seq, hash: head.hash }
  }
}

/** Returns the path of a journal's head file. */
export const headPathOf = (file: string): string => `${file}.head`

type Row = Record<string, unknown>
