import { join } from 'node:path'
import type { Logger } from 'pino'
import { merge } from 'rxjs'
import type { Settings } from '../config/settings.ts'
import { SwapImport } from '../dex/swapImport.ts'
import { ClientLimits } from '../gateway/api/clientLimits.ts'
import { MemoryUsage } from '../gateway/api/usage.ts'
import { boundsOf } from '../gateway/bounds.ts'
import { httpApp } from '../gateway/http/app.ts'
import { openPages } from '../gateway/http/pages.ts'
import { Hub, TICK_MS } from '../gateway/hub/hub.ts'
import { HUB_LIMITS } from '../gateway/hub/limits.ts'
import { coreCalls } from '../gateway/rpc/coreCalls.ts'
import { Dispatcher } from '../gateway/rpc/dispatcher.ts'
import { Logins } from '../gateway/rpc/logins.ts'
import { openTransport } from '../gateway/transports/open.ts'
import type { RequestInfo, Transport, TransportOptions } from '../gateway/transports/transport.ts'
import { packageRoot } from '../lib/packageRoot.ts'
import { feedFigures } from '../telemetry/feedFigures.ts'
import { metrics } from '../telemetry/metrics.ts'
import { openApi } from './api.ts'
import { openDirectory } from './directory.ts'
import { handlersOf } from './handlers.ts'
import type { CoreServices } from './services.ts'

/** What serves sockets and HTTP. */
export interface Gateway {
  readonly port: number
  readonly hub: Hub
  /** Looks for a new certificate and key now; false if the server does not speak TLS. */
  renewKeyPair(): boolean
  /** Takes nobody in any more, and closes what is open after `ms`. */
  close(ms: number): Promise<void>
}

/** Opens the hub, the commands, the routes and the sockets, and listens. Rejects if the address cannot be listened on. */
export const openGateway = async (core: CoreServices, log: Logger): Promise<Gateway> => {
  const { plan, bus, accounts, tokens, operators, history, status } = core
  const { settings } = plan
  const { limits } = settings.config
  const directory = openDirectory(core)
  const { access } = directory
  // The transport brings frames to the hub, and the hub pushes to the transport: one of the two is named before it is there.
  let transport: Transport | undefined
  const hub: Hub = new Hub(bus, (topic, bytes) => transport?.publish(topic, bytes), { ...HUB_LIMITS, ...limits }, Date.now)
  const clientLimits = new ClientLimits(boundsOf(settings), new MemoryUsage(() => performance.now()))
  const api = openApi(core, directory, hub, clientLimits, log)
  const requests = new Dispatcher({
    hub,
    directory,
    past: core.backfillSource,
    sessions: api.sessions,
    core: coreCalls({ ...api, directory, history, logins: new Logins(accounts) }),
    limits,
    clientLimits,
    now: Date.now,
    log: log.child({ module: 'requests' }),
  })
  merge(tokens.ended$, operators.ended$).subscribe(({ digest }) => requests.auth.ended(digest))
  status.add('clients', () => ({
    ...hub.stats(),
    turnedAway: transport?.refused ?? 0,
    requests: requests.taken,
    refused: { ...requests.refused },
  }))

  status.add('limits', () => clientLimits.figures)
  status.add('sql', () => ({ ...api.sqlRuns.figures }))
  status.add('backtests', () => ({ ...api.backtests.figures }))

  const pages = await openPages(join(packageRoot(), 'dist', 'dashboard'), settings.config.origins)
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
    swapImport: new SwapImport(access, core.engine),
    retrySetAside: core.retrySetAside,
    depthOf: (pool, fractions) => core.queries.depth(pool, fractions),
    pools: core.queries,
    lotsOf: (portfolio, query) => core.queries.lots(portfolio, query),
    rebalances: core.rebalances,
    behindProxy: settings.behindTls,
    readiness: () => status.readiness(),
    log: log.child({ module: 'http' }),
  })
  const fetch = async (request: Request, info: RequestInfo): Promise<Response> => app.fetch(request, { ...info })
  const isPublic = (pathname: string): boolean => pages.has(pathname)
  const handlers = handlersOf({ hub, requests, clientLimits, fetch, isPublic, settings, progress: core.progress })
  const opened = await openTransport(handlers, transportOptions(settings, log), settings.transport)
  transport = opened
  const { keyPair } = opened
  if (keyPair) status.add('tls', () => ({ ...keyPair.figures }))
  const port = await opened.listen(settings.host, settings.port)
  const timer = setInterval(() => hub.tick(), TICK_MS)
  return {
    port,
    hub,
    renewKeyPair() {
      keyPair?.check()
      return keyPair !== undefined
    },
    async close(ms) {
      clearInterval(timer)
      await opened.close(ms)
    },
  }
}

const transportOptions = ({ config, behindTls, tls }: Settings, log: Logger): TransportOptions => ({
  log,
  maxBackpressure: config.limits.sendBufferBytes,
  maxBody: config.limits.bodyBytes,
  ...(config.limits.sockets !== undefined && { maxSockets: config.limits.sockets }),
  behindTls,
  ...(tls && { tls }),
})
