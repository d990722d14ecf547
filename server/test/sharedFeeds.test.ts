import { setTimeout as delay } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DURABLE } from './kit/ledgerInRedis.ts'
import { RedisServer, redisPath } from './kit/redisServer.ts'
import { DriftwireProcess, pathOf, written } from './processKit.ts'

const ADMIN_TOKEN = 'a-token-for-shards'
const PORTFOLIOS = Array.from({ length: 8 }, (_, i) => ({ id: `P${i}`, transactions: 'none.csv' }))
written('none.csv', 't,type,asset,qty,price\n1700000000000,buy,BTC,1,100\n')
const CONFIG = written('shared.json', JSON.stringify({ funds: [], portfolios: PORTFOLIOS, pools: [], feeds: ['sim:7'] }))

/** The newest trades of a symbol, by their ids. */
type Tape = Readonly<Record<string, { readonly t: number; readonly price: number }>>

class Shard {
  readonly process: DriftwireProcess

  constructor(redis: RedisServer, shard: string, ...more: string[]) {
    const options = [
      '--data',
      pathOf(`shard-${shard.replace('/', '-')}`),
      '--config',
      CONFIG,
      '--redis',
      redis.url,
      '--shard',
      shard,
      ...more,
    ]
    this.process = new DriftwireProcess(['serve', '--port', '0', '--log-level', 'info', '--log-format', 'json', ...options], {
      DRIFTWIRE_ADMIN_TOKEN: ADMIN_TOKEN,
    })
  }

  /** A figure of its metrics; undefined if it has none. */
  async figure(name: string): Promise<number | undefined> {
    const text = await (await fetch(`${await this.process.url()}/metrics`)).text()
    const value = new RegExp(`^driftwire_${name} (\\S+)$`, 'm').exec(text)?.[1]
    return value === undefined ? undefined : Number(value)
  }

  async state<T>(channel: string): Promise<T> {
    return (await (await fetch(`${await this.process.url()}/v1/state/${channel}`)).json()) as T
  }

  async sql(statement: string): Promise<string> {
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}` }
    const response = await fetch(`${await this.process.url()}/v1/admin/sql?format=csv`, { method: 'POST', headers, body: statement })
    if (!response.ok) throw new Error(await response.text())
    return (await response.text()).split('\n').slice(1).join('\n').trim()
  }

  async names(kind: string): Promise<string[]> {
    return Object.keys((await (await fetch(`${await this.process.url()}/v1/${kind}`)).json()) as object)
  }
}

const until = async (what: string, holds: () => Promise<boolean>, ms = 10_000): Promise<number> => {
  const from = performance.now()
  for (;;) {
    if (await holds().catch(() => false)) return performance.now() - from
    if (performance.now() - from > ms) throw new Error(`not within ${ms} ms: ${what}`)
    await delay(25)
  }
}

// Where there is no redis-server there is nothing through which feeds could be shared.
describe.skipIf(redisPath === undefined)('feeds that two shards share', () => {
  let redis: RedisServer
  let shards: Shard[] = []
  const tapes = (): Promise<Tape[]> =>
    Promise.all(shards.map(async shard => (await shard.state<{ last?: Tape }>('trades:BTC-USD')).last ?? {}))
  /** Trades that both have; what they say of them is the same. */
  const common = async (): Promise<string[]> => {
    const [a = {}, b = {}] = await tapes()
    const ids = Object.keys(a).filter(id => b[id] !== undefined)
    for (const id of ids) expect(b[id]).toEqual(a[id])
    return ids
  }
  /** Both have trades in common that are newer than `t` (ms). */
  const goesOn = (t: number): Promise<number> =>
    until('trades of now in both shards', async () => {
      const [a = {}] = await tapes()
      return (await common()).some(id => a[id]!.t > t)
    })

  beforeAll(async () => {
    redis = await RedisServer.start(DURABLE)
    shards = [new Shard(redis, '1/2')]
    await until('a leader', async () => (await shards[0]!.figure('shared_feeds_leads')) === 1)
    shards.push(new Shard(redis, '2/2'))
    await until('the other shard', async () => (await shards[1]!.figure('shared_feeds_leads')) === 0)
  }, 30_000)
  afterAll(async () => {
    await Promise.all(shards.map(({ process }) => process.end('SIGKILL')))
    await redis.remove()
  })

  it('are open once: both have the same trades, and each has its own portfolios', async () => {
    await goesOn(Date.now())
    const names = await Promise.all(shards.map(shard => shard.names('portfolios')))
    expect(names.flat().toSorted()).toEqual(PORTFOLIOS.map(({ id }) => id))
    for (const own of names) expect(own.length).toBeGreaterThan(0)
    const refused = await fetch(`${await shards[1]!.process.url()}/v1/admin/funds`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
      body: JSON.stringify({ id: 'F', weighting: { scheme: 'units', units: { BTC: '1' } } }),
    })
    expect([refused.status, await refused.text()]).toEqual([400, expect.stringContaining('expected shard 1, which has the funds')])
    // The state of the feed is known to both, although one began to follow later.
    for (const shard of shards) expect(await shard.figure('feed_down\\{feed="sim:7"\\}')).toBe(0)
  })

  it('are seen through a gateway of each shard', async () => {
    const gateways = ['1/2', '2/2'].map(shard => new Shard(redis, shard, '--role', 'gateway'))
    for (const [i, gateway] of gateways.entries()) {
      await until('a gateway', async () => (await fetch(`${await gateway.process.url()}/readyz`)).status === 200)
      expect((await gateway.names('portfolios')).toSorted()).toEqual((await shards[i]!.names('portfolios')).toSorted())
    }
    await Promise.all(gateways.map(({ process }) => process.end('SIGTERM')))
  })

  it('come whole to one that was stopped for 5 s', async () => {
    const [, second] = shards
    const { pid } = second!.process
    process.kill(pid, 'SIGSTOP')
    await delay(5_000)
    process.kill(pid, 'SIGCONT')
    await goesOn(Date.now())
    expect(await second!.figure('shared_feeds_missed_total')).toBe(0)
    const [a = {}, b = {}] = await tapes()
    const both = (await common()).map(id => a[id]!.t)
    const [from, to] = [Math.min(...both), Math.max(...both)]
    const between = (tape: Tape): string[] => Object.keys(tape).filter(id => tape[id]!.t > from && tape[id]!.t < to)
    expect(between(b).toSorted()).toEqual(between(a).toSorted())
  })

  it('have a gap at one that was stopped for longer than the stream keeps batches, and it counts them', async () => {
    const [first, second] = shards
    const { pid } = second!.process
    const client = new Redis(redis.url)
    const stopped = Date.now()
    process.kill(pid, 'SIGSTOP')
    await delay(1_500)
    await client.xtrim('{dw:in}:batches', 'MAXLEN', 1)
    client.disconnect()
    process.kill(pid, 'SIGCONT')
    await goesOn(Date.now())
    expect(await second!.figure('shared_feeds_missed_total')).toBeGreaterThan(0)
    const gaps = (shard: Shard): Promise<string> =>
      shard.sql(
        `SELECT DISTINCT symbol FROM listening FINAL WHERE kind = 'missed' AND toUnixTimestamp64Milli(until) > ${stopped} ORDER BY symbol`,
      )
    await until('the gaps are stored', async () => (await gaps(second!)).includes('BTC-USD'))
    expect(await gaps(first!)).toBe('')
  })

  it('go on within 3 s with another core after a kill of the one that has them', async () => {
    const [first, second] = shards
    await first!.process.end('SIGKILL')
    const took = await until('a new leader', async () => (await second!.figure('shared_feeds_leads')) === 1)
    shards = [second!]
    const more = await until('new trades', async () => Object.values((await tapes())[0]!).some(({ t }) => t > Date.now() - 500))
    console.log(`the feeds were taken ${Math.round(took)} ms after the kill, the first trade came ${Math.round(more)} ms later`)
    expect(took + more).toBeLessThan(3_000)
  })
})
