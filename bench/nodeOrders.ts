import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DURABLE } from '../server/test/kit/ledgerInRedis.ts'
import { RedisServer } from '../server/test/kit/redisServer.ts'
import { closedLoop, Orderer } from './orderer.ts'
import { CLIENTS, startServer, stopServer, writeConfig } from './orderServer.ts'
import { type Figure, print, type Report, ratio } from './report.ts'

/** Orders by way of a gateway, a core and the ledger in Redis, beside those of one process with its journal on disk. */

const quick = process.argv.includes('--quick')
const ROUNDS = quick ? 1 : 5
/** Orders that a client has under way. */
const UNDER_WAY = [1, 16]

/** Servers that take orders at an address. */
interface Way {
  readonly url: string
  end(): Promise<void>
}

const alone = async (dir: string, config: string): Promise<Way> => {
  const { server, url } = await startServer('--data', join(dir, 'all'), '--config', config)
  return { url, end: () => stopServer(server) }
}

const apart = async (dir: string, config: string): Promise<Way> => {
  const [frames, ledger] = [await RedisServer.start(), await RedisServer.start(DURABLE)]
  const shared = ['--config', config, '--redis', frames.url, '--redis-journal', ledger.url]
  const core = await startServer('--role', 'core', '--data', join(dir, 'core'), ...shared)
  const gateway = await startServer('--role', 'gateway', ...shared)
  const end = async (): Promise<void> => {
    await stopServer(gateway.server)
    await stopServer(core.server)
    await Promise.all([frames.remove(), ledger.remove()])
  }
  return { url: gateway.url, end }
}

const opened = async ({ url }: Way): Promise<Orderer[]> => {
  const orderers: Orderer[] = []
  for (let i = 0; i < CLIENTS; i++) orderers.push(await Orderer.open(url, `c${i}`))
  for (let i = 0; i < 2; i++) await closedLoop(orderers, { underWay: UNDER_WAY.at(-1)! })
  return orderers
}

const figureOf = (who: string, underWay: number): Figure & { rounds: number[] } => ({
  what: `${who}: orders, ${CLIENTS} clients with ${underWay} under way each`,
  unit: 'orders/s',
  rounds: [],
})

const METHOD = `Durable orders of ${CLIENTS} clients over websockets, as in the bench of orders, every process on one machine. \`all\`: one process, the journal on its disk. Nodes: a gateway has the sockets, one core decides, and the ledger is a stream of a Redis of its own, which syncs each write (\`appendfsync always\`); the core copies it into a journal of its own and into ClickHouse.`

const nodeOrdersBench = async (): Promise<Report> => {
  const dir = await mkdtemp(join(tmpdir(), 'bench-node-orders-'))
  const config = await writeConfig(dir)
  const ways = [await alone(dir, config), await apart(dir, config)]
  try {
    const clients = await Promise.all(ways.map(opened))
    const figures = UNDER_WAY.map(underWay => ({ underWay, all: figureOf('all', underWay), nodes: figureOf('nodes', underWay) }))
    for (let round = 0; round < ROUNDS; round++)
      for (const { underWay, all, nodes } of figures)
        for (const [i, { rounds }] of [all, nodes].entries()) rounds.push((await closedLoop(clients[i]!, { underWay })).rate)
    for (const client of clients.flat()) client.close()
    return {
      name: 'nodeOrders',
      method: METHOD,
      figures: figures.flatMap(({ underWay, all, nodes }) => [all, nodes, ratio(`orders, ${underWay} under way`, nodes, all)]),
    }
  } finally {
    for (const way of ways) await way.end()
    await rm(dir, { recursive: true, force: true })
  }
}

print(await nodeOrdersBench())
