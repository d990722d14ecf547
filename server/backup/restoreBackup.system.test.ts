import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SqliteJournal } from '../journal/sqliteJournal.ts'
import { makeBackup } from './makeBackup.ts'
import { BackupError, manifestText, readManifest } from './manifest.ts'
import { restoreBackup } from './restoreBackup.ts'

const folder = mkdtempSync(join(tmpdir(), 'backup-'))
const [data, backup, copy, restored] = ['data', 'backup', 'copy', 'restored'].map(name => join(folder, name)) as [
  string,
  string,
  string,
  string,
]
const spooled = '000000000003-ticks-1-5-6d0b3a0e-0000-4000-8000-000000000000.new'
let journal: SqliteJournal

const entriesOf = (from: number, n: number) =>
  Array.from({ length: n }, (_, i) => ({
    text: JSON.stringify({ kind: 'deposit', who: 'w', key: `k${from + i}` }),
    who: 'w',
    key: `k${from + i}`,
  }))
const copyJournal = async (file: string) => {
  const copying = journal.copying(file)
  for (;;) {
    const copied = copying.step()
    if (copied) return copied
    journal.append(entriesOf(journal.seq + 1, 10))
  }
}
const make = (dir: string) =>
  makeBackup(
    dir,
    { version: '1', dataDir: data, configFile: undefined, engine: undefined, between: work => work(), copyJournal },
    new Date('2026-01-05T12:00:00Z'),
  )

beforeAll(async () => {
  mkdirSync(join(data, 'spool'), { recursive: true })
  writeFileSync(join(data, 'spool', spooled), 'abcde')
  writeFileSync(join(data, 'spool', `${spooled}.tmp`), 'ab')
  writeFileSync(join(data, 'admin.token'), 'secret')
  journal = new SqliteJournal(join(data, 'journal.db'))
  for (let i = 0; i < 300; i++) journal.append(entriesOf(i * 64, 64))
  journal.addUser({ name: 'ann', hash: 'a-hash' })
  journal.putToken({ digest: 'd', user: 'ann', expires: 5 })
  journal.useInvite('i')
  journal.save('{"a":1}')
  await make(backup)
})
afterAll(() => {
  journal.close()
  rmSync(folder, { recursive: true })
})

describe('a backup', () => {
  it('is restored with entries, credentials, kept state, spool and the admin’s token, as they were', async () => {
    const manifest = await restoreBackup(backup, restored)
    expect(manifest).toMatchObject({ driftwire: '1', made: '2026-01-05T12:00:00.000Z', rows: null, config: null })
    expect(readdirSync(restored).sort()).toEqual(['admin.token', 'journal.db', 'journal.db.head', 'spool'])
    expect(readdirSync(join(restored, 'spool'))).toEqual([spooled])
    const again = new SqliteJournal(join(restored, 'journal.db'))
    expect(again).toMatchObject({ id: journal.id, seq: manifest.journal.entries, vouched: true, notes: [] })
    expect([...again.since(0)]).toEqual([...journal.since(0)].slice(0, again.seq))
    expect([...again.keys()]).toEqual([...journal.keys()].slice(0, again.seq))
    expect([again.hashOf('ann'), again.tokens(), again.usedInvites(['i', 'j'])]).toEqual([
      'a-hash',
      [{ digest: 'd', user: 'ann', expires: 5 }],
      ['i'],
    ])
    expect(again.snapshot).toMatchObject({ seq: 19_200, state: '{"a":1}' })
    again.close()
    rmSync(restored, { recursive: true })
  })

  it('is not made beside one of the same name, and what cannot be copied leaves nothing', async () => {
    await expect(
      makeBackup(
        copy,
        { version: '1', dataDir: data, configFile: join(folder, 'none'), engine: undefined, between: work => work(), copyJournal },
        new Date(),
      ),
    ).rejects.toThrow('ENOENT')
    expect(readdirSync(folder).sort()).toEqual(['backup', 'data'])
  })

  it.each<[what: string, change: () => void, line: RegExp]>([
    ['a byte of the journal is another', () => flip(join(copy, 'journal.db')), /journal\.db: found it changed, expected the content/],
    ['a file is shorter', () => truncateSync(join(copy, 'journal.db'), 100), /found 100 bytes, expected \d+$/],
    ['a file is missing', () => rmSync(join(copy, 'spool', spooled)), /found none, expected a file of 5 bytes$/],
    [
      'there is a file more',
      () => writeFileSync(join(copy, 'spool', 'more'), ''),
      /found a file that the manifest does not name, expected none$/,
    ],
    ['the manifest is cut', () => truncateSync(join(copy, 'manifest.json'), 200), /manifest\.json: found no JSON/],
    [
      'the manifest is of another form',
      () => writeFileSync(join(copy, 'manifest.json'), '{"format":2}'),
      /found another form, expected a manifest of format 1$/,
    ],
    [
      'the manifest says something else',
      () =>
        writeFileSync(
          join(copy, 'manifest.json'),
          readFileSync(join(copy, 'manifest.json'), 'utf8').replace(/"entries": \d+/, '"entries": 7'),
        ),
      /manifest\.json: found it changed, expected what its sum says$/,
    ],
    [
      'it has no manifest',
      () => rmSync(join(copy, 'manifest.json')),
      /manifest\.json: found none, expected the manifest of a whole backup$/,
    ],
  ])('is not restored if %s', async (_, change, line) => {
    cpSync(backup, copy, { recursive: true })
    change()
    const error = await restoreBackup(copy, restored).catch((fault: unknown) => fault)
    rmSync(copy, { recursive: true })
    expect(error).toBeInstanceOf(BackupError)
    expect((error as Error).message).toMatch(line)
    expect([existsSync(restored), existsSync(`${restored}.restoring`)]).toEqual([false, false])
  })

  it('is not restored if its chain ends elsewhere than it says', async () => {
    cpSync(backup, copy, { recursive: true })
    const manifest = await readManifest(copy)
    writeFileSync(join(copy, 'manifest.json'), manifestText({ ...manifest, journal: { ...manifest.journal, hash: 'f'.repeat(64) } }))
    await expect(restoreBackup(copy, restored)).rejects.toThrow(/found \d+ entries up to [0-9a-f]{64}, expected \d+ up to f{64}$/)
    expect(existsSync(restored)).toBe(false)
    rmSync(copy, { recursive: true })
  })

  it('is readable by its owner alone', () => {
    for (const entry of readdirSync(backup, { recursive: true, withFileTypes: true }))
      if (entry.isFile()) expect(statSync(join(entry.parentPath, entry.name)).mode & 0o777, entry.name).toBe(0o600)
  })
})

const flip = (file: string): void => {
  const bytes = readFileSync(file)
  bytes[bytes.length >> 1]! ^= 1
  writeFileSync(file, bytes)
}
