import Database from 'libsql'
import type { StoredToken, User } from '../identity/credentialStore.ts'
import { type Block, entryBytes } from './block.ts'
import type { Candidate, Candidates } from './restoration.ts'

/** What can be read of a damaged journal: each entry that is there, wherever it lies. */
export class Remains implements Candidates {
  /** The journal's name; undefined if it cannot be read. */
  readonly id: string | undefined
  readonly users: readonly User[]
  readonly tokens: readonly StoredToken[]
  readonly invites: readonly string[]
  private readonly db: Database.Database | undefined
  /** Where entries lie, by the number in their text and by their place: block × PLACES + place within it. */
  private readonly byText = new Map<number, number>()
  private readonly byPlace = new Map<number, number>()
  private open: { readonly row: number; readonly entries: readonly Candidate[] } | undefined

  /** Reads a file, which nobody may hold; nothing is left if there is none or it is no journal. */
  constructor(file: string) {
    this.db = tried(() => new Database(file))
    const all = <T>(query: string): T[] => tried(() => this.db?.prepare(query).all() as T[] | undefined) ?? []
    this.id = all<{ id: string }>('SELECT id FROM journal')[0]?.id
    this.users = all('SELECT name, hash FROM users')
    this.tokens = all('SELECT digest, user, expires FROM tokens')
    this.invites = all<{ digest: string }>('SELECT digest FROM invites').map(({ digest }) => digest)
    for (const block of this.blocks()) this.locate(block)
  }

  /** Number of the newest entry that is there; zero if there is none. */
  get newest(): number {
    let newest = 0
    for (const seq of this.byText.keys()) newest = Math.max(newest, seq)
    return newest
  }

  async at(seq: number): Promise<Candidate | undefined> {
    const place = this.byText.get(seq) ?? this.byPlace.get(seq)
    if (place === undefined) return undefined
    const row = Math.floor(place / PLACES)
    if (this.open?.row !== row) {
      const block = tried(() => this.db!.prepare(`${BLOCK} WHERE seq = ?`).get(row) as Block | undefined)
      this.open = { row, entries: block ? [...entriesOf(block)] : [] }
    }
    return this.open.entries[place % PLACES]
  }

  /** Lets go of the file. */
  close(): void {
    this.db?.close()
  }

  private locate(block: Block): void {
    const place = block.seq * PLACES
    const entries = [...entriesOf(block)]
    for (const [i, { text }] of entries.entries()) {
      if (i >= PLACES) return
      this.byPlace.set(block.seq - entries.length + 1 + i, place + i)
      const seq = Number(/^\{"seq":(\d{1,15}),/.exec(text)?.[1] ?? 0)
      if (seq > 0) this.byText.set(seq, place + i)
    }
  }

  /** Yields the blocks that can be read: upwards to the first page that is bad, and the others downwards. */
  private *blocks(): Iterable<Block> {
    const next = (query: string, from: number) => tried(() => this.db?.prepare(query).get(from) as Block | undefined)
    let last = Number.MIN_SAFE_INTEGER
    for (let block = next(UPWARDS, last); block; block = next(UPWARDS, last)) {
      yield block
      last = block.seq
    }
    for (let block = next(DOWNWARDS, Number.MAX_SAFE_INTEGER); block && block.seq > last; block = next(DOWNWARDS, block.seq)) yield block
  }
}

const PLACES = 4096
const BLOCK = 'SELECT seq, first, hash, entries FROM blocks'
const UPWARDS = `${BLOCK} WHERE seq > ? ORDER BY seq LIMIT 1`
const DOWNWARDS = `${BLOCK} WHERE seq < ? ORDER BY seq DESC LIMIT 1`

const tried = <T>(work: () => T): T | undefined => {
  try {
    return work()
  } catch {
    return undefined
  }
}

function* entriesOf(block: Block): Iterable<Candidate> {
  for (const { bytes, hash } of entryBytes(block)) yield { text: bytes.toString(), hash, bytes }
}
