/**
 * Tampers with a journal in every way that somebody has thought of, and starts the server on it. Each time the start must say what it found and
 * `--repair` must restore the journal to its last entry, or the server must run with the balances that were acknowledged. Prints a line for
 * each. Exit code 1: some start ran with other balances, or something could not be restored.
 *
 * `node scripts/tampering.mjs` does all; with words only those whose name has one of them.
 */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import Database from 'libsql'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const PROGRAM = join(ROOT, 'server', 'cli', 'driftwire.cjs')
const TOKEN = 'a-token-for-tampering'
const PASSWORD = 'correct horse battery'
const USERS = ['ann', 'bob', 'cid']
const ORDERS = Number(process.env.ORDERS ?? 400)
/** Orders of a journal that is too long for a start to read all of it. */
const MANY = Number(process.env.MANY ?? 20_100)
/** Orders that are sent at once. */
const AT_ONCE = 32
/** ms that the server may take for anything. */
const WAIT_MS = 120_000
const folder = mkdtempSync(join(tmpdir(), 'driftwire-tampering-'))
const running = new Set()

const config = join(folder, 'config.json')
writeFileSync(
  config,
  JSON.stringify({
    funds: [{ id: 'F', weighting: { scheme: 'units', units: { A: '2', B: '1' } } }],
    limits: { requestsPerSecond: 1_000_000 },
    feeds: [],
  }),
)

class Server {
  /** Starts on a data directory. */
  constructor(data, ...options) {
    const args = [PROGRAM, 'serve', '--port', '0', '--log-level', 'warn', '--config', config, '--data', data, ...options]
    this.child = spawn(process.execPath, args, {
      env: { PATH: process.env.PATH, DRIFTWIRE_ADMIN_TOKEN: TOKEN },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.said = ''
    this.err = ''
    running.add(this.child)
    this.ended = once(this.child, 'close').then(([code, signal]) => {
      running.delete(this.child)
      return code ?? signal
    })
    this.url = new Promise(resolve => {
      this.child.stdout.on('data', data => {
        this.said += data
        const [address] = /http:\/\/[^/\s]+/.exec(this.said) ?? []
        if (address && /^ +data .*\n/m.test(this.said)) resolve(address)
      })
      void this.ended.then(() => resolve(undefined))
    })
    this.child.stderr.on('data', data => {
      this.err += data
    })
  }

  get lastLine() {
    return this.err.trimEnd().split('\n').at(-1)
  }

  async ask(path, body, headers = {}) {
    const answer = await fetch((await this.url) + path, {
      ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
      headers: { 'content-type': 'application/json', ...headers },
    })
    return { status: answer.status, body: await answer.json() }
  }

  as(user, path, body, headers = {}) {
    const authorization = user === 'admin' ? `Bearer ${TOKEN}` : `Basic ${Buffer.from(`${user}:${PASSWORD}`).toString('base64')}`
    return this.ask(path, body, { authorization, ...headers })
  }

  /** Resolves with the figures of the journal once they are so; undefined if the server ends before. */
  async journal(holds) {
    for (const begun = performance.now(); performance.now() - begun < WAIT_MS; ) {
      if ((await this.url) === undefined || !running.has(this.child)) return undefined
      try {
        const { journal } = (await this.ask('/v1/state/status')).body
        if (holds(journal)) return journal
      } catch {
        // It ends.
      }
      await delay(100)
    }
    return undefined
  }

  async end(signal = 'SIGTERM') {
    this.child.kill(signal)
    return this.ended
  }
}

/** What a client can see of who owns what, and what becomes of an order that is sent again under its old key. */
const seen = async server => {
  const holdings = {}
  for (const user of USERS) {
    const { status, body } = await server.as(user, '/holdings')
    holdings[user] = status === 200 ? { assets: body.assets, shares: body.shares } : status
  }
  const balances = {}
  for (let after = 0; ; ) {
    const { entries, next } = (await server.as('admin', `/v1/audit?after=${after}&limit=10000`)).body
    for (const { postings = [] } of entries) for (const [account, asset, , balance] of postings) balances[`${account} ${asset}`] = balance
    if (next === undefined) break
    after = next
  }
  const before = await server.journal(() => true)
  const again = await server.as('ann', '/create', { etf_name: 'F', amount: '1' }, { 'idempotency-key': 'again' })
  return { holdings, balances, entries: before?.entries, again: again.body.seq ?? again.body.code }
}

/** Makes a journal by real orders, of which ClickHouse has all. The server is stopped or killed. */
const make = async (data, signal, orders) => {
  const server = new Server(data)
  if ((await server.url) === undefined) throw new Error(server.err)
  for (const username of USERS) await server.ask('/register', { username, password: PASSWORD })
  const tokens = new Map()
  for (const username of USERS) tokens.set(username, (await server.ask('/v1/login', { username, password: PASSWORD })).body.token)
  for (const username of USERS)
    for (const asset of ['A', 'B'])
      await server.as('admin', '/v1/admin/deposits', { username, asset, amount: '100000', key: `${username} ${asset}` })
  const order = i => {
    const headers = { authorization: `Bearer ${tokens.get(USERS[i % 3])}`, 'idempotency-key': `k${i}` }
    return server.ask(i % 5 === 4 ? '/redeem' : '/create', { etf_name: 'F', amount: '1' }, headers)
  }
  for (let i = 0; i < orders; i += AT_ONCE) await Promise.all(Array.from({ length: Math.min(AT_ONCE, orders - i) }, (_, k) => order(i + k)))
  const key = { authorization: `Bearer ${tokens.get('ann')}`, 'idempotency-key': 'again' }
  await server.ask('/create', { etf_name: 'F', amount: '1' }, key)
  await server.journal(({ audited, entries }) => audited === entries)
  const truth = await seen(server)
  await server.end(signal)
  return truth
}

const file = data => join(data, 'journal.db')
const sql =
  (...statements) =>
  data => {
    const db = new Database(file(data))
    for (const statement of statements) db.exec(statement)
    db.close()
  }
const middle = 'SELECT seq FROM blocks ORDER BY seq LIMIT 1 OFFSET (SELECT count(*) / 2 FROM blocks)'

/** Rewrites all texts and the whole chain. */
const forged = (data, change) => {
  const db = new Database(file(data))
  let hash = '0'.repeat(64)
  for (const { seq, entries } of db.prepare('SELECT seq, entries FROM blocks ORDER BY seq').all()) {
    const texts = Buffer.from(entries)
      .toString()
      .split('\n')
      .filter(Boolean)
      .map(line => change(line.slice(64)))
    let written = ''
    for (const text of texts) {
      written += `${hash}${text}\n`
      hash = createHash('sha256')
        .update(hash + text)
        .digest('hex')
    }
    db.prepare('UPDATE blocks SET entries = ?, hash = ? WHERE seq = ?').run(Buffer.from(written), hash, seq)
  }
  db.close()
}

/** Gives a client what nobody deposited, with the hash that older snapshots had. */
const forgeSnapshot = data => {
  const db = new Database(file(data))
  const { seq, state } = db.prepare('SELECT seq, state FROM snapshots').get()
  const json = JSON.parse(state)
  json.balances['client:ann'].BTC = '1000000'
  const text = JSON.stringify(json)
  const { hash } = db.prepare('SELECT hash FROM blocks WHERE seq = ?').get(seq)
  db.prepare('UPDATE snapshots SET state = ?, hash = ?').run(
    text,
    createHash('sha256')
      .update(hash + text)
      .digest('hex'),
  )
  db.close()
}

/** The same, with a seal that fits, and a head file that knows of it. */
const forgeSnapshotAndHead = data => {
  const db = new Database(file(data))
  const { seq, state } = db.prepare('SELECT seq, state FROM snapshots').get()
  const json = JSON.parse(state)
  json.balances['client:ann'].BTC = '1000000'
  const text = JSON.stringify(json)
  const index = createHash('sha256')
  for (const row of db.prepare('SELECT seq, first, hash, keys FROM blocks WHERE seq <= ? ORDER BY seq').all(seq))
    index.update(`[${row.seq},${row.first},"${row.hash}",${row.keys}],\n`)
  const { hash } = db.prepare('SELECT hash FROM blocks WHERE seq = ?').get(seq)
  const seal = createHash('sha256')
    .update(hash + index.digest('hex') + text)
    .digest('hex')
  db.prepare('UPDATE snapshots SET state = ?, hash = ?').run(text, seal)
  db.close()
  const head = readFileSync(`${file(data)}.head`)
  for (const at of [0, 4096]) {
    const [written] = head.toString('utf8', at, at + 4096).split('\t')
    if (!written.startsWith('{')) continue
    const record = JSON.stringify({ ...JSON.parse(written), seal })
    const sum = createHash('sha256').update(record).digest('hex')
    head.write(`${record}\t${sum}`.padEnd(4096), at)
  }
  writeFileSync(`${file(data)}.head`, head)
}

const flip = (path, at) => {
  const bytes = readFileSync(path)
  bytes[Math.floor(bytes.length * at)] ^= 4
  writeFileSync(path, bytes)
}
const flipEntry = data => {
  const db = new Database(file(data))
  const { seq, entries } = db.prepare(`SELECT seq, entries FROM blocks WHERE seq = (${middle})`).get()
  const bytes = Buffer.from(entries)
  bytes[bytes.length >> 1] ^= 1
  db.prepare('UPDATE blocks SET entries = ? WHERE seq = ?').run(bytes, seq)
  db.close()
}
const wal = data => `${file(data)}-wal`

/** By name: whether the server was stopped or killed before, or stopped with a long journal; and what is done to its directory. */
const TAMPERINGS = [
  ['nothing, after a stop', 'SIGTERM', () => {}],
  ['nothing, after a kill', 'SIGKILL', () => {}],
  [
    'one digit of an early amount',
    'SIGTERM',
    sql(`UPDATE blocks SET entries = CAST(replace(CAST(entries AS TEXT), '"amount":"100000"', '"amount":"900000"') AS BLOB)`),
  ],
  ['blocks deleted in the middle', 'SIGTERM', sql(`DELETE FROM blocks WHERE seq = (${middle})`)],
  [
    'blocks swapped in the middle',
    'SIGTERM',
    data => {
      const db = new Database(file(data))
      const [a, b] = db.prepare('SELECT seq FROM blocks ORDER BY seq LIMIT 2 OFFSET 20').all()
      db.exec(
        `UPDATE blocks SET seq = -1 WHERE seq = ${a.seq}; UPDATE blocks SET seq = ${a.seq} WHERE seq = ${b.seq}; UPDATE blocks SET seq = ${b.seq} WHERE seq = -1`,
      )
      db.close()
    },
  ],
  ['one bit of an entry', 'SIGTERM', flipEntry],
  [
    'an amount changed and the chain computed again',
    'SIGTERM',
    data => forged(data, text => text.replace('"amount":"100000"', '"amount":"900000"')),
  ],
  [
    'an amount changed, its postings, too, and the chain computed again, without the kept state',
    'SIGTERM',
    data => {
      forged(data, text => text.replaceAll('100000', '100001'))
      sql('DELETE FROM snapshots')(data)
    },
  ],
  [
    'the same, and the head file deleted',
    'SIGTERM',
    data => {
      forged(data, text => text.replaceAll('100000', '100001'))
      sql('DELETE FROM snapshots')(data)
      rmSync(`${file(data)}.head`)
    },
  ],
  [
    'a key changed, the chain computed again, and the head file deleted',
    'SIGTERM',
    data => {
      forged(data, text => text.replace('"key":"k30"', '"key":"k_30"'))
      rmSync(`${file(data)}.head`)
    },
  ],
  ['the kept state forged with its hash', 'SIGTERM', forgeSnapshot],
  [
    'the kept state forged, and the head file deleted',
    'SIGTERM',
    data => {
      forgeSnapshot(data)
      rmSync(`${file(data)}.head`)
    },
  ],
  ['the kept state forged with its seal and the head file', 'SIGTERM', forgeSnapshotAndHead],
  ['the kept state of a long journal forged with its seal and the head file', 'LONG', forgeSnapshotAndHead],
  ['the keys emptied', 'SIGTERM', sql(`UPDATE blocks SET keys = '[]'`)],
  ['one key lost', 'SIGTERM', sql(`UPDATE blocks SET keys = replace(keys, '["ann","again"]', '0')`)],
  ['keys that are no JSON', 'SIGTERM', sql(`UPDATE blocks SET keys = '[' WHERE seq = (${middle})`)],
  ['a first column changed', 'SIGTERM', sql(`UPDATE blocks SET first = first + 1 WHERE seq = (${middle})`)],
  [
    'a deposit whose balances do not add up',
    'SIGTERM',
    data => forged(data, text => text.replace('"A","100000","100000"]', '"A","100000","200000"]')),
  ],
  ['all entries deleted', 'SIGTERM', sql('DELETE FROM blocks', 'DELETE FROM snapshots')],
  ['the newest entries deleted', 'SIGTERM', sql(`DELETE FROM blocks WHERE seq > (${middle})`, 'DELETE FROM snapshots')],
  [
    'the newest entries and the head file deleted',
    'SIGTERM',
    data => {
      sql(`DELETE FROM blocks WHERE seq > (${middle})`, 'DELETE FROM snapshots')(data)
      rmSync(`${file(data)}.head`)
    },
  ],
  ['the users deleted', 'SIGTERM', sql('DELETE FROM users')],
  ['an empty file', 'SIGTERM', data => writeFileSync(file(data), '')],
  ['no file', 'SIGTERM', data => rmSync(file(data))],
  [
    'no file and no head file',
    'SIGTERM',
    data => {
      rmSync(file(data))
      rmSync(`${file(data)}.head`)
    },
  ],
  ['the head file damaged', 'SIGTERM', data => writeFileSync(`${file(data)}.head`, 'x')],
  ['a write-ahead log that was cut in half', 'SIGKILL', data => truncateSync(wal(data), readFileSync(wal(data)).length >> 1)],
  ['a write-ahead log that was emptied', 'SIGKILL', data => truncateSync(wal(data), 0)],
  ['a write-ahead log that was deleted', 'SIGKILL', data => rmSync(wal(data))],
  ['a write-ahead log with one bit flipped', 'SIGKILL', data => flip(wal(data), 0.4)],
  [
    'a write-ahead log and the head file deleted',
    'SIGKILL',
    data => {
      rmSync(wal(data))
      rmSync(`${file(data)}.head`)
    },
  ],
]

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b)

/** Starts on a directory, and resolves with what is seen once ClickHouse and the entries have confirmed the journal; undefined if the server ends. */
const started = async (server, entries) => {
  const journal = await server.journal(({ audited, verifiedTo }) => audited >= entries && verifiedTo >= entries)
  return journal && seen(server)
}

const tried = async (tamper, base, truth) => {
  const data = join(folder, 'tampered')
  rmSync(data, { recursive: true, force: true })
  cpSync(base, data, { recursive: true })
  tamper(data)
  const server = new Server(data)
  const now = await started(server, truth.entries)
  if (now) {
    await server.end()
    const notes = server.err
      .split('\n')
      .filter(line => line.includes('journal.db'))
      .map(line => JSON.parse(line).msg.replaceAll(`${data}/`, ''))
    return same(now, truth) ? `right: ${notes.join('; ') || 'nothing to say'}` : `WRONG: it runs with ${JSON.stringify(now)}`
  }
  const told = server.lastLine.replaceAll(`${data}/`, '')
  if ((await server.ended) !== 1 || !told.includes('--repair')) return `WRONG: it ends with ${await server.ended}: ${server.err}`
  const repaired = new Server(data, '--repair')
  const after = await started(repaired, truth.entries)
  await repaired.end()
  if (after === undefined) return `WRONG: ${told}; --repair ends with ${repaired.err}`
  // Passwords are nowhere but in the file.
  const lost = JSON.parse(/"users":(\[[^\]]*\])/.exec(repaired.err)?.[1] ?? '[]')
  const holdings = { ...truth.holdings, ...Object.fromEntries(lost.map(user => [user, 401])) }
  const expected = { ...truth, holdings, ...(lost.includes('ann') && { again: after.again }) }
  const kept = existsSync(data) && /"damaged":"([^"]+)"/.exec(repaired.err)?.[1]
  if (!same(after, expected)) return `WRONG: ${told}; --repair gives ${JSON.stringify(after)}`
  const without = lost.length > 0 ? `, without the passwords of ${lost.join(', ')}` : ''
  return kept ? `found, and restored${without}: ${told}` : `WRONG: ${told}; the damaged file is not kept`
}

const words = process.argv.slice(2)
const wanted = TAMPERINGS.filter(([name]) => words.length === 0 || words.some(word => name.includes(word)))
let wrong = 0
try {
  const bases = new Map()
  for (const [name, signal, tamper] of wanted) {
    if (!bases.has(signal)) {
      const base = join(folder, signal)
      const truth = await (signal === 'LONG' ? make(base, 'SIGTERM', MANY) : make(base, signal, ORDERS))
      bases.set(signal, { data: base, truth })
    }
    const { data, truth } = bases.get(signal)
    const came = await tried(tamper, data, truth)
    if (came.startsWith('WRONG')) wrong += 1
    console.log(`${name}\n    ${came}`)
  }
  console.log(wrong === 0 ? `${wanted.length} tamperings: none starts with other balances` : `${wrong} of ${wanted.length} are WRONG`)
} finally {
  for (const child of running) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
}
process.exit(wrong === 0 ? 0 : 1)
