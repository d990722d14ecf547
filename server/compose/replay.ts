import type { Logger } from 'pino'
import { firstValueFrom, type Observable } from 'rxjs'
import { levelsSymbol } from '../../streams/pools/spec.ts'
import { wantedSymbols } from '../config/wantedSymbols.ts'
import type { Progress } from '../core/progress.ts'
import { breathing, type RunOptions, runLive, runReplay } from '../core/run.ts'
import { systemEnvironment } from '../feeds/environment.ts'
import type { SharedFeeds } from '../feeds/shared/sharedFeeds.ts'
import { orAborted } from '../lib/orAborted.ts'
import type { ServerStatus } from '../telemetry/serverStatus.ts'
import type { Core } from './core.ts'

/** What the feeds run into. */
interface RunParts {
  readonly core: Core
  readonly hub: { readonly subscribers: number; readonly subscribed$: Observable<void> }
  readonly status: ServerStatus
  readonly progress: Progress
  readonly log: Logger
  readonly signal: AbortSignal
}

/** Runs the feeds of the plan until they have ended, or until the signal aborts. */
export const runFeeds = async (parts: RunParts): Promise<void> => {
  const { core, log, signal } = parts
  const { plan, flow, inputQueue, symbols, sources, restoring, awaitsPast } = core
  const { feeds, shownPools, replaying, settings } = plan
  const openEnded = feeds.some(feed => feed.symbols === undefined)
  // What a replay knows is known when it has ended.
  if (feeds.length > 0 && !openEnded) warnOfUnpriced(core, log)
  const options: RunOptions = {
    feeds,
    inputQueue,
    frameMs: settings.config.frameMs,
    context: {
      symbols,
      sources,
      map: plan.symbolMap,
      books: new Set(shownPools.flatMap(pool => levelsSymbol(pool) ?? [])),
      standingLogs: async () => {
        if (awaitsPast) await restoring.restored(signal)
        return new Map([...flow.view.pools.values()].map(({ spec, standing }) => [spec.address, standing]))
      },
      navOf: fund => flow.view.funds.get(fund)?.figures.nav ?? Number.NaN,
    },
    environment: systemEnvironment,
    signal,
    log: log.child({ module: 'feeds' }),
  }
  if (!replaying) {
    // What was decided before holds from the first frame on.
    core.ledgerFeed.begin()
    // A market does not wait: the past is put in when the store has answered.
    const { frameMs } = settings.config
    void core.restoring.begin(Number.POSITIVE_INFINITY, (Math.floor(Date.now() / frameMs) + 1) * frameMs, signal)
    const shared = await openSharing(parts)
    await runLive({ ...options, ...(shared && { shared }) })
    return
  }
  await replayAll(parts, options)
  if (openEnded && !signal.aborted) warnOfUnpriced(core, log)
}

/** Shares the feeds with the other shards; undefined without `--shard`, where not even the code is loaded. */
const openSharing = async ({ core, status, log }: RunParts): Promise<SharedFeeds | undefined> => {
  const { shard, redis } = core.plan.settings
  if (shard === undefined || redis === undefined) return undefined
  const { SharedFeeds } = await import('../feeds/shared/sharedFeeds.ts')
  const shared = await SharedFeeds.open(redis, log.child({ module: 'feeds' }))
  status.add('sharedFeeds', () => shared.figures())
  return shared
}

/** Runs the replays when enough clients wait for them. Resolves when their rows can be read. */
const replayAll = async ({ core, hub, status, progress, signal }: RunParts, options: RunOptions): Promise<void> => {
  const { plan, sink, ledgerFeed, flow } = core
  const { waitClients, speed } = plan.settings
  while (hub.subscribers < waitClients && !signal.aborted) await orAborted(firstValueFrom(hub.subscribed$), signal)
  await runReplay({ ...options, speed, ...pacing(core, signal) })
  if (signal.aborted) return
  await ledgerFeed.settled()
  await sink.until(flow.view.t)
  await core.dex.stored()
  progress.stored = true
  status.report()
}

/** A replay waits for what a live market would not wait for, so that the same recording gives the same frames at any speed. */
const pacing = (core: Core, signal: AbortSignal) => {
  const { plan, sink, dex, recorder, ledgerFeed, rebalanceExecutor, playback, tradingVenue, inputQueue, restoring, awaitsPast, flow } = core
  const { frameMs } = plan.settings.config
  const breathe = breathing()
  const hasCapacity = async (): Promise<void> => {
    if (playback && playback.dueAt <= flow.view.t) await playback.to(flow.view.t)
    await ledgerFeed.settled()
    await rebalanceExecutor.settled()
    await sink.room()
    await dex.room()
    await recorder?.room()
  }
  const advanceTo = async (t: number): Promise<void> => {
    for (;;) {
      const { t: now } = flow.view
      const due = Math.min(tradingVenue.dueAt, rebalanceExecutor.dueAt, playback?.dueAt ?? Number.POSITIVE_INFINITY)
      const traded = Math.ceil(Math.max(due, now + 1) / frameMs) * frameMs
      const next = Math.min(traded, flow.dueBefore(t))
      if (!(now > 0 && next < t) || signal.aborted) return
      inputQueue.put({ kind: 'clock', t: next })
      await hasCapacity()
      await breathe()
    }
  }
  const begin = async (t: number): Promise<void> => {
    const before = (Math.ceil(t / frameMs) - 1) * frameMs
    if (!awaitsPast) {
      await playback?.begin(before)
      return
    }
    await restoring.begin(t, before, signal)
    // It goes on from the frame that a former run ended with: what falls due from there on happens at its own time.
    if (!(flow.view.t > 0 && flow.view.t < before)) return
    await advanceTo(before)
    inputQueue.put({ kind: 'clock', t: before })
    await hasCapacity()
  }
  return { begin, hasCapacity, advanceTo }
}

/** Warns of assets that funds, portfolios or pools hold and no feed has a price of. */
const warnOfUnpriced = ({ plan, funds, flow }: Core, log: Logger): void => {
  const named = new Set(plan.feeds.flatMap(feed => feed.symbols ?? []))
  const wanted = wantedSymbols(funds, plan.portfolios, plan.pools, plan.settings.config.quote)
  const unknown = [...wanted].filter(symbol => !named.has(symbol) && !flow.view.market.has(symbol))
  if (unknown.length > 0) log.warn({ symbols: unknown }, 'no feed has a price of these symbols')
}
