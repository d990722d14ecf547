import type { Logger } from 'pino'
import { ReplaySubject, type Subject } from 'rxjs'
import type { AlertWatch } from '../../streams/alertWatch.ts'
import type { FundSpec } from '../../streams/fund/spec.ts'
import { type MetricPages, openMetricPages } from '../analytics/metrics/metricPages.ts'
import { Backups } from '../backup/backups.ts'
import type { Bus } from '../bus/bus.ts'
import { localBus } from '../bus/local.ts'
import { offerPrivateChannels } from '../bus/privateChannels.ts'
import { ServerChannels } from '../bus/serverChannels.ts'
import { type GatewayPort, gatewayPort } from '../clearing/gatewayPort.ts'
import { configuredFund } from '../config/fundSpecs.ts'
import { alertShard } from '../config/shard.ts'
import { type CoreQueries, coreQueries } from '../core/coreQueries.ts'
import type { Progress } from '../core/progress.ts'
import type { Dex } from '../dex/dex.ts'
import type { Accounts } from '../identity/accounts.ts'
import type { Operators } from '../identity/operators.ts'
import type { Tokens } from '../identity/tokens.ts'
import { packageVersion } from '../lib/packageVersion.ts'
import { portfolioPager } from '../pnl/portfolioPage.ts'
import { openStoredAlerts, type StoredAlerts } from '../storage/read/alerts.ts'
import { type BackfillSource, openBackfillSource } from '../storage/read/backfillSource.ts'
import { type Coverages, openCoverages } from '../storage/read/coverage.ts'
import { type History, openHistory } from '../storage/read/history.ts'
import { openRebalances, type Rebalances } from '../storage/read/rebalances.ts'
import { storeConfigured } from '../storage/write/configured.ts'
import type { SetAside } from '../storage/write/spool.ts'
import { askedPaths, figuresAt } from '../telemetry/askedFigures.ts'
import { DiskSpace } from '../telemetry/diskSpace.ts'
import { feedFigures } from '../telemetry/feedFigures.ts'
import { diskPart, feedsPart, journalPart, sinkPart, startingPart } from '../telemetry/readiness.ts'
import { ServerStatus } from '../telemetry/serverStatus.ts'
import type { Tracing } from '../telemetry/traces/open.ts'
import type { Core } from './core.ts'

/** All that a gateway asks of a core. It never touches the view: what it needs is sent to it, or asked for by a promise. */
export interface CoreServices
  extends Pick<Core, 'plan' | 'knownFunds' | 'engine' | 'sink' | 'symbols' | 'sources' | 'pricesStored' | 'metricStore' | 'scores'> {
  readonly bus: Bus
  readonly queries: CoreQueries
  readonly gatewayPort: GatewayPort
  readonly accounts: Accounts
  readonly tokens: Tokens
  readonly operators: Operators
  readonly history: History
  readonly coverages: Coverages
  readonly metricPages: MetricPages
  readonly rebalances: Rebalances
  readonly storedAlerts: StoredAlerts
  readonly backfillSource: BackfillSource
  readonly dex: Dex
  readonly funds: readonly FundSpec[]
  readonly status: ServerStatus
  readonly progress: Progress
  /** Time of the newest frame, ms; before the first by the wall. */
  eventTime(): number
  /** Undefined if nobody asks for traces. */
  readonly tracing: Tracing | undefined
  /** Each symbol that has a price or stored rows, as soon as that is known; also those of before the subscription. */
  readonly symbols$: Subject<string>
  /** Sends everything that is set aside to the engine again. Resolves with the number of files and of all rows when they wait to be sent. */
  retrySetAside(): Promise<SetAside>
  readonly backups: Backups
  /** Computes a fund that was defined at run time from now on. */
  define(spec: FundSpec): void
}

/** Offers what a core has to a gateway in the same process: nothing is copied. */
export const coreServices = (core: Core, progress: Progress, tracing: Tracing | undefined, log: Logger): CoreServices => {
  const { plan, flow, inputQueue, frames$, epoch, term, clearing, sink, engine, metricStore } = core
  const { view } = flow
  const serverChannels = new ServerChannels(epoch, plan.settings.config.significantDigits, () => view.t)
  offerPrivateChannels(serverChannels, clearing)
  const pager = portfolioPager({ of: id => view.portfolios.get(id)?.history, storedTo: () => sink.stats().storedTo })
  const bus = localBus({ epoch, frames$, channels: flow.channels, inputQueue, serverChannels })
  const history = openHistory(engine, { portfolioPager: pager, sourceOrder: plan.sourceOrder, events: () => view.events })
  const { knownFunds, funds, symbols, sources, accounts, tokens, operators, pricesStored } = core
  const { dataDir, configFile, clickhouse } = plan.settings
  const held = { version: packageVersion(), dataDir, configFile, embedded: clickhouse === undefined, engine, sink, clearing }
  const backups = new Backups(held, log.child({ module: 'backups' }))
  return {
    plan,
    backups,
    knownFunds,
    funds,
    engine,
    sink,
    symbols,
    sources,
    pricesStored,
    gatewayPort: pricedPort(core),
    accounts,
    tokens,
    operators,
    dex: core.dex.dex,
    bus: term === undefined ? bus : term.publish(bus),
    queries: coreQueries(view, frames$),
    history,
    coverages: openCoverages(engine, plan.sourceOrder),
    metricStore,
    scores: core.scores,
    eventTime: () => view.t || Date.now(),
    metricPages: openMetricPages(engine),
    rebalances: openRebalances(engine, clearing.id),
    storedAlerts: openStoredAlerts(engine, alertShard(plan.settings)),
    backfillSource: openBackfillSource(history, sink),
    status: coreStatus(core, progress, serverChannels, log),
    progress,
    tracing,
    symbols$: symbolsSeen(core),
    async retrySetAside() {
      const { files, rows } = await sink.retrySetAside()
      return { files, rows: rows + core.marketNotes.retrySetAside() + core.dex.retrySetAside() + (core.alertLog?.retrySetAside() ?? 0) }
    },
    define(spec) {
      inputQueue.put({ kind: 'ledger', defined: [spec], funds: [] })
      // If it cannot be stored now, the next start stores it.
      engine.then(running => storeConfigured(running, [configuredFund(spec)], [])).catch(() => {})
    },
  }
}

/** Puts event time and the net asset value of a fee in front of the clearing house: a gateway knows neither. */
const pricedPort = ({ clearing, flow }: Core): GatewayPort =>
  gatewayPort(clearing, {
    now: () => flow.view.t || Date.now(),
    nav: id => {
      const { nav = Number.NaN, stale = true } = flow.view.funds.get(id)?.figures ?? {}
      return stale || !Number.isFinite(nav) ? undefined : nav
    },
  })

/** Emits the symbols that get their first tick in a frame, when it has ended. */
const symbolsSeen = ({ flow, frames$ }: Core): Subject<string> => {
  const symbols$ = new ReplaySubject<string>()
  let known = 0
  frames$.subscribe(() => {
    const { seen } = flow.view.market
    while (known < seen.length) symbols$.next(seen[known++]!.symbol)
  })
  return symbols$
}

const coreStatus = (core: Core, progress: Progress, serverChannels: ServerChannels, log: Logger): ServerStatus => {
  const { flow, frames$, engine, sink, rebalanceExecutor, clearing, auditCopy, accounts, dex, marketNotes, recorder, term } = core
  const { dataDir, config } = core.plan.settings
  const disk = new DiskSpace(dataDir)
  const status = new ServerStatus({ feeds: () => flow.view.feeds, progress, serverChannels, disk, log })
  frames$.subscribe(() => {
    status.frames += 1
  })
  const { spoolBytes } = config.limits
  status.watch('server', () => startingPart(progress.stopping ? 'stopping' : undefined))
  status.watch('clickhouse', () => startingPart(progress.engineReady ? undefined : 'starting'))
  status.watch('sink', () => sinkPart(sink.stats(), spoolBytes))
  status.watch('journal', () => journalPart(clearing.stats()))
  status.watch('feeds', () => feedsPart(flow.view.feeds))
  status.watch('disk', () => diskPart(disk.space, spoolBytes))
  status.add('sink', () => {
    const { waiting, setAside, ...stats } = sink.stats()
    return { state: progress.engineReady ? 'ready' : 'starting', waiting: { ...waiting }, setAside: { ...setAside }, ...stats }
  })
  status.add('rebalances', () => rebalanceExecutor.figures)
  status.add('journal', () => {
    const { storedTo: audited, retries: auditRetries, setAside: auditSetAside, whyAside: whyAuditSetAside } = auditCopy.stats()
    return { ...clearing.stats(), audited, auditRetries, auditSetAside, whyAuditSetAside }
  })
  status.add('accounts', () => accounts.figures)
  status.add('dex', () => dex.figures())
  status.add('marketNotes', () => marketNotes.figures())
  status.add('assetMetrics', () => {
    const { waitingCount: waiting, dropped: unshown } = flow.view.metrics
    return { ...core.metricStore.figures, waiting, unshown }
  })
  status.add('scores', () => core.scores.scorer.figures)
  if (term) status.add('frames', () => ({ ...term.figures() }))
  // Its opener reports a failure.
  engine.then(
    ({ replicas }) => replicas && status.add('replicas', () => replicas.figures()),
    () => {},
  )
  if (recorder) status.add('recorder', () => recorder.figures())
  if (flow.alerts) addAlerts(core, flow.alerts, status)
  return status
}

/** Shows the figures of alerts, and gives rules those that they look at. In a replay time is that of the data, and the machine has none of its own. */
const addAlerts = ({ plan, inputQueue, alertLog, webhooks }: Core, alerts: AlertWatch, status: ServerStatus): void => {
  status.add('alerts', () => ({ ...alerts.counts, rows: { ...alertLog?.figures() }, ...(webhooks && { webhooks: webhooks.figures() }) }))
  const paths = askedPaths(plan.rules)
  if (paths.length === 0 || plan.replaying) return
  status.onReport(() => {
    inputQueue.put({ kind: 'status', figures: figuresAt({ ...status.figures(), feeds: feedFigures(status.feeds()) }, paths) })
  })
}
