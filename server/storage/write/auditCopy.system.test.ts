import { createHash } from 'node:crypto'
import { afterEach, describe, expect, it } from 'vitest'
import { type EntryBatch, entryBatch } from '../../journal/auditRows.ts'
import type { Journal, JournalEntry } from '../../journal/journal.ts'
import { rowsOf, sharedEngine, silent } from '../../test/storageKit.ts'
import type { Engine } from '../engine/engine.ts'
import { AuditCopy, type EntrySource } from './auditCopy.ts'
import { abandonCopied, copiedEntries, newestCopied } from './entryCopy.ts'

const opened = sharedEngine('embedded')
const copies = new Set<AuditCopy>()
afterEach(async () => {
  for (const copy of copies) await copy.close()
  copies.clear()
})

interface Written {
  readonly key?: string
  readonly postings?: readonly (readonly string[])[]
}

/** Entries of a journal, chained. */
const chainOf = (written: readonly Written[]): JournalEntry[] => {
  let hash = '0'.repeat(64)
  return written.map((entry, i) => {
    const text = JSON.stringify({ seq: i + 1, t: 1_700_000_000_000 + i, who: 'ann', kind: 'deposit', ...entry })
    hash = createHash('sha256')
      .update(hash + text)
      .digest('hex')
    return { seq: i + 1, text, hash }
  })
}
const chain = (n: number, differsFrom = Number.POSITIVE_INFINITY): JournalEntry[] =>
  chainOf(Array.from({ length: n }, (_, i) => ({ key: `${i + 1 >= differsFrom ? 'other' : 'k'}${i}` })))

const sourceOf = (entries: readonly JournalEntry[], id = 'j', over: Partial<EntrySource> = {}): EntrySource => {
  const journal = { id, since: (after: number) => entries.slice(after) } as unknown as Journal
  return {
    id,
    file: 'journal.db',
    fresh: entries.length === 0,
    alone: true,
    rows: async (after, limit, bare): Promise<EntryBatch> => entryBatch(journal, after, limit, bare),
    hashAt: async seq => ({ hash: entries[seq - 1]?.hash, newest: entries.length }),
    ...over,
  }
}

const copying = (engine: Engine, source: EntrySource): AuditCopy => {
  const copy = new AuditCopy(Promise.resolve(engine), source, silent)
  copies.add(copy)
  return copy
}
const copiedTo = async (engine: Engine, source: EntrySource, seq: number): Promise<AuditCopy> => {
  const copy = copying(engine, source)
  await copy.agreed
  await expect.poll(() => copy.stats().storedTo, { timeout: 20_000 }).toBe(seq)
  return copy
}
const stored = async (engine: Engine, journal = 'j'): Promise<string[]> => {
  const hashes: string[] = []
  for await (const { hash } of copiedEntries(engine, journal)) hashes.push(hash)
  return hashes
}

describe('the copy of a journal', () => {
  it('agrees with what it has a part of, and gets the rest', async () => {
    const engine = await opened()
    const entries = chain(150)
    await (await copiedTo(engine, sourceOf(entries.slice(0, 100)), 100)).close()
    await copiedTo(engine, sourceOf(entries), 150)
    expect(await stored(engine)).toEqual(entries.map(({ hash }) => hash))
  })

  it.each<[string, number, JournalEntry[], string]>([
    ['is behind', 100, chain(60), 'journal.db: found 60 entries, expected the 100 that ClickHouse has'],
    ['is empty', 100, [], 'journal.db: found 0 entries, expected the 100 that ClickHouse has'],
    ['differs from an early entry on', 100, chain(100, 40), 'journal.db: found another entry 40 than ClickHouse has, expected the same'],
    ['differs and is longer', 100, chain(130, 77), 'journal.db: found another entry 77 than ClickHouse has, expected the same'],
    ['differs and is shorter', 100, chain(90, 1), 'journal.db: found another entry 1 than ClickHouse has, expected the same'],
  ])('does not agree with one that %s, and gets nothing of it', async (_, copied, entries, message) => {
    const engine = await opened()
    await (await copiedTo(engine, sourceOf(chain(copied)), copied)).close()
    const before = await stored(engine)
    await expect(copying(engine, sourceOf(entries)).agreed).rejects.toThrow(`${message}; start with --repair`)
    expect(await stored(engine)).toEqual(before)
  })

  it('that lies beside it alone does not agree with another journal, however many entries that has; on a server it does', async () => {
    const engine = await opened()
    await (await copiedTo(engine, sourceOf(chain(10)), 10)).close()
    for (const entries of [[], chain(3)])
      await expect(copying(engine, sourceOf(entries, 'new')).agreed).rejects.toThrow(
        'found another journal, expected the one of which ClickHouse has 10',
      )
    await copiedTo(engine, sourceOf(chain(3), 'new', { alone: false }), 3)
  })

  it('goes on with the journal that was chosen, with the same numbers, after what it had instead was abandoned', async () => {
    const engine = await opened()
    await (await copiedTo(engine, sourceOf(chain(100, 60)), 100)).close()
    const entries = chain(100)
    await abandonCopied(engine, 'j', 59)
    expect(await newestCopied(engine, 'j')).toEqual({ seq: 59, hash: entries[58]!.hash })
    await copiedTo(engine, sourceOf(entries), 100)
    expect(await stored(engine)).toEqual(entries.map(({ hash }) => hash))
    const abandoned = await rowsOf(engine, `SELECT seq, hash FROM ${engine.database}.abandoned_entries ORDER BY seq`, ['UInt64', 'String'])
    expect(abandoned.map(([, hash]) => hash)).toEqual(
      chain(100, 60)
        .slice(59)
        .map(({ hash }) => hash),
    )
  })

  it('has an entry that no row can hold without its postings, and all that follow', async () => {
    const engine = await opened()
    const huge = '9'.repeat(60)
    const entries = chainOf([
      { key: 'a', postings: [['client:ann', 'A', '1', '1']] },
      { key: 'b', postings: [['client:ann', 'A', huge, huge]] },
      // Of the right length, and yet no number.
      { key: 'c', postings: [['client:ann', 'A', 'x', '1']] },
      { key: 'd', postings: [['client:ann', 'A', '2', '3']] },
    ])
    const copy = await copiedTo(engine, sourceOf(entries), 4)
    expect(copy.stats()).toMatchObject({ setAside: 2, whyAside: expect.any(String), lastError: undefined })
    const rows = await rowsOf(engine, `SELECT seq, length(postings.amount), text FROM ${engine.database}.entries FINAL ORDER BY seq`, [
      'UInt64',
      'UInt64',
      'String',
    ])
    expect(rows).toEqual([1n, 0n, 0n, 1n].map((postings, i) => [BigInt(i + 1), postings, entries[i]!.text]))
  })
})
