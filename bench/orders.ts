import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { hash } from '@node-rs/argon2'
import { LedgerService } from '../server/clearing/ledgerService.ts'
import type { ClearingRequest } from '../server/clearing/port.ts'
import { SqliteJournal } from '../server/journal/sqliteJournal.ts'
import { ONE } from '../streams/lib/decimal.ts'
import { LightSocket } from './lightSocket.ts'
import { type Figure, print, type Report, ratio } from './report.ts'

const CLIENTS = 100
const LEGS = 3
const PHASE_MS = 4_000
/** Orders that a client has under way if it does not wait for each reply. */
const UNDER_WAY = 16
const PACED = [2_000, 5_000]
const ROUNDS = 5
const MILLION = 1_000_000
const PASSWORD = 'bench bench bench'

/** Characters of an order's entry. */
const ENTRY = 950
const ASSETS = Array.from({ length: LEGS }, (_, i) => `A${i}`)
const UNITS = Object.fromEntries(ASSETS.map((asset, i) => [asset, `${i + 1}.123456789012345678`]))

/** A client on a socket of its own. */
class Orderer {
  readonly latencies: number[] = []
  private readonly socket: LightSocket
  private readonly waiting = new Map<number, { readonly begun: number; readonly done: () => void }>()
  private readonly name = Math.random().toString(36).slice(2)
  private id = 0
  private orders = 0
  private failure: string | undefined

  private constructor(socket: LightSocket) {
    this.socket = socket
    socket.onMessage = text => this.take(text)
  }

  static async open(url: string, username: string): Promise<Orderer> {
    const orderer = new Orderer(await LightSocket.open(url))
    await orderer.ask('login', `{"username":"${username}","password":"${PASSWORD}"}`)
    return orderer
  }

  /** Creates and redeems in turn, each time under another key. */
  order(): Promise<void> {
    const n = this.orders++
    return this.ask(n % 2 === 0 ? 'create' : 'redeem', `{"fund":"BENCH","amount":"1","key":"${this.name}-${n}"}`)
  }

  /** Asks for the time: the cost of sockets and JSON without an order. */
  ping(): Promise<void> {
    return this.ask('ping', '{}')
  }

  close(): void {
    this.socket.close()
  }

  private ask(method: string, params: string): Promise<void> {
    if (this.failure) throw new Error(this.failure)
    const id = ++this.id
    this.socket.send(`{"jsonrpc":"2.0","id":${id},"method":"${method}","params":${params}}`)
    return new Promise(done => this.waiting.set(id, { begun: performance.now(), done }))
  }

  private take(text: string): void {
    if (!text.startsWith(REPLY)) return
    const id = Number.parseInt(text.slice(REPLY.length), 10)
    const asked = this.waiting.get(id)!
    this.waiting.delete(id)
    if (text.includes('"error":')) this.failure = text
    this.latencies.push(performance.now() - asked.begun)
    asked.done()
  }
}
const REPLY = '{"jsonrpc":"2.0","id":'

const startServer = async (dir: string): Promise<{ server: ChildProcess; url: string }> => {
  const passwordHash = await hash(PASSWORD)
  const assets = Object.fromEntries(ASSETS.map(asset => [asset, '1000000000']))
  const clients = Array.from({ length: CLIENTS }, (_, i) => ({ username: `c${i}`, passwordHash, assets }))
  await writeFile(join(dir, 'clients.json'), JSON.stringify({ clients }))
  const funds = [{ id: 'BENCH', weighting: { scheme: 'units', units: UNITS } }]
  await writeFile(
    join(dir, 'config.json'),
    JSON.stringify({ feeds: [], funds, clients: 'clients.json', limits: { requestsPerSecond: 1_000_000 } }),
  )
  const launcher = join(import.meta.dirname, '../../server/cli/driftwire.cjs')
  const server = spawn(
    process.execPath,
    [launcher, 'serve', '--port', '0', '--data', join(dir, 'data'), '--config', join(dir, 'config.json')],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  )
  // Also if this process ends early.
  process.once('exit', () => server.kill('SIGKILL'))
  for await (const line of createInterface({ input: server.stdout! })) {
    const url = /websocket +(\S+)/.exec(line)?.[1]
    if (url !== undefined) return { server, url }
  }
  throw new Error('the server did not start')
}

/** Lets each client ask again when it has a reply, so that `underWay` requests of it are always under way. `rate` is requests a second. */
const closedLoop = async (
  orderers: readonly Orderer[],
  { ask = 'order', underWay = 1 }: { ask?: 'order' | 'ping'; underWay?: number } = {},
): Promise<{ rate: number; latencies: number[] }> => {
  const begin = performance.now()
  const end = begin + PHASE_MS
  for (const orderer of orderers) orderer.latencies.length = 0
  const loop = async (orderer: Orderer): Promise<void> => {
    while (performance.now() < end) await orderer[ask]()
  }
  await Promise.all(orderers.flatMap(orderer => Array.from({ length: underWay }, () => loop(orderer))))
  const latencies = orderers.flatMap(orderer => orderer.latencies)
  return { rate: (latencies.length / (performance.now() - begin)) * 1000, latencies }
}

/** Sends this many orders a second, whether replies come or not. Returns their latencies, ms. */
const paced = async (orderers: readonly Orderer[], perSecond: number): Promise<number[]> => {
  for (const orderer of orderers) orderer.latencies.length = 0
  const begin = performance.now()
  const replies: Promise<void>[] = []
  for (let sent = 0; performance.now() - begin < PHASE_MS; await delay(1)) {
    for (const due = ((performance.now() - begin) / 1000) * perSecond; sent < due; sent++)
      replies.push(orderers[sent % orderers.length]!.order())
  }
  await Promise.all(replies)
  return orderers.flatMap(orderer => orderer.latencies)
}

const percentile = (values: readonly number[], p: number): number =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * p))]!

/** Returns how many entries a second the journal alone takes, in commits of `perCommit`; each is as long as an order's. */
const rawRate = (dir: string, perCommit: number): number => {
  const journal = new SqliteJournal(join(dir, `raw-${perCommit}-${performance.now()}.db`))
  const text = 'x'.repeat(ENTRY)
  const begin = performance.now()
  let written = 0
  for (let k = 0; performance.now() - begin < PHASE_MS / 4; k++) {
    journal.append(Array.from({ length: perCommit }, (_, i) => ({ text, who: `c${i}`, key: `${k}-${i}` })))
    written += perCommit
  }
  const rate = (written / (performance.now() - begin)) * 1000
  journal.close()
  return rate
}

/** Has a fresh process open a journal of a million orders. Returns how long that takes and the memory it holds then. */
const startOfAMillion = async (dir: string): Promise<{ seconds: number; mebibytes: number }> => {
  const file = join(dir, 'million.db')
  const journal = new SqliteJournal(file)
  const service = new LedgerService(journal, journal)
  const ask = (...requests: ClearingRequest[]): unknown => service.process(requests)
  const units = new Map(ASSETS.slice(0, 3).map(asset => [asset, ONE]))
  ask(
    {
      ask: 'execute',
      who: 'system',
      t: 1,
      command: { kind: 'define', fund: 'F', terms: { quote: 'USD', creationUnit: ONE, createFeeBps: 0, redeemFeeBps: 0 } },
    },
    { ask: 'execute', who: 'system', t: 1, command: { kind: 'inception', fund: 'F', units, weights: {}, shares: ONE } },
  )
  for (let c = 0; c < CLIENTS; c++) {
    ask({ ask: 'execute', who: `c${c}`, t: 1, command: { kind: 'register', client: `c${c}` } })
    for (const asset of units.keys())
      ask({
        ask: 'execute',
        who: 'admin',
        t: 1,
        command: { kind: 'deposit', key: `${c}${asset}`, client: `c${c}`, asset, amount: ONE * 10n ** 9n },
      })
  }
  for (let n = journal.seq; n < MILLION; ) {
    const batch: ClearingRequest[] = []
    for (let i = 0; i < 1_000; i++, n++) {
      const kind = Math.floor(n / CLIENTS) % 2 === 0 ? 'create' : 'redeem'
      batch.push({ ask: 'execute', who: `c${n % CLIENTS}`, t: n, command: { kind, key: `k${n}`, fund: 'F', amount: ONE, nav: undefined } })
    }
    ask(...batch)
  }
  journal.close()
  const child = spawn(process.execPath, ['--expose-gc', import.meta.filename, 'open', file], { stdio: ['ignore', 'pipe', 'inherit'] })
  for await (const line of createInterface({ input: child.stdout! })) return JSON.parse(line) as { seconds: number; mebibytes: number }
  throw new Error('the journal was not opened')
}

/** Opens the journal and prints the figures: what `startOfAMillion` asks of a process of its own. */
const openAndReport = (file: string): void => {
  globalThis.gc?.()
  const before = process.memoryUsage().rss
  const begin = performance.now()
  const journal = new SqliteJournal(file)
  const service = new LedgerService(journal, journal)
  const seconds = (performance.now() - begin) / 1000
  globalThis.gc?.()
  if (service.seq < MILLION) throw new Error(`found ${service.seq} entries`)
  console.log(JSON.stringify({ seconds, mebibytes: (process.memoryUsage().rss - before) / 2 ** 20 }))
  process.exit(0)
}

/** Figures of each round. */
interface Rounds {
  readonly one: number[]
  readonly one50: number[]
  readonly one99: number[]
  readonly hundred: number[]
  readonly pings: number[]
  readonly many: number[]
  readonly manyPings: number[]
  readonly paced: readonly { readonly p50: number[]; readonly p99: number[] }[]
  readonly rawOne: number[]
  readonly raw: number[]
}

const measured = async (url: string, dir: string): Promise<Rounds> => {
  const orderers: Orderer[] = []
  for (let i = 0; i < CLIENTS; i++) orderers.push(await Orderer.open(url, `c${i}`))
  const paces = PACED.map(() => ({ p50: [] as number[], p99: [] as number[] }))
  const rounds: Rounds = {
    one: [],
    one50: [],
    one99: [],
    hundred: [],
    pings: [],
    many: [],
    manyPings: [],
    paced: paces,
    rawOne: [],
    raw: [],
  }
  // Its code gets compiled and its memory grows.
  for (let i = 0; i < 2; i++) await closedLoop(orderers, { underWay: UNDER_WAY })
  for (let round = 0; round < ROUNDS; round++) {
    const single = await closedLoop(orderers.slice(0, 1))
    rounds.one.push(single.rate)
    rounds.one50.push(percentile(single.latencies, 0.5))
    rounds.one99.push(percentile(single.latencies, 0.99))
    rounds.hundred.push((await closedLoop(orderers)).rate)
    rounds.pings.push((await closedLoop(orderers, { ask: 'ping' })).rate)
    rounds.many.push((await closedLoop(orderers, { underWay: UNDER_WAY })).rate)
    rounds.manyPings.push((await closedLoop(orderers, { ask: 'ping', underWay: UNDER_WAY })).rate)
    for (const [i, perSecond] of PACED.entries()) {
      const steady = await paced(orderers, perSecond)
      paces[i]!.p50.push(percentile(steady, 0.5))
      paces[i]!.p99.push(percentile(steady, 0.99))
    }
  }
  for (const orderer of orderers) orderer.close()
  // Last, because the disk is still busy with what these write when they are over.
  for (let round = 0; round < ROUNDS; round++) {
    rounds.rawOne.push(rawRate(dir, 1))
    rounds.raw.push(rawRate(dir, CLIENTS))
  }
  return rounds
}

const METHOD = `Durable orders over websockets into a server process on the same machine: a fund of ${LEGS} assets, creations and redemptions in turn, each client's next when it has the reply to its last, then with ${UNDER_WAY} of each client under way; each reply after the fsync of its entry, and all of them copied into ClickHouse as it goes. Then ${PACED.map(n => n.toLocaleString('en')).join(' and ')} a second over ${CLIENTS} sockets, whether replies come or not. Beside it the same sockets asked for the time (load generator, sockets and JSON without an order; all share the cores of one machine), and the same journal, without ledger and sockets, taking entries of the same length. Last, a journal of a million orders opened by a fresh process.`

const figuresOf = (rounds: Rounds, million: { readonly seconds: number; readonly mebibytes: number }): Report['figures'] => {
  const ours: Figure = { what: `orders, ${CLIENTS} clients`, rounds: rounds.hundred, unit: 'orders/s' }
  const bound: Figure = { what: `the same sockets asked for the time, ${CLIENTS} clients`, rounds: rounds.pings, unit: 'replies/s' }
  const inFlight: Figure = { what: `orders, ${CLIENTS} clients with ${UNDER_WAY} under way each`, rounds: rounds.many, unit: 'orders/s' }
  const inFlightBound: Figure = {
    what: `the time, ${CLIENTS} clients with ${UNDER_WAY} under way each`,
    rounds: rounds.manyPings,
    unit: 'replies/s',
  }
  const bare: Figure = { what: `the journal alone, commits of ${CLIENTS}`, rounds: rounds.raw, unit: 'entries/s' }
  return [
    { what: 'orders, 1 client', rounds: rounds.one, unit: 'orders/s' },
    { what: 'its reply, p50', rounds: rounds.one50, unit: 'ms' },
    { what: 'its reply, p99', rounds: rounds.one99, unit: 'ms' },
    ours,
    inFlight,
    ...PACED.flatMap((perSecond, i) => [
      { what: `reply at ${perSecond.toLocaleString('en')} a second, p50`, rounds: rounds.paced[i]!.p50, unit: 'ms' },
      { what: `reply at ${perSecond.toLocaleString('en')} a second, p99`, rounds: rounds.paced[i]!.p99, unit: 'ms' },
    ]),
    bound,
    ratio('orders', ours, bound),
    inFlightBound,
    ratio('orders', inFlight, inFlightBound),
    { what: 'the journal alone, commits of 1', rounds: rounds.rawOne, unit: 'entries/s' },
    bare,
    ratio('orders', ours, bare),
    { what: 'start with a million orders', rounds: [million.seconds], unit: 's' },
    { what: 'memory they cost then', rounds: [million.mebibytes], unit: 'MiB' },
  ]
}

/** Measures durable orders, and beside them what sockets and the journal take alone. */
export const ordersBench = async (): Promise<Report> => {
  const dir = await mkdtemp(join(tmpdir(), 'bench-orders-'))
  const { server, url } = await startServer(dir)
  try {
    const rounds = await measured(url, dir)
    return { name: 'orders', method: METHOD, figures: figuresOf(rounds, await startOfAMillion(dir)) }
  } finally {
    server.kill('SIGTERM')
    await new Promise(resolve => server.once('exit', resolve))
    await rm(dir, { recursive: true, force: true })
  }
}

const [, script, mode, file] = process.argv
if (script?.endsWith('orders.js')) {
  if (mode === 'open') openAndReport(file!)
  else print(await ordersBench())
}
