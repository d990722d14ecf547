import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'libsql'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SPONSOR, shareAsset } from '../../streams/ledger/accounts.ts'
import type { Command } from '../../streams/ledger/command.ts'
import { parseDecimal } from '../../streams/lib/decimal.ts'
import { ProtocolError } from '../../streams/wire/errors.ts'
import { Blocks, IndexDigest } from '../journal/blocks.ts'
import { HeadFile, type HeadRecord, readHeadFile } from '../journal/headFile.ts'
import { JournalError } from '../journal/journalError.ts'
import { sealOf } from '../journal/opening.ts'
import { packageRoot } from '../lib/packageRoot.ts'
import type { ClearingPort, CommitEvents, Done, OrderOutcome } from './port.ts'
import { openThreadPort } from './threadPort.ts'

if (!existsSync(join(packageRoot(), 'dist', 'server', 'clearing', 'thread.js')))
  throw new Error('driftwire is not built yet: npm run build')

let dir = ''
const open = new Set<ClearingPort>()
const file = (): string => join(dir, 'journal.db')
const opened = async (followedMax?: number): Promise<ClearingPort> => {
  const clearing = await openThreadPort({ file: file(), ...(followedMax !== undefined && { followedMax }) })
  open.add(clearing)
  return clearing
}
const closed = async (clearing: ClearingPort): Promise<void> => {
  open.delete(clearing)
  await clearing.close()
}
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'driftwire-clearing-'))
})
afterEach(async () => {
  await Promise.all([...open].map(closed))
  rmSync(dir, { recursive: true })
})

/** Gives the first client what nobody deposited: in the kept state, in its seal and in the head file. */
const forgeKept = (
  path: string,
  forge = (state: string): string =>
    JSON.stringify({ ...JSON.parse(state), balances: { ...JSON.parse(state).balances, 'client:c0': { A: '1000000' } } }),
): void => {
  const db = new Database(path)
  const { seq, state } = db.prepare('SELECT seq, state FROM snapshots').get() as { seq: number; state: string }
  const forged = forge(state)
  const blocks = new Blocks(db, path)
  const index = new IndexDigest()
  for (const rows of blocks.index(0, seq)) index.add(rows)
  const seal = sealOf(blocks.at(seq)!.hash, index, forged)
  db.prepare('UPDATE snapshots SET state = ?, hash = ?').run(forged, seal)
  db.close()
  const head = new HeadFile(`${path}.head`)
  head.write({ ...(readHeadFile(`${path}.head`) as HeadRecord), seal })
  head.close()
}

const n = (text: string): bigint => parseDecimal(text)!
const ask = (clearing: ClearingPort, command: Command, who = 'system'): Promise<Done> => clearing.ask('execute', { command, who, t: 1 })
const register = (client: string): Command => ({ kind: 'register', client })
const deposit = (client: string, asset: string, amount: string, key = `${client} ${asset}`): Command => ({
  kind: 'deposit',
  key,
  client,
  asset,
  amount: n(amount),
})
const order = (kind: 'create' | 'redeem', key: string, amount: string): Command => ({
  kind,
  key,
  fund: 'F',
  amount: n(amount),
  nav: undefined,
})
const crowd = Array.from({ length: 100 }, (_, i) => `c${i}`)

/** Fund F of a third of an A, in units of three shares, and a hundred clients who have nothing. */
const begun = async (): Promise<ClearingPort> => {
  const clearing = await opened()
  const terms = { quote: 'USD', creationUnit: n('3'), createFeeBps: 0, redeemFeeBps: 0 }
  const units = new Map([['A', n('0.333333333333333333')]])
  await Promise.all([
    ask(clearing, { kind: 'define', fund: 'F', terms }),
    ask(clearing, { kind: 'inception', fund: 'F', units, weights: {}, shares: n('3000') }),
    ...crowd.map(client => ask(clearing, register(client))),
  ])
  return clearing
}

/** How many came to what. */
const counted = (answers: readonly Done[]): Record<string, number> => {
  const counts: Record<string, number> = {}
  for (const answer of answers) {
    const end = 'refused' in answer ? answer.refused : (answer.code ?? 'settled')
    counts[end] = (counts[end] ?? 0) + 1
  }
  return counts
}

const seqOf = (done: Done): number => JSON.parse((done as OrderOutcome).order).seq

const fundNow = async (clearing: ClearingPort) => (await clearing.ask('funds', {})).find(({ id }) => id === 'F')!.holdings!

describe('the clearing house', () => {
  it('answers what was asked in one turn in that order, after the news of it', async () => {
    const clearing = await begun()
    const before = clearing.stats().entries
    const seen: (string | number)[] = []
    await Promise.all(crowd.map(who => clearing.ask('watch', { who, by: 'a test', on: true })))
    clearing.commits$.subscribe(({ watched }) => seen.push(...watched.map(({ text }) => `news ${JSON.parse(text).seq}`)))
    const answers = crowd.map(async (client, i) => {
      const done = await ask(clearing, deposit(client, 'A', `${i + 1}`), 'admin')
      const { assets } = await clearing.ask('holdings', { who: client })
      expect(assets).toEqual({ A: `${i + 1}` })
      seen.push(seqOf(done))
      return seqOf(done)
    })
    const numbers = crowd.map((_, i) => before + 1 + i)
    expect(await Promise.all(answers)).toEqual(numbers)
    expect(seen.filter(x => typeof x === 'number')).toEqual(numbers)
    expect(seen.filter(x => typeof x === 'string')).toEqual(numbers.map(seq => `news ${seq}`))
    for (const seq of numbers) expect(seen.indexOf(`news ${seq}`)).toBeLessThan(seen.indexOf(seq))
    expect(clearing.stats()).toMatchObject({ state: 'open', entries: before + 100, waiting: 0, refused: 0 })
  })

  it('commits together what came together', async () => {
    const clearing = await begun()
    const { commits } = clearing.stats()
    await Promise.all(crowd.map(client => ask(clearing, deposit(client, 'A', '1'), 'admin')))
    expect(clearing.stats().commits).toBe(commits + 1)
  })

  it('answers what was asked before it is closed, and nothing after; all of it is there again', async () => {
    const clearing = await begun()
    const { id } = clearing
    const answers = Promise.all(crowd.map(client => ask(clearing, deposit(client, 'A', '2'), 'admin')))
    const end = closed(clearing)
    await expect(ask(clearing, register('late'))).rejects.toMatchObject({ code: 'not_ready' })
    expect(counted(await answers)).toEqual({ settled: 100 })
    await end
    expect(clearing.stats()).toMatchObject({ state: 'closed', waiting: 0 })
    await expect(clearing.ask('holdings', { who: 'c0' })).rejects.toBeInstanceOf(ProtocolError)
    await clearing.close()
    const again = await opened()
    expect([again.id, again.stats().entries]).toEqual([id, clearing.stats().entries])
    expect(await Promise.all(crowd.map(client => ask(again, deposit(client, 'A', '2'), 'admin')))).toEqual(await answers)
    expect(await again.ask('holdings', { who: 'c99' })).toEqual({ assets: { A: '2' }, shares: {} })
  })

  it('takes ten thousand requests that wait, and refuses one more', async () => {
    const clearing = await opened()
    const many = Array.from({ length: 10_000 }, () => clearing.ask('holdings', { who: 'ann' }))
    await expect(clearing.ask('holdings', { who: 'ann' })).rejects.toMatchObject({ code: 'too_much', retryAfter: 1 })
    expect(clearing.stats()).toMatchObject({ waiting: 10_000, refused: 1 })
    expect(await Promise.all(many)).toHaveLength(10_000)
    expect(await clearing.ask('holdings', { who: 'ann' })).toEqual({ assets: {}, shares: {} })
  })

  it('does not open on a journal that is damaged', async () => {
    const clearing = await begun()
    const { entries } = clearing.stats()
    await closed(clearing)
    const db = new Database(file())
    db.exec(`DELETE FROM snapshots; UPDATE blocks SET entries = CAST(replace(CAST(entries AS TEXT), '"c49"', '"c48"') AS BLOB)`)
    db.close()
    const error = await opened().catch(e => e)
    expect(error).toBeInstanceOf(JournalError)
    expect(error.message).toContain(`${file()}: entry ${entries - 50} does not follow`)
  })

  it('follows a long journal from its first entry while it works, and names the entry that does not follow', async () => {
    const clearing = await begun()
    const { entries } = clearing.stats()
    expect(clearing.stats()).toMatchObject({ verifiedTo: entries, faults: 0, fault: undefined })
    await closed(clearing)
    const again = await opened(0)
    expect(again.stats().verifiedTo).toBe(0)
    await expect.poll(() => again.stats().verifiedTo).toBe(entries)
    await ask(again, register('late'))
    expect(again.stats().verifiedTo).toBe(entries + 1)
    await closed(again)
    const db = new Database(file())
    db.exec(`UPDATE blocks SET entries = CAST(replace(CAST(entries AS TEXT), '"c49"', '"c48"') AS BLOB)`)
    db.close()
    const harmed = await opened(0)
    await expect.poll(() => harmed.stats().fault).toContain(`entry ${entries - 50} does not follow`)
    expect(harmed.stats()).toMatchObject({ faults: 1, state: 'open' })
    expect(harmed.stats().verifiedTo).toBeLessThan(entries - 50)
    await expect(harmed.unsound).rejects.toThrow('does not follow')
  })

  it('finds out that the kept state of a long journal was forged with its seal and the head file, and does nothing more', async () => {
    await closed(await begun())
    forgeKept(file())
    const forged = await opened(0)
    expect(forged.notes).toEqual([])
    expect((await forged.ask('holdings', { who: 'c0' })).assets).toEqual({ A: '1000000' })
    await expect(forged.unsound).rejects.toThrow(/found another kept state than the \d+ entries before it give.*--repair/)
    expect(forged.stats()).toMatchObject({ faults: 1, fault: expect.stringContaining('kept state') })
    await expect(ask(forged, register('ann'), 'ann')).rejects.toMatchObject({ code: 'not_ready', retry: true })
    // It is not kept any longer either.
    await closed(forged)
    const again = await opened(0)
    await expect(again.unsound).rejects.toThrow(JournalError)
  })

  it('makes the state of a journal that is not long of its entries, whatever was kept, and says that it was forged', async () => {
    await closed(await begun())
    forgeKept(file())
    const healed = await opened()
    expect(healed.notes).toEqual([expect.stringContaining('the kept state is not the one that the entries give')])
    expect((await healed.ask('holdings', { who: 'c0' })).assets).toEqual({})
    await closed(healed)
    const again = await opened(0)
    expect(again.notes).toEqual([])
    await expect.poll(() => again.stats()).toMatchObject({ verifiedTo: again.entriesAtStart, faults: 0 })
  })

  it('makes the state of any journal of its entries if another version kept it, and says so once', async () => {
    await closed(await begun())
    forgeKept(file(), state => state.replace(/"form":\d+,/, ''))
    const upgraded = await opened(0)
    expect(upgraded.notes).toEqual([expect.stringContaining('the kept state is of another version')])
    expect((await upgraded.ask('holdings', { who: 'c0' })).assets).toEqual({})
    await closed(upgraded)
    expect((await opened(0)).notes).toEqual([])
  })

  it('executes no command until what it waits for has come: clients are refused, the system waits', async () => {
    const clearing = await opened()
    let agree = (): void => {}
    clearing.hold(
      new Promise<void>(resolve => {
        agree = resolve
      }),
    )
    await expect(ask(clearing, register('ann'), 'ann')).rejects.toMatchObject({ code: 'not_ready', retry: true })
    const waiting = ask(clearing, register('bob'), 'system')
    expect(await clearing.ask('holdings', { who: 'bob' })).toEqual({ assets: {}, shares: {} })
    expect(clearing.stats().entries).toBe(0)
    agree()
    await waiting
    expect(clearing.stats().entries).toBe(1)
    await ask(clearing, register('ann'), 'ann')
  })

  it('does not open where another has the journal, nor where there is no folder', async () => {
    const clearing = await opened()
    await expect(opened()).rejects.toThrow(JournalError)
    await expect(openThreadPort({ file: join(dir, 'none', 'journal.db') })).rejects.toThrow(JournalError)
    expect(counted([await ask(clearing, register('ann'))])).toEqual({ settled: 1 })
  })
})

describe('callers who race', () => {
  it('with the same thousand keys get the same answers, and one entry each', async () => {
    const clearing = await begun()
    await ask(clearing, deposit('c0', 'A', '2000'), 'admin')
    const before = clearing.stats().entries
    const news: CommitEvents[] = []
    clearing.commits$.subscribe(n => news.push(n))
    await clearing.ask('watch', { who: 'c0', by: 'a test', on: true })
    const caller = async (): Promise<Done[]> => {
      const answers: Done[] = []
      for (let from = 0; from < 1_000; from += 50)
        answers.push(
          ...(await Promise.all(Array.from({ length: 50 }, (_, i) => ask(clearing, order('create', `k${from + i}`, '3'), 'c0')))),
        )
      return answers
    }
    const [one, two] = await Promise.all([caller(), caller()])
    expect(two).toEqual(one)
    expect(counted(one)).toEqual({ settled: 1_000 })
    expect(new Set(one.map(seqOf)).size).toBe(1_000)
    expect(clearing.stats().entries).toBe(before + 1_000)
    expect(news.flatMap(({ watched }) => watched.map(({ text }) => JSON.parse(text).seq))).toEqual(
      Array.from({ length: 1_000 }, (_, i) => before + 1 + i),
    )
    expect(await clearing.ask('holdings', { who: 'c0' })).toMatchObject({ shares: { F: '3000' } })
  })

  it('for what one of them has get as many baskets as it is good for', async () => {
    const clearing = await begun()
    // A basket is 0.999999999999999999 A: 37 of them and not quite another.
    await ask(clearing, deposit('c0', 'A', '37.99999999999999996'), 'admin')
    const answers = await Promise.all(crowd.map((_, i) => ask(clearing, order('create', `k${i}`, '3'), 'c0')))
    expect(counted(answers)).toEqual({ settled: 37, insufficient_assets: 63 })
    expect(await clearing.ask('holdings', { who: 'c0' })).toEqual({ assets: { A: '0.999999999999999997' }, shares: { F: '111' } })
  })

  it('for all that is in custody get it once, to the last basket, and never more', async () => {
    const clearing = await begun()
    const share = shareAsset('F')
    const give = (to: string, amount: string): Promise<Done> =>
      ask(clearing, { kind: 'transfer', key: to, to, asset: share, amount: n(amount) }, SPONSOR)
    // All 1,000 baskets are with sixty clients: 59 with one each, one with the others.
    await Promise.all(crowd.slice(0, 60).map((client, i) => give(client, i === 59 ? '2823' : '3')))
    const all = await Promise.all(crowd.map(client => ask(clearing, order('redeem', 'mine', client === 'c59' ? '2823' : '3'), client)))
    expect(counted(all)).toEqual({ settled: 60, insufficient_shares: 40 })
    expect((await fundNow(clearing)).shares).toBe(0n)
    const custody = (await fundNow(clearing)).custody.get('A') ?? 0n
    expect(custody).toBe(0n)
    const held = await Promise.all(crowd.map(async client => n((await clearing.ask('holdings', { who: client })).assets.A ?? '0')))
    expect(held.reduce((sum, amount) => sum + amount, 0n)).toBe(n('999.999999999999999'))
    expect(held.slice(60)).toEqual(Array(40).fill(0n))
    expect(counted(await Promise.all(crowd.map((c, i) => ask(clearing, order('redeem', `again${i}`, '3'), c))))).toEqual({
      insufficient_shares: 100,
    })
  })
})
