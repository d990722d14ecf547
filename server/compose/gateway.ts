import { join } from 'node:path'
import type { Logger } from 'pino'
import { merge } from 'rxjs'
import { ProtocolError } from '../../streams/wire/errors.ts'
import { SwapImport } from '../dex/swapImport.ts'
import type { ChannelDirectory } from '../gateway/api/channelDirectory.ts'
import { ClientLimits } from '../gateway/api/clientLimits.ts'
import { MetricImport } from '../gateway/api/metricImport.ts'
import { SnapshotImport } from '../gateway/api/snapshotImport.ts'
import { MemoryUsage } from '../gateway/api/usage.ts'
import { boundsOf } from '../gateway/bounds.ts'
import { httpApp } from '../gateway/http/app.ts'
import { openPages, type Pages } from '../gateway/http/pages.ts'
import { Hub } from '../gateway/hub/hub.ts'
import { HUB_LIMITS } from '../gateway/hub/limits.ts'
import { type CoreCalls, coreCalls } from '../gateway/rpc/coreCalls.ts'
import { Dispatcher } from '../gateway/rpc/dispatcher.ts'
import type { Caller } from '../gateway/rpc/handlers.ts'
import { Logins } from '../gateway/rpc/logins.ts'
import { problem } from '../gateway/transports/problem.ts'
import type { RequestInfo } from '../gateway/transports/transport.ts'
import { packageRoot } from '../lib/packageRoot.ts'
import { feedFigures } from '../telemetry/feedFigures.ts'
import { metrics } from '../telemetry/metrics.ts'
import type { Traced } from '../telemetry/traces/requests.ts'
import { type Api, openApi } from './api.ts'
import { openDirectory } from './directory.ts'
import { type Door, openDoor } from './door.ts'
import type { CoreServices } from './services.ts'

/** Answers an HTTP request. */
export type Fetch = (request: Request, info: RequestInfo) => Promise<Response>

/** What serves sockets and HTTP. */
export interface Gateway {
  readonly port: number
  readonly hub: Hub
  /** Looks for a new certificate and key now; false if the server does not speak TLS. */
  renewKeyPair(): boolean
  readonly directory: ChannelDirectory
  /** What gateways in other processes ask for their clients. */
  readonly calls: CoreCalls<Caller>
  readonly fetch: Fetch
  /** Traces what gateways ask, if that is wanted. */
  readonly traced: Traced | undefined
  /** Takes nobody in any more, and closes what is open after `ms`. */
  close(ms: number): Promise<void>
}

/** Opens the pages of the dashboard. */
export const dashboardPages = (origins: readonly string[]): Promise<Pages> => openPages(join(packageRoot(), 'dist', 'dashboard'), origins)

/** Paths that a core answers by itself: clients ask a gateway. */
const OF_CORE = new Set(['/healthz', '/readyz', '/metrics'])

/** Opens the hub, the commands, the routes and the sockets, and listens. Rejects if the address cannot be listened on. */
export const openGateway = async (core: CoreServices, log: Logger): Promise<Gateway> => {
  const { plan, bus, accounts, tokens, operators, history, status } = core
  const { settings } = plan
  const { limits } = settings.config
  const directory = openDirectory(core)
  // The transport brings frames to the hub, and the hub pushes to the transport: one of the two is named before it is there.
  let door: Door | undefined
  const hub: Hub = new Hub(bus, (topic, bytes) => door?.publish(topic, bytes), { ...HUB_LIMITS, ...limits }, Date.now)
  const clientLimits = new ClientLimits(boundsOf(settings), new MemoryUsage(() => performance.now()))
  const api = openApi(core, directory, hub, clientLimits, log)
  const calls = coreCalls({ ...api, directory, history, logins: new Logins(accounts) })
  const requests = new Dispatcher({
    hub,
    directory,
    past: core.backfillSource,
    sessions: api.sessions,
    core: calls,
    limits,
    clientLimits,
    traced: core.tracing?.methods,
    now: Date.now,
    log: log.child({ module: 'requests' }),
  })
  merge(tokens.ended$, operators.ended$).subscribe(({ digest }) => requests.auth.ended(digest))
  status.add('clients', () => ({
    ...hub.stats(),
    turnedAway: door?.refused ?? 0,
    requests: requests.taken,
    refused: { ...requests.refused },
  }))

  if (core.tracing) status.add('traces', () => ({ ...core.tracing!.figures() }))
  status.add('limits', () => clientLimits.figures)
  status.add('sql', () => ({ ...api.sqlRuns.figures }))
  status.add('backtests', () => ({ ...api.backtests.figures }))
  status.add('contracts', () => ({ ...api.contracts.figures }))

  const pages = await dashboardPages(settings.config.origins)
  const { tracing } = core
  const routes = openRoutes({ core, api, clientLimits, hub, directory, pages, log })
  const fetch = tracing?.fetch(routes) ?? routes
  const isCore = settings.role === 'core'
  door = await openDoor(
    settings,
    {
      hub,
      requests,
      clientLimits,
      fetch: isCore ? ofCore(fetch) : fetch,
      isPublic: pathname => !isCore && pages.has(pathname),
      shut: () => (core.progress.stopping ? 'the server is stopping' : isCore ? 'a core has no clients: a gateway does' : undefined),
    },
    log,
  )
  const { keyPair } = door
  if (keyPair) status.add('tls', () => ({ ...keyPair.figures }))
  return {
    port: door.port,
    hub,
    directory,
    calls,
    fetch,
    traced: tracing?.methods,
    renewKeyPair: () => door.renewKeyPair(),
    close: ms => door.close(ms),
  }
}

const ofCore =
  (fetch: Fetch): Fetch =>
  async (request, info) => {
    const { pathname } = new URL(request.url)
    return OF_CORE.has(pathname) ? fetch(request, info) : problem(new ProtocolError('not_found', 'a core has no clients: ask a gateway'))
  }

interface RouteParts {
  readonly core: CoreServices
  readonly api: Api
  readonly clientLimits: ClientLimits
  readonly hub: Hub
  readonly directory: ChannelDirectory
  readonly pages: Pages
  readonly log: Logger
}

const openRoutes = ({ core, api, clientLimits, hub, directory, pages, log }: RouteParts): Fetch => {
  const { status, history, accounts } = core
  const app = httpApp({
    pages,
    clientLimits,
    hub,
    directory,
    history,
    coverages: core.coverages,
    registry: metrics(() => ({ feeds: feedFigures(status.feeds()), ...status.figures() })),
    accounts,
    ...api,
    dex: core.dex,
    swapImport: new SwapImport(directory.access, core.engine),
    metricImport: new MetricImport(directory.access, core.metricStore, Date.now),
    snapshotImport: new SnapshotImport(directory.access, core.engine, Date.now, () => void core.scores.scorer.soon()),
    metricPages: core.metricPages,
    scorePages: core.scores.pages,
    models: core.scores.registry,
    eventTime: () => core.eventTime(),
    retrySetAside: core.retrySetAside,
    backups: core.backups,
    depthOf: (pool, fractions) => core.queries.depth(pool, fractions),
    pools: core.queries,
    lotsOf: (portfolio, query) => core.queries.lots(portfolio, query),
    rebalances: core.rebalances,
    storedAlerts: core.storedAlerts,
    access: directory.access,
    behindProxy: core.plan.settings.behindTls,
    readiness: () => status.readiness(),
    log: log.child({ module: 'http' }),
  })
  return async (request, info) => app.fetch(request, { ...info })
}
