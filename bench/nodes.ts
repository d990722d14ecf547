import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { RedisServer } from '../server/test/kit/redisServer.ts'
import { CHANNELS, EACH, FRAME_MS } from './nodeProcess.ts'
import { type Figure, print, type Report, ratio } from './report.ts'

const CLIENTS = 200
const quick = process.argv.includes('--quick')
const ROUNDS = quick ? 1 : 5
const PHASE_MS = quick ? 1_500 : 5_000
const GATEWAYS = [1, 2, 4]
/** Pushes of a flooded frame: 25 KB. */
const FLOOD_PUSHES = 100

const METHOD = `${CHANNELS} channels that all change every ${FRAME_MS} ms, ${CLIENTS} clients on sockets with ${EACH} of them each, every process on one machine. \`all\`: core, hub and sockets in one process, without the CPU of making the patches. Gateways: the same core publishes frames through one Redis, hub and sockets in the gateways. CPU of all threads of these processes (scheduler's counters) by patches that arrived. Delay: from the writing of a figure to its arrival. At last frames of ${FLOOD_PUSHES} pushes of 200 bytes, written as fast as Redis takes them, beside one gateway that reads them.`

const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** A process of the bench. */
class Node {
  readonly child: ChildProcess
  readonly says: Promise<Record<string, number>>

  constructor(role: string, ...args: readonly string[]) {
    this.child = fork(join(import.meta.dirname, 'nodeProcess.js'), [role, ...args])
    running.add(this.child)
    this.says = once(this.child, 'message').then(([says]) => says as Record<string, number>)
  }

  static async start(role: string, ...args: readonly string[]): Promise<Node> {
    const node = new Node(role, ...args)
    await node.says
    return node
  }

  async ask(message: object = {}): Promise<Record<string, number>> {
    const answer = once(this.child, 'message')
    this.child.send(message)
    return (await answer)[0] as Record<string, number>
  }

  /** CPU of all threads so far, µs. */
  get cpu(): number {
    const tasks = `/proc/${this.child.pid}/task`
    return readdirSync(tasks).reduce((sum, id) => sum + Number(readFileSync(join(tasks, id, 'schedstat'), 'utf8').split(' ')[0]) / 1000, 0)
  }

  async end(): Promise<void> {
    const exited = once(this.child, 'exit')
    this.child.kill('SIGKILL')
    await exited
    running.delete(this.child)
  }
}

/** What one round of a way gives: µs of CPU a patch in hub and sockets, and the delay, ms. */
interface Round {
  readonly cpu: number
  readonly p50: number
  readonly p99: number
}

/** Measures hubs that serve all clients. `making`: CPU of the same processes that is not theirs, µs so far. */
const measured = async (hubs: readonly Node[], making: () => Promise<number>): Promise<Round> => {
  const ports = await Promise.all(hubs.map(async ({ says }) => (await says).port))
  const clients = await Node.start('clients', ports.join(','), String(CLIENTS))
  await delay(PHASE_MS / 2)
  await clients.ask()
  const used = async (): Promise<number> => hubs.reduce((sum, hub) => sum + hub.cpu, 0) - (await making())
  const before = await used()
  await delay(PHASE_MS)
  const cpu = (await used()) - before
  const { messages, p50, p99 } = await clients.ask()
  await clients.end()
  return { cpu: cpu / messages!, p50: p50!, p99: p99! }
}

const alone = async (): Promise<Round> => {
  const all = await Node.start('all')
  const round = await measured([all], async () => (await all.ask()).making!)
  await all.end()
  return round
}

const apart = async (url: string, gateways: number): Promise<Round> => {
  const core = await Node.start('core', url)
  const hubs = await Promise.all(Array.from({ length: gateways }, () => Node.start('gateway', url)))
  const round = await measured(hubs, async () => 0)
  for (const hub of hubs) if ((await hub.ask()).holes! > 0) throw new Error('found holes in the stream, expected none')
  await Promise.all([core, ...hubs].map(node => node.end()))
  return round
}

const flooded = async (url: string): Promise<{ frames: number; megabytes: number }> => {
  const [reader, writer] = [await Node.start('reader', url), await Node.start('flood', url)]
  const { perSecond, bytesPerSecond } = await writer.ask({ pushes: FLOOD_PUSHES, ms: PHASE_MS / 2 })
  await Promise.all([reader, writer].map(node => node.end()))
  return { frames: perSecond!, megabytes: bytesPerSecond! / 1e6 }
}

const figuresOf = (name: string, rounds: readonly Round[]): Figure[] => [
  { what: `${name}: CPU a delivered patch`, rounds: rounds.map(({ cpu }) => cpu), unit: 'µs' },
  { what: `${name}: delay, p50`, rounds: rounds.map(({ p50 }) => p50), unit: 'ms' },
  { what: `${name}: delay, p99`, rounds: rounds.map(({ p99 }) => p99), unit: 'ms' },
]

const nodesBench = async (): Promise<Report> => {
  const redis = await RedisServer.start()
  try {
    const all: Round[] = []
    const ways = GATEWAYS.map(() => [] as Round[])
    const floods: { frames: number; megabytes: number }[] = []
    for (let round = 0; round < ROUNDS; round++) {
      all.push(await alone())
      for (const [i, gateways] of GATEWAYS.entries()) ways[i]!.push(await apart(redis.url, gateways))
      floods.push(await flooded(redis.url))
    }
    const base = figuresOf('all', all)
    const nodes = GATEWAYS.map((gateways, i) => figuresOf(gateways === 1 ? '1 gateway' : `${gateways} gateways`, ways[i]!))
    const added = nodes[0]![2]!.rounds.map((p99, i) => p99 - base[2]!.rounds[i]!)
    return {
      name: 'nodes',
      method: METHOD,
      figures: [
        ...base,
        ...nodes.flatMap((figures, i) => [...figures, ratio(`CPU, ${GATEWAYS[i]} to all`, figures[0]!, base[0]!)]),
        { what: 'delay that one gateway adds, p99', rounds: added, unit: 'ms' },
        { what: 'frames through one Redis', rounds: floods.map(({ frames }) => frames), unit: 'frames/s' },
        { what: 'their bytes', rounds: floods.map(({ megabytes }) => megabytes), unit: 'MB/s' },
      ],
    }
  } finally {
    await redis.remove()
  }
}

print(await nodesBench())
