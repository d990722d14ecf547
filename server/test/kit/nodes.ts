import { setTimeout as delay } from 'node:timers/promises'
import { DriftwireProcess, pathOf, written } from '../processKit.ts'
import { freePort } from './freePort.ts'
import type { Island } from './island.ts'
import { DURABLE } from './ledgerInRedis.ts'
import { RedisServer } from './redisServer.ts'

/** Cores, gateways and the Redis between them, each a process of its own that a test may stop and kill. */

const ADMIN_TOKEN = 'a-token-for-nodes'

const CONFIG = {
  funds: [{ id: 'ONE', weighting: { scheme: 'units', units: { BTC: '0.5', ETH: '2' } }, creationUnit: '10' }],
  portfolios: [],
  feeds: ['sim:7'],
}

/** A gateway that keeps its port over restarts. */
interface Gateway {
  readonly port: number
  process: DriftwireProcess
  /** A balancer sends it nobody. */
  isOut: boolean
}

/** What stands on an island, behind a cable that can be pulled. */
interface Islands {
  readonly redis?: Island
  /** The core that leads first. */
  readonly leader?: Island
}

/** Two cores, of which one leads, and gateways in front of them. */
export class Nodes {
  readonly redis: RedisServer
  readonly gateways: Gateway[] = []
  /** The one that leads, then the one that follows. */
  cores: DriftwireProcess[] = []
  private readonly config: string
  private readonly options: readonly string[]
  private started = 0

  private constructor(redis: RedisServer, options: readonly string[]) {
    this.redis = redis
    this.options = options
    this.config = written(`nodes-${redis.port}.json`, JSON.stringify(CONFIG))
  }

  /** Starts all of it. Resolves when each gateway is ready. `options`: more of each gateway. */
  static async start(gateways: number, ...options: string[]): Promise<Nodes> {
    return Nodes.startOn({}, gateways, options)
  }

  /** Starts all of it, a part of it on an island. */
  static async startOn(islands: Islands, gateways: number, options: readonly string[] = []): Promise<Nodes> {
    const bind = islands.leader && { bind: `127.0.0.1 ${islands.leader.mainland}` }
    const nodes = new Nodes(await RedisServer.start({ ...DURABLE, ...bind }, islands.redis), options)
    const leader = nodes.startCore(islands.leader)
    await leader.printed()
    nodes.cores = [leader]
    await nodes.addStandby()
    for (let i = 0; i < gateways; i++) {
      const port = await freePort()
      nodes.gateways.push({ port, process: nodes.startGateway(port), isOut: false })
    }
    for (const gateway of nodes.gateways) await nodes.ready(gateway)
    return nodes
  }

  /** The address of a gateway. */
  static urlOf({ port }: { readonly port: number }): string {
    return `http://127.0.0.1:${port}`
  }

  /** The gateways that a balancer sends clients to. */
  get rotation(): readonly Gateway[] {
    return this.gateways.filter(({ isOut }) => !isOut)
  }

  /** Stops a gateway as a deployment does, and starts it again. */
  async roll(gateway: Gateway): Promise<void> {
    gateway.isOut = true
    await gateway.process.end('SIGTERM')
    await this.restart(gateway)
    gateway.isOut = false
  }

  /** Starts a core that follows. Resolves when it waits for the lease, or leads already. */
  async addStandby(): Promise<void> {
    const standby = this.startCore()
    await Promise.race([standby.logged('this core waits for the lease'), standby.logged('this core leads')])
    this.cores.push(standby)
  }

  /** Ends the core that leads; the other takes over. */
  async endLeader(signal: NodeJS.Signals): Promise<void> {
    const [leader] = this.cores.splice(0, 1)
    await leader!.end(signal)
  }

  /** Starts a gateway again at its port. Resolves when it takes sockets. */
  async restart(gateway: Gateway): Promise<void> {
    gateway.process = this.startGateway(gateway.port)
    await this.ready(gateway)
  }

  /** Resolves when a gateway has met its core. */
  async ready(gateway: Gateway): Promise<void> {
    await gateway.process.printed()
    for (;;) {
      const waiting = await fetch(`${Nodes.urlOf(gateway)}/readyz`).then(
        async response => ((await response.json()) as { waiting: Record<string, string> }).waiting,
        () => ({ core: 'no answer' }),
      )
      if (!('core' in waiting)) return
      await delay(20)
    }
  }

  /** Asks as the admin, until it is answered. */
  async admin(path: string, body: object): Promise<void> {
    for (;;) {
      const gateway = this.gateways[0]!
      const headers = { 'content-type': 'application/json', authorization: `Bearer ${ADMIN_TOKEN}` }
      const response = await fetch(Nodes.urlOf(gateway) + path, { method: 'POST', headers, body: JSON.stringify(body) }).catch(
        () => undefined,
      )
      if (response?.ok) return
      await delay(100)
    }
  }

  async end(): Promise<void> {
    await Promise.all([...this.gateways.map(({ process }) => process), ...this.cores].map(process => process.end('SIGKILL')))
    await this.redis.remove()
  }

  private startCore(island?: Island): DriftwireProcess {
    this.started += 1
    return this.serve(['--role', 'core', '--port', '0', '--data', pathOf(`nodes-${this.redis.port}-${this.started}`)], island)
  }

  private startGateway(port: number): DriftwireProcess {
    return this.serve(['--role', 'gateway', '--port', String(port), ...this.options])
  }

  private serve(options: readonly string[], island?: Island): DriftwireProcess {
    const redis = island ? `redis://${island.mainland}:${this.redis.port}` : this.redis.url
    const shared = ['--config', this.config, '--redis', redis, '--log-level', 'info', '--log-format', 'json']
    return new DriftwireProcess(['serve', ...shared, ...options], { DRIFTWIRE_ADMIN_TOKEN: ADMIN_TOKEN }, undefined, island?.command)
  }
}
