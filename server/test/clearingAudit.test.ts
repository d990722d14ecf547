import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openEngine } from '../storage/engine/engine.ts'
import { ADMIN, newUser, send, stateOnce } from './clearingKit.ts'
import type { ProtocolClient, State } from './protocolClient.ts'
import { ADMIN_TOKEN, folder, ProtocolServer } from './protocolKit.ts'
import { rowsOf, silent } from './storageKit.ts'

const PASSWORDS = ['the first secret', 'the second secret']
const CONFIG = { funds: [{ id: 'ONE', weighting: { scheme: 'units', units: { BTC: '0.5' } }, createFeeBps: 10 }], feeds: ['sim:7'] }

type Entry = { seq: number; t: number; who: string; kind: string; key?: string; hash: string } & Record<string, unknown>

let server: ProtocolServer
let all: Entry[]
let newestCopied: number
const secrets: string[] = [...PASSWORDS, ADMIN_TOKEN]

const post = (path: string, body?: object): Promise<unknown> => send(server, 'POST', path, body, ADMIN)
const page = (query: string): Promise<{ entries: Entry[]; next?: number }> => server.json(`/v1/audit${query}`, { headers: ADMIN })

const started = async (): Promise<void> => {
  server = await ProtocolServer.start(CONFIG)
  await stateOnce(server, 'fund:ONE', ({ nav, stale }) => nav !== undefined && stale !== true)
}
const user = async (name: string, password: string): Promise<ProtocolClient> => {
  const { socket, token } = await newUser(server, name, {}, password)
  secrets.push(token)
  return socket
}
/** Resolves when ClickHouse has every entry up to this one. */
const copied = async (seq: number): Promise<void> => {
  const { journal } = await stateOnce(server, 'status', status => ((status.journal as State | undefined)?.audited as number) >= seq)
  newestCopied = (journal as State).audited as number
}

beforeAll(async () => {
  await started()
  const ann = await user('ann', PASSWORDS[0]!)
  const bob = await user('bob', PASSWORDS[1]!)
  for (const [asset, amount] of [
    ['BTC', '10'],
    ['7', '40'],
    ['USD', '1000000'],
  ])
    await post('/v1/admin/deposits', { username: 'ann', asset, amount, key: `d ${asset}` })
  const order = { fund: 'ONE', amount: '2' }
  await ann.request('create', { ...order, key: 'created "quoted" \\ and /' })
  await ann.request('redeem', { ...order, amount: '1', key: 'redeemed' })
  await ann.request('transfer', { to: 'bob', fund: 'ONE', amount: '0.5', key: 'given' })
  await bob.request('create', { ...order, key: 'too poor' })
  // None of these is an entry.
  await ann.request('redeem', { ...order, amount: '1', key: 'redeemed' })
  await ann.request('create', { ...order, fund: 'NONE', key: 'no' })
  await bob.request('login', { username: 'ann', password: PASSWORDS[1] })
  await post('/v1/admin/funds', {
    id: 'LATER',
    // Names that are numbers come first in every object.
    name: 'Später – “ein Fonds” 😀 \u2028 \ud800 </script>',
    weighting: { scheme: 'units', units: { 10: '1.5', 9: '0.000000000000000001', B: '3' } },
    rebalance: { assetThreshold: 1e-7, totalThreshold: 0.1 },
  })
  await post('/v1/admin/funds/LATER/halt')
  await post('/v1/admin/funds/LATER/resume')
  await post('/v1/admin/withdrawals', { username: 'ann', asset: 'USD', amount: '1', key: 'w' })
  // A second start goes on with the same journal.
  await server.stop()
  await started()
  const carl = await user('carl', PASSWORDS[0]!)
  await carl.request('transfer', { to: 'ann', asset: 'BTC', amount: '1', key: 'nothing to give' })
  all = (await page('?limit=10000')).entries
  await copied(all.at(-1)!.seq)
})
afterAll(() => server.stop())

/** What the hash of an entry must be. */
const hashOf = (before: string, { hash: _, ...entry }: Entry): string =>
  createHash('sha256').update(before).update(JSON.stringify(entry)).digest('hex')
const FIRST = '0'.repeat(64)

describe('the journal', () => {
  it('has everything that happened, in order, registrations and definitions included, and nothing that did not', () => {
    expect(all.map(({ seq }) => seq)).toEqual(all.map((_, i) => i + 1))
    for (const [i, { t }] of all.entries()) expect(t).toBeGreaterThanOrEqual(all[i - 1]?.t ?? 0)
    const facts = all.map(({ who, kind, key, fund, client, status }) => [who, kind, key ?? fund ?? client, status])
    expect(facts.filter(([, kind]) => kind !== 'inception')).toEqual([
      ['system', 'define', 'ONE', undefined],
      ['ann', 'register', 'ann', undefined],
      ['bob', 'register', 'bob', undefined],
      ['admin', 'deposit', 'd BTC', 'settled'],
      ['admin', 'deposit', 'd 7', 'settled'],
      ['admin', 'deposit', 'd USD', 'settled'],
      ['ann', 'create', 'created "quoted" \\ and /', 'settled'],
      ['ann', 'redeem', 'redeemed', 'settled'],
      ['ann', 'transfer', 'given', 'settled'],
      ['bob', 'create', 'too poor', 'rejected'],
      ['admin', 'define', 'LATER', undefined],
      ['admin', 'halt', 'LATER', undefined],
      ['admin', 'resume', 'LATER', undefined],
      ['admin', 'withdrawal', 'w', 'settled'],
      ['carl', 'register', 'carl', undefined],
      ['carl', 'transfer', 'nothing to give', 'rejected'],
    ])
    expect(facts.filter(([, kind]) => kind === 'inception').map(([who, , fund]) => [who, fund])).toEqual([
      ['system', 'ONE'],
      ['system', 'LATER'],
    ])
  })

  it('has in each entry the hash of all before it, which every reader can compute', () => {
    let before = FIRST
    for (const entry of all) {
      expect(entry.hash, `entry ${entry.seq}`).toBe(hashOf(before, entry))
      before = entry.hash
    }
    // And which any change would show.
    const forged = { ...all[3]!, amount: '11' }
    expect(hashOf(all[2]!.hash, forged)).not.toBe(forged.hash)
  })

  it('holds the text that was hashed in the very bytes of the answer: each entry without its last member', async () => {
    const answer = await (await server.fetch('/v1/audit', { headers: ADMIN })).text()
    let before = FIRST
    let at = '{"entries":['.length
    for (const { hash } of all) {
      const tail = `,"hash":"${hash}"}`
      const end = answer.indexOf(tail, at)
      expect(
        createHash('sha256')
          .update(`${before}${answer.slice(at, end)}}`)
          .digest('hex'),
      ).toBe(hash)
      before = hash
      at = end + tail.length + 1
    }
  })

  it('can be rebuilt into what everybody owns', async () => {
    const balances = new Map<string, bigint>()
    for (const { postings = [] } of all as { postings?: [account: string, asset: string, amount: string, after: string][] }[])
      for (const [account, asset, amount, after] of postings) {
        const name = `${account} ${asset}`
        balances.set(name, (balances.get(name) ?? 0n) + scaled(amount))
        expect(balances.get(name)).toBe(scaled(after))
      }
    const sums = new Map<string, bigint>()
    for (const [name, amount] of balances) {
      const asset = name.split(' ')[1]!
      sums.set(asset, (sums.get(asset) ?? 0n) + amount)
    }
    expect(new Set(sums.values())).toEqual(new Set([0n]))
    const socket = await server.client()
    await socket.ask('login', { username: 'ann', password: PASSWORDS[0] })
    const { assets, shares } = await socket.ask<{ assets: Record<string, string>; shares: Record<string, string> }>('holdings')
    for (const [asset, amount] of Object.entries(assets)) expect(balances.get(`client:ann ${asset}`), asset).toBe(scaled(amount))
    for (const [fund, amount] of Object.entries(shares)) expect(balances.get(`client:ann share:${fund}`), fund).toBe(scaled(amount))
  })

  it.each([1, 2, 7, 1_000])('comes in pages of %i, one after the other', async limit => {
    const entries: Entry[] = []
    for (let next: number | undefined = 0; next !== undefined; ) {
      const got = await page(`?after=${next}&limit=${limit}`)
      expect(got.entries.length).toBeLessThanOrEqual(limit)
      entries.push(...got.entries)
      next = got.next
    }
    expect(entries).toEqual(all)
    expect(await page('?after=999999')).toEqual({ entries: [] })
  })

  it('holds no secret', async () => {
    const answer = await (await server.fetch('/v1/audit', { headers: ADMIN })).text()
    for (const secret of [...secrets, '$argon2', ...secrets.map(s => createHash('sha256').update(s).digest('hex'))])
      expect(answer).not.toContain(secret)
    expect(JSON.stringify(server.logged)).not.toContain(PASSWORDS[0])
  })

  it('stands in ClickHouse, too: every entry once, text and hash as they are', async () => {
    expect(newestCopied).toBe(all.at(-1)!.seq)
    await server.stop()
    const engine = await openEngine({ source: { dataDir: join(folder, 'data', 'clickhouse') }, log: silent })
    try {
      const rows = await rowsOf(
        engine,
        `SELECT seq, who, toString(kind), key, text, hash, toUInt64(length(postings.account)) FROM ${engine.database}.entries ORDER BY seq`,
        ['UInt64', 'String', 'String', 'String', 'String', 'String', 'UInt64'],
      )
      expect(rows).toEqual(
        all.map(({ hash, ...entry }) => [
          ...[BigInt(entry.seq), entry.who, entry.kind, entry.key ?? '', JSON.stringify(entry), hash],
          BigInt(((entry.postings ?? []) as unknown[]).length),
        ]),
      )
    } finally {
      await engine.close()
    }
  })
})

/** A decimal string in 10⁻¹⁸, worked out without the server's own functions. */
const scaled = (text: string): bigint => {
  const [, sign, whole, fraction = ''] = /^(-?)(\d+)(?:\.(\d{1,18}))?$/.exec(text)!
  const amount = BigInt(whole!) * 10n ** 18n + BigInt(fraction.padEnd(18, '0'))
  return sign ? -amount : amount
}
