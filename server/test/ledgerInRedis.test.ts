import { once } from 'node:events'
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import Database from 'libsql'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { readRedisAddress } from '../config/redisAddress.ts'
import type { NewJournalEntry } from '../journal/journal.ts'
import { headText, idText, noCommits } from '../journal/redis/head.ts'
import { Lease } from '../journal/redis/lease.ts'
import { LedgerStream } from '../journal/redis/ledgerStream.ts'
import type { RedisJournal } from '../journal/redis/redisJournal.ts'
import { KEYS } from '../journal/redis/scripts.ts'
import { SqliteJournal } from '../journal/sqliteJournal.ts'
import { openRedis, type RedisClient, whenReady } from '../redis/connection.ts'
import { caughtUp, DURABLE, following, leading } from './kit/ledgerInRedis.ts'
import { RedisServer, redisPath } from './kit/redisServer.ts'
import { silent } from './storageKit.ts'

const line = (i: number): NewJournalEntry => ({ text: JSON.stringify({ n: i, who: 'ann', key: `k${i}` }), who: 'ann', key: `k${i}` })
const lines = (from: number, to: number): NewJournalEntry[] => Array.from({ length: to - from }, (_, i) => line(from + i))
const texts = (journal: RedisJournal): string[] => [...journal.since(0)].map(({ text }) => text)
const expected = (to: number): string[] => lines(1, to).map(({ text }) => text)

// Where there is no redis-server no ledger can lie in it.
describe.skipIf(redisPath === undefined)('a ledger in Redis', () => {
  let redis: RedisServer
  let admin: RedisClient
  let dir = ''
  const open = new Set<RedisJournal>()
  const kept = <J extends RedisJournal>(journal: J): J => {
    open.add(journal)
    return journal
  }
  const closed = (journal: RedisJournal): void => {
    open.delete(journal)
    journal.close()
  }
  /** The leader, or one who follows, with the copy of a core. */
  const leader = (core: string, repairs = false): RedisJournal => kept(leading({ file: join(dir, `${core}.db`), url: redis.url, repairs }))
  const standby = (core: string): RedisJournal => kept(following({ file: join(dir, `${core}.db`), url: redis.url }))

  beforeAll(async () => {
    redis = await RedisServer.start(DURABLE)
    const address = readRedisAddress('redis', redis.url)
    admin = openRedis(address, 'commands', silent)
    await whenReady(admin, address, 5_000)
  })
  afterAll(async () => {
    admin.disconnect()
    await redis.remove()
  })
  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'driftwire-ledger-'))
    await admin.flushall()
  })
  afterEach(() => {
    for (const journal of open) journal.close()
    open.clear()
    rmSync(dir, { recursive: true })
  })

  /** Sets Redis back to what it was before `lost`, as a failover to a replica that lacked the newest commits does. */
  const losing = async (append: () => void, more = (): void => {}): Promise<void> => {
    const before = join(dir, 'redis')
    await redis.kill()
    cpSync(redis.dir, before, { recursive: true })
    await redis.restart()
    await answering()
    // Each connection comes back by itself.
    await vi.waitFor(append, { timeout: 3_000 })
    more()
    await redis.kill()
    for (const file of readdirSync(redis.dir)) rmSync(join(redis.dir, file), { recursive: true })
    cpSync(before, redis.dir, { recursive: true })
    rmSync(before, { recursive: true })
    await redis.restart()
    await answering()
  }
  const answering = (): Promise<unknown> => vi.waitFor(() => admin.ping(), { timeout: 3_000 })

  it('has the same entries, keys and credentials in the copy of a follower', () => {
    const first = leader('a')
    first.append(lines(1, 4))
    const second = caughtUp(standby('b'))
    first.append(lines(4, 200))
    first.transaction(() => {
      first.append(lines(200, 201))
      first.addUser({ name: 'ann', hash: 'h' })
    })
    first.putToken({ digest: 'd', user: 'ann', expires: 1 })
    first.putToken({ digest: 'e', user: 'ann', expires: 2 })
    first.removeTokens(['d'])
    first.useInvite('i')
    first.useInvite('j')
    first.giveInviteBack('j')
    caughtUp(second)
    expect(second.leading).toBeUndefined()
    expect(second.id).toBe(first.id)
    expect([...second.since(0)]).toEqual([...first.since(0)])
    expect([...second.keys()]).toEqual([...first.keys()])
    expect(second.verify()).toEqual(first.verify())
    expect([second.hashOf('ann'), second.tokens().length, second.usedInvites(['i', 'j'])]).toEqual(['h', 1, ['i']])
    expect(() => second.append(lines(201, 202))).toThrow('this core does not lead')
  })

  it('goes on at once with another core when the first gives it up, under a higher term', () => {
    const first = leader('a')
    first.append(lines(1, 4))
    const second = caughtUp(standby('b'))
    const { term } = first
    closed(first)
    const from = performance.now()
    while (!second.leading) second.follow()
    expect(performance.now() - from).toBeLessThan(300)
    expect(second.term).toBeGreaterThan(term)
    second.append(lines(4, 6))
    expect(texts(second)).toEqual(expected(6))
    closed(second)
    expect(texts(leader('a'))).toEqual(expected(6))
  })

  it('refuses the core that led before, and all that it still sends', async () => {
    const first = leader('a')
    first.append(lines(1, 4))
    const second = caughtUp(standby('b'))
    // As if the lease had run out while the first was stopped; it has not noticed.
    await admin.set(KEYS.lease, 'free')
    while (!second.leading) second.follow()
    expect(() => first.append(lines(4, 5))).toThrow('another core has taken the lease')
    expect(first.ended).toContain('another core has taken the lease')
    expect(first.unsure()).toContain('another core')
    second.append([{ ...line(4), text: '{"n":"other","who":"ann"}' }])
    expect(() => first.append(lines(4, 5))).toThrow('another core')
    expect([...second.since(0)].map(({ seq }) => seq)).toEqual([1, 2, 3, 4])
    expect(await first.lost).toContain('another core')
  })

  it('is taken again under the same term by its leader if the lease ran out while nobody took it', async () => {
    const first = leader('a')
    first.append(lines(1, 3))
    const { term } = first
    await admin.del(KEYS.lease)
    await vi.waitFor(async () => expect(await admin.get(KEYS.lease)).toContain(`${term} `), { timeout: 3_000 })
    first.append(lines(3, 4))
    expect([first.term, first.ended, first.seq]).toEqual([term, undefined, 3])
  })

  it('that was set back is healed by its leader before anything new, and that is counted', async () => {
    const first = leader('a')
    first.append(lines(1, 4))
    const append = (): void => void first.append(lines(4, 8))
    await losing(append, () => {
      first.putToken({ digest: 'd', user: 'ann', expires: 1 })
      first.append(lines(8, 10))
    })
    await vi.waitFor(() => first.append(lines(10, 11)), { timeout: 3_000 })
    expect(first.healed).toBe(7)
    const second = caughtUp(standby('b'))
    expect(texts(second)).toEqual(expected(11))
    expect(second.tokens().length).toBe(1)
  })

  it('that was set back is healed by a core that takes over and has followed further', async () => {
    const first = leader('a')
    first.append(lines(1, 4))
    let second = caughtUp(standby('b'))
    const append = (): void => void first.append(lines(4, 8))
    await losing(append, () => {
      first.putToken({ digest: 'd', user: 'ann', expires: 1 })
      caughtUp(second)
    })
    closed(second)
    closed(first)
    second = leader('b')
    expect([second.healed, texts(second)]).toEqual([5, expected(8)])
    // The first one's copy has these, too.
    closed(second)
    expect(texts(leader('a'))).toEqual(expected(8))
    const third = caughtUp(standby('c'))
    expect([texts(third), third.tokens().length]).toEqual([expected(8), 1])
  })

  it('never has a hole: a copy with entries that others have replaced is refused, and made again if that is asked for', async () => {
    const first = leader('a')
    first.append(lines(1, 4))
    closed(caughtUp(standby('b')))
    await losing(() => first.append(lines(4, 8)))
    closed(first)
    const second = leader('b')
    second.append([{ ...line(4), text: '{"n":"other","who":"ann"}' }, line(5)])
    const late = standby('a')
    expect(() => caughtUp(late)).toThrow(/a\.db: found another entry \d than in Redis, expected the same; start with --repair/)
    closed(late)
    closed(second)
    const repaired = leader('a', true)
    expect([...repaired.since(0)].length).toBe(5)
    expect(texts(repaired)[3]).toContain('other')
    expect(readdirSync(dir).filter(name => name.startsWith('a.db.damaged-')).length).toBeGreaterThan(0)
  })

  it('that is gone is refused by those who had it, and begun again from a copy if that is asked for', async () => {
    const first = leader('a')
    first.transaction(() => {
      first.append(lines(1, 900))
      first.addUser({ name: 'ann', hash: 'h' })
    })
    const { id } = first
    closed(first)
    await admin.flushall()
    expect(() => leader('a')).toThrow(/found no ledger in Redis, expected the one of which this copy has 899 entries; start with --repair/)
    const again = leader('a', true)
    expect([again.id, again.healed]).toEqual([id, 900])
    const second = caughtUp(standby('b'))
    expect([texts(second), second.hashOf('ann')]).toEqual([expected(900), 'h'])
  })

  it('is begun by the journal of a single server, with all that this has', () => {
    const single = new SqliteJournal(join(dir, 'a.db'))
    single.append(lines(1, 1_500))
    single.addUser({ name: 'ann', hash: 'h' })
    const { id } = single
    single.close()
    const first = leader('a')
    expect([first.id, texts(first)]).toEqual([id, expected(1_500)])
    const second = caughtUp(standby('b'))
    expect([second.id, texts(second), second.hashOf('ann')]).toEqual([id, expected(1_500), 'h'])
  })

  it('is not mixed with another one', () => {
    const other = new SqliteJournal(join(dir, 'b.db'))
    other.append(lines(1, 3))
    other.close()
    leader('a').append(lines(1, 2))
    expect(() => standby('b')).toThrow(/found another ledger than in Redis/)
  })

  it('whose newest entries neither Redis nor the copy has is refused: the head file says that they were acknowledged', async () => {
    const first = leader('a')
    first.append(lines(1, 4))
    await losing(() => first.append(lines(4, 8)))
    closed(first)
    // A loss of power takes the newest commits of a copy.
    const db = new Database(join(dir, 'a.db'))
    db.exec('DELETE FROM blocks WHERE seq > 3')
    db.close()
    expect(() => leader('a')).toThrow(/found 3 entries, here and in Redis, expected the 7 that .*a\.db\.head says were acknowledged/)
  })

  it('takes nothing while the server that it has come to may lose it', async () => {
    const first = leader('a')
    first.append(lines(1, 3))
    await admin.config('SET', 'appendfsync', 'everysec')
    // As after a failover: the connection is a new one.
    await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
    // A commit that was sent into a connection which has ended would wait until it is known what became of it.
    await delay(500)
    const refused = (): void => void first.append(lines(3, 4))
    await vi.waitFor(() => expect(refused).toThrow('Redis: found appendfsync everysec, expected always'), { timeout: 3_000 })
    await admin.config('SET', 'appendfsync', 'always')
    first.append(lines(3, 4))
    expect([first.seq, texts(caughtUp(standby('b')))]).toEqual([3, expected(4)])
  })

  it('has a commit once whose answers were lost', async () => {
    const proxy = await AnswerThief.before(redis.port)
    const address = readRedisAddress('redis-journal', `redis://127.0.0.1:${proxy.port}`)
    const client = openRedis(address, 'commands', silent)
    await whenReady(client, address, 5_000)
    const lease = new Lease(client, 'a')
    const genesis = headText(noCommits('f'.repeat(32)))
    const taken = await vi.waitFor(async () => (await lease.take(genesis)) ?? Promise.reject(new Error('not yet')), { timeout: 3_000 })
    const marker = { ...taken.before, term: taken.term, n: 0 }
    const after = { ...marker, n: 1, seq: 1, hash: 'a'.repeat(64) }
    const stream = new LedgerStream(client, false)
    proxy.steals = 3
    const commit = { before: headText(marker), after: headText(after), entries: '{"n":1}', changes: '' }
    expect(await stream.append(commit)).toEqual({ done: true, replicas: 0 })
    expect(proxy.steals).toBe(0)
    expect((await admin.xrange(KEYS.journal, '-', '+')).map(([id]) => id)).toEqual([idText(marker), idText(after)])
    // A writer that knows another head is refused, and so is the same place with something else in it.
    const other = { ...commit, after: headText({ ...after, hash: 'b'.repeat(64) }) }
    expect(await stream.append(other)).toEqual({ fenced: headText(after) })
    client.disconnect()
    await proxy.close()
  })

  it('waits for Redis, and takes each commit once, when Redis is killed and started again', async () => {
    const first = leader('a')
    first.append(lines(1, 4))
    await redis.kill()
    expect(() => first.append(lines(4, 5))).toThrow('Redis')
    expect(first.seq).toBe(3)
    await redis.restart()
    await answering()
    await vi.waitFor(() => first.append(lines(4, 6)), { timeout: 3_000 })
    expect(texts(caughtUp(standby('b')))).toEqual(expected(6))
  })
})

/** Stands before a Redis, and cuts the line instead of passing the answer to an EVAL on: it was done, and nobody hears of it. */
class AnswerThief {
  steals = 0
  private readonly server: Server

  private constructor(server: Server) {
    this.server = server
  }

  static async before(target: number): Promise<AnswerThief> {
    const server = createServer()
    const thief = new AnswerThief(server)
    server.on('connection', near => {
      const far = connect(target, '127.0.0.1')
      let evaluates = false
      for (const line of [near, far]) line.on('error', () => {})
      near.on('data', data => {
        evaluates = /\r\neval\r\n/i.test(data.toString('latin1'))
        far.write(data)
      })
      far.on('data', data => {
        if (!evaluates || thief.steals === 0) near.write(data)
        else {
          thief.steals -= 1
          near.destroy()
          far.destroy()
        }
      })
      near.on('close', () => far.destroy())
      far.on('close', () => near.destroy())
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return thief
  }

  get port(): number {
    return (this.server.address() as { port: number }).port
  }

  async close(): Promise<void> {
    this.server.close()
    await once(this.server, 'close')
  }
}
