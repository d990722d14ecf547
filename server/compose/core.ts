import { randomBytes } from 'node:crypto'
import type { Logger } from 'pino'
import { Subject } from 'rxjs'
import type { Frame } from '../../streams/frame.ts'
import type { FundSpec } from '../../streams/fund/spec.ts'
import { Interner } from '../../streams/lib/interner.ts'
import { type Pipeline, pipeline } from '../../streams/pipeline.ts'
import type { Portfolio } from '../../streams/pnl/portfolio.ts'
import type { PortfolioPast } from '../../streams/pnl/portfolioPast.ts'
import { definedFunds } from '../clearing/definedFunds.ts'
import { type Clearing, journalFile, openClearing } from '../clearing/open.ts'
import type { KnownFund } from '../clearing/port.ts'
import { type FrameRecorder, openFrameRecorder } from '../core/frameRecorder.ts'
import { InputQueue } from '../core/inputQueue.ts'
import { PastKeeper } from '../core/pastKeeper.ts'
import { Restoring } from '../core/restoring.ts'
import { type OpenDex, openDex } from '../dex/open.ts'
import { readPortfolioPast } from '../pnl/portfolioPasts.ts'
import type { Engine } from '../storage/engine/engine.ts'
import { storedInFrame } from '../storage/read/marketPast.ts'
import { readPast } from '../storage/read/past.ts'
import { lastFrame } from '../storage/read/storedFrames.ts'
import { MarketNotes } from '../storage/write/marketNotes.ts'
import { type LedgerLinks, linkLedger } from './ledger.ts'
import type { Plan } from './plan.ts'
import { openStorage, type Storage } from './storage.ts'

/** What computes: from the ordered input to frames, and from frames to disk. */
export interface Core extends Clearing, Storage, LedgerLinks {
  readonly plan: Plan
  /** Funds as the journal knew them at the start. */
  readonly knownFunds: readonly KnownFund[]
  /** Configured ones, and those that were defined at run time before this start. */
  readonly funds: readonly FundSpec[]
  /** Names this run: sequence numbers mean nothing across two. */
  readonly epoch: string
  readonly symbols: Interner
  readonly sources: Interner
  readonly flow: Pipeline
  readonly inputQueue: InputQueue
  readonly restoring: Restoring
  /** Notes that prices of the past were stored. */
  readonly pricesStored: () => void
  readonly frames$: Subject<Frame>
  readonly recorder: FrameRecorder | undefined
  readonly marketNotes: MarketNotes
  readonly dex: OpenDex
}

/** Opens journal, pipeline and sink, in this order. No feed runs yet, and the engine has not been started. */
export const openCore = async (plan: Plan, log: Logger, signal: AbortSignal): Promise<Core> => {
  const { settings, pools, portfolios, feeds } = plan
  const { config } = settings
  const recorder = settings.recordFrames === undefined ? undefined : await openFrameRecorder(settings.recordFrames)

  const identified = await openClearing(settings, log.child({ module: 'clearing' }))
  const knownFunds = await identified.clearing.ask('funds', {})
  const funds = [...plan.funds, ...definedFunds(knownFunds, config, log)]

  const epoch = randomBytes(6).toString('base64url')
  const names = { symbols: new Interner(), sources: new Interner() }
  const inputQueue = new InputQueue()
  const restoring = new Restoring(inputQueue, async (engine, asOf, to) => {
    const frame = Math.ceil(asOf / config.frameMs) * config.frameMs
    if (Number.isFinite(frame)) storage.sink.continue(frame, await storedInFrame(engine, frame))
    const resumedAt = plan.replaying ? await lastFrame(engine, asOf, config.frameMs) : undefined
    const portfolios = await past.initial(engine, asOf, resumedAt ?? to)
    return { ...(await readPast(engine, asOf, { pools })), portfolios, ...(resumedAt !== undefined && { resumedAt }) }
  })
  const storageLog = log.child({ module: 'storage' })
  const storage = await openStorage(settings, names, engine => restoring.restore(engine), storageLog, signal)
  const flow = pipeline({
    ...names,
    funds,
    portfolios,
    pools,
    epoch,
    sourceOrder: plan.sourceOrder,
    frameMs: config.frameMs,
    staleAfterMs: config.staleAfterMs,
    storeMs: config.storeMs,
    digits: config.significantDigits,
    feeds: feeds.map(({ id, live }) => ({ id, live })),
    everything: recorder !== undefined,
    awaitsPast: storage.mayHavePast,
  })
  const past = followPast({ plan, flow, inputQueue, engine: storage.engine }, storageLog, signal)
  const frames$ = new Subject<Frame>()
  const marketNotes = new MarketNotes(storage.engine, names, storageLog)

  frames$.subscribe(frame => {
    storage.sink.write(frame.rows)
    marketNotes.take(frame.rows)
    recorder?.write(frame.pushes)
  })
  const { engine, mayHavePast } = storage
  const journal = { file: journalFile(settings.dataDir), alone: settings.clickhouse === undefined, mayHavePast }
  const parts = { config, clearing: identified.clearing, knownFunds, view: flow.view, frames$, inputQueue, engine, journal, log }
  const links = await linkLedger(parts)

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
    ...names,
    flow,
    inputQueue,
    restoring,
    pricesStored: past.pricesStored,
    frames$,
    recorder,
    marketNotes,
    ...storage,
    ...links,
  }
  return { ...opened, dex: followDex(opened, storageLog) }
}

/** Reads what is stored of the past of portfolios: at the start, and whenever more of it has become known. */
const followPast = (
  { plan, flow, inputQueue, engine }: Pick<Core, 'plan' | 'flow' | 'inputQueue' | 'engine'>,
  log: Logger,
  signal: AbortSignal,
) => {
  const { frameMs } = plan.settings.config
  const { view } = flow
  const live = !plan.replaying
  const pastOf = (running: Engine, { spec, history }: Portfolio, before: number, to: number) =>
    readPortfolioPast(running, { ...history, ofFile: spec.transactions }, { before, to, frameMs, live })
  const keeper = new PastKeeper({
    engine,
    portfolios: () => view.portfolios.values(),
    read: (running, portfolio) => pastOf(running, portfolio, Number.POSITIVE_INFINITY, view.t),
    inputQueue,
    signal,
    log,
  })
  return {
    pricesStored: () => keeper.pricesStored(),
    async initial(running: Engine, before: number, to: number): Promise<PortfolioPast[]> {
      const pasts: PortfolioPast[] = []
      for (const portfolio of view.portfolios.values()) {
        try {
          pasts.push(await pastOf(running, portfolio, before, to))
        } catch (error) {
          keeper.missed(portfolio.spec.id)
          log.warn({ portfolio: portfolio.spec.id, error: (error as Error).message }, 'the past of a portfolio cannot be read; retrying')
        }
      }
      return pasts
    },
  }
}

const followDex = ({ plan, flow, engine, frames$ }: Omit<Core, 'dex'>, log: Logger): OpenDex => {
  const { view } = flow
  const { quote, assets } = plan.settings.config
  const priceOf = (asset: string): number => {
    const symbol = `${asset}-${quote}`
    return asset === quote ? 1 : view.market.has(symbol) ? view.market.instrument(symbol).price : Number.NaN
  }
  return openDex({
    engine,
    pools: view.pools,
    priceOf,
    supplyOf: coin => view.supplies.get(coin) ?? Number(assets[coin]?.supply ?? Number.NaN),
    frames$,
    now: () => view.t || Date.now(),
    log,
  })
}
