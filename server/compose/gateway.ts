import { join } from 'node:path'
import type { Logger } from 'pino'
import { ProtocolError } from '../../streams/wire/errors.ts'
import type { Settings } from '../config/settings.ts'
import { SwapImport } from '../dex/swapImport.ts'
import { admission } from '../gateway/admission.ts'
import { addressOf, httpApp } from '../gateway/http/app.ts'
import { openPages } from '../gateway/http/pages.ts'
import { Hub, TICK_MS } from '../gateway/hub/hub.ts'
import { HUB_LIMITS } from '../gateway/hub/limits.ts'
import { coreCalls } from '../gateway/rpc/coreCalls.ts'
import { Dispatcher } from '../gateway/rpc/dispatcher.ts'
import { Logins } from '../gateway/rpc/logins.ts'
import { openTransport } from '../gateway/transports/open.ts'
import { problem } from '../gateway/transports/problem.ts'
import type { Handlers, RequestInfo, Transport, TransportOptions } from '../gateway/transports/transport.ts'
import { ANONYMOUS, type Principal } from '../identity/access.ts'
import { packageRoot } from '../lib/packageRoot.ts'
import { feedFigures } from '../telemetry/feedFigures.ts'
import { metrics } from '../telemetry/metrics.ts'
import { openApi } from './api.ts'
import { openDirectory } from './directory.ts'
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
  const { plan, bus, accounts, tokens, history, status } = core
  const { settings } = plan
  const { limits } = settings.config
  const directory = openDirectory(core)
  const { access } = directory
  // The transport brings frames to the hub, and the hub pushes to the transport: one of the two is named before it is there.
  let transport: Transport | undefined
  const hub: Hub = new Hub(bus, (topic, bytes) => transport?.publish(topic, bytes), { ...HUB_LIMITS, ...limits }, Date.now)
  const api = openApi(core, directory, hub, log)
  const requests = new Dispatcher({
    hub,
    directory,
    past: core.backfillSource,
    sessions: api.sessions,
    core: coreCalls({ ...api, directory, history, logins: new Logins(accounts) }),
    limits,
    now: Date.now,
    log: log.child({ module: 'requests' }),
  })
  tokens.ended$.subscribe(({ digest }) => requests.auth.ended(digest))
  status.add('clients', () => ({
    ...hub.stats(),
    turnedAway: transport?.refused ?? 0,
    requests: requests.taken,
    refused: { ...requests.refused },
  }))

  status.add('sql', () => ({ ...api.sqlRuns.figures }))
  status.add('backtests', () => ({ ...api.backtests.figures }))

  const pages = await openPages(join(packageRoot(), 'dist', 'dashboard'), settings.config.origins)
  const app = httpApp({
    pages,
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
  const handlers = handlersOf(hub, requests, fetch, isPublic, settings, core.progress)
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
  behindTls,
  ...(tls && { tls }),
})

/** What a socket or a request does to the hub, the dispatcher and the routes. */
const handlersOf = (
  hub: Hub,
  requests: Dispatcher,
  fetch: (request: Request, info: RequestInfo) => Promise<Response>,
  isPublic: (pathname: string) => boolean,
  settings: Settings,
  progress: { readonly stopping: boolean },
): Handlers<Principal> => {
  const { host, socket, request: asked } = admission(settings)
  return {
    upgrade: ({ url, headers, id, remoteAddress }) => {
      const refuse =
        host(url) ??
        (progress.stopping ? problem(new ProtocolError('not_ready', 'the server is stopping', 1)) : undefined) ??
        socket(headers, url)
      if (refuse) return { refuse }
      const forwarded = headers.get('x-forwarded-for') ?? undefined
      return { accept: { ...ANONYMOUS, address: addressOf(remoteAddress, forwarded, settings.behindTls), connection: id } }
    },
    open: opened => void hub.open(opened),
    message: (from, text) => {
      const session = hub.session(from)
      if (session) requests.accept(session, text)
    },
    pong: (from, mark) => hub.pong(from, mark),
    close: closed => {
      const session = hub.session(closed)
      if (session) requests.closed(session)
      hub.closed(closed)
    },
    http: (request, info) => {
      const url = new URL(request.url)
      return host(url) ?? asked(request, url, isPublic) ?? fetch(request, info)
    },
  }
}
