import { hash as digestOf } from 'node:crypto'

/** The hash before the first entry. */
export const FIRST = '0'.repeat(64)

/** An entry within a block. */
export interface Link {
  readonly seq: number
  /** Hash of the entry before it, as this one has it. */
  readonly before: string
  readonly text: string
  /** Its own hash, as the next one has it. */
  readonly hash: string
}

/** Entries that were committed together, as they lie in the file. */
export interface Block {
  /** Number of the last entry, and of the first. */
  readonly seq: number
  readonly first: number
  /** Hash of the last entry. */
  readonly hash: string
  readonly entries: Buffer
}

const HASH = 64
const END = 0x0a
/** Entries and bytes after which a block is full: reading one entry reads its block. */
const ENTRIES_PER_BLOCK_MAX = 64
const FULL = 1 << 17
/** Bytes of buffer that are kept for the next block. */
const KEPT = 1 << 20

/**
 * Writes entries one after another, each as the hash before it, its text and a line feed. So the bytes to be hashed lie together, and a
 * block costs the database one row: with a row each, an entry would take three times as long as its hash.
 */
export class BlockWriter {
  /** Entries so far. */
  count = 0
  private bytes = Buffer.allocUnsafeSlow(KEPT)
  private length = 0

  /** Whether the block is to be written before another entry is added. */
  get full(): boolean {
    return this.count >= ENTRIES_PER_BLOCK_MAX || this.length >= FULL
  }

  /** Adds an entry, whose text has no line feed. Returns its hash. */
  add(before: string, text: string): string {
    const from = this.length
    this.reserve(HASH + text.length * 3 + 1)
    const { bytes } = this
    bytes.write(before, from, 'latin1')
    const to = from + HASH + bytes.write(text, from + HASH)
    bytes[to] = END
    this.length = to + 1
    this.count += 1
    return digestOf('sha256', bytes.subarray(from, to))
  }

  /** Returns the entries so far and begins an empty block. The bytes are valid until the next entry is added. */
  drain(): Buffer {
    const entries = this.bytes.subarray(0, this.length)
    if (this.bytes.length > KEPT) this.bytes = Buffer.allocUnsafeSlow(KEPT)
    this.length = 0
    this.count = 0
    return entries
  }

  private reserve(bytes: number): void {
    if (this.length + bytes <= this.bytes.length) return
    const grown = Buffer.allocUnsafeSlow(Math.max(this.length + bytes, this.bytes.length * 2))
    this.bytes.copy(grown, 0, 0, this.length)
    this.bytes = grown
  }
}

/** Yields the entries of a block that come after a number, in order. */
export function* linksOf({ first, hash, entries }: Block, after: number): Iterable<Link> {
  let from = 0
  for (let seq = first; from < entries.length; seq++) {
    const found = entries.indexOf(END, from)
    const to = found < 0 ? entries.length : found
    const next = to + 1
    if (seq > after) {
      const before = entries.toString('latin1', from, from + HASH)
      const text = entries.toString('utf8', from + HASH, to)
      yield { seq, before, text, hash: next < entries.length ? entries.toString('latin1', next, next + HASH) : hash }
    }
    from = next
  }
}

/** Yields the texts of a block's entries as they are, and the hash that each has as the next one says. */
export function* entryBytes({ hash, entries }: Block): Iterable<{ readonly bytes: Buffer; readonly hash: string }> {
  for (let from = 0; from < entries.length; ) {
    const found = entries.indexOf(END, from)
    const to = found < 0 ? entries.length : found
    const next = to + 1
    yield {
      bytes: entries.subarray(Math.min(from + HASH, to), to),
      hash: next < entries.length ? entries.toString('latin1', next, next + HASH) : hash,
    }
    from = next
  }
}

/**
 * Follows the chain through a block, whose first entry follows the hash `before`. Returns the number of the last entry that follows from those
 * before it; if that is not the block's last number, the next entry does not.
 */
export const lastFollowing = ({ seq, first, hash, entries }: Block, before: string): number => {
  let [last, expected, from] = [first - 1, before, 0]
  while (from < entries.length) {
    const found = entries.indexOf(END, from)
    const to = found < 0 ? entries.length : found
    if (entries.toString('latin1', from, Math.min(from + HASH, to)) !== expected) return last
    expected = digestOf('sha256', entries.subarray(from, to))
    from = to + 1
    if (expected !== (from < entries.length ? entries.toString('latin1', from, from + HASH) : hash)) return last
    last += 1
  }
  // Its numbers were changed; they say nothing about any of its entries.
  return last === seq ? last : first - 1
}

/** Returns the hash of a text that follows the hash `before`. */
export const chained = (before: string, text: string): string => digestOf('sha256', before + text)
