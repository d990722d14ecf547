import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'libsql'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SPONSOR, shareAsset } from '../../streams/ledger/accounts.ts'
import type { Command } from '../../streams/ledger/command.ts'
import type { FundTerms } from '../../streams/ledger/entry.ts'
import { readEntry } from '../../streams/ledger/entryText.ts'
import { formatDecimal, parseDecimal } from '../../streams/lib/decimal.ts'
import { suppliesAt } from '../../streams/market/datedSupplies.ts'
import { transaction } from '../../streams/test/transactions.ts'
import { JournalError } from '../journal/journalError.ts'
import { SqliteJournal } from '../journal/sqliteJournal.ts'
import { nextMoment, type Origin } from '../lib/arrivalOrder.ts'
import { LedgerService } from './ledgerService.ts'
import type { ClearingRequest, ClientHoldings, CommitEvents, Done, OrderOutcome, RecordedEntry } from './port.ts'

const n = (text: string): bigint => parseDecimal(text)!

/** The clearing house over a journal on disk. */
class TestService {
  journal: SqliteJournal
  service: LedgerService

  constructor() {
    this.journal = new SqliteJournal(path())
    this.service = new LedgerService(this.journal, this.journal)
    opened.add(this)
  }

  /** What a batch that writes something comes to. */
  changed(...requests: ClearingRequest[]): { answers: unknown[]; events: CommitEvents } {
    const { answers, events } = this.service.process(requests)
    return { answers, events: events! }
  }

  /** One batch. */
  ask(...requests: ClearingRequest[]): unknown[] {
    return this.service.process(requests).answers
  }

  one<T>(request: ClearingRequest): T {
    return this.ask(request)[0] as T
  }

  holdings(who: string): ClientHoldings {
    return this.one({ ask: 'holdings', who })
  }

  /** Why a batch was refused. */
  failed(...requests: ClearingRequest[]): string {
    try {
      this.ask(...requests)
    } catch (error) {
      expect(error).toBeInstanceOf(JournalError)
      return (error as Error).message
    }
    return expect.unreachable('the disk took it')
  }

  /** Everything that anybody can see. */
  get all(): unknown {
    const people = ['ann', 'bob', 'sponsor', 'admin', ...crowd(200)]
    const seen = people.flatMap((who): ClearingRequest[] => [
      { ask: 'holdings', who },
      { ask: 'orders', who },
      { ask: 'hashOf', user: who },
    ])
    return [this.service.seq, this.ask(...seen, { ask: 'funds' }, { ask: 'tokens' }, { ask: 'page', after: 0, limit: 100_000 })]
  }

  /** Pages that the database may have; it answers as it does where the disk is full. */
  limit(pages: number): void {
    this.exec(`PRAGMA max_page_count = ${pages}`)
  }

  exec(sql: string): void {
    this.db.exec(sql)
  }

  get pages(): number {
    return (this.db.prepare('PRAGMA page_count').get() as { page_count: number }).page_count
  }

  close(): void {
    opened.delete(this)
    this.journal.close()
  }

  reopened(): TestService {
    this.close()
    return new TestService()
  }

  private get db(): Database.Database {
    return (this.journal as unknown as { db: Database.Database }).db
  }
}

const NO_MORE = 1
const PLENTY = 1_000_000

let dir = ''
const opened = new Set<TestService>()
const path = (): string => join(dir, 'journal.db')
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'driftwire-clearing-'))
})
afterEach(() => {
  for (const clearing of opened) clearing.close()
  rmSync(dir, { recursive: true })
})

const command = (what: Command, who: string, origin?: Origin): ClearingRequest => ({
  ask: 'execute',
  command: what,
  who,
  t: 1,
  ...(origin && { origin }),
})
const terms: FundTerms = { quote: 'USD', creationUnit: n('1'), createFeeBps: 0, redeemFeeBps: 0 }
const register = (client: string, secret?: string): ClearingRequest => ({
  ask: 'execute',
  command: { kind: 'register', client },
  who: client,
  t: 1,
  ...(secret !== undefined && { secret }),
})
const deposit = (key: string, client: string, asset: string, amount: string): ClearingRequest =>
  command({ kind: 'deposit', key, client, asset, amount: n(amount) }, 'admin')
const order = (kind: 'create' | 'redeem', key: string, amount: string, who = 'ann', origin?: Origin, fund = 'F'): ClearingRequest =>
  command({ kind, key, fund, amount: n(amount), nav: undefined }, who, origin)
const transfer = (key: string, to: string, asset: string, amount: string, who = 'ann'): ClearingRequest =>
  command({ kind: 'transfer', key, to, asset, amount: n(amount) }, who)
const crowd = (count: number): string[] => Array.from({ length: count }, (_, i) => `c${i}`)

/** Fund F of half an A and two B, of which the sponsor has 100; Ann has 50 A and 200 B. */
const begun = (): TestService => {
  const clearing = new TestService()
  const units = new Map([
    ['A', n('0.5')],
    ['B', n('2')],
  ])
  clearing.ask(
    ...['F', 'G'].flatMap(fund => [
      command({ kind: 'define', fund, terms }, 'system'),
      command({ kind: 'inception', fund, units, weights: {}, shares: n('100') }, 'system'),
    ]),
    ...[register('ann', 'hash of ann'), register('bob', 'hash of bob')],
    ...[deposit('d1', 'ann', 'A', '50'), deposit('d2', 'ann', 'B', '200')],
  )
  return clearing
}

const orderOf = (done: unknown): Record<string, unknown> => JSON.parse((done as OrderOutcome).order)

describe('a key', () => {
  const first: [string, ClearingRequest][] = [
    ['a creation', order('create', 'k', '2')],
    ['a creation that was rejected', order('create', 'k', '2.5')],
    ['a redemption', order('redeem', 'k', '3', SPONSOR)],
    ['a transfer', transfer('k', 'bob', 'A', '1')],
    ['a deposit', deposit('k', 'bob', 'A', '1')],
    ['a withdrawal', command({ kind: 'withdrawal', key: 'k', client: 'ann', asset: 'A', amount: n('1') }, 'admin')],
  ]

  it.each(first)('of %s gives the same answer again: in the same batch, in the next, after a start', (_, request) => {
    let clearing = begun()
    const before = clearing.service.seq
    const [one, two] = clearing.ask(request, request) as Done[]
    expect(orderOf(one).key).toBe('k')
    expect(two).toEqual(one)
    expect(clearing.one(request)).toEqual(one)
    clearing = clearing.reopened()
    expect(clearing.ask(request, request)).toEqual([one, one])
    expect(clearing.service.seq).toBe(before + 1)
  })

  const other: [string, ClearingRequest, ClearingRequest][] = [
    ['another amount', order('create', 'k', '2'), order('create', 'k', '3')],
    ['the other side', order('create', 'k', '2'), order('redeem', 'k', '2')],
    ['another fund', order('create', 'k', '2'), order('create', 'k', '2', 'ann', undefined, 'G')],
    ['an unknown fund', order('create', 'k', '2'), order('create', 'k', '2', 'ann', undefined, 'NONE')],
    ['something else', order('create', 'k', '2'), transfer('k', 'bob', 'A', '2')],
    ['another receiver', transfer('k', 'bob', 'A', '1'), transfer('k', 'ann', 'A', '1')],
    ['another asset', transfer('k', 'bob', 'A', '1'), transfer('k', 'bob', 'B', '1')],
    ['shares in place of an asset', transfer('k', 'bob', 'A', '1'), transfer('k', 'bob', shareAsset('A'), '1')],
    ['another amount of it', transfer('k', 'bob', 'A', '1'), transfer('k', 'bob', 'A', '1.000000000000000001')],
    ['another client', deposit('k', 'bob', 'A', '1'), deposit('k', 'ann', 'A', '1')],
    ['another asset deposited', deposit('k', 'bob', 'A', '1'), deposit('k', 'bob', 'B', '1')],
    ['another amount deposited', deposit('k', 'bob', 'A', '1'), deposit('k', 'bob', 'A', '2')],
    [
      'a withdrawal',
      deposit('k', 'bob', 'A', '1'),
      command({ kind: 'withdrawal', key: 'k', client: 'bob', asset: 'A', amount: n('1') }, 'admin'),
    ],
  ]

  it.each(other)('is not good for %s: in the same batch, in the next, after a start', (_, request, different) => {
    let clearing = begun()
    const reused = { refused: 'key_reused_differently' }
    const [one, two, three] = clearing.ask(request, different, request)
    expect([two, three]).toEqual([reused, one])
    expect(clearing.one(different)).toEqual(reused)
    const before = clearing.service.seq
    clearing = clearing.reopened()
    expect(clearing.one(different)).toEqual(reused)
    expect(clearing.service.seq).toBe(before)
  })

  it('is each client’s own', () => {
    const clearing = begun()
    clearing.ask(transfer('k', 'bob', 'A', '1'))
    expect(orderOf(clearing.one(transfer('k', 'ann', 'A', '1', 'bob')))).toMatchObject({ status: 'settled', to: 'ann' })
    expect(clearing.one({ ask: 'order', who: 'admin', key: 'k' })).toBeUndefined()
  })

  it('stays free where nothing was written', () => {
    const clearing = begun()
    const halt = (kind: 'halt' | 'resume'): ClearingRequest => command({ kind, fund: 'F' }, 'admin')
    expect(clearing.ask(halt('halt'), order('create', 'k', '2'), halt('resume'))[1]).toEqual({ refused: 'halted' })
    expect(clearing.one({ ask: 'order', who: 'ann', key: 'k' })).toBeUndefined()
    expect(orderOf(clearing.one(order('create', 'k', '3')))).toMatchObject({ status: 'settled', amount: '3' })
  })
})

describe('an order that was asked for before it came', () => {
  const [older, asking, newer] = [nextMoment(), nextMoment(), nextMoment()]
  const [before, question, after] = [nextMoment(), nextMoment(), nextMoment()]

  it('has moments that rise', () => {
    expect([older, asking, newer, before, question, after]).toEqual(
      [older, asking, newer, before, question, after].toSorted((a, b) => a - b),
    )
  })

  it.each<[string, Origin, done: boolean]>([
    ['on a connection that was opened before the question', { source: older, at: older }, false],
    ['in an HTTP request that began before the question', { source: before, at: before }, false],
    ['on the connection that asked', { source: asking, at: asking }, true],
    ['on a connection opened after the question', { source: after, at: after }, true],
  ])('%s is done: %s', (_, origin, wanted) => {
    for (const together of [true, false]) {
      const clearing = begun()
      const ask: ClearingRequest = { ask: 'order', who: 'ann', key: 'k', origin: { source: asking, at: question } }
      const request = order('create', 'k', '2', 'ann', origin)
      const seq = clearing.service.seq
      const [none, done] = together ? clearing.ask(ask, request) : [clearing.one(ask), clearing.one(request)]
      expect(none).toBeUndefined()
      if (wanted) expect(orderOf(done)).toMatchObject({ key: 'k', status: 'settled' })
      else expect(done).toEqual({ refused: 'unknown_order' })
      expect(clearing.service.seq).toBe(seq + (wanted ? 1 : 0))
      // Other keys, and others' keys, are as before.
      expect(orderOf(clearing.one(order('create', 'other', '2', 'ann', origin)))).toMatchObject({ status: 'settled' })
      expect(orderOf(clearing.one(order('create', 'k', '2', 'bob', origin)))).toMatchObject({ code: 'insufficient_assets' })
      clearing.close()
      for (const name of [path(), `${path()}.head`]) rmSync(name)
    }
  })

  it('is given as it is if it was done before, wherever the question or the order comes from', () => {
    const clearing = begun()
    const done = clearing.one(order('create', 'k', '2'))
    expect(clearing.one({ ask: 'order', who: 'ann', key: 'k', origin: { source: asking, at: question } })).toEqual(done)
    expect(clearing.one(order('create', 'k', '2', 'ann', { source: older, at: older }))).toEqual(done)
  })

  it('was not asked for by who has no connection to be late on', () => {
    const clearing = begun()
    expect(clearing.one({ ask: 'order', who: 'ann', key: 'k' })).toBeUndefined()
    expect(orderOf(clearing.one(order('create', 'k', '2', 'ann', { source: older, at: older })))).toMatchObject({ status: 'settled' })
  })
})

describe('a batch that the disk does not take', () => {
  const much = crowd(200).flatMap((name, i) => [register(name, `hash of ${name}`), deposit(`d${name}`, name, 'A', `${i + 1}`)])

  it('is refused as a whole, and everything is as before; the next one works when the disk does', () => {
    let clearing = begun()
    clearing.ask(order('create', 'k0', '2'), transfer('t0', 'bob', 'A', '1'))
    const before = clearing.all
    clearing.limit(NO_MORE)
    const batch: ClearingRequest[] = [
      ...[order('create', 'k1', '3'), { ask: 'useInvite', digest: 'code' }, { ask: 'putToken', digest: 'd', user: 'ann', expires: 9 }],
      ...[...much, order('create', 'k2', '4')],
    ] as ClearingRequest[]
    for (const _ of [1, 2]) {
      expect(clearing.failed(...batch)).toMatch(/SQLITE_FULL/)
      expect(clearing.service.failure).toMatch(/SQLITE_FULL/)
      // Reading goes on meanwhile, and does not make it well.
      expect(clearing.all).toEqual(before)
      expect(clearing.one({ ask: 'order', who: 'ann', key: 'k1' })).toBeUndefined()
      expect(clearing.service.failure).toMatch(/SQLITE_FULL/)
    }
    clearing.limit(PLENTY)
    const answers = clearing.ask(...batch)
    expect([orderOf(answers[0]).status, answers[1], orderOf(answers.at(-1)).status]).toEqual(['settled', true, 'settled'])
    expect(clearing.service.failure).toBeUndefined()
    expect(clearing.holdings('ann').shares).toEqual({ F: '9' })
    expect(clearing.one({ ask: 'useInvite', digest: 'code' })).toBe(false)
    const after = clearing.all
    clearing = clearing.reopened()
    expect(clearing.all).toEqual(after)
    expect(
      clearing.ask(...batch.filter(({ ask }) => ask === 'execute').filter(r => (r as { command: Command }).command.kind !== 'register')),
    ).toEqual(answers.filter((_, i) => batch[i]!.ask === 'execute' && (batch[i] as { command: Command }).command.kind !== 'register'))
  })

  it('is read back as soon as that can be done, where it cannot be at once', () => {
    const clearing = begun()
    const before = clearing.holdings('ann')
    clearing.limit(NO_MORE)
    clearing.failed(order('create', 'k1', '3'), ...much)
    clearing.limit(PLENTY)
    clearing.exec('ALTER TABLE blocks RENAME TO away')
    for (const _ of [1, 2]) expect(() => clearing.ask({ ask: 'holdings', who: 'ann' }, order('create', 'k1', '3'))).toThrow('no such table')
    clearing.exec('ALTER TABLE away RENAME TO blocks')
    expect(clearing.holdings('ann')).toEqual(before)
    expect(orderOf(clearing.one(order('create', 'k1', '3')))).toMatchObject({ status: 'settled', seq: clearing.service.seq })
  })

  it('has no registration without its password, nor a password without its registration', () => {
    let clearing = begun()
    clearing.limit(NO_MORE)
    clearing.failed(...much)
    const seen = (): unknown[] => clearing.ask({ ask: 'hashOf', user: 'c7' }, deposit('try', 'c7', 'A', '1'))
    expect(seen()).toEqual([undefined, { refused: 'unknown_client' }])
    clearing.limit(PLENTY)
    // Within the batch, too, both are there together.
    expect(clearing.ask(register('c7', 'hash of c7'), { ask: 'hashOf', user: 'c7' }, register('c7', 'of another'))).toEqual([
      { order: expect.any(String) },
      'hash of c7',
      { refused: 'name_taken' },
    ])
    clearing = clearing.reopened()
    expect([seen()[0], orderOf(seen()[1])]).toEqual(['hash of c7', expect.objectContaining({ status: 'settled' })])
  })
})

describe('what a batch has changed', () => {
  it('is given for each fund as it stands, and entry by entry of clients who are watched', () => {
    const clearing = begun()
    const watch = (who: string, by: string, on = true): ClearingRequest => ({ ask: 'watch', who, by, on })
    clearing.ask(watch('ann', 'orders'), watch('ann', 'holdings'), watch('bob', 'orders'))
    const { answers, events } = clearing.changed(
      order('create', 'k1', '2'),
      order('create', 'k1', '2'),
      order('create', 'k2', '1.5'),
      transfer('t1', 'bob', 'A', '1'),
      deposit('d9', 'bob', 'B', '1'),
      order('redeem', 'k3', '1', 'ann', undefined, 'NONE'),
    )
    const lines = (told: CommitEvents): unknown[] =>
      told.watched.map(({ text, clients }) => {
        const { seq, kind } = readEntry(text)
        return [seq, kind, clients.toSorted()]
      })
    expect(lines(events)).toEqual([
      [clearing.service.seq - 3, 'create', ['ann']],
      [clearing.service.seq - 2, 'create', ['ann']],
      [clearing.service.seq - 1, 'transfer', ['ann', 'bob']],
      [clearing.service.seq, 'deposit', ['bob']],
    ])
    expect(events.watched.map(({ text }) => text)).toEqual([...clearing.journal.since(clearing.service.seq - 4)].map(({ text }) => text))
    expect(orderOf(answers[0]).seq).toBe(clearing.service.seq - 3)
    const custody = (asset: string): string => formatDecimal(events.funds[0]!.custody.get(asset)!)
    expect([events.funds.length, events.funds[0]!.fund, formatDecimal(events.funds[0]!.shares)]).toEqual([1, 'F', '102'])
    expect([custody('A'), custody('B')]).toEqual(['51', '204'])
    // Twice off by one name is off once; who was never watched can be let go.
    clearing.ask(
      watch('ann', 'orders', false),
      watch('ann', 'orders', false),
      watch('bob', 'orders', false),
      watch('carl', 'orders', false),
    )
    expect(lines(clearing.changed(deposit('d10', 'bob', 'B', '1'), transfer('t2', 'bob', 'A', '1')).events)).toEqual([
      [clearing.service.seq, 'transfer', ['ann']],
    ])
    clearing.ask(watch('ann', 'holdings', false))
    expect(lines(clearing.changed(transfer('t3', 'bob', 'A', '1')).events)).toEqual([])
  })

  it('is nothing where nothing was written', () => {
    const clearing = begun()
    expect(clearing.service.process([{ ask: 'holdings', who: 'ann' }, order('create', 'k', '1', 'nobody')]).events).toBeUndefined()
  })
})

describe('supplies', () => {
  const supply = (supplies: Record<string, string>): ClearingRequest =>
    command({ kind: 'supplies', supplies: new Map(Object.entries(supplies).map(([asset, text]) => [asset, n(text)])) }, 'admin')

  it('are told as a batch leaves them, and are known after a start, kept or read again', () => {
    let clearing = begun()
    const before = clearing.service.seq
    const { answers, events } = clearing.changed(supply({ BTC: '1', ETH: '2' }), supply({ BTC: '0', ETH: '2' }), supply({ BTC: '0' }))
    expect(answers.map(answer => orderOf(answer).accepted)).toEqual([2, 1, 0])
    const known = new Map([
      ['BTC', 0n],
      ['ETH', n('2')],
    ])
    expect([clearing.service.seq - before, suppliesAt(events.supplies, Number.POSITIVE_INFINITY)]).toEqual([2, known])
    for (const kept of [false, true]) {
      if (kept) clearing.service.save()
      clearing = clearing.reopened()
      expect(suppliesAt(clearing.one({ ask: 'supplies' }), Number.POSITIVE_INFINITY)).toEqual(known)
      expect(orderOf(clearing.ask(supply({ BTC: '0', ETH: '2' }))[0]).accepted).toBe(0)
    }
  })
})

describe('rows of a portfolio', () => {
  const row = (id: string) => ({ ...transaction('buy BTC 1 10'), id })
  const record = (portfolio: string, ...ids: string[]): ClearingRequest =>
    command({ kind: 'record', portfolio, transactions: ids.map(row) }, 'ann')
  const accepted = (answers: readonly unknown[]): unknown[] => answers.map(answer => orderOf(answer).accepted)

  it('are taken in once, of one batch and of several; only what is new is reported', () => {
    const clearing = begun()
    const before = clearing.service.seq
    const { answers, events } = clearing.changed(record('P', 'a', 'b'), record('P', 'b', 'c'), record('Q', 'a'), record('P', 'a'))
    expect(accepted(answers)).toEqual([2, 1, 1, 0])
    expect(events.recorded).toEqual([
      { portfolio: 'P', transactions: [row('a'), row('b')] },
      { portfolio: 'P', transactions: [row('c')] },
      { portfolio: 'Q', transactions: [row('a')] },
    ])
    expect([clearing.service.seq - before, events.watched]).toEqual([3, []])
    expect(accepted(clearing.ask(record('P', 'c', 'd'), record('Q', 'a')))).toEqual([1, 0])
  })

  it('are all told after a start, a page at a time, and are known', () => {
    let clearing = begun()
    const many = Array.from({ length: 12_000 }, (_, i) => `m${i}`)
    clearing.ask(record('P', 'a'), order('create', 'k', '1'), record('P', ...many), record('Q', ...many), record('P', 'z'))
    for (const kept of [false, true]) {
      if (kept) clearing.service.save()
      clearing = clearing.reopened()
      const told: string[] = []
      const pages: number[] = []
      for (let after = 0; ; ) {
        const page = clearing.one<readonly RecordedEntry[]>({ ask: 'recorded', after })
        if (page.length === 0) break
        pages.push(page.length)
        told.push(...page.flatMap(({ portfolio, transactions }) => transactions.map(({ id }) => `${portfolio} ${id}`)))
        after = page.at(-1)!.seq
      }
      expect(pages).toEqual([3, 1])
      expect(told).toEqual(['P a', ...many.map(id => `P ${id}`), ...many.map(id => `Q ${id}`), 'P z'])
      expect(accepted(clearing.ask(record('P', ...many, 'a', 'z'), record('Q', 'm7')))).toEqual([0, 0])
    }
  })

  it('that the disk does not take are not known, and can come again', () => {
    const clearing = begun()
    clearing.limit(NO_MORE)
    clearing.failed(record('P', ...Array.from({ length: 5_000 }, (_, i) => `m${i}`)))
    clearing.limit(PLENTY)
    expect(accepted(clearing.ask(record('P', 'm7')))).toEqual([1])
    expect(clearing.one<readonly RecordedEntry[]>({ ask: 'recorded', after: 0 }).map(({ transactions }) => transactions)).toEqual([
      [row('m7')],
    ])
  })
})

describe('a client’s newest orders', () => {
  it('are its own, a hundred, the oldest first, with those of the same batch; after a start too', () => {
    let clearing = begun()
    const orders = Array.from({ length: 130 }, (_, i) => order('create', `k${i}`, i % 3 === 0 ? '0.1' : '0.000000000000000001'))
    expect(clearing.one({ ask: 'orders', who: 'ann' })).toEqual([])
    const first = clearing.ask(...orders.slice(0, 50), deposit('d9', 'ann', 'A', '1'), { ask: 'orders', who: 'ann' })
    expect(first.at(-1)).toEqual(first.slice(0, 50))
    const rest = clearing.ask(...orders.slice(50), transfer('k1', 'ann', 'A', '1', 'bob'), { ask: 'orders', who: 'ann' })
    const newest = [...first.slice(0, 50), ...rest.slice(0, 80)].slice(-100)
    expect(rest.at(-1)).toEqual(newest)
    expect((newest as OrderOutcome[]).map(o => orderOf(o).key)).toEqual(Array.from({ length: 100 }, (_, i) => `k${i + 30}`))
    clearing = clearing.reopened()
    expect(clearing.one({ ask: 'orders', who: 'ann' })).toEqual(newest)
    expect((clearing.one({ ask: 'orders', who: 'bob' }) as OrderOutcome[]).map(o => orderOf(o).key)).toEqual(['k1'])
  })
})

describe('the state', () => {
  const long = (i: number): string => `client-${i}-`.padEnd(60, 'x')
  const batch = (from: number, to: number): ClearingRequest[] => Array.from({ length: to - from }, (_, i) => register(long(from + i)))

  it('is kept after ten thousand entries, and a start goes on from it', () => {
    let clearing = begun()
    const began = clearing.service.seq
    for (let i = began; i < 9_999; i += 1_000) clearing.ask(...batch(i, Math.min(i + 1_000, 9_999)))
    expect([clearing.service.seq, clearing.journal.snapshot]).toEqual([9_999, undefined])
    clearing.ask(order('create', 'k', '2'))
    expect(clearing.journal.snapshot?.seq).toBe(10_000)
    clearing.ask(order('create', 'k2', '3'), register('dan', 'hash'))
    const before = clearing.all
    clearing = clearing.reopened()
    expect(clearing.all).toEqual(before)
    expect([clearing.one(register(long(5_000))), clearing.one(register('dan'))]).toEqual([
      { refused: 'name_taken' },
      { refused: 'name_taken' },
    ])
    expect(orderOf(clearing.one(order('create', 'k2', '3'))).seq).toBe(10_001)
    expect(orderOf(clearing.one(order('create', 'k3', '3'))).seq).toBe(10_003)
    // As often again, not with each batch from then on.
    expect(clearing.journal.snapshot?.seq).toBe(10_000)
    // Read from its first entry, it is the same.
    const all = clearing.all
    clearing.close()
    const db = new Database(path())
    db.exec('DELETE FROM snapshots')
    db.close()
    clearing = new TestService()
    expect(clearing.all).toEqual(all)
  })

  it('that the disk does not take is kept later; its sender is answered, for it is done', () => {
    let clearing = new TestService()
    for (let i = 0; i < 9_000; i += 1_000) clearing.ask(...batch(i, i + 1_000))
    const before = clearing.pages
    clearing.ask(...batch(9_000, 9_500))
    // Room for as many entries once more, and little else.
    clearing.limit(clearing.pages + Math.ceil((clearing.pages - before) * 1.2))
    const last = batch(9_500, 10_000)
    expect(clearing.ask(...last).map(done => orderOf(done).seq)).toEqual(Array.from({ length: 500 }, (_, i) => 9_501 + i))
    expect([clearing.service.seq, clearing.journal.snapshot, clearing.service.failure]).toEqual([
      10_000,
      undefined,
      expect.stringMatching(/SQLITE_FULL/),
    ])
    clearing.limit(PLENTY)
    clearing.ask(register('ann'))
    expect(clearing.service.failure).toBeUndefined()
    clearing.service.save()
    expect(clearing.journal.snapshot?.seq).toBe(10_001)
    clearing = clearing.reopened()
    expect(clearing.one(register(long(9_999)))).toEqual({ refused: 'name_taken' })
  })

  it('is not kept while it holds what the disk did not take', () => {
    let clearing = begun()
    const before = clearing.all
    clearing.limit(NO_MORE)
    clearing.failed(order('create', 'k', '3'), ...crowd(200).map(name => register(name, `hash of ${name}`)))
    clearing.limit(PLENTY)
    clearing.service.save()
    clearing = clearing.reopened()
    expect(clearing.all).toEqual(before)
  })

  it('is kept once at an end, where anything was written', () => {
    const clearing = begun()
    clearing.service.save()
    const kept = clearing.journal.snapshot
    expect(kept?.seq).toBe(clearing.service.seq)
    clearing.service.save()
    expect(clearing.journal.snapshot).toMatchObject({ seq: kept!.seq, state: kept!.state })
  })
})

describe('a quote', () => {
  it('is what the order then is, by the terms of now', () => {
    const clearing = begun()
    clearing.ask(command({ kind: 'define', fund: 'F', terms: { ...terms, createFeeBps: 10 } }, 'system'), deposit('d3', 'ann', 'USD', '1'))
    const quote = (nav: number | undefined): ClearingRequest => ({ ask: 'quote', side: 'create', fund: 'F', amount: n('2'), nav })
    expect(clearing.ask(quote(undefined), quote(99.9))).toMatchObject([
      { unpriced: true, fee: undefined, halted: false },
      { unpriced: false, fee: { asset: 'USD', amount: n('0.1998') }, creationUnit: n('1') },
    ])
    const { legs } = clearing.one<{ legs: { asset: string; amount: bigint }[] }>(quote(99.9))
    const done = orderOf(clearing.one(command({ kind: 'create', key: 'k', fund: 'F', amount: n('2'), nav: 99.9 }, 'ann')))
    expect(done).toMatchObject({ fee: { asset: 'USD', amount: '0.1998' }, nav: 99.9 })
    expect(done.legs).toEqual(legs.map(({ asset, amount }) => ({ asset, amount: formatDecimal(amount) })))
    expect(clearing.one({ ask: 'quote', side: 'create', fund: 'NONE', amount: 1n, nav: 1 })).toBeUndefined()
  })
})
