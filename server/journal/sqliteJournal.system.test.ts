import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, statSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import Database from 'libsql'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { packageRoot } from '../lib/packageRoot.ts'
import type { NewJournalEntry } from './journal.ts'
import { JournalError } from './journalError.ts'
import { SqliteJournal } from './sqliteJournal.ts'

let dir = ''
const open = new Set<SqliteJournal>()
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'driftwire-journal-'))
})
afterEach(() => {
  for (const journal of open) journal.close()
  open.clear()
  rmSync(dir, { recursive: true })
})

const path = (): string => join(dir, 'journal.db')
const opened = (repair = false): SqliteJournal => {
  const journal = new SqliteJournal(path(), repair)
  open.add(journal)
  return journal
}
const close = (journal: SqliteJournal): void => {
  open.delete(journal)
  journal.close()
}
const reopened = (journal: SqliteJournal, repair = false): SqliteJournal => {
  close(journal)
  return opened(repair)
}

/** What the file's owner would not do. */
const meddle = (journal: SqliteJournal, sql: string): void => {
  close(journal)
  const db = new Database(path())
  db.exec(sql)
  db.close()
}

/** SQL that alters the texts of entries. */
const replaced = (before: string, after: string): string =>
  `UPDATE blocks SET entries = CAST(replace(CAST(entries AS TEXT), '${before}', '${after}') AS BLOB)`
const altered = (seq: number): string => replaced(`"n":${seq},`, `"n": ${seq},`)

/** Pages that the database may have; it answers as it does where the disk is full. */
const limit = (journal: SqliteJournal, pages: number): void =>
  (journal as unknown as { db: { exec(sql: string): void } }).db.exec(`PRAGMA max_page_count = ${pages}`)
const NO_MORE = 1
const PLENTY = 1_000_000

const line = (i: number): NewJournalEntry => ({ text: JSON.stringify({ n: i, text: 'ä'.repeat(50) }), who: 'ann', key: `k${i}` })
const lines = (from: number, to: number): NewJournalEntry[] => Array.from({ length: to - from }, (_, i) => line(from + i))
const register = (journal: SqliteJournal, name: string): void =>
  journal.transaction(() => {
    journal.append([{ text: `{"kind":"register","client":"${name}"}`, who: name, key: undefined }])
    journal.addUser({ name, hash: 'secret' })
  })
/** Entries 1 to 9; the second and the eighth register a user. */
const nine = (): SqliteJournal => {
  const journal = opened()
  journal.append(lines(1, 2))
  register(journal, 'ann')
  journal.append(lines(3, 8))
  register(journal, 'bob')
  journal.append(lines(9, 10))
  return journal
}

const failure = (work: () => unknown): string => {
  try {
    work()
  } catch (error) {
    expect(error).toBeInstanceOf(JournalError)
    return (error as Error).message
  }
  return expect.unreachable('it did not fail')
}

describe('the journal', () => {
  it('of another layout is not used', () => {
    meddle(nine(), 'PRAGMA user_version = 1')
    expect(failure(() => opened())).toBe(`${path()}: found a journal of layout 1, expected 2`)
  })
})

describe('a journal that was changed', () => {
  it.each([
    ['a byte of an entry', replaced('"n":4', '"n":5'), 4],
    ['a byte of one in the middle of a block', replaced('"n":6', '"n":7'), 6],
    ['a hash', "UPDATE blocks SET hash = replace(hash, substr(hash, 1, 1), 'x') WHERE seq = 7", 7],
    ['the hash before an entry', "UPDATE blocks SET entries = CAST('x' || substr(CAST(entries AS TEXT), 2) AS BLOB) WHERE seq = 7", 3],
    ['the first entry', altered(1), 1],
    ['the last entry', altered(9), 9],
    ['a block that is missing', 'DELETE FROM blocks WHERE seq = 7', 3],
    ['the first, missing', 'DELETE FROM blocks WHERE seq = 1', 1],
    [
      'two that changed places',
      'UPDATE blocks SET seq = -1 WHERE seq = 1; UPDATE blocks SET seq = 1 WHERE seq = 2; UPDATE blocks SET seq = 2 WHERE seq = -1',
      1,
    ],
    ['the number of a first entry', 'UPDATE blocks SET first = 4 WHERE seq = 7', 3],
    ['the number of a last entry', 'UPDATE blocks SET seq = 6 WHERE seq = 7', 3],
    ['an entry that has no end', replaced('\n', ' '), 1],
  ])('in %s is found at the start, told with file and number, and cut off there when asked', (_, sql, seq) => {
    meddle(nine(), sql)
    const message = failure(() => opened())
    expect(message).toContain(path())
    expect(message).toContain(`entry ${seq} does not follow`)
    expect(message).toContain('--repair')
    // Telling has changed nothing.
    expect(failure(() => opened())).toBe(message)
    const repaired = opened(true)
    expect([repaired.seq, [...repaired.since(0)].map(l => l.seq)]).toEqual([seq - 1, Array.from({ length: seq - 1 }, (_, i) => i + 1)])
    expect([...repaired.keys()].map(([n]) => n)).toEqual([1, 3, 4, 5, 6, 7, 9].filter(n => n < seq))
    expect(repaired.append(lines(99, 100))[0]!.seq).toBe(seq)
    expect(reopened(repaired).seq).toBe(seq)
  })

  it('forgets with a registration who was registered, so that the name can be had again', () => {
    const journal = nine()
    for (const user of ['ann', 'bob']) journal.putToken({ digest: `of ${user}`, user, expires: 1 })
    meddle(journal, altered(6))
    const repaired = opened(true)
    expect([repaired.hashOf('ann'), repaired.hashOf('bob')]).toEqual(['secret', undefined])
    expect(repaired.tokens().map(({ user }) => user)).toEqual(['ann'])
  })

  it('is left as it is by a repair that has nothing to cut off', () => {
    const journal = nine()
    journal.save('{"state":9}')
    journal.append(lines(10, 12))
    const before = [...journal.since(0)]
    const repaired = reopened(journal, true)
    expect([[...repaired.since(0)], repaired.hashOf('bob')]).toEqual([before, 'secret'])
    expect(repaired.snapshot).toMatchObject({ seq: 9, state: '{"state":9}' })
  })

  it('in an entry after the newest kept state, too', () => {
    const journal = nine()
    journal.save('{}')
    journal.append(lines(10, 20))
    meddle(journal, altered(15))
    expect(failure(() => opened())).toContain('entry 15 does not follow')
    const repaired = opened(true)
    expect([repaired.seq, repaired.snapshot?.seq]).toEqual([14, 9])
  })

  it('in the state that was kept is read from its entries, as if none had been kept', () => {
    const journal = nine()
    journal.save('{"balance":"1"}')
    meddle(journal, `UPDATE snapshots SET state = '{"balance":"9"}'`)
    const again = opened()
    expect([again.seq, again.snapshot]).toEqual([9, undefined])
  })

  it('by cutting off entries that a kept state has seen is found', () => {
    const journal = nine()
    journal.save('{}')
    meddle(journal, 'DELETE FROM blocks WHERE seq > 7')
    expect(failure(() => opened())).toContain('entry 8 does not follow')
    const repaired = opened(true)
    expect([repaired.seq, repaired.snapshot]).toEqual([7, undefined])
  })

  it('keeps no state from after the entry at which it is cut off', () => {
    const journal = nine()
    journal.save('{}')
    meddle(journal, altered(4))
    expect(opened(true).snapshot).toBeUndefined()
  })

  it.each([
    ['in the middle', (bytes: number) => Math.floor(bytes / 2)],
    ['by its last page', (bytes: number) => bytes - 16_384],
    ['to less than a header', () => 50],
  ])('whose file was cut short %s is not used, and the file is named', (_, size) => {
    const journal = opened()
    journal.append(lines(1, 2_000))
    close(journal)
    truncateSync(path(), size(statSync(path()).size))
    expect(failure(() => opened())).toMatch(/journal\.db: found .*(malformed|not a database)/)
  })
})

const run = promisify(execFile)
const compiled = (name: string): string =>
  JSON.stringify(pathToFileURL(join(packageRoot(), 'dist', 'server', 'journal', `${name}.js`)).href)

describe('a journal that another process holds', () => {
  it('is refused at once, and the holder goes on', async () => {
    const journal = nine()
    const script = `
      import { SqliteJournal } from ${compiled('sqliteJournal')}
      import { JournalError } from ${compiled('journalError')}
      const began = performance.now()
      try { new SqliteJournal(process.argv[1], false) } catch (error) {
        console.log(JSON.stringify([error instanceof JournalError, error.message, performance.now() - began]))
      }`
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script, path()])
    const [told, message, ms] = JSON.parse(stdout)
    expect([told, message]).toEqual([true, `${path()}: found that another process holds it, expected a journal of its own`])
    expect(ms).toBeLessThan(5_000)
    expect(journal.append(lines(10, 11))[0]!.seq).toBe(10)
    expect([...reopened(journal).since(0)]).toHaveLength(10)
  })

  it('can be had when that one has closed it', () => {
    const first = nine()
    expect(failure(() => opened())).toContain('another process holds it')
    expect(reopened(first).seq).toBe(9)
  })
})

describe('an append that fails', () => {
  it('leaves nothing, and the next one works when the disk does', () => {
    const journal = nine()
    const before = [...journal.since(0)]
    limit(journal, NO_MORE)
    for (const _ of [1, 2]) {
      const both = (): void =>
        journal.transaction(() => {
          journal.addUser({ name: 'cid', hash: 'h' })
          journal.append(lines(10, 1_000))
        })
      expect(failure(both)).toMatch(/SQLITE_FULL/)
      expect([journal.seq, [...journal.since(0)], [...journal.keys()].length, journal.hashOf('cid')]).toEqual([9, before, 7, undefined])
    }
    limit(journal, PLENTY)
    expect(journal.append(lines(10, 1_000)).map(({ seq }) => seq)).toEqual(Array.from({ length: 990 }, (_, i) => i + 10))
    expect([...reopened(journal).since(0)]).toHaveLength(999)
  })

  it('leaves nothing of what was written in one with it, nor does anything else that goes wrong there', () => {
    const journal = nine()
    const both = (last: () => void) => (): void =>
      journal.transaction(() => {
        journal.useInvite('code')
        journal.putToken({ digest: 'd', user: 'ann', expires: 1 })
        journal.append(lines(10, 11))
        last()
      })
    const fault = new TypeError('of its own')
    expect(
      both(() => {
        throw fault
      }),
    ).toThrow(fault)
    limit(journal, NO_MORE)
    expect(failure(both(() => journal.append(lines(11, 1_000))))).toMatch(/SQLITE_FULL/)
    limit(journal, PLENTY)
    expect([journal.seq, journal.tokens(), journal.useInvite('code')]).toEqual([9, [], true])
    expect(journal.append(lines(10, 11))[0]!.seq).toBe(10)
    expect(reopened(journal).seq).toBe(10)
  })

  it('leaves nothing where the system refuses to write', async () => {
    // Files of this process may grow to 600 kB.
    const script = `
      import { SqliteJournal } from ${compiled('sqliteJournal')}
      import { JournalError } from ${compiled('journalError')}
      const journal = new SqliteJournal(process.argv[1], false)
      const batch = n => Array.from({ length: 10 }, (_, i) => ({ text: JSON.stringify({ n, i, text: 'x'.repeat(300) }), who: 'ann', key: n + '.' + i }))
      for (let n = 0; n < 1000; n++) {
        try {
          journal.transaction(() => {
            journal.append(batch(n))
            journal.addUser({ name: 'u' + n, hash: 'h' })
          })
        } catch (error) {
          const [seq, keys] = [journal.seq, [...journal.keys()].length]
          const seen = [error instanceof JournalError, error.message, n * 10, seq, keys, journal.hashOf('u' + (n - 1)), journal.hashOf('u' + n) ?? null]
          console.log(JSON.stringify(seen))
          break
        }
      }
      journal.close()`
    const { stdout } = await run('bash', [
      '-c',
      'ulimit -f 600; exec "$0" --input-type=module -e "$1" "$2"',
      process.execPath,
      script,
      path(),
    ])
    const [told, message, acknowledged, seq, keys, before, refused] = JSON.parse(stdout)
    expect(told).toBe(true)
    expect(message).toMatch(/SQLITE_(IOERR|FULL)/)
    expect(acknowledged).toBeGreaterThan(0)
    expect([seq, keys, before, refused]).toEqual([acknowledged, acknowledged, 'h', null])
    const journal = opened()
    expect([journal.seq, [...journal.since(0)].length]).toEqual([acknowledged, acknowledged])
    expect(journal.append(lines(1, 2))[0]!.seq).toBe(acknowledged + 1)
  })

  it('says which table did not take it', () => {
    const journal = nine()
    expect(failure(() => journal.addUser({ name: 'ann', hash: 'second' }))).toContain('users.name')
    expect(journal.hashOf('ann')).toBe('secret')
  })
})
