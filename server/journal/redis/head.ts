import { FIRST } from '../block.ts'

/** A commit's place in the stream: the term of its writer, and its number within the term. Redis takes only ids that rise. */
export interface CommitId {
  readonly term: number
  readonly n: number
}

/** Where the ledger in Redis stands. */
export interface StreamHead extends CommitId {
  /** Number and hash of the newest entry. */
  readonly seq: number
  readonly hash: string
  /** Name of the journal. */
  readonly journal: string
}

/** Returns the head of a ledger without commits. */
export const noCommits = (journal: string): StreamHead => ({ term: 0, n: 0, seq: 0, hash: FIRST, journal })

/** Returns a commit's id as Redis writes it. */
export const idText = ({ term, n }: CommitId): string => `${term}-${n}`

/** Reads the id of a commit. */
export const readId = (text: string): CommitId => {
  const [term, n] = text.split('-').map(Number)
  return { term: term!, n: n! }
}

/** Whether a commit stands before another one. */
export const isBefore = (a: CommitId, b: CommitId): boolean => a.term < b.term || (a.term === b.term && a.n < b.n)

/** Returns a head as one text. Two heads are the same if their texts are. */
export const headText = (head: StreamHead): string => `${idText(head)} ${head.seq} ${head.hash} ${head.journal}`

/** Reads a head; undefined if the text is none. */
export const readHead = (text: string): StreamHead | undefined => {
  const [, id, seq, hash, journal] = /^(\d+-\d+) (\d+) ([0-9a-f]{64}) ([0-9a-f]{32})$/.exec(text) ?? []
  return id === undefined ? undefined : { ...readId(id), seq: Number(seq), hash: hash!, journal: journal! }
}
