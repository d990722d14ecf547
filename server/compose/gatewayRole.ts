import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'
import { frameKeys, shardName } from '../bus/redis/keys.ts'
import { RedisBus } from '../bus/redis/redisBus.ts'
import { isLoopback, type Settings } from '../config/settings.ts'
import { coreName } from '../config/shard.ts'
import { ChannelDirectory } from '../gateway/api/channelDirectory.ts'
import { ClientLimits } from '../gateway/api/clientLimits.ts'
import { Sessions } from '../gateway/api/sessionFacts.ts'
import { MemoryUsage } from '../gateway/api/usage.ts'
import { boundsOf } from '../gateway/bounds.ts'
import { forwarding } from '../gateway/http/forwarding.ts'
import { nearRoutes } from '../gateway/http/nearRoutes.ts'
import { Hub } from '../gateway/hub/hub.ts'
import { HUB_LIMITS } from '../gateway/hub/limits.ts'
import { Dispatcher } from '../gateway/rpc/dispatcher.ts'
import { remoteCalls } from '../gateway/rpc/remoteCalls.ts'
import { SharedUsage } from '../gateway/sharedUsage.ts'
import type { Figures } from '../lib/figures.ts'
import { packageVersion } from '../lib/packageVersion.ts'
import { Asker, wholeOf } from '../nodes/asker.ts'
import { Heartbeat } from '../nodes/heartbeat.ts'
import { RedisLine } from '../nodes/redisLine.ts'
import { openReady, type RedisClient } from '../redis/connection.ts'
import type { BackfillSource } from '../storage/read/backfillSource.ts'
import { metrics } from '../telemetry/metrics.ts'
import type { Tracing } from '../telemetry/traces/open.ts'
import type { GatewaySays } from './answering.ts'
import { type Door, openDoor } from './door.ts'
import { farewell } from './farewell.ts'
import { dashboardPages, type Fetch } from './gateway.ts'
import type { Served } from './handlers.ts'
import { MetCore } from './metCore.ts'
import { openTracingOf } from './tracing.ts'

/** A gateway that runs. */
export interface RunningGateway {
  readonly port: number
  /** Rejects when it cannot go on. */
  readonly done: Promise<void>
  /** Looks for a new certificate and key now; false if it does not speak TLS. */
  renewKeyPair(): boolean
  stop(reason: string): Promise<void>
}

/** The connections of a gateway: one for commands, and one for each stream that it reads. */
const WIRES = { client: 'commands', frames: 'reading', answers: 'reading' } as const
/** ms between two looks at what the core should know of clients. */
const LOOK_MS = 100
/** ms until connections that are still open are cut. */
const CLOSE_MS = 500

/**
 * Starts a gateway: it serves sockets out of the frames that it follows, answers what it can by itself, and asks the core for the rest. It
 * keeps nothing: one that is killed and started again is as good as before.
 */
export const startGateway = async (settings: Settings, log: Logger): Promise<RunningGateway> => {
  const name = `gw-${randomBytes(9).toString('base64url')}`
  const wires = await openReady(settings.redis!, WIRES, log)
  const { client } = wires
  const now = (): number => performance.now()
  const bus = new RedisBus({ client, reader: wires.frames, keys: frameKeys(shardName(settings.shard)), name, now })
  const line = new RedisLine({ client, reader: wires.answers, name })
  const { limits, origins } = settings.config
  const directory = new ChannelDirectory({ openEnded: false, readers: new Map(), byDefault: [], recorders: new Map() })
  let door: Door | undefined
  const hub: Hub = new Hub(bus, (topic, bytes) => door?.publish(topic, bytes), { ...HUB_LIMITS, ...limits }, Date.now)
  const isExposed = !isLoopback(settings.host) || settings.behindTls
  const says = (): GatewaySays => ({ version: packageVersion(), isExposed, sockets: hub.stats().sockets, subscribers: hub.served })
  const usage = sharedUsage(client, name, now)
  const clientLimits = new ClientLimits(boundsOf(settings), usage)
  const asker = new Asker(line, says, now)
  const calls = remoteCalls(asker, name)
  const core = new MetCore({ asker, bus, directory, nameOf: epoch => coreName(settings.shard, epoch), isExposed, log })
  const tracing = await openTracingOf(settings, log)
  const requests = new Dispatcher({
    ...{ hub, directory, limits, clientLimits },
    traced: tracing?.methods,
    past: remotePast(asker),
    sessions: sessionsOf(core, directory),
    core: calls.call,
    now: Date.now,
    log: log.child({ module: 'requests' }),
  })
  core.follow({ ended: digest => requests.auth.ended(digest), tokens: () => tokensOf(hub), bye: (reason, ms) => hub.bye(reason, ms) })
  await line.begin()
  bus.begin()

  const stopping = { begun: false, shut: false }
  const pages = await dashboardPages(origins)
  const figures = (): Figures => ({
    clients: { ...hub.stats(), turnedAway: door?.refused ?? 0, requests: requests.taken, refused: { ...requests.refused } },
    ...figuresOf({ clientLimits, bus, asker, tracing }),
    parts: { ...core.readiness(stopping.begun).parts },
  })
  const near = nearRoutes({ pages, registry: metrics(figures), readiness: () => core.readiness(stopping.begun), directory })
  const fetch = nearOrFar(near, forwarding(asker, settings.behindTls))
  const served: Served = {
    ...{ hub, requests, clientLimits },
    fetch: tracing?.fetch(fetch) ?? fetch,
    isPublic: pathname => pages.has(pathname),
    shut: () => (stopping.shut ? 'the server is stopping' : core.met ? undefined : 'no core has been met yet'),
    opened: session => calls.opened(session),
  }
  door = await openDoor(settings, served, log)
  const heartbeat = new Heartbeat(client, name, () => ({ role: 'gateway', ...says() }))
  const looking = sayChanges(hub, asker)
  return {
    port: door.port,
    done: core.unfit,
    renewKeyPair: () => door!.renewKeyPair(),
    async stop(reason) {
      if (stopping.begun) return
      stopping.begun = true
      await delay(settings.drainMs)
      stopping.shut = true
      await farewell(hub, reason)
      await door!.close(CLOSE_MS)
      clearInterval(looking)
      usage.close()
      asker.close()
      await endAll([heartbeat, line, bus], wires, tracing)
    },
  }
}

const nearOrFar =
  (near: (request: Request) => Promise<Response | undefined>, far: Fetch): Fetch =>
  async (request, info) =>
    (await near(request)) ?? far(request, info)

/** Ends what writes to Redis, then the connections to it. */
const endAll = async (
  writers: readonly { end(): Promise<void> }[],
  wires: Readonly<Record<keyof typeof WIRES, RedisClient>>,
  tracing: { close(): Promise<unknown> } | undefined,
): Promise<void> => {
  await Promise.all([...writers.map(writer => writer.end()), tracing?.close()])
  for (const wire of Object.values(wires)) wire.disconnect()
}

interface Counted {
  readonly clientLimits: ClientLimits
  readonly bus: RedisBus
  readonly asker: Asker
  readonly tracing: Tracing | undefined
}

/** Figures of what a gateway has beside its clients, for its metrics. */
const figuresOf = ({ clientLimits, bus, asker, tracing }: Counted): Figures => ({
  limits: clientLimits.figures,
  followed: { ...bus.figures, silentMs: bus.silentMs },
  asking: { waiting: asker.waiting, ...asker.counts },
  ...(tracing && { traces: { ...tracing.figures() } }),
})

/** Rows of the past, as the core reads them. */
const remotePast = (asker: Asker): BackfillSource => ({
  rows: async query => JSON.parse(Buffer.from(await wholeOf(await asker.ask('rows', query))).toString()),
  until: async t => {
    await asker.ask('until', { t })
  },
})

const sessionsOf = (core: MetCore, directory: ChannelDirectory): Sessions =>
  new Sessions({
    accounts: {
      get registration() {
        return core.met?.registration ?? 'closed'
      },
    },
    directory,
    version: packageVersion(),
    quote: () => core.met?.quote ?? '',
    now: Date.now,
  })

const tokensOf = (hub: Hub): string[] => [...new Set([...hub.all].flatMap(({ who }) => who.token ?? []))]

/** Lets the core know soon when more or fewer sockets follow something: a replay may wait for them. */
const sayChanges = (hub: Hub, asker: Asker): NodeJS.Timeout => {
  let said = 0
  return setInterval(() => {
    const { served } = hub
    if (served === said) return
    said = served
    asker.say()
  }, LOOK_MS)
}

/** What clients use, of all gateways together. */
const sharedUsage = (client: RedisClient, name: string, now: () => number): SharedUsage =>
  new SharedUsage(new MemoryUsage(now), { eval: (script, keys, ...args) => client.eval(script, keys, ...args) }, name)
