import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { seededRandom } from '../lib/seededRandom.ts'
import { audit, killCores, LedgerCore, until } from './kit/ledgerCores.ts'
import { DURABLE } from './kit/ledgerInRedis.ts'
import { RedisServer, redisPath } from './kit/redisServer.ts'

/** `npm run test:redis-kills` goes on for longer. */
const KILLS = Number(process.env.KILLS ?? 3)
const STOPS = Number(process.env.STOPS ?? 3)

// Where there is no redis-server no ledger can lie in it.
describe.skipIf(redisPath === undefined)('a ledger in Redis under load', () => {
  let redis: RedisServer
  let dir = ''
  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'driftwire-ledger-'))
    redis = await RedisServer.start(DURABLE)
  })
  afterEach(async () => {
    killCores()
    await redis.remove()
    rmSync(dir, { recursive: true })
  })

  it(`loses and doubles nothing that was acknowledged in ${KILLS} kills of Redis`, { timeout: 30_000 + KILLS * 6_000 }, async () => {
    const { uniform: random } = seededRandom(7)
    const core = new LedgerCore(dir, redis.url, 'a')
    await core.acksAfter(0)
    // It is away with Redis, and must not take the lead for that.
    const other = new LedgerCore(dir, redis.url, 'b')
    await until(() => other.follows)
    let longest = 0
    for (let kill = 0; kill < KILLS; kill++) {
      await delay(100 + random() * 400)
      await redis.kill()
      await delay(random() * 600)
      await redis.restart()
      const back = Date.now()
      longest = Math.max(longest, (await core.acksAfter(back)) - back)
      expect(core.ended).toBe('')
    }
    expect(other.leads).toBe(0)
    const { seq } = core.acked.at(-1)!
    await core.close()
    await until(() => other.leads > 0 && other.entries >= seq)
    await other.close()
    const acknowledged = audit(join(dir, 'audit.db'), redis.url, core, other)
    expect(acknowledged).toBeGreaterThan(KILLS * 20)
    console.log(
      `${KILLS} kills of Redis: ${acknowledged} acknowledged, 0 lost, 0 doubled; acknowledges again at most ${longest} ms after it is back`,
    )
  })

  it(`has one writer, however often a leader is stopped beyond its lease: ${STOPS} times`, {
    timeout: 30_000 + STOPS * 10_000,
  }, async () => {
    const cores = [new LedgerCore(dir, redis.url, 'core0')]
    await cores[0]!.acksAfter(0)
    const takeovers: number[] = []
    for (let stop = 0; stop < STOPS; stop++) {
      const leader = cores.at(-1)!
      // The one before has begun again, with its copy.
      const next = new LedgerCore(dir, redis.url, `core${(stop + 1) % 2}`)
      cores.push(next)
      await until(() => next.follows)
      await leader.acksAfter(Date.now())
      const from = Date.now()
      leader.child.kill('SIGSTOP')
      takeovers.push((await next.acksAfter(from)) - from)
      leader.child.kill('SIGCONT')
      await leader.exited
      expect(leader.ended).toContain('another core has taken the lease')
      // What Redis took of it before the other led it may acknowledge late; nothing else.
      expect(Math.max(...leader.acked.map(({ seq }) => seq))).toBeLessThanOrEqual(next.entries)
      expect(next.leads).toBeGreaterThan(leader.leads)
    }
    await cores.at(-1)!.close()
    const acknowledged = audit(join(dir, 'audit.db'), redis.url, ...cores)
    console.log(
      `${STOPS} leaders stopped beyond their lease: ${acknowledged} acknowledged, 0 lost, 0 doubled, none by a leader whose lease was taken; the next one acknowledges after at most ${Math.max(...takeovers)} ms`,
    )
    expect(Math.max(...takeovers)).toBeLessThan(3_000)
  })

  it('goes on with a core that follows after the leader is killed, and without a pause if it ends', { timeout: 60_000 }, async () => {
    const first = new LedgerCore(dir, redis.url, 'a')
    await first.acksAfter(0)
    const second = new LedgerCore(dir, redis.url, 'b')
    await until(() => second.follows)
    const killed = Date.now()
    await first.kill()
    const afterKill = (await second.acksAfter(killed)) - killed
    const third = new LedgerCore(dir, redis.url, 'a')
    await until(() => third.follows)
    const ended = Date.now()
    await second.close()
    const afterEnd = (await third.acksAfter(ended)) - ended
    await third.close()
    const acknowledged = audit(join(dir, 'audit.db'), redis.url, first, second, third)
    console.log(
      `${acknowledged} acknowledged, 0 lost; the next core acknowledges ${afterKill} ms after a kill, ${afterEnd} ms after SIGTERM`,
    )
    expect(afterKill).toBeLessThan(3_000)
    expect(afterEnd).toBeLessThan(1_000)
  })
})
