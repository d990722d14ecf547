import { setTimeout as delay } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Interner } from '../../../streams/lib/interner.ts'
import { readRedisAddress } from '../../config/redisAddress.ts'
import { feedContext } from '../../test/feedKit.ts'
import { RedisServer, redisPath } from '../../test/kit/redisServer.ts'
import type { Feed, FeedInput } from '../feed.ts'
import { simFeed } from '../sim/sim.ts'
import { INPUT_KEYS } from './feedLease.ts'
import { SharedFeeds } from './sharedFeeds.ts'

const silent = pino({ level: 'silent' })
const WITHIN = { timeout: 10_000, interval: 20 }

/** A core as far as feeds go: what came, in its order. */
class Member {
  readonly ids: string[] = []
  readonly states: string[] = []
  readonly shared: SharedFeeds
  private readonly stopping = new AbortController()
  private readonly ended: Promise<void>

  private constructor(shared: SharedFeeds) {
    this.shared = shared
    const { signal } = this.stopping
    const feeds: Feed[] = [simFeed({ id: 'sim', seed: 7, quote: 'USD', funds: [], pools: [], portfolios: [], now: Date.now })]
    const names = { symbols: new Interner(), sources: new Interner() }
    const open = (feed: number, until: AbortSignal) => feeds[feed]!.open({ ...feedContext({ feed, signal: until }), ...names })
    this.ended = shared.run({ feeds, open, put: input => this.put(input), signal, ...names })
  }

  static async open(redis: RedisServer): Promise<Member> {
    return new Member(await SharedFeeds.open(readRedisAddress('redis', redis.url), silent))
  }

  get leads(): boolean {
    return this.shared.leads
  }

  /** Resolves when this number of further trades has come. */
  async more(count: number): Promise<void> {
    const { length } = this.ids
    await vi.waitFor(() => expect(this.ids.length).toBeGreaterThanOrEqual(length + count), WITHIN)
  }

  stop(): Promise<void> {
    this.stopping.abort()
    return this.ended
  }

  private put(input: FeedInput): void {
    if (input.kind === 'feed') this.states.push(input.state)
    if (input.kind !== 'ticks') return
    const { columns, from, to } = input
    for (let i = from; i < to; i++) this.ids.push(`${columns.t[i]} ${columns.type[i]} ${columns.price[i]} ${columns.id[i]}`)
  }
}

// Where there is no redis-server there is nothing through which feeds could be shared.
describe.skipIf(redisPath === undefined)('two cores that share their feeds', () => {
  let redis: RedisServer
  let members: Member[]
  /** What both have had since the later one began is the same, up to the newest that only one has had yet. */
  const agree = (): void => {
    const [a, b] = members.map(({ ids }) => ids) as [string[], string[]]
    const [earlier, later] = a.includes(b[0]!) ? [a, b] : [b, a]
    const begin = earlier.indexOf(later[0]!)
    expect(begin).toBeGreaterThanOrEqual(0)
    const both = Math.min(earlier.length - begin, later.length)
    expect(both).toBeGreaterThan(20)
    expect(earlier.slice(begin, begin + both)).toEqual(later.slice(0, both))
  }
  const leaders = (): Member[] => members.filter(({ leads }) => leads)
  const oneLeads = () => vi.waitFor(() => expect(leaders().length).toBe(1), WITHIN)

  beforeEach(async () => {
    redis = await RedisServer.start()
    const first = await Member.open(redis)
    await first.more(1)
    members = [first, await Member.open(redis)]
    await members[1]!.more(20)
  })
  afterEach(async () => {
    await Promise.all(members.map(member => member.stop()))
    await redis.remove()
  })

  it('put in the same, in the same order, and one has them open', () => {
    agree()
    expect(members.map(({ leads }) => leads)).toEqual([true, false])
  })

  it('go on at once if the one that has them is stopped', async () => {
    const from = performance.now()
    await members[0]!.stop()
    await vi.waitFor(() => expect(members[1]!.leads).toBe(true), WITHIN)
    const took = performance.now() - from
    await members[1]!.more(20)
    console.log(`taken ${Math.round(took)} ms after the stop`)
    expect(took).toBeLessThan(1_000)
  })

  it('say that the feeds are down while Redis hangs, and then have all that was read meanwhile', async () => {
    redis.pause()
    await vi.waitFor(() => expect(members.map(({ states }) => states.at(-1))).toEqual(['down', 'down']), WITHIN)
    redis.resume()
    await Promise.all(members.map(member => member.more(100)))
    await oneLeads()
    agree()
    await vi.waitFor(() => expect(members.map(({ states }) => states.at(-1))).toEqual(['live', 'live']), WITHIN)
  })

  it('go on within 3 s after a Redis that was killed is there again, with nothing of before', async () => {
    agree()
    await redis.kill()
    await delay(500)
    // The last batch may have reached only one of them: that one is gone with Redis.
    for (const member of members) member.ids.length = 0
    await redis.restart()
    const from = performance.now()
    await Promise.all(members.map(member => member.more(20)))
    await oneLeads()
    const took = performance.now() - from
    console.log(`whole ${Math.round(took)} ms after Redis was there again`)
    expect(took).toBeLessThan(3_000)
    agree()
  })

  it('obey one, if both believe to have them, ten times', async () => {
    const client = new Redis(redis.url)
    for (let round = 0; round < 10; round++) {
      const [leader] = leaders()
      const terms = members[1]!.shared.figures().terms ?? 0
      // As if it had been stopped past its lease: it goes on writing until it learns that another has it.
      await client.set(INPUT_KEYS.lease, 'another')
      await vi.waitFor(() => expect(leader!.leads).toBe(false), WITHIN)
      await client.del(INPUT_KEYS.lease)
      await vi.waitFor(() => expect(members[1]!.shared.figures().terms ?? 0).toBeGreaterThan(terms), WITHIN)
      await oneLeads()
      await Promise.all(members.map(member => member.more(5)))
    }
    client.disconnect()
    agree()
  })
})
