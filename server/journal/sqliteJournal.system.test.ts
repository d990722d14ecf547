import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
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
const opened = (followedMax?: number): SqliteJournal => {
  const journal = new SqliteJournal(path(), followedMax === undefined ? {} : { followedMax })
  open.add(journal)
  return journal
}
const close = (journal: SqliteJournal): void => {
  open.delete(journal)
  journal.close()
}
const reopened = (journal: SqliteJournal, followedMax?: number): SqliteJournal => {
  close(journal)
  return opened(followedMax)
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

const line = (i: number): NewJournalEntry => ({
  text: JSON.stringify({ n: i, text: 'ä'.repeat(50), who: 'ann', key: `k${i}` }),
  who: 'ann',
  key: `k${i}`,
})
const lines = (from: number, to: number): NewJournalEntry[] => Array.from({ length: to - from }, (_, i) => line(from + i))
const register = (journal: SqliteJournal, name: string): void =>
  journal.transaction(() => {
    journal.append([{ text: `{"who":"${name}","kind":"register","client":"${name}"}`, who: name, key: undefined }])
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
  ])('in %s is found at the start, told with file and number', (_, sql, seq) => {
    meddle(nine(), sql)
    const message = failure(() => opened())
    expect(message).toContain(path())
    expect(message).toContain(`entry ${seq} does not follow`)
    expect(message).toContain('--repair')
    // Telling has changed nothing.
    expect(failure(() => opened())).toBe(message)
  })

  it('before or after the kept state is found, too', () => {
    for (const seq of [4, 15]) {
      const journal = nine()
      journal.save('{}')
      journal.append(lines(10, 20))
      meddle(journal, altered(seq))
      expect(failure(() => opened())).toContain(`entry ${seq} does not follow`)
      rmSync(path())
      rmSync(`${path()}.head`)
    }
  })

  it('by cutting off entries that were acknowledged is found, whether a kept state has seen them or not', () => {
    const journal = nine()
    journal.save('{}')
    meddle(journal, 'DELETE FROM blocks WHERE seq > 7')
    const lacks = (found: number): string =>
      `${path()}: found ${found} entries, expected the 9 that ${path()}.head says were acknowledged; start with --repair to restore it from the copy in ClickHouse`
    expect(failure(() => opened())).toBe(lacks(7))
    const db = new Database(path())
    db.exec('DELETE FROM blocks; DELETE FROM snapshots')
    db.close()
    expect(failure(() => opened())).toBe(lacks(0))
    rmSync(path())
    writeFileSync(path(), '')
    expect(failure(() => opened())).toContain('found 0 entries of another journal, expected the 9')
  })

  it('with its whole chain computed again is found', () => {
    const journal = nine()
    const [id, entries] = [journal.id, [...journal.since(0)]]
    close(journal)
    const head = readFileSync(`${path()}.head`)
    rmSync(path())
    rmSync(`${path()}.head`)
    const forged = opened()
    forged.append(entries.map(({ text }) => ({ text: text.replace('"n":4', '"n":5'), who: 'ann', key: undefined })))
    meddle(forged, `UPDATE journal SET id = '${id}'`)
    writeFileSync(`${path()}.head`, head)
    expect(failure(() => opened())).toMatch(
      /found entry 9 with the hash [0-9a-f]{16}…, expected [0-9a-f]{16}…, as .*journal\.db\.head says/,
    )
  })

  it.each([
    ['emptied', "UPDATE blocks SET keys = '[]'"],
    ['that are no JSON', "UPDATE blocks SET keys = '[' WHERE seq = 7"],
    ['of which one is lost', 'UPDATE blocks SET keys = replace(keys, \'["ann","k5"]\', \'0\')'],
    ['of which one is another', "UPDATE blocks SET keys = replace(keys, 'k5', 'k50')"],
  ])('in its keys, %s, gets them again from its entries, with a kept state or without', (_, sql) => {
    for (const kept of [false, true]) {
      const journal = nine()
      const keys = [...journal.keys()]
      if (kept) journal.save('{}')
      meddle(journal, sql)
      const again = opened()
      expect([...again.keys()]).toEqual(keys)
      expect(again.notes.join()).toContain('the keys of')
      expect(reopened(again).notes).toEqual([])
      for (const each of open) close(each)
      rmSync(path())
      rmSync(`${path()}.head`)
    }
  })

  it.each([
    ['changed', `UPDATE snapshots SET state = '{"balance":"9"}'`],
    ['forged with a hash that fits', ''],
  ])('in the state that was kept, %s, is read from its entries, as if none had been kept', (_, sql) => {
    const journal = nine()
    journal.save('{"balance":"1"}')
    const state = '{"balance":"9"}'
    const hash = createHash('sha256')
      .update(journal.hashAt(9)! + state)
      .digest('hex')
    meddle(journal, sql || `UPDATE snapshots SET state = '${state}', hash = '${hash}'`)
    const again = opened()
    expect([again.seq, again.snapshot]).toEqual([9, undefined])
    expect(again.notes).toEqual([expect.stringContaining('the kept state is not the one that was written')])
  })

  it.each([
    ['without one of them', "DELETE FROM users WHERE name = 'bob'", 'found 1 passwords, expected those of the 2 users'],
    ['with another password', "UPDATE users SET hash = 'mine' WHERE name = 'bob'", 'found 2 passwords, not all as they were written'],
    ['with one more', "INSERT INTO users VALUES ('eve', 'h')", 'found 3 passwords, expected those of the 2 users'],
  ])('in its users, %s, is found', (_, sql, message) => {
    meddle(nine(), sql)
    expect(failure(() => opened())).toContain(message)
  })

  it('is not used where an entry is read that was changed, however long it is', () => {
    const journal = nine()
    journal.save('{}')
    meddle(journal, altered(5))
    const again = opened(0)
    expect([again.verifiedTo, again.snapshot?.seq]).toEqual([0, 9])
    expect(failure(() => [...again.since(3)])).toContain('entry 5 does not follow')
    expect([...again.since(7)]).toHaveLength(2)
    expect(failure(() => again.verify())).toContain('entry 5 does not follow')
  })
})

describe('the head file', () => {
  it('that is lost or damaged is written again, and vouches for nothing until then', () => {
    const journal = nine()
    journal.save('{}')
    expect(journal.vouched).toBe(false)
    expect(reopened(journal).vouched).toBe(true)
    for (const damage of [() => rmSync(`${path()}.head`), () => truncateSync(`${path()}.head`, 10)]) {
      for (const each of open) close(each)
      damage()
      const again = opened()
      expect([again.vouched, again.snapshot, again.seq, again.notes.length]).toEqual([false, undefined, 9, 2])
      again.save('{}')
      const next = reopened(again)
      expect([next.vouched, next.snapshot?.seq, next.notes]).toEqual([true, 9, []])
    }
  })

  it('of which the newest record was cut short says what the one before it says', () => {
    const journal = nine()
    close(journal)
    const bytes = readFileSync(`${path()}.head`)
    const newest =
      Number(/"n":(\d+)/.exec(bytes.toString('utf8', 0, 50))![1]) > Number(/"n":(\d+)/.exec(bytes.toString('utf8', 4096, 4150))![1])
        ? 0
        : 4096
    bytes.fill(0, newest + 20, newest + 200)
    writeFileSync(`${path()}.head`, bytes)
    expect(opened().vouched).toBe(true)
  })

  it('that is older than the journal vouches for what it knows', () => {
    const journal = nine()
    const older = readFileSync(`${path()}.head`)
    journal.append(lines(10, 20))
    register(journal, 'cid')
    close(journal)
    writeFileSync(`${path()}.head`, older)
    const again = opened()
    expect([again.vouched, again.seq, again.hashOf('cid')]).toEqual([true, 20, 'secret'])
  })
})

describe('a file', () => {
  it.each([
    ['in the middle', (bytes: number) => Math.floor(bytes / 2)],
    ['by its last page', (bytes: number) => bytes - 16_384],
    ['to less than a header', () => 50],
  ])('that was cut short %s is not used, and it is named', (_, size) => {
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
      try { new SqliteJournal(process.argv[1]) } catch (error) {
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
      const journal = new SqliteJournal(process.argv[1])
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
