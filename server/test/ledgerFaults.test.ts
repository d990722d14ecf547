import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { seededRandom } from '../lib/seededRandom.ts'
import { caughtUp, DURABLE, following } from './kit/ledgerInRedis.ts'
import { RedisServer, redisPath } from './kit/redisServer.ts'

/** `npm run test:redis-kills` goes on for longer. */
const KILLS = Number(process.env.KILLS ?? 3)
const STOPS = Number(process.env.STOPS ?? 3)

type Said =
  | { readonly leads: number; readonly entries: number }
  | { readonly following: number }
  | { readonly acked: string; readonly seq: number; readonly at: number }
  | { readonly refused: string }
  | { readonly ended: string }
  | { readonly closed: true }

const running = new Set<ChildProcess>()
afterAll(() => {
  for (const child of running) child.kill('SIGKILL')
})

/** A core's clearing house under load, as a process of its own. */
class Core {
  readonly acked: { readonly key: string; readonly seq: number; readonly at: number }[] = []
  leads = 0
  /** Entries of the ledger when it began to lead. */
  entries = 0
  follows = false
  ended = ''
  readonly child: ChildProcess
  readonly exited: Promise<unknown>

  constructor(dir: string, url: string, name: string) {
    const args = [join(dir, `${name}.db`), url, name]
    this.child = fork(fileURLToPath(new URL('./kit/ledgerCore.mjs', import.meta.url)), args, {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    running.add(this.child)
    this.child.on('message', (said: Said) => {
      if ('acked' in said) this.acked.push({ key: said.acked, seq: said.seq, at: said.at })
      else if ('leads' in said) Object.assign(this, said)
      else if ('following' in said) this.follows = true
      else if ('ended' in said) this.ended = said.ended
    })
    this.exited = once(this.child, 'exit').then(() => running.delete(this.child))
  }

  /** Waits until it has acknowledged something after a moment. Returns when, ms since the epoch. */
  async acksAfter(moment: number): Promise<number> {
    await until(() => this.acked.some(({ at }) => at > moment))
    return this.acked.find(({ at }) => at > moment)!.at
  }

  async close(): Promise<void> {
    this.child.send('close')
    await this.exited
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL')
    await this.exited
  }
}

const until = async (holds: () => boolean, ms = 15_000): Promise<void> => {
  const from = performance.now()
  while (!holds()) {
    if (performance.now() - from > ms) throw new Error(`found that it does not hold after ${ms} ms: ${holds}`)
    await delay(5)
  }
}

// Where there is no redis-server no ledger can lie in it.
describe.skipIf(redisPath === undefined)('a ledger in Redis under load', () => {
  let redis: RedisServer
  let dir = ''
  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'driftwire-ledger-'))
    redis = await RedisServer.start(DURABLE)
  })
  afterEach(async () => {
    for (const child of running) child.kill('SIGKILL')
    await redis.remove()
    rmSync(dir, { recursive: true })
  })

  /** Holds what cores have acknowledged against the ledger: each once, under its number, and the chain whole. */
  const audit = (...cores: readonly Core[]): number => {
    const journal = caughtUp(following({ file: join(dir, 'audit.db'), url: redis.url }))
    const places = new Map<string, number[]>()
    for (const [seq, who, key] of journal.keys()) {
      const name = who === 'admin' ? key : `${who} ${key}`
      places.set(name, [...(places.get(name) ?? []), seq])
    }
    journal.verify()
    journal.close()
    let acknowledged = 0
    for (const core of cores)
      for (const { key, seq } of core.acked) {
        expect(places.get(key), key).toEqual([seq])
        acknowledged += 1
      }
    for (const [key, seqs] of places) expect(seqs.length, key).toBe(1)
    return acknowledged
  }

  it(`loses and doubles nothing that was acknowledged in ${KILLS} kills of Redis`, { timeout: 30_000 + KILLS * 6_000 }, async () => {
    const { uniform: random } = seededRandom(7)
    const core = new Core(dir, redis.url, 'a')
    await core.acksAfter(0)
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
    await core.close()
    const acknowledged = audit(core)
    expect(acknowledged).toBeGreaterThan(KILLS * 20)
    console.log(
      `${KILLS} kills of Redis: ${acknowledged} acknowledged, 0 lost, 0 doubled; acknowledges again at most ${longest} ms after it is back`,
    )
  })

  it(`has one writer, however often a leader is stopped beyond its lease: ${STOPS} times`, {
    timeout: 30_000 + STOPS * 10_000,
  }, async () => {
    const cores = [new Core(dir, redis.url, 'core0')]
    await cores[0]!.acksAfter(0)
    const takeovers: number[] = []
    for (let stop = 0; stop < STOPS; stop++) {
      const leader = cores.at(-1)!
      // The one before has begun again, with its copy.
      const next = new Core(dir, redis.url, `core${(stop + 1) % 2}`)
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
    const acknowledged = audit(...cores)
    console.log(
      `${STOPS} leaders stopped beyond their lease: ${acknowledged} acknowledged, 0 lost, 0 doubled, none by a leader whose lease was taken; the next one acknowledges after at most ${Math.max(...takeovers)} ms`,
    )
    expect(Math.max(...takeovers)).toBeLessThan(3_000)
  })

  it('goes on with a core that follows after the leader is killed, and without a pause if it ends', { timeout: 60_000 }, async () => {
    const first = new Core(dir, redis.url, 'a')
    await first.acksAfter(0)
    const second = new Core(dir, redis.url, 'b')
    await until(() => second.follows)
    const killed = Date.now()
    await first.kill()
    const afterKill = (await second.acksAfter(killed)) - killed
    const third = new Core(dir, redis.url, 'a')
    await until(() => third.follows)
    const ended = Date.now()
    await second.close()
    const afterEnd = (await third.acksAfter(ended)) - ended
    await third.close()
    const acknowledged = audit(first, second, third)
    console.log(
      `${acknowledged} acknowledged, 0 lost; the next core acknowledges ${afterKill} ms after a kill, ${afterEnd} ms after SIGTERM`,
    )
    expect(afterKill).toBeLessThan(3_000)
    expect(afterEnd).toBeLessThan(1_000)
  })
})
