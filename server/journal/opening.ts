import type Database from 'libsql'
import type { User } from '../identity/credentialStore.ts'
import { type Block, chained, lastFollowing, linksOf } from './block.ts'
import { type BlockKey, type Blocks, type Head, IndexDigest, START, unfollowing } from './blocks.ts'
import { type HeadFound, type HeadRecord, usersSum } from './headFile.ts'
import type { Snapshot } from './journal.ts'
import { JournalError, REPAIR } from './journalError.ts'

/** What a start has found out about a journal's file. */
export interface Opening {
  readonly head: Head
  /** The kept state may be used. Otherwise it is removed, and the entries make it again. */
  readonly keeps: boolean
  /** The index of all blocks. */
  readonly index: IndexDigest
  readonly users: HeadRecord['users']
  /** Up to here the chain was followed from the first entry on; zero if it was not. */
  readonly verifiedTo: number
  /** The file that says what was acknowledged confirms it. */
  readonly vouched: boolean
  /** What was put right, for the log. */
  readonly notes: readonly string[]
}

/** Entries of a journal that is followed from its first entry at every start. Of a longer one the rest is followed later. */
export const FOLLOWED_MAX = 50_000

/** Returns what binds a kept state to the chain and to the index before it. */
export const sealOf = (hash: string, index: IndexDigest, state: string): string => chained(hash + index.value, state)

/** Returns the fault of a journal that is not what it was. */
const changed = (file: string, found: string, expected: string): JournalError =>
  new JournalError(`${file}: found ${found}, expected ${expected}; ${REPAIR}`)

interface Parts {
  readonly file: string
  readonly db: Database.Database
  readonly id: string
  readonly blocks: Blocks
  /** What was acknowledged. */
  readonly acknowledged: HeadFound
  readonly followedMax: number
}

/**
 * Checks a journal that is opened: it must be the journal of its head file and not behind it, its chain must hold, and keys and users must be
 * those that were written. The kept state and the keys before it are used only if the head file confirms their seal: what only follows from
 * entries is made again from them. Throws JournalError if something cannot be.
 */
export const checkOpening = ({ file, db, id, blocks, acknowledged, followedMax }: Parts): Opening => {
  const record = typeof acknowledged === 'object' ? acknowledged : undefined
  const head = blocks.newest()
  const notes: string[] = []
  if (record) checkExtent(file, id, head, record)
  if (acknowledged === 'damaged') notes.push(`${file}.head cannot be read: it is written again`)
  if (acknowledged === 'absent' && head.seq > 0) notes.push(`${file}.head is missing: it is written again`)

  const kept = db.prepare('SELECT seq, hash, state FROM snapshots ORDER BY seq DESC LIMIT 1').get() as
    | (Snapshot & { hash: string })
    | undefined
  const sealed = kept && record?.seal === kept.hash ? sealedIndex(blocks, kept) : undefined
  if (kept && !sealed) notes.push(`${file}: the kept state is not the one that was written: it is made again from the entries`)
  const base: Head = sealed ? blocks.at(kept!.seq)! : START

  const whole = base.seq === 0 || head.seq <= followedMax
  follow(file, blocks, whole ? START : base, head)
  if (record) checkHash(file, blocks, head, record)
  const { mended, late } = checkKeys(file, blocks, base.seq, record?.seq ?? Number.POSITIVE_INFINITY)
  if (mended > 0) notes.push(`${file}: the keys of ${mended} blocks were not those of their entries: they are written again`)

  const index = sealed?.copy() ?? new IndexDigest()
  for (const rows of blocks.index(base.seq)) index.add(rows)
  const users = checkUsers(file, db, record, late)
  return { head, keeps: sealed !== undefined, index, users, verifiedTo: whole ? head.seq : 0, vouched: record !== undefined, notes }
}

/** Throws JournalError if a journal is another than the one that was acknowledged, or ends before it. */
const checkExtent = (file: string, id: string, { seq }: Head, record: HeadRecord): void => {
  if (record.seq === 0) return
  const acknowledged = `the ${record.seq} that ${file}.head says were acknowledged`
  if (id !== record.journal) throw changed(file, `${seq} entries of another journal`, acknowledged)
  if (seq < record.seq) throw changed(file, `${seq} entries`, acknowledged)
}

/** Returns the index up to a kept state if its seal fits; otherwise undefined. */
const sealedIndex = (blocks: Blocks, kept: Snapshot & { readonly hash: string }): IndexDigest | undefined => {
  const last = blocks.at(kept.seq)
  if (last === undefined) return undefined
  const index = new IndexDigest()
  for (const rows of blocks.index(0, kept.seq)) index.add(rows)
  return sealOf(last.hash, index, kept.state) === kept.hash ? index : undefined
}

/** Throws JournalError if the chain does not hold between two entries. */
const follow = (file: string, blocks: Blocks, from: Head, to: Head): void => {
  let { seq, hash } = from
  try {
    for (const block of blocks.after(seq)) {
      const last = block.first === seq + 1 ? lastFollowing(block, hash) : seq
      if (last !== block.seq) throw unfollowing(file, last + 1)
      seq = block.seq
      hash = block.hash
    }
  } catch (fault) {
    if (fault instanceof JournalError) throw fault
    throw new JournalError(`${file}: found ${(fault as Error).message} after entry ${seq}, expected entries; ${REPAIR}`)
  }
  if (seq !== to.seq) throw unfollowing(file, seq + 1)
}

/** Throws JournalError if the newest entry that was acknowledged is another. */
const checkHash = (file: string, blocks: Blocks, head: Head, { seq, hash }: HeadRecord): void => {
  if (seq === 0) return
  const found = seq === head.seq ? head.hash : hashAt(blocks, seq)
  if (found !== hash)
    throw changed(file, `entry ${seq} with the hash ${found?.slice(0, 16)}…`, `${hash.slice(0, 16)}…, as ${file}.head says`)
}

/** Returns the hash of an entry; undefined if there is none of this number. */
export const hashAt = (blocks: Blocks, seq: number): string | undefined => {
  for (const block of blocks.after(seq - 1)) {
    for (const link of linksOf(block, seq - 1)) return link.hash
    return undefined
  }
  return undefined
}

/**
 * Writes the keys of blocks after a number again if they are not those of the texts. Returns how many were not, and who registered after the
 * entry `acknowledged`.
 */
const checkKeys = (file: string, blocks: Blocks, after: number, acknowledged: number): { mended: number; late: ReadonlySet<string> } => {
  const late = new Set<string>()
  let mended = 0
  for (const block of blocks.after(after)) {
    const keys = keysOf(file, block, (seq, client) => seq > acknowledged && late.add(client))
    if (keys === blocks.keys(block.seq)) continue
    blocks.setKeys(block.seq, keys)
    mended += 1
  }
  return { mended, late }
}

/**
 * Returns the keys that the texts of a block have, as they are written beside it. `registered` is called with each registration. Throws
 * JournalError if a text is not JSON.
 */
export const keysOf = (file: string, block: Block, registered: (seq: number, client: string) => void = () => {}): string => {
  const keys: BlockKey[] = []
  for (const { seq, text } of linksOf(block, block.first - 1)) {
    const { who, key, kind, client } = readText(file, seq, text)
    keys.push(key === undefined ? 0 : [who, key])
    if (kind === 'register' && client !== undefined) registered(seq, client)
  }
  return JSON.stringify(keys)
}

const readText = (file: string, seq: number, text: string): { who: string; key?: string; kind?: string; client?: string } => {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw changed(file, `entry ${seq} with ${(error as Error).message}`, 'JSON')
  }
}

/** Returns the sum of all users. Throws JournalError if those of the entries that were acknowledged are not the ones that were written. */
const checkUsers = (
  file: string,
  db: Database.Database,
  record: HeadRecord | undefined,
  late: ReadonlySet<string>,
): HeadRecord['users'] => {
  const users = db.prepare('SELECT name, hash FROM users').all() as User[]
  const early = usersSum(users.filter(({ name }) => !late.has(name)))
  if (record && (early.count !== record.users.count || early.sum !== record.users.sum)) {
    const others =
      early.count === record.users.count ? `${early.count} passwords, not all as they were written` : `${early.count} passwords`
    throw new JournalError(
      `${file}: found ${others}, expected those of the ${record.users.count} users that ${file}.head knows; restore ${file} from a backup, or start with --repair to go on without them`,
    )
  }
  return usersSum(users)
}
