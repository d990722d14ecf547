import type { RedisClient } from '../../redis/connection.ts'
import { CONTENT_FIELD } from '../../redis/termWriter.ts'

/** Time from the last renewal of a lease until it runs out, ms. */
const LEASE_MS = 1_500
/** ms from one renewal to the next. */
export const RENEW_MS = 400

/** The keys by which cores share feeds. Both lie in one slot of a cluster. */
export interface InputKeys {
  /** The stream of batches; ids are `<term>-<n>`. */
  readonly batches: string
  readonly lease: string
}

/** The keys of all cores of a Redis. */
export const INPUT_KEYS: InputKeys = { batches: '{dw:in}:batches', lease: '{dw:in}:lease' }

/** Returns the term of the newest entry of a stream. */
const NEWEST = `
local newest = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)[1]
local last = newest and tonumber(string.match(newest[1], '^%d+')) or 0`

/** Takes the lease if nobody has it: the entry `<term>-0` refuses whatever is still written in an older term. Returns the term, or 0. */
const TAKE = `
if redis.call('GET', KEYS[1]) then return 0 end
${NEWEST}
local term = math.max(last + 1, tonumber(redis.call('TIME')[1]))
redis.call('XADD', KEYS[2], string.format('%d-0', term), ARGV[3], ARGV[4])
redis.call('SET', KEYS[1], string.format('%d ', term) .. ARGV[1], 'PX', ARGV[2])
return term`

/** Renews a lease; takes one that has run out again if no newer term has begun: Redis was away. Returns 1, or 0 if it is lost. */
const RENEW = `
local lease = redis.call('GET', KEYS[1])
if lease and lease ~= ARGV[1] then return 0 end
${NEWEST}
if last > tonumber(string.match(ARGV[1], '^%d+')) then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1`

const RELEASE = `
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end`

/** One core's way to the lease of the feeds: the core that has it has them open. */
export class FeedLease {
  private readonly client: RedisClient
  private readonly keys: InputKeys
  /** Names this core; no other has the name, and no later run of this one. */
  private readonly holder: string

  constructor(client: RedisClient, keys: InputKeys, holder: string) {
    this.client = client
    this.keys = keys
    this.holder = holder
  }

  /** Takes the lease, if it is free; `first` is the content of the entry with which the term begins. Resolves with the term, or undefined. */
  async take(first: Buffer): Promise<number | undefined> {
    const { client, keys, holder } = this
    const term = Number(await client.eval(TAKE, 2, keys.lease, keys.batches, holder, LEASE_MS, CONTENT_FIELD, first))
    return term === 0 ? undefined : term
  }

  /** Renews the lease of a term. Resolves with whether it is still this core's; rejects if Redis does not answer. */
  async renew(term: number): Promise<boolean> {
    const { client, keys, holder } = this
    return (await client.eval(RENEW, 2, keys.lease, keys.batches, `${term} ${holder}`, LEASE_MS)) === 1
  }

  /** Gives the lease up, so that no other core need wait until it runs out. */
  async release(term: number): Promise<void> {
    const { client, keys, holder } = this
    await client.eval(RELEASE, 1, keys.lease, `${term} ${holder}`)
  }
}
