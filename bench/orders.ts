import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { LedgerService } from '../server/clearing/ledgerService.ts'
import type { ClearingRequest } from '../server/clearing/port.ts'
import { SqliteJournal } from '../server/journal/sqliteJournal.ts'
import { ONE } from '../streams/lib/decimal.ts'
import { closedLoop, Orderer, PHASE_MS } from './orderer.ts'
import { ASSETS, CLIENTS, startServer, stopServer, writeConfig } from './orderServer.ts'
import { type Figure, print, type Report, ratio } from './report.ts'

const LEGS = ASSETS.length
/** Orders that a client has under way if it does not wait for each reply. */
const UNDER_WAY = 16
const PACED = [2_000, 5_000]
const ROUNDS = 5
const MILLION = 1_000_000

/** Characters of an order's entry. */
const ENTRY = 950

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
  const { server, url } = await startServer('--data', join(dir, 'data'), '--config', await writeConfig(dir))
  try {
    const rounds = await measured(url, dir)
    return { name: 'orders', method: METHOD, figures: figuresOf(rounds, await startOfAMillion(dir)) }
  } finally {
    await stopServer(server)
    await rm(dir, { recursive: true, force: true })
  }
}

const [, script, mode, file] = process.argv
if (script?.endsWith('orders.js')) {
  if (mode === 'open') openAndReport(file!)
  else print(await ordersBench())
}
