import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { readRedisAddress } from '../server/config/redisAddress.ts'
import type { Journal } from '../server/journal/journal.ts'
import { RedisJournal } from '../server/journal/redis/redisJournal.ts'
import { SqliteJournal } from '../server/journal/sqliteJournal.ts'
import { type Figure, print, ratio } from './report.ts'

/** What a commit costs with the ledger in Redis, beside the same in SQLite, by turns on the same disk. It needs redis-server in the path. */

const ROUNDS = 5
const PHASE_MS = 1_500
/** Entries of one commit. */
const BATCHES = [1, 30, 250]
/** Characters of an order's entry. */
const ENTRY = 950

const dir = mkdtempSync(join(tmpdir(), 'driftwire-bench-ledger-'))
const servers: ChildProcess[] = []
process.once('exit', () => {
  for (const server of servers) server.kill('SIGKILL')
  rmSync(dir, { recursive: true })
})

const freePort = (): Promise<number> =>
  new Promise(resolve => {
    const server = createServer()
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })

const startRedis = async (...more: string[]): Promise<number> => {
  const port = await freePort()
  const own = mkdtempSync(join(dir, 'redis-'))
  const durable = ['--appendonly', 'yes', '--appendfsync', 'always', '--auto-aof-rewrite-percentage', '0']
  servers.push(spawn('redis-server', ['--port', `${port}`, '--dir', own, '--save', '', ...durable, ...more], { stdio: 'ignore' }))
  return port
}

let opened = 0
const inRedis = (port: number): RedisJournal => {
  const address = readRedisAddress('redis-journal', `redis://127.0.0.1:${port}`)
  const journal = new RedisJournal({ file: join(dir, `copy-${++opened}.db`), address, mayLose: false, repairs: false })
  while (!journal.leading) journal.follow()
  return journal
}

let keys = 0
/** Returns entries a second, and ms of each commit, p50. */
const run = (journal: Journal, batch: number): { rate: number; p50: number } => {
  const took: number[] = []
  const begun = performance.now()
  let written = 0
  while (performance.now() - begun < PHASE_MS) {
    const lines = Array.from({ length: batch }, () => {
      const key = `k${++keys}`
      return { text: JSON.stringify({ who: 'c1', key, x: 'x'.repeat(ENTRY - key.length - 30) }), who: 'c1', key }
    })
    const from = performance.now()
    journal.append(lines)
    took.push(performance.now() - from)
    written += batch
  }
  const rate = (written / (performance.now() - begun)) * 1000
  return { rate, p50: took.sort((a, b) => a - b)[took.length >> 1]! }
}

const ports = { alone: await startRedis(), replicated: await startRedis() }
await delay(500)
await startRedis('--replicaof', '127.0.0.1', `${ports.replicated}`)
await delay(2_000)
const ways: readonly (readonly [name: string, journal: Journal])[] = [
  ['SQLite', new SqliteJournal(join(dir, 'alone.db'))],
  ['Redis', inRedis(ports.alone)],
  ['Redis with a replica', inRedis(ports.replicated)],
]
const figures: Figure[] = []
for (const batch of BATCHES) {
  const found = ways.map(() => ({ rate: [] as number[], p50: [] as number[] }))
  for (const [, journal] of ways) run(journal, batch)
  for (let round = 0; round < ROUNDS; round++)
    for (const [i, [, journal]] of ways.entries()) {
      const { rate, p50 } = run(journal, batch)
      found[i]!.rate.push(rate)
      found[i]!.p50.push(p50)
    }
  const rates = ways.map(([name], i) => ({ what: `${name}, ${batch} a commit`, rounds: found[i]!.rate, unit: 'entries/s' }))
  for (const [i, [name]] of ways.entries()) {
    figures.push(rates[i]!, { what: `${name}, a commit of ${batch}, p50`, rounds: found[i]!.p50, unit: 'ms' })
    if (i > 0) figures.push(ratio(`${name}, ${batch} a commit`, rates[i]!, rates[0]!))
  }
}
for (const [, journal] of ways) journal.close()
print({
  name: 'ledger',
  method: `Entries of ${ENTRY} characters, appended commit by commit, each on disk before the next: to the journal in SQLite, and to the ledger in Redis (appendfsync always) with its copy, alone and with a replica of the same settings on the same disk. By turns, ${ROUNDS} rounds of ${PHASE_MS / 1000} s.`,
  figures,
})
process.exit(0)
