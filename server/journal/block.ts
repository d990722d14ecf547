import { hash as digestOf } from 'node:crypto'

/** The hash before the first entry. */
export const FIRST = '0'.repeat(64)

/** An entry within a block. */
export interface Link {
  readonly seq: number
  /** Of the entry before it, as it stands with this one. */
  readonly before: string
  readonly text: string
  /** Its own, as it stands with the next one. */
  readonly hash: string
}

/** Entries that were committed together, as the journal keeps them. */
export interface Block {
  /** Number of the last entry, and of the first. */
  readonly seq: number
  readonly first: number
  /** Of the last entry. */
  readonly hash: string
  readonly entries: Buffer
}

const HASH = 64
const END = 0x0a
/** Entries and bytes after which a block is full: who looks for one entry reads a block. */
const ENTRIES_PER_BLOCK_MAX = 64
const FULL = 1 << 17
/** Of bytes, as many as are kept for the next block. */
const KEPT = 1 << 20

/**
 * Puts entries behind one another, each as the hash before it, its text and a line feed. So what is hashed lies together as it is, and a
 * block costs the database one row: of a hundred entries by themselves each would take three times as long as its hash does.
 */
export class BlockWriter {
  count = 0
  private bytes = Buffer.allocUnsafeSlow(KEPT)
  private length = 0

  get full(): boolean {
    return this.count >= ENTRIES_PER_BLOCK_MAX || this.length >= FULL
  }

  /** Adds an entry, whose text has no line feed. Its hash. */
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

  /** The entries so far, valid until the next is added to what is then an empty block. */
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

/** The entries of a block that come after a number, in order. */
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

/** The hash of what stands behind `before`. */
export const chained = (before: string, text: string): string => digestOf('sha256', before + text)
