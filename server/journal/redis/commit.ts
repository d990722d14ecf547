import type { NewJournalEntry } from '../journal.ts'
import type { CredentialChange } from './credentialChanges.ts'
import { readHead, type StreamHead } from './head.ts'

/** What is written at once, as it goes to Redis. */
export interface Commit {
  /** The head as the writer knows it, and as it is afterwards; see `headText`. */
  readonly before: string
  readonly after: string
  /** Texts of the entries, with a line feed between them; empty if there is none. */
  readonly entries: string
  /** Changes of the credentials, as JSON; empty if there is none. */
  readonly changes: string
}

/** A commit as the stream has it. */
export interface StoredCommit {
  readonly id: string
  readonly head: StreamHead
  readonly texts: readonly string[]
  readonly changes: readonly CredentialChange[]
}

/** Reads an element of the stream: its id, and its fields by turns with their values. Throws RangeError if it is no commit. */
export const readCommit = (id: string, fields: readonly string[]): StoredCommit => {
  const values: Record<string, string> = {}
  for (let i = 0; i < fields.length; i += 2) values[fields[i]!] = fields[i + 1]!
  const { h = '', b = '', c = '' } = values
  const head = readHead(h)
  if (head === undefined) throw new RangeError(`found ${id} without a head in the ledger's stream, expected a commit`)
  return { id, head, texts: b === '' ? [] : b.split('\n'), changes: c === '' ? [] : JSON.parse(c) }
}

/** Returns texts as `Commit` has them. */
export const entriesText = (entries: readonly { readonly text: string }[]): string => entries.map(({ text }) => text).join('\n')

/** Returns changes as `Commit` has them. */
export const changesText = (changes: readonly CredentialChange[]): string => (changes.length === 0 ? '' : JSON.stringify(changes))

/** Returns an entry of the stream as a journal takes it: whose it is stands in its text. */
export const newEntry = (text: string): NewJournalEntry => {
  const { who, key } = JSON.parse(text) as { who: string; key?: string }
  return { text, who, key }
}
