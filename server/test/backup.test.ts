import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Manifest } from '../backup/manifest.ts'
import { packageRoot } from '../lib/packageRoot.ts'
import { MIGRATIONS, quoted } from '../storage/engine/migrate.ts'
import { DriftwireProcess, pathOf, written } from './processKit.ts'
import type { State } from './protocolClient.ts'

const CLI = join(packageRoot(), 'server', 'cli', 'driftwire.cjs')
const DATA = pathOf('data')
const ADMIN = { authorization: 'Bearer a-token', 'content-type': 'application/json' }

const T = Date.UTC(2026, 0, 5, 12)

const configOf = (name: string, feeds: readonly string[]): string =>
  written(
    name,
    JSON.stringify({
      funds: [{ id: 'F', weighting: { scheme: 'units', units: { BTC: '1' } }, creationUnit: '1' }],
      portfolios: [],
      registration: 'open',
      storeMs: 1000,
      feeds,
    }),
  )
/** A minute of trades, of which the first third comes at once: the rest runs while the backup is made. */
const TRADES = Array.from({ length: 3_000 }, (_, i) =>
  [T + (i < 1_000 ? i : 20_000 + i * 20), `S${i % 5}-USD`, 100 + (i % 17), 1 + i / 8].join(','),
)
const RUNNING = configOf('running.json', [`replay:${written('trades.csv', `ts_ms,symbol,price,size\n${TRADES.join('\n')}\n`)}`])
const QUIET = configOf('quiet.json', [])

const serve = (config: string, data = DATA): DriftwireProcess =>
  new DriftwireProcess(['serve', '--port', '0', '--log-level', 'warn', '--data', data, '--config', config], {
    DRIFTWIRE_ADMIN_TOKEN: 'a-token',
  })

/** The last line of a command's output, or of what it says when it fails. */
const run = async (...args: string[]): Promise<{ readonly code: number; readonly line: string }> => {
  const { stdout, stderr, code } = await promisify(execFile)(process.execPath, [CLI, ...args], {
    env: { PATH: process.env.PATH, DRIFTWIRE_TOKEN: 'a-token' },
  }).then(
    done => ({ ...done, code: 0 }),
    (error: { stdout: string; stderr: string; code: number }) => error,
  )
  return { code, line: (code === 0 ? stdout : stderr).trimEnd().split('\n').at(-1)! }
}

const manifestOf = (dir: string): Manifest => JSON.parse(readFileSync(join(dir, 'manifest.json'), 'utf8'))
const auditOf = async (server: DriftwireProcess): Promise<State[]> => {
  const answer = await fetch(`${await server.url()}/v1/audit?limit=10000`, { headers: ADMIN })
  return ((await answer.json()) as { entries: State[] }).entries
}

const TABLES = [
  ...new Set(
    MIGRATIONS.flatMap(migration => migration.statements(quoted('d'))).flatMap(sql => {
      const name = /CREATE TABLE IF NOT EXISTS `d`\.(\w+)/.exec(sql)?.[1]
      return name === undefined || name === 'candles' ? [] : [name]
    }),
  ),
]
/** Rows of each table and the sum of them, as SQL of a directory that no server holds says. */
const countsOf = async (data: string): Promise<string> => {
  const counts = TABLES.map(table => `SELECT '${table}' AS name, count() AS n, sum(cityHash64(*)) AS sum FROM ${table} FINAL`)
  const { code, line } = await run(
    'sql',
    `SELECT groupArray((name, n, sum)) FROM (SELECT * FROM (${counts.join(' UNION ALL ')}) ORDER BY name)`,
    '--data',
    data,
    '--csv',
  )
  expect(code, line).toBe(0)
  return line
}

describe('a backup of a running server', () => {
  const dir = pathOf('online')
  let before: State[]
  let acknowledged: number
  let after: State[]
  let line: string
  beforeAll(async () => {
    const server = serve(RUNNING)
    await server.ready()
    const url = await server.url()
    const deposit = async (key: string) => {
      const answer = await fetch(`${url}/v1/admin/deposits`, {
        method: 'POST',
        headers: ADMIN,
        body: JSON.stringify({ username: 'ann', asset: 'BTC', amount: '1', key }),
      })
      return ((await answer.json()) as { seq: number }).seq
    }
    await fetch(`${url}/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"username":"ann","password":"correct horse"}',
    })
    for (let i = 0; i < 300; i += 100) await Promise.all(Array.from({ length: 100 }, (_, n) => deposit(`before-${i + n}`)))
    await server.status(({ sink }) => (sink as { stored: { ticks: number } }).stored.ticks > 900)
    before = await auditOf(server)
    acknowledged = before.length
    let over = false
    const load = (async () => {
      for (let i = 0; !over; i++) await Promise.all(Array.from({ length: 20 }, (_, n) => deposit(`while-${i}-${n}`)))
    })()
    const made = await run('backup', dir, '--data', DATA, '--url', url)
    expect(made).toMatchObject({ code: 0 })
    line = made.line
    over = true
    await load
    after = await auditOf(server)
    await server.end('SIGKILL')
    rmSync(DATA, { recursive: true })
  }, 60_000)

  it('says what it has, holds all that was acknowledged before it, and is read by its owner alone', () => {
    const manifest = manifestOf(dir)
    expect(manifest.journal.entries).toBeGreaterThanOrEqual(acknowledged)
    expect(manifest.journal.hash).toBe(after[manifest.journal.entries - 1]!.hash)
    expect(line).toContain(`${manifest.journal.entries} entries, the last with the hash ${manifest.journal.hash}`)
    expect(manifest.rows!.ticks).toBeGreaterThan(900)
    expect(Object.keys(manifest.rows!).sort()).toEqual([...TABLES, 'migrations'].sort())
    for (const entry of readdirSync(dir, { recursive: true, withFileTypes: true }))
      if (entry.isFile()) expect(statSync(join(entry.parentPath, entry.name)).mode & 0o777, entry.name).toBe(0o600)
    expect(statSync(dir).mode & 0o777).toBe(0o700)
  })

  it('gives after the loss of the whole data directory the ledger by its chain, the logins, and each row once', async () => {
    const manifest = manifestOf(dir)
    const restored = await run('restore', dir, '--data', DATA)
    expect(restored).toEqual({ code: 0, line: `${DATA}: ${line.slice(dir.length + 2)}` })
    const server = serve(QUIET)
    await server.ready()
    const entries = await auditOf(server)
    expect(entries).toEqual(after.slice(0, manifest.journal.entries))
    const login = await fetch(`${await server.url()}/holdings`, {
      headers: { authorization: `Basic ${Buffer.from('ann:correct horse').toString('base64')}` },
    })
    expect([login.status, ((await login.json()) as { assets: { BTC: string } }).assets.BTC]).toEqual([
      200,
      String(entries.filter(({ kind }) => kind === 'deposit').length),
    ])
    await server.status(
      ({ sink, journal }) => (sink as { waiting: { files: number } }).waiting.files === 0 && (journal as State).audited === entries.length,
    )
    await server.end('SIGTERM')
    const sums = await run(
      'sql',
      "SELECT (SELECT count() FROM ticks FINAL WHERE span = 0) = (SELECT sum(n) FROM bars WHERE span = 60000 AND src != '') AS same, (SELECT count() FROM ticks FINAL) > 900",
      '--data',
      DATA,
      '--csv',
    )
    expect(sums).toEqual({ code: 0, line: '1,1' })
    const verified = await run('verify', DATA)
    expect(verified.line).toContain(
      `${manifest.journal.entries} entries, each follows from all before it; the last has the hash ${manifest.journal.hash}`,
    )
  })
})

describe('a backup of a directory that nobody holds', () => {
  const dir = pathOf('offline')

  it('gives the same rows, table by table', async () => {
    const counted = await countsOf(DATA)
    expect((await run('backup', dir, '--data', DATA)).code).toBe(0)
    const moved = pathOf('moved')
    expect(await run('restore', dir, '--data', moved)).toMatchObject({ code: 0 })
    expect(await countsOf(moved)).toBe(counted)
    expect(readdirSync(join(DATA, 'backups'))).toEqual([])
  })

  it('goes into no directory that is in use, and neither does a backup', async () => {
    expect(await run('restore', dir, '--data', DATA)).toMatchObject({
      code: 1,
      line: expect.stringMatching(/found it in use \(.+\), expected an empty data directory, or none$/),
    })
    expect(await run('backup', dir, '--data', DATA)).toMatchObject({
      code: 1,
      line: expect.stringMatching(/found it in use \(.+\), expected a name that is free/),
    })
  })
})

describe('a backup that is cut short', () => {
  it('by a kill at any moment leaves the whole, or nothing that can be restored', async () => {
    let whole = 0
    for (let kill = 0; kill < 3; kill++) {
      const dir = pathOf(`killed-${kill}`)
      const child = spawn(process.execPath, [CLI, 'backup', dir, '--data', DATA], { stdio: 'ignore' })
      await delay(500 + kill * 400)
      child.kill('SIGKILL')
      if (child.exitCode === null) await once(child, 'exit')
      for (const found of [dir, ...halves()]) {
        if (!existsSync(found)) continue
        const { code, line } = await run('restore', found, '--data', pathOf(`restored-${kill}`))
        const { length } = found === dir || existsSync(join(found, 'manifest.json')) ? ['whole'] : []
        whole += length
        expect([code, length === 0 ? /expected the manifest/.test(line) : true], line).toEqual([length === 0 ? 1 : 0, true])
        rmSync(pathOf(`restored-${kill}`), { recursive: true, force: true })
        rmSync(found, { recursive: true })
      }
    }
    expect(whole).toBeLessThan(3)
  })

  it('by a disk that is full says so, and leaves nothing', async () => {
    for (const blocks of [40, 400]) {
      const dir = pathOf('full')
      const child = spawn(
        'sh',
        ['-c', `trap '' XFSZ; ulimit -f ${blocks}; exec "$0" "$@"`, process.execPath, CLI, 'backup', dir, '--data', DATA],
        { stdio: ['ignore', 'ignore', 'pipe'] },
      )
      let said = ''
      child.stderr.on('data', data => {
        said += data
      })
      const [code] = await once(child, 'close')
      expect(code, said).toBe(1)
      expect(said.trimEnd().split('\n').at(-1)).toMatch(/^driftwire: .*found .*expected /)
      expect([existsSync(dir), halves()]).toEqual([false, []])
    }
  })
})

/** What lies in the folder in which backups are made. */
const halves = (): string[] => readdirSync(join(DATA, 'backups')).map(name => join(DATA, 'backups', name))
