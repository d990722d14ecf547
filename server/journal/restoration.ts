import { readEntry } from '../../streams/ledger/entryText.ts'
import { Ledger } from '../../streams/ledger/ledger.ts'
import { chained, FIRST } from './block.ts'
import type { Head } from './blocks.ts'

/** An entry as one of two sources has it: its text, and the hash that the source says it has. */
export interface Candidate {
  readonly text: string
  readonly hash: string
  /** The text as it is, if it may be damaged: what is no UTF-8 is lost in `text`. */
  readonly bytes?: Buffer
}

/** Entries by number. It is asked for rising numbers. */
export interface Candidates {
  /** Resolves with the entry of this number; undefined if the source does not have it. */
  at(seq: number): Promise<Candidate | undefined>
}

/** What has become of the entries of a damaged journal. */
export interface Restored {
  /** Number and hash of the last entry. */
  readonly head: Head
  /** Entries that are another than in the file, or are not in it. */
  readonly restored: number
  /** Up to here the copy has the same entries. */
  readonly copiedTo: number
  /** The clients that registered. */
  readonly clients: ReadonlySet<string>
  /** Why the entries end where they do; undefined if neither source has more. */
  readonly ended: string | undefined
}

/** What is needed to restore a journal. */
export interface RestorationParts {
  readonly journal: Candidates
  readonly copy: Candidates
  /** What was acknowledged at least; undefined if nobody knows. */
  readonly acknowledged: Head | undefined
  /** The journal's own chain leads to what was acknowledged: if the copy differs, the copy is wrong. */
  readonly journalHolds: boolean
  /** Takes an entry over. It is called in order, and never for one that is given up later. */
  readonly take: (entry: { readonly seq: number; readonly text: string; readonly hash: string }) => void
}

/** Entries that may be taken over before the hash that confirms them has come. They wait in memory. */
const UNCONFIRMED_MAX = 1_000_000

/**
 * Puts a journal together again from what is left of its file and from the copy. An entry counts if its hash, made of all before it, is that
 * of the copy, or if the entries after it lead to the hash that was acknowledged: a text that was changed does neither, even if the whole
 * chain after it was computed again. What the file says of its own hashes counts only for entries of which nobody else knows. Each entry must
 * also follow by the ledger's own rules. What follows no longer is given up, and the reason is named.
 */
export const restore = async (parts: RestorationParts): Promise<Restored> => {
  const { journal, copy, acknowledged, take } = parts
  const ledger = new Ledger()
  let head: Head = { seq: 0, hash: FIRST }
  let confirmed = head
  let [restored, copiedTo, clients] = [0, 0, new Set<string>()]
  let waiting: { seq: number; text: string; hash: string; changed: boolean; client: string | undefined }[] = []
  let ended: string | undefined
  for (let same = true; ; ) {
    const seq = head.seq + 1
    const found = { journal: await journal.at(seq), copy: await copy.at(seq) }
    if (found.journal === undefined && found.copy === undefined) break
    const next = choose(found, head.hash, parts.journalHolds, ledger)
    if ('why' in next) {
      ended = `entry ${seq}: ${next.why}`
      break
    }
    const { text, hash, entry } = next
    ledger.post(entry)
    head = { seq, hash }
    same &&= found.copy?.hash === hash && found.copy.text === text
    if (same) copiedTo = seq
    const client = entry.kind === 'register' ? entry.client : undefined
    waiting.push({ seq, text, hash, changed: text !== found.journal?.text, client })
    const known = next.by === 'copy' || (next.by === 'journal' && (parts.journalHolds || !(seq <= (acknowledged?.seq ?? 0))))
    if (known || (acknowledged?.seq === seq && acknowledged.hash === hash)) {
      for (const each of waiting) {
        take(each)
        if (each.changed) restored += 1
        if (each.client !== undefined) clients.add(each.client)
      }
      waiting = []
      confirmed = head
    } else if (waiting.length >= UNCONFIRMED_MAX) break
  }
  if (waiting.length > 0) ended = `entry ${confirmed.seq + 1}: found none that follows from those before it`
  return { head: confirmed, restored, copiedTo, clients, ended }
}

type Choice =
  | {
      readonly text: string
      readonly hash: string
      readonly entry: ReturnType<typeof readEntry>
      /** Who says that it has this hash. */
      readonly by: 'copy' | 'journal' | 'nobody'
    }
  | { readonly why: string }

/** Returns the entry that follows a hash, out of two; or why none does. */
const choose = (
  { journal, copy }: { readonly journal: Candidate | undefined; readonly copy: Candidate | undefined },
  before: string,
  journalFirst: boolean,
  ledger: Ledger,
): Choice => {
  const texts = [copy?.text, journal?.text, journal && copy === undefined ? mended(journal, before) : undefined]
  if (journalFirst) texts.reverse()
  let why = 'found none that follows from those before it'
  let unconfirmed: Choice | undefined
  for (const text of new Set(texts)) {
    if (text === undefined) continue
    const hash = chained(before, text)
    try {
      const entry = readEntry(text)
      ledger.check(entry)
      if (hash === copy?.hash) return { text, hash, entry, by: 'copy' }
      if (hash === journal?.hash) return { text, hash, entry, by: 'journal' }
      // What the copy has is what it is said to be, or it was changed there.
      if (text === journal?.text && copy === undefined) unconfirmed = { text, hash, entry, by: 'nobody' }
    } catch (error) {
      why = (error as Error).message.replace(/^entry \d+: /, '')
    }
  }
  return unconfirmed ?? { why }
}

/** Returns a text that differs by one bit and has the hash that it should have; undefined if there is none. */
const mended = ({ text, hash, bytes: raw }: Candidate, before: string): string | undefined => {
  if (raw === undefined || chained(before, text) === hash) return undefined
  const bytes = Buffer.concat([Buffer.from(before), raw])
  for (let at = before.length; at < bytes.length; at++) {
    for (let bit = 1; bit < 256; bit <<= 1) {
      bytes[at]! ^= bit
      const tried = bytes.toString('utf8', before.length)
      if (chained(before, tried) === hash) return tried
      bytes[at]! ^= bit
    }
  }
  return undefined
}
