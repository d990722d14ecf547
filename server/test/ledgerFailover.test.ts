import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { audit, killCores, LedgerCore, until } from './kit/ledgerCores.ts'
import { DURABLE } from './kit/ledgerInRedis.ts'
import { RedisServer, redisPath } from './kit/redisServer.ts'

// Where there is no redis-server no ledger can lie in it.
describe.skipIf(redisPath === undefined)('a ledger in Redis with a replica and a sentinel', () => {
  let dir = ''
  let primary: RedisServer
  let replica: RedisServer
  let sentinel: RedisServer
  let core: LedgerCore
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'driftwire-ledger-'))
    primary = await RedisServer.start({ ...DURABLE, 'repl-diskless-sync-delay': '0' })
    replica = await RedisServer.start({ ...DURABLE, replicaof: `127.0.0.1 ${primary.port}` })
    sentinel = await RedisServer.startSentinel(primary, { quorum: 1 })
    core = new LedgerCore(dir, `redis+sentinel://127.0.0.1:${sentinel.port}/main`, 'a')
    await core.acksAfter(0)
  })
  afterAll(async () => {
    killCores()
    await Promise.all([primary, replica, sentinel].map(server => server.remove()))
    rmSync(dir, { recursive: true })
  })

  it('acknowledges nothing that the replica does not have, refuses what waits for it too long, and goes on with it', async () => {
    // The replica has been counted by now.
    await delay(1_500)
    replica.pause()
    await delay(200)
    const before = core.acked.length
    await until(() => core.refused.some(why => why.includes('its key tells')), 8_000)
    expect(core.acked.length - before).toBeLessThanOrEqual(8)
    replica.resume()
    await core.acksAfter(Date.now())
    expect(core.ended).toBe('')
  })

  it('has all that was acknowledged after the primary is killed and the replica takes its place', async () => {
    await core.acksAfter(Date.now())
    const from = Date.now()
    await primary.kill()
    const back = (await core.acksAfter(from + 100)) - from
    await core.close()
    const acknowledged = audit(join(dir, 'audit.db'), replica.url, core)
    console.log(`${acknowledged} acknowledged, 0 lost by a failover; acknowledges again ${back} ms after the primary was killed`)
    expect(back).toBeLessThan(8_000)
  })
})
