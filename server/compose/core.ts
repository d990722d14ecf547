import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { Subject } from 'rxjs'
import type { Frame } from '../../streams/frame.ts'
import type { FundSpec } from '../../streams/fund/spec.ts'
import { Interner } from '../../streams/lib/interner.ts'
import { type Pipeline, pipeline } from '../../streams/pipeline.ts'
import { MetricStore } from '../analytics/metrics/metricStore.ts'
import type { OpenScores } from '../analytics/openScores.ts'
import type { Term } from '../bus/redis/publish.ts'
import { definedFunds } from '../clearing/definedFunds.ts'
import { type Clearing, journalFile, openClearing } from '../clearing/open.ts'
import type { KnownFund } from '../clearing/port.ts'
import type { Settings } from '../config/settings.ts'
import { type FrameRecorder, openFrameRecorder } from '../core/frameRecorder.ts'
import { InputQueue } from '../core/inputQueue.ts'
import { Restoring } from '../core/restoring.ts'
import { type OpenDex, openDex } from '../dex/open.ts'
import type { Engine } from '../storage/engine/engine.ts'
import { storeFirstTicks } from '../storage/write/firstTicks.ts'
import { MarketNotes } from '../storage/write/marketNotes.ts'
import { type AlertOutlets, openAlerts, publicChannels } from './alerts.ts'
import { openFrames } from './frames.ts'
import { type LedgerLinks, linkLedger } from './ledger.ts'
import { storedPast } from './past.ts'
import type { Plan } from './plan.ts'
import { scoreAssets, suppliesOf } from './scores.ts'
import { Standby } from './standby.ts'
import { openStorage, type Storage } from './storage.ts'

/** What computes: from the ordered input to frames, and from frames to disk. */
export interface Core extends Clearing, Storage, LedgerLinks, AlertOutlets {
  readonly plan: Plan
  /** Funds as the journal knew them at the start. */
  readonly knownFunds: readonly KnownFund[]
  /** Configured ones, and those that were defined at run time before this start. */
  readonly funds: readonly FundSpec[]
  /** Names this run: sequence numbers mean nothing across two. */
  readonly epoch: string
  /** In which the frames of this core are published; undefined if this process is alone. */
  readonly term: Term | undefined
  readonly symbols: Interner
  readonly sources: Interner
  readonly flow: Pipeline
  readonly inputQueue: InputQueue
  readonly restoring: Restoring
  /** Notes that prices of the past were stored. */
  readonly pricesStored: (symbol: string) => void
  readonly frames$: Subject<Frame>
  readonly recorder: FrameRecorder | undefined
  readonly marketNotes: MarketNotes
  readonly metricStore: MetricStore
  readonly scores: OpenScores
  readonly dex: OpenDex
}

/** Opens journal, pipeline and sink, in this order. No feed runs yet, and the engine has not been started. */
export const openCore = async (plan: Plan, log: Logger, signal: AbortSignal): Promise<Core> => {
  const { settings } = plan
  const { config } = settings
  const recorder = settings.recordFrames === undefined ? undefined : await openFrameRecorder(settings.recordFrames, log)

  const standby = new Standby(settings, log)
  const identified = await openClearing(settings, log.child({ module: 'clearing' }), entries => standby.following(entries))
  await standby.end()
  const knownFunds = await identified.clearing.ask('funds', {})
  const funds = [...plan.funds, ...definedFunds(knownFunds, config, log)]

  const term = await openFrames(settings, log, identified.clearing.term)
  const epoch = term?.epoch ?? randomBytes(6).toString('base64url')
  const names = { symbols: new Interner(), sources: new Interner() }
  const inputQueue = new InputQueue()
  const restoring = new Restoring(inputQueue, (engine, asOf, to) => past.read(engine, asOf, to))
  const storageLog = log.child({ module: 'storage' })
  const pasts = plan.feeds.flatMap(({ past }) => past ?? [])
  const beforeOwnRows = async (engine: Engine): Promise<void> => {
    for (const past of pasts) await storeFirstTicks(engine, names, past(names))
    await restoring.restore(engine)
  }
  const storage = await openStorage(settings, pasts.length > 0, names, beforeOwnRows, storageLog, signal)
  const flow = openFlow({ plan, funds, epoch, ...names, recorder, awaitsPast: storage.awaitsPast })
  const metricStore = new MetricStore({
    engine: storage.engine,
    put: input => inputQueue.put(input),
    now: Date.now,
    signal,
    log: storageLog,
  })
  const later = { links: () => links, notes: () => marketNotes, alertLog: () => alerts.alertLog }
  const past = storedPast({ plan, flow, inputQueue, restoring, metricStore, ...later, ...storage }, storageLog, signal)
  const frames$ = new Subject<Frame>()
  const alerts = openAlerts(plan, storage.engine, frames$, log)
  const marketNotes = openMarketNotes(settings, storage.engine, names, storageLog)
  frames$.subscribe(frame => {
    storage.sink.write(frame.rows)
    marketNotes.take(frame.rows)
    recorder?.write(frame.pushes)
  })
  const { engine, mayHavePast } = storage
  const journal = { file: journalFile(settings.dataDir), alone: settings.clickhouse === undefined, mayHavePast }
  const followed = { view: flow.view, replaying: plan.replaying, frames$, inputQueue }
  const links = await linkLedger({ config, clearing: identified.clearing, knownFunds, ...followed, engine, journal, log })

  flow.run(inputQueue.input$).subscribe(frames$)
  await links.ledgerFeed.enter(plan.facts, Date.now())
  // Before anything new can be added to it.
  await links.ledgerFeed.putRecorded()
  await links.ledgerFeed.putFacts()

  const opened = {
    plan,
    ...identified,
    knownFunds,
    funds,
    epoch,
    term,
    ...names,
    flow,
    inputQueue,
    restoring,
    pricesStored: past.pricesStored,
    frames$,
    recorder,
    marketNotes,
    ...alerts,
    metricStore,
    ...storage,
    ...links,
  }
  return { ...opened, dex: followDex(opened, storageLog), scores: scoreAssets(opened, signal, log) }
}

const openMarketNotes = (
  { dataDir }: Settings,
  engine: Promise<Engine>,
  names: Pick<Core, 'symbols' | 'sources'>,
  log: Logger,
): MarketNotes => new MarketNotes({ engine, ...names, file: join(dataDir, 'spool', 'gaps.ndjson'), log })

type FlowParts = Pick<Core, 'plan' | 'funds' | 'epoch' | 'symbols' | 'sources' | 'recorder' | 'awaitsPast'>

const openFlow = ({ plan, funds, epoch, symbols, sources, recorder, awaitsPast }: FlowParts): Pipeline => {
  const { frameMs, staleAfterMs, storeMs, significantDigits: digits } = plan.settings.config
  const { portfolios, pools, sourceOrder, rules, settings } = plan
  return pipeline({
    rules,
    isPublic: publicChannels(settings),
    ...{ symbols, sources, sourceOrder, funds, portfolios, pools, epoch, frameMs, staleAfterMs, storeMs, digits },
    feeds: plan.feeds.map(({ id, live, symbols: brings }) => ({ id, live, ...(brings && { symbols: brings }) })),
    everything: recorder !== undefined,
    awaitsPast,
  })
}

const followDex = ({ plan, flow, engine, frames$ }: Omit<Core, 'dex' | 'scores'>, log: Logger): OpenDex => {
  const { view } = flow
  const { quote } = plan.settings.config
  const priceOf = (asset: string): number => {
    const symbol = `${asset}-${quote}`
    return asset === quote ? 1 : view.market.has(symbol) ? view.market.instrument(symbol).price : Number.NaN
  }
  return openDex({ engine, pools: view.pools, priceOf, supplyOf: suppliesOf(plan, flow), frames$, now: () => view.t || Date.now(), log })
}
