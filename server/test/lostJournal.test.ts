import { execFile } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { packageRoot } from '../lib/packageRoot.ts'
import { DriftwireProcess, pathOf, written } from './processKit.ts'
import type { State } from './protocolClient.ts'

const DATA = pathOf('lost')
const WORDS: Readonly<Record<string, string>> = { alice: 'correct horse', bob: 'battery staple' }
const config = written(
  'lost.json',
  JSON.stringify({
    funds: [{ id: 'F', weighting: { scheme: 'units', units: { A: '1' } }, creationUnit: '1' }],
    clients: 'clients.json',
    feeds: [],
  }),
)

/** The hash of a password, as the command makes it. */
const hashOf = async (password: string): Promise<string> => {
  const program = promisify(execFile)(process.execPath, [join(packageRoot(), 'server', 'cli', 'driftwire.cjs'), 'client', 'hash'])
  program.child.stdin!.end(`${password}\n`)
  return (await program).stdout.trim()
}

const clientsFile = (...clients: object[]): string => written('clients.json', JSON.stringify({ clients }))

const started = (...options: string[]): DriftwireProcess =>
  new DriftwireProcess(['serve', '--port', '0', '--log-level', 'warn', '--data', DATA, '--config', config, ...options], {
    DRIFTWIRE_ADMIN_TOKEN: 'a-token',
  })

const ask = async (server: DriftwireProcess, path: string, headers: Record<string, string>, body?: object) => {
  const answer = await fetch((await server.url()) + path, {
    ...(body && { method: 'POST', body: JSON.stringify(body) }),
    headers: { 'content-type': 'application/json', ...headers },
  })
  return { status: answer.status, body: (await answer.json()) as State }
}
const ADMIN = { authorization: 'Bearer a-token' }
const as = (user: string, password = WORDS[user]!) => ({ authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` })

/** Resolves with all entries, once ClickHouse has them. */
const entriesOf = async (server: DriftwireProcess): Promise<State[]> => {
  const { entries } = (await ask(server, '/v1/audit?limit=10000', ADMIN)).body as unknown as { entries: State[] }
  await server.status(({ journal }) => (journal as State).audited === entries.length)
  return entries
}
const holdingsOf = async (server: DriftwireProcess, user: string, password?: string) => ask(server, '/holdings', as(user, password))

it('a journal that is lost comes back from ClickHouse with everything that anybody owns, passwords only from the file of clients', async () => {
  const alice = { username: 'alice', passwordHash: await hashOf(WORDS.alice!), assets: { A: '10' } }
  clientsFile(alice)
  const first = started()
  await first.ready()
  expect((await ask(first, '/register', {}, { username: 'bob', password: WORDS.bob })).status).toBe(200)
  expect((await ask(first, '/v1/admin/deposits', ADMIN, { username: 'bob', asset: 'A', amount: '5', key: 'd' })).status).toBe(200)
  const order = { etf_name: 'F', amount: '2' }
  const created = await ask(first, '/create', { ...as('alice'), 'idempotency-key': 'k' }, order)
  expect(created).toMatchObject({ status: 200, body: { status: 'settled' } })
  const { token } = (await ask(first, '/v1/login', {}, { username: 'bob', password: WORDS.bob })).body
  const entries = await entriesOf(first)
  const owned = await Promise.all(['alice', 'bob'].map(user => holdingsOf(first, user)))
  expect(owned.map(({ body }) => body)).toEqual([
    { assets: { A: '8' }, shares: { F: '2' } },
    { assets: { A: '5' }, shares: {} },
  ])
  await first.end('SIGTERM')

  for (const suffix of ['', '-wal', '.head']) rmSync(join(DATA, `journal.db${suffix}`), { force: true })
  const warned = started()
  expect(await warned.exited).toBe(1)
  expect(warned.lastLine).toMatch(/found another journal, expected the one of which ClickHouse has \d+.*--repair/)

  const repaired = started('--repair')
  expect(await entriesOf(repaired)).toEqual(entries)
  expect(repaired.stderr).toContain('passwords are lost')
  expect(await holdingsOf(repaired, 'alice')).toEqual(owned[0])
  expect(await ask(repaired, '/create', { ...as('alice'), 'idempotency-key': 'k' }, order)).toEqual(created)
  // Nobody can take the name of a user whose password is lost, and what logged in before no longer counts.
  expect((await holdingsOf(repaired, 'bob')).status).toBe(401)
  expect((await ask(repaired, '/holdings', { authorization: `Bearer ${token}` })).status).toBe(401)
  expect((await ask(repaired, '/register', {}, { username: 'bob', password: 'somebody else' })).status).toBe(409)
  await repaired.end('SIGTERM')

  clientsFile(alice, { username: 'bob', passwordHash: await hashOf('a new password') })
  const entered = started()
  expect(await entriesOf(entered)).toEqual(entries)
  expect(await holdingsOf(entered, 'bob', 'a new password')).toEqual(owned[1])
  await entered.end('SIGTERM')

  // If ClickHouse is lost as well, the file of clients is all that there is: its users, and what they brought.
  rmSync(DATA, { recursive: true })
  expect(existsSync(DATA)).toBe(false)
  const restarted = started()
  expect((await holdingsOf(restarted, 'alice')).body).toEqual({ assets: { A: '10' }, shares: {} })
  expect((await holdingsOf(restarted, 'bob', 'a new password')).body).toEqual({ assets: {}, shares: {} })
  await restarted.ready()
  await restarted.end('SIGTERM')
}, 60_000)
