import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { CredentialStore } from '../identity/credentialStore.ts'
import { entryAt, type Journal, type NewJournalEntry, pageAfter } from '../journal/journal.ts'
import { JournalError } from '../journal/journalError.ts'
import { SqliteJournal } from '../journal/sqliteJournal.ts'
import { DURABLE, leading } from './kit/ledgerInRedis.ts'
import { RedisServer, redisPath } from './kit/redisServer.ts'

type Opened = Journal & CredentialStore

/** An implementation of the journal, and of the credentials beside it. */
interface Implementation {
  readonly name: string
  readonly isThere: boolean
  /** Starts what it needs for all tests. */
  begin(): Promise<void>
  end(): Promise<void>
  /** Opens a journal whose files lie in a directory; two of one name are the same. */
  open(dir: string, name: string): Opened
}

const SQLITE: Implementation = {
  name: 'SQLite',
  isThere: true,
  begin: async () => {},
  end: async () => {},
  open: (dir, name) => new SqliteJournal(join(dir, name)),
}

let redis: RedisServer
/** Each journal has a database of its own. */
const databases = new Map<string, number>()

const REDIS: Implementation = {
  name: 'Redis',
  isThere: redisPath !== undefined,
  begin: async () => {
    redis = await RedisServer.start({ ...DURABLE, databases: '64' })
  },
  end: () => redis.remove(),
  open: (dir, name) => {
    const file = join(dir, name)
    if (!databases.has(file)) databases.set(file, databases.size)
    return leading({ file, url: `${redis.url}/${databases.get(file)}` })
  },
}

const line = (i: number): NewJournalEntry => ({
  text: JSON.stringify({ n: i, text: 'ä'.repeat(50), who: 'ann', key: `k${i}` }),
  who: 'ann',
  key: `k${i}`,
})
const lines = (from: number, to: number): NewJournalEntry[] => Array.from({ length: to - from }, (_, i) => line(from + i))

// Where there is no redis-server no journal can lie in it.
describe.each([SQLITE, REDIS].filter(({ isThere }) => isThere))('a journal in $name', ({ begin, end, open: openIn }) => {
  let dir = ''
  beforeAll(begin)
  afterAll(end)
  const open = new Set<Journal>()
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'driftwire-journal-'))
  })
  afterEach(() => {
    for (const journal of open) journal.close()
    open.clear()
    rmSync(dir, { recursive: true })
  })
  const opened = (name = 'journal.db'): Opened => {
    const journal = openIn(dir, name)
    open.add(journal)
    return journal
  }
  const reopened = (journal: Journal): Opened => {
    open.delete(journal)
    journal.close()
    return opened()
  }

  it('has after a start what was appended before it, each entry with the hash of all before', () => {
    const journal = opened()
    expect([journal.seq, [...journal.since(0)], entryAt(journal, 1)]).toEqual([0, [], undefined])
    const written = [...journal.append(lines(1, 4)), ...journal.append([]), ...journal.append(lines(4, 6))]
    const { id } = journal
    const again = reopened(journal)
    expect([again.id, again.seq]).toEqual([id, 5])
    expect([...again.since(0)]).toEqual(written)
    let hash = '0'.repeat(64)
    for (const [i, entry] of written.entries()) {
      hash = createHash('sha256')
        .update(hash + line(i + 1).text)
        .digest('hex')
      expect(entry).toEqual({ seq: i + 1, text: line(i + 1).text, hash })
      expect(entryAt(again, i + 1)).toMatchObject(entry)
    }
    expect(again.verify()).toEqual({ entries: 5, hash })
    expect(again.append(lines(6, 7))[0]).toMatchObject({
      seq: 6,
      hash: createHash('sha256')
        .update(hash + line(6).text)
        .digest('hex'),
    })
  })

  it('has a name of its own', () => {
    const one = opened().id
    expect(one).toMatch(/^[0-9a-f]{32}$/)
    expect(opened('other.db').id).not.toBe(one)
  })

  it.each([4_999, 5_000, 5_001, 10_000])('gives all %d entries and keys, however many it reads at once', count => {
    const journal = opened()
    const keyless = new Set([1, 5_000])
    journal.append(lines(1, count + 1).map((l, i) => (keyless.has(i + 1) ? { ...l, text: '{}', key: undefined } : l)))
    const numbers = (from: number): number[] => Array.from({ length: Math.max(0, count - from) }, (_, i) => from + i + 1)
    for (const after of [0, 1, 4_999, 5_000, count - 1, count, count + 1])
      expect([...journal.since(after)].map(({ seq }) => seq)).toEqual(numbers(after))
    expect([...journal.keys()]).toEqual(
      numbers(0)
        .filter(seq => !keyless.has(seq))
        .map(seq => [seq, 'ann', `k${seq}`]),
    )
    expect(pageAfter(journal, 4_990, 20).map(({ seq }) => seq)).toEqual(numbers(4_990).slice(0, 20))
    expect(pageAfter(journal, 0, 1).map(({ seq }) => seq)).toEqual([1])
    expect(pageAfter(journal, count, 10)).toEqual([])
  })

  it('takes any text for a key or a name', () => {
    const journal = opened()
    const keys = ["'; DROP TABLE keys; --", '"', '\\', ' ', '<b>', '~'.repeat(128)]
    journal.append(keys.map(key => ({ text: JSON.stringify({ who: `o:${key}`, key }), who: `o:${key}`, key })))
    expect([...reopened(journal).keys()]).toEqual(keys.map((key, i) => [i + 1, `o:${key}`, key]))
  })

  it('is open once at a time, and the first goes on', () => {
    const journal = opened()
    journal.append(lines(1, 10))
    expect(() => opened()).toThrow(JournalError)
    expect(journal.append(lines(10, 11))[0]!.seq).toBe(10)
    expect(reopened(journal).seq).toBe(10)
  })

  it('keeps the newest state alone, with the number of the entry it came after', () => {
    const journal = opened()
    expect(journal.snapshot).toBeUndefined()
    journal.append(lines(1, 3))
    journal.save('{"at":2}')
    journal.append(lines(3, 4))
    journal.save('{"at":3}')
    journal.append(lines(4, 5))
    const again = reopened(journal)
    expect([again.snapshot, again.seq]).toMatchObject([{ seq: 3, state: '{"at":3}' }, 4])
  })

  it('keeps nothing of a transaction that fails, of entries, state and credentials', () => {
    const journal = opened()
    journal.append(lines(1, 4))
    const fault = new TypeError('of its own')
    const write = (): void => {
      journal.append(lines(4, 6))
      journal.save('{}')
      journal.addUser({ name: 'ann', hash: 'h' })
      journal.putToken({ digest: 'd', user: 'ann', expires: 1 })
      journal.useInvite('code')
    }
    expect(() =>
      journal.transaction(() => {
        write()
        throw fault
      }),
    ).toThrow(fault)
    expect([journal.seq, [...journal.keys()].length, journal.snapshot, journal.hashOf('ann'), journal.tokens()]).toEqual([
      3,
      3,
      undefined,
      undefined,
      [],
    ])
    journal.transaction(write)
    const again = reopened(journal)
    expect([again.seq, again.snapshot?.seq, again.hashOf('ann'), again.tokens().length, again.useInvite('code')]).toEqual([
      5,
      5,
      'h',
      1,
      false,
    ])
    expect(again.verify().entries).toBe(5)
  })

  describe('keeps beside its entries', () => {
    it('the hash of a password, which nobody gets to replace by registering again', () => {
      const journal = opened()
      journal.transaction(() => {
        journal.append(lines(1, 2))
        journal.addUser({ name: 'ann', hash: 'first' })
        journal.addUser({ name: 'bob', hash: 'other' })
      })
      const again = (): void =>
        journal.transaction(() => {
          journal.append(lines(2, 3))
          journal.addUser({ name: 'ann', hash: 'second' })
        })
      expect(again).toThrow(JournalError)
      const started = reopened(journal)
      expect([started.seq, ...['ann', 'bob', 'cid'].map(name => started.hashOf(name))]).toEqual([1, 'first', 'other', undefined])
    })

    it('tokens, until they are removed', () => {
      const journal = opened()
      const token = (digest: string, expires = Date.UTC(2030, 0)) => ({ digest, user: 'ann', expires })
      for (const digest of ['a', 'b', 'c', 'd']) journal.putToken(token(digest))
      journal.putToken(token('d', 5))
      journal.removeTokens(['a', 'c', 'never'])
      journal.removeTokens([])
      const byDigest = reopened(journal)
        .tokens()
        .toSorted((a, b) => (a.digest < b.digest ? -1 : 1))
      expect(byDigest.map(({ digest, user, expires }) => ({ digest, user, expires }))).toEqual([token('b'), token('d', 5)])
    })

    it('which invitations are used, each once', () => {
      const journal = opened()
      expect([journal.useInvite('a'), journal.useInvite('a'), journal.useInvite('b')]).toEqual([true, false, true])
      const again = reopened(journal)
      expect(again.useInvite('a')).toBe(false)
      again.giveInviteBack('a')
      again.giveInviteBack('never')
      expect([again.useInvite('a'), again.useInvite('a'), again.useInvite('b')]).toEqual([true, false, false])
    })
  })
})
