import { hash as digestOf } from 'node:crypto'
import { closeSync, existsSync, fdatasync, fdatasyncSync, openSync, readFileSync, writeSync } from 'node:fs'

/** What was acknowledged at least. */
export interface HeadRecord {
  /** Of which journal. */
  readonly journal: string
  /** Number of the newest entry, and its hash. */
  readonly seq: number
  readonly hash: string
  /** How many users have a password, and the sum of the digests of these; see `usersSum`. */
  readonly users: { readonly count: number; readonly sum: string }
  /** Seal of the kept state; '' if none is kept. */
  readonly seal: string
}

/** What the file says; `absent` if there is none, `damaged` if it cannot be read. */
export type HeadFound = HeadRecord | 'absent' | 'damaged'

/** Bytes of one record. There are two, written by turns: one that is cut short leaves the other. */
const SLOT = 4096
/** ms from one sync to the next. A kill of the process loses nothing that was written; only a loss of power could lose these. */
const SYNC_MS = 250

/** Reads the file. */
export const readHeadFile = (path: string): HeadFound => {
  if (!existsSync(path)) return 'absent'
  const bytes = readFileSync(path)
  const records = [0, SLOT].flatMap(at => readSlot(bytes.toString('utf8', at, at + SLOT)) ?? [])
  return records.sort((a, b) => b.n - a.n)[0]?.record ?? 'damaged'
}

const readSlot = (text: string): { readonly n: number; readonly record: HeadRecord } | undefined => {
  const [json = '', sum] = text.trimEnd().split('\t')
  if (sum !== digestOf('sha256', json)) return undefined
  const { n, ...record } = JSON.parse(json) as HeadRecord & { n: number }
  return { n, record }
}

/**
 * The journal's witness: a small file beside it that says how far the journal was acknowledged at least. It is written after each commit and
 * before anybody hears of it, and synced apart from the journal, so that a journal which was cut, changed or exchanged does not agree with it.
 */
export class HeadFile {
  /** Why the newest record is not written; undefined if it is. */
  failure: string | undefined
  private readonly file: number
  private n = 0
  private syncedAt = Number.NEGATIVE_INFINITY
  private dirty = false
  private syncing = false

  /** Opens the file, or makes it. Throws what the file system says. */
  constructor(path: string) {
    this.file = openSync(path, existsSync(path) ? 'r+' : 'w+')
    const bytes = readFileSync(path)
    for (const at of [0, SLOT]) this.n = Math.max(this.n, readSlot(bytes.toString('utf8', at, at + SLOT))?.n ?? 0)
  }

  /** Writes a record. It never throws, because what it speaks of is committed: the older record is true, too. */
  write(record: HeadRecord): void {
    const n = this.n + 1
    const json = JSON.stringify({ n, ...record })
    try {
      writeSync(this.file, `${json}\t${digestOf('sha256', json)}`.padEnd(SLOT), (n % 2) * SLOT)
      this.n = n
      this.failure = undefined
      this.dirty = true
      this.syncSoon()
    } catch (error) {
      this.failure = (error as Error).message
    }
  }

  /** Syncs the file now. Never throws. */
  sync(): void {
    try {
      if (this.dirty) fdatasyncSync(this.file)
      this.dirty = false
    } catch (error) {
      this.failure = (error as Error).message
    }
  }

  /** Syncs and closes the file. */
  close(): void {
    this.sync()
    closeSync(this.file)
  }

  /** Begins a sync if the last one was long ago: in another thread, so that no order waits for it. */
  private syncSoon(): void {
    const now = performance.now()
    if (this.syncing || now - this.syncedAt < SYNC_MS) return
    this.syncing = true
    this.syncedAt = now
    this.dirty = false
    fdatasync(this.file, error => {
      this.syncing = false
      if (error) this.failure = error.message
    })
  }
}

/** Names and password hashes of users as one number, in whatever order they come, hexadecimal. A user is added to it by `plusUser`. */
export const usersSum = (users: readonly { readonly name: string; readonly hash: string }[]): HeadRecord['users'] =>
  users.reduce(plusUser, { count: 0, sum: '0' })

/** Returns the sum with one more user. */
export const plusUser = (
  { count, sum }: HeadRecord['users'],
  { name, hash }: { readonly name: string; readonly hash: string },
): HeadRecord['users'] => {
  const digest = BigInt(`0x${digestOf('sha256', JSON.stringify([name, hash]))}`)
  return { count: count + 1, sum: BigInt.asUintN(256, BigInt(`0x${sum}`) + digest).toString(16) }
}
