import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import Database from 'libsql'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Command } from '../../streams/ledger/command.ts'
import { readEntry, writeEntry } from '../../streams/ledger/entryText.ts'
import { Ledger } from '../../streams/ledger/ledger.ts'
import { chained, FIRST } from './block.ts'
import type { JournalEntry } from './journal.ts'
import { type JournalCopy, type Repair, repairJournal } from './repair.ts'
import { SqliteJournal } from './sqliteJournal.ts'

let dir = ''
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'driftwire-repair-'))
})
afterEach(() => rmSync(dir, { recursive: true }))
const path = (): string => join(dir, 'journal.db')

const deposit = (i: number): Command => ({ kind: 'deposit', key: `k${i}`, client: i % 2 ? 'ann' : 'bob', asset: 'A', amount: BigInt(i) })
const COMMANDS: readonly Command[] = [
  { kind: 'register', client: 'ann' },
  { kind: 'register', client: 'bob' },
  ...Array.from({ length: 298 }, (_, i) => deposit(i + 1)),
]
const ENTRIES = COMMANDS.length

interface World {
  readonly id: string
  readonly entries: readonly JournalEntry[]
  readonly state: string
}

/** A journal of 300 entries with two users, in commits of seven. */
const made = (): World => {
  const journal = new SqliteJournal(path())
  const ledger = new Ledger()
  for (let from = 0; from < ENTRIES; from += 7)
    journal.transaction(() => {
      const lines = COMMANDS.slice(from, from + 7).map(command => {
        const decision = ledger.decide(command, 5, 'admin')
        if (!('entry' in decision)) throw new Error('no entry')
        ledger.post(decision.entry)
        if (command.kind === 'register') journal.addUser({ name: command.client, hash: `of ${command.client}` })
        return { text: writeEntry(decision.entry), who: 'admin', key: 'key' in command ? command.key : undefined }
      })
      journal.append(lines)
    })
  journal.save(ledger.write())
  const world = { id: journal.id, entries: [...journal.since(0)], state: ledger.write() }
  journal.close()
  return world
}

/** A copy of the first entries, which counts what is taken out of it. */
const copyOf = ({ id, entries }: World, to = ENTRIES, alone = true): JournalCopy & { held: JournalEntry[] } => {
  const copy = {
    held: entries.slice(0, to),
    async *entries(journal: string) {
      if (journal === id) yield* copy.held
    },
    newest: async (journal: string) => (journal === id ? copy.held.at(-1) : undefined),
    journal: async () => (alone && copy.held.length > 0 ? id : undefined),
    abandon: async (_: string, after: number) => {
      copy.held = copy.held.filter(({ seq }) => seq <= after)
    },
  }
  return copy
}

const meddle = (sql: string): void => {
  const db = new Database(path())
  db.exec(sql)
  db.close()
}
const replaced = (before: string, after: string, table = 'blocks'): string =>
  `UPDATE ${table} SET entries = CAST(replace(CAST(entries AS TEXT), '${before}', '${after}') AS BLOB)`

/** Writes a whole journal of these texts in place of the file, as somebody would who knows how. */
const forge = ({ id }: World, texts: readonly string[]): void => {
  const head = readFileSync(`${path()}.head`)
  const old = new Database(path())
  const users = old.prepare('SELECT name, hash FROM users').all() as { name: string; hash: string }[]
  old.close()
  rmSync(path())
  rmSync(`${path()}.head`)
  const journal = new SqliteJournal(path())
  for (const user of users) journal.addUser(user)
  journal.append(texts.map(text => ({ text, who: 'admin', key: (JSON.parse(text) as { key?: string }).key })))
  journal.close()
  meddle(`UPDATE journal SET id = '${id}'`)
  writeFileSync(`${path()}.head`, head)
}

/** Texts in which ann is given more by one deposit, and all balances after it add up. */
const richer = ({ entries }: World, from: number): string[] => {
  const ledger = new Ledger()
  return entries.map(({ seq, text }) => {
    const entry = JSON.parse(text) as { kind: string }
    const command: Command = seq === from ? ({ ...(COMMANDS[seq - 1] as Command), amount: 10n ** 24n } as Command) : COMMANDS[seq - 1]!
    const decision = ledger.decide(command, 5, 'admin')
    if (!('entry' in decision)) throw new Error(`no entry for ${entry.kind}`)
    ledger.post(decision.entry)
    return writeEntry(decision.entry)
  })
}

const repair = (copy: JournalCopy): Promise<Repair> => repairJournal(path(), copy, new Date(Date.UTC(2024, 7, 8, 12)))

/** What the journal comes to now. */
const now = (): { entries: JournalEntry[]; state: string; users: (string | undefined)[]; keys: number } => {
  const journal = new SqliteJournal(path())
  const ledger = new Ledger()
  const entries = [...journal.since(0)]
  try {
    const { snapshot } = journal
    if (snapshot) return { entries, state: snapshot.state, users: [], keys: 0 }
    return { entries, state: ledger.write(), users: ['ann', 'bob'].map(name => journal.hashOf(name)), keys: [...journal.keys()].length }
  } finally {
    journal.close()
  }
}

const TAMPERINGS: readonly (readonly [what: string, how: (world: World) => void])[] = [
  [
    'one digit of an early amount changed',
    () =>
      meddle(
        replaced(
          '"key":"k17","client":"ann","asset":"A","amount":"0.000000000000000017"',
          '"key":"k17","client":"ann","asset":"A","amount":"0.000000000000000018"',
        ),
      ),
  ],
  ['blocks deleted in the middle', () => meddle('DELETE FROM blocks WHERE seq BETWEEN 100 AND 140')],
  ['the newest blocks deleted', () => meddle('DELETE FROM blocks WHERE seq > 140; DELETE FROM snapshots')],
  [
    'two blocks swapped',
    () =>
      meddle(
        'UPDATE blocks SET seq = -1 WHERE seq = 140; UPDATE blocks SET seq = 140 WHERE seq = 147; UPDATE blocks SET seq = 147 WHERE seq = -1',
      ),
  ],
  ['a first column changed', () => meddle('UPDATE blocks SET first = first + 1 WHERE seq = 140')],
  ['a hash changed', () => meddle("UPDATE blocks SET hash = replace(hash, substr(hash, 1, 1), 'x') WHERE seq = 140")],
  ['an amount changed and the chain computed again', world => forge(world, richer(world, 52))],
  ['all entries deleted', () => meddle('DELETE FROM blocks; DELETE FROM snapshots')],
  ['an empty file', () => writeFileSync(path(), '')],
  ['a file that is no database', () => writeFileSync(path(), 'x'.repeat(100_000))],
  ['no file', () => rmSync(path())],
  ['a file cut in half', () => writeFileSync(path(), readFileSync(path()).subarray(0, 16_384 * 3))],
  [
    'a deposit whose balances do not add up',
    world =>
      forge(
        world,
        world.entries.map(({ text }) => text.replace('"amount":"0.000000000000000049"', '"amount":"0.000000000000000050"')),
      ),
  ],
]

describe('a journal of which the copy has all', () => {
  it.each(TAMPERINGS)('and that has %s does not open, and is restored to its last entry; the damaged file is kept', async (_, tamper) => {
    const world = made()
    tamper(world)
    expect(() => new SqliteJournal(path()).close()).toThrow(/--repair/)
    const { entries, lost, damaged, ended } = await repair(copyOf(world))
    expect([entries, lost, ended]).toEqual([ENTRIES, undefined, undefined])
    expect(now().entries).toEqual(world.entries)
    expect(damaged).toBe(`${path()}.damaged-20240808T120000Z`)
    expect(readdirSync(dir).filter(name => !name.includes('damaged'))).toEqual(['journal.db', 'journal.db.head'])
    const again = await repair(copyOf(world))
    expect([again.damaged, again.entries]).toEqual([undefined, ENTRIES])
  })

  it('and that lost its head file, too, is restored to its last entry', async () => {
    for (const [, tamper] of TAMPERINGS) {
      const world = made()
      tamper(world)
      rmSync(`${path()}.head`)
      expect((await repair(copyOf(world))).entries).toBe(ENTRIES)
      expect(now().entries).toEqual(world.entries)
      for (const name of readdirSync(dir)) rmSync(join(dir, name))
    }
  }, 60_000)

  it('and that has another journal in its place, which nothing in the file shows, is restored to its last entry', async () => {
    const world = made()
    for (const name of [path(), `${path()}.head`]) rmSync(name)
    const other = new SqliteJournal(path())
    other.append([{ text: '{"seq":1,"t":0,"who":"system","kind":"register","client":"eve"}', who: 'system', key: undefined }])
    other.close()
    expect(await repair(copyOf(world))).toMatchObject({ entries: ENTRIES, lost: undefined, lostUsers: ['ann', 'bob'] })
    expect(now().entries).toEqual(world.entries)
  })

  it('keeps the passwords that are left, and names the others', async () => {
    const world = made()
    meddle(
      `DELETE FROM users WHERE name = 'bob'; INSERT INTO users VALUES ('eve', 'h'); INSERT INTO tokens VALUES ('t', 'eve', 9), ('u', 'ann', 9)`,
    )
    const { entries, lostUsers } = await repair(copyOf(world))
    expect([entries, lostUsers]).toEqual([ENTRIES, ['bob']])
    const journal = new SqliteJournal(path())
    expect(['ann', 'bob', 'eve'].map(name => journal.hashOf(name))).toEqual(['of ann', undefined, undefined])
    expect(journal.tokens().map(({ user }) => user)).toEqual(['ann'])
    journal.close()
  })
})

describe('a journal of which a password was changed', () => {
  it('loses all that were acknowledged with it, because nobody can say which one it was; those of users who registered later stay', async () => {
    const world = made()
    const older = readFileSync(`${path()}.head`)
    const journal = new SqliteJournal(path())
    const ledger = new Ledger()
    for (const { text } of journal.since(0)) ledger.post(readEntry(text))
    const decision = ledger.decide({ kind: 'register', client: 'late' }, 5, 'admin')
    if (!('entry' in decision)) throw new Error('no entry')
    journal.transaction(() => {
      journal.addUser({ name: 'late', hash: 'of late' })
      journal.append([{ text: writeEntry(decision.entry), who: 'admin', key: undefined }])
    })
    journal.close()
    writeFileSync(`${path()}.head`, older)
    meddle("UPDATE users SET hash = 'mine' WHERE name = 'bob'")
    expect(await repair(copyOf(world))).toMatchObject({ entries: ENTRIES + 1, lostUsers: ['ann', 'bob'] })
    const again = new SqliteJournal(path())
    expect(['ann', 'bob', 'late'].map(name => again.hashOf(name))).toEqual([undefined, undefined, 'of late'])
    again.close()
  })
})

describe('a journal of which the kept state was forged with the head file', () => {
  it('is made again with the state that its entries give', async () => {
    const world = made()
    const journal = new SqliteJournal(path())
    journal.save(world.state.replace(/"client:ann":\{"A":"[^"]+"/, '"client:ann":{"A":"1000000"'))
    journal.close()
    expect(await repair(copyOf(world))).toMatchObject({ entries: ENTRIES, restored: 0, lostUsers: [], damaged: expect.any(String) })
    // Without a kept state: the next start makes it of the entries.
    expect(now()).toMatchObject({ entries: world.entries, users: ['of ann', 'of bob'] })
  })
})

describe('a journal of which the copy has only a part', () => {
  it('and that has damage in that part is restored to its last entry', async () => {
    const world = made()
    meddle('DELETE FROM blocks WHERE seq BETWEEN 100 AND 140')
    expect((await repair(copyOf(world, 200))).entries).toBe(ENTRIES)
    expect(now().entries).toEqual(world.entries)
  })

  it('and whose chain was computed again from an entry in that part is restored to its last entry', async () => {
    const world = made()
    const texts = world.entries.map(({ text }) => text.replace('"t":5', '"t":6'))
    forge(world, [...world.entries.slice(0, 100).map(({ text }) => text), texts[100]!, ...world.entries.slice(101).map(({ text }) => text)])
    expect((await repair(copyOf(world, 200))).entries).toBe(ENTRIES)
    expect(now().entries).toEqual(world.entries)
  })

  it('and whose chain was computed again from a later entry is cut off there, and what is lost is named', async () => {
    const world = made()
    forge(world, richer(world, 252))
    const { entries, lost, ended } = await repair(copyOf(world, 200))
    expect([entries, lost, ended]).toEqual([200, [201, ENTRIES], 'entry 201: found none that follows from those before it'])
    expect(now().entries).toEqual(world.entries.slice(0, 200))
  })

  it('and that has one bad bit beyond it is put right, bit by bit, because its hash says which one', async () => {
    for (const seq of [205, 250, 300]) {
      const world = made()
      const text = `"key":"k${seq - 2}"`
      meddle(replaced(text, text.replace('"k', '"{')))
      expect((await repair(copyOf(world, 200))).entries).toBe(ENTRIES)
      expect(now().entries).toEqual(world.entries)
      for (const name of readdirSync(dir)) rmSync(join(dir, name))
    }
  })
})

describe('a journal that the head file confirms', () => {
  it('counts where the copy differs: what the copy has besides is taken out of it', async () => {
    const world = made()
    const copy = copyOf(world)
    const other = richer(world, 280)
    let hash = FIRST
    copy.held = [...other, ...other.slice(-2)].map((text, i) => {
      hash = chained(hash, text)
      return { seq: i + 1, text, hash }
    })
    const { entries, abandonedAfter, damaged } = await repair(copy)
    expect([entries, abandonedAfter, damaged === undefined]).toEqual([ENTRIES, 279, false])
    expect(now().entries).toEqual(world.entries)
    expect(copy.held).toEqual(world.entries.slice(0, 279))
  })

  it('is left as it is if nothing is wrong, also without a copy', async () => {
    const world = made()
    expect(await repair(copyOf(world, 0))).toMatchObject({ damaged: undefined, entries: ENTRIES })
    expect(await repair(copyOf(world, 100))).toMatchObject({ damaged: undefined, entries: ENTRIES })
    expect(now().entries).toEqual(world.entries)
    expect(now().state).toBe(world.state)
  })
})

describe('an entry that does not follow by the ledger and was never another', () => {
  it('ends the journal, and is named', async () => {
    const world = made()
    const texts = world.entries.map(({ text }) => text.replace(/(\["client:ann","A","0\.0+49",")[^"]+/, '$19'))
    rmSync(path())
    rmSync(`${path()}.head`)
    const journal = new SqliteJournal(path())
    journal.append(texts.map(text => ({ text, who: 'admin', key: (JSON.parse(text) as { key?: string }).key })))
    const { id } = journal
    journal.close()
    const { entries, lost, ended } = await repair(copyOf({ ...world, id }, 0, false))
    expect([entries, lost]).toEqual([50, [51, ENTRIES]])
    expect(ended).toMatch(/^entry 51: found 9 A in client:ann, expected 0\.0+625$/)
  })
})

/** Something that may happen to a file, or that somebody may do to it. Numbers are shares of what there is. */
type Harm =
  | { readonly kind: 'bits' | 'zeros' | 'cut'; readonly of: 'journal.db' | 'journal.db.head'; readonly at: number; readonly bit: number }
  | { readonly kind: 'sql'; readonly statement: string }

const share = fc.double({ min: 0, max: 0.999, noNaN: true })
const row = fc.integer({ min: 1, max: 43 }).map(i => `(SELECT seq FROM blocks ORDER BY seq LIMIT 1 OFFSET ${i - 1})`)
const harms: fc.Arbitrary<Harm> = fc.oneof(
  fc.record({
    kind: fc.constantFrom('bits' as const, 'zeros' as const, 'cut' as const),
    of: fc.constantFrom('journal.db' as const, 'journal.db' as const, 'journal.db.head' as const),
    at: share,
    bit: fc.integer({ min: 0, max: 7 }),
  }),
  fc
    .tuple(
      row,
      fc.constantFrom(
        'DELETE FROM blocks WHERE seq =',
        'DELETE FROM blocks WHERE seq >=',
        'DELETE FROM blocks WHERE seq <',
        "UPDATE blocks SET keys = '[]' WHERE seq >=",
        'UPDATE blocks SET keys = substr(keys, 2) WHERE seq =',
        'UPDATE blocks SET first = first - 1 WHERE seq =',
        'UPDATE blocks SET hash = lower(hex(randomblob(32))) WHERE seq =',
        'UPDATE blocks SET entries = substr(entries, 2) WHERE seq =',
        "UPDATE blocks SET entries = CAST(replace(CAST(entries AS TEXT), '0000001', '0000009') AS BLOB) WHERE seq >=",
        "UPDATE snapshots SET state = replace(state, '0.0000', '9.0000') WHERE seq >",
        'UPDATE snapshots SET seq = seq - 7 WHERE seq >',
        'DELETE FROM snapshots WHERE seq >',
        'DELETE FROM users WHERE 0 <',
        "UPDATE users SET hash = 'mine' WHERE 0 <",
        "UPDATE journal SET id = 'another' WHERE 0 <",
        'DROP TABLE users; SELECT 1 WHERE 0 <',
        'DROP TABLE blocks; SELECT 1 WHERE 0 <',
      ),
    )
    .map(([which, what]) => ({ kind: 'sql' as const, statement: `${what} ${which}` })),
)

const harm = (each: Harm): void => {
  if (each.kind === 'sql') {
    try {
      meddle(each.statement)
    } catch {
      // What came before has left no table for it.
    }
    return
  }
  const file = join(dir, each.of)
  const bytes = readFileSync(file)
  const at = Math.floor(bytes.length * each.at)
  if (each.kind === 'bits') bytes[at]! ^= 1 << each.bit
  if (each.kind === 'zeros') bytes.fill(0, at, Math.min(at + 512, bytes.length))
  writeFileSync(file, each.kind === 'cut' ? bytes.subarray(0, at) : bytes)
}

describe('whatever happens to a journal', () => {
  it('it opens with what was acknowledged or not at all, and is restored to its last entry', { timeout: 120_000 }, async () => {
    const world = made()
    const kept = ['journal.db', 'journal.db.head'].map(name => [name, readFileSync(join(dir, name))] as const)
    const seen = { opened: 0, refused: 0 }
    await fc.assert(
      fc.asyncProperty(fc.array(harms, { minLength: 1, maxLength: 3 }), async list => {
        for (const name of readdirSync(dir)) rmSync(join(dir, name))
        for (const [name, bytes] of kept) writeFileSync(join(dir, name), bytes)
        for (const each of list) harm(each)
        let journal: SqliteJournal | undefined
        try {
          journal = new SqliteJournal(path())
        } catch (error) {
          expect((error as Error).message).toContain('journal.db: ')
          seen.refused += 1
        }
        if (journal) {
          try {
            // The copy is asked as well: without a head file nothing else knows how long it was.
            const agrees = journal.id === world.id && journal.hashAt(ENTRIES) === world.entries.at(-1)!.hash
            expect(agrees || !journal.vouched).toBe(true)
            if (agrees) {
              expect([...journal.since(0)]).toEqual(world.entries)
              expect([...journal.keys()]).toHaveLength(ENTRIES - 2)
              expect([world.state, undefined]).toContain(journal.snapshot?.state)
              seen.opened += 1
            }
          } finally {
            journal.close()
          }
        }
        const { entries, lost } = await repair(copyOf(world))
        expect([entries, lost]).toEqual([ENTRIES, undefined])
        expect(now().entries).toEqual(world.entries)
      }),
      { numRuns: 40 },
    )
    expect(Math.min(seen.opened, seen.refused)).toBeGreaterThan(0)
  })
})
