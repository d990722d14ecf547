import type { Logger } from 'pino'
import type { Past } from '../../streams/past.ts'
import type { Pipeline } from '../../streams/pipeline.ts'
import type { Portfolio } from '../../streams/pnl/portfolio.ts'
import type { PortfolioPast } from '../../streams/pnl/portfolioPast.ts'
import type { AlertLog } from '../alerts/alertLog.ts'
import type { MetricStore } from '../analytics/metrics/metricStore.ts'
import { alertShard } from '../config/shard.ts'
import { ImportedPrices } from '../core/importedPrices.ts'
import type { InputQueue } from '../core/inputQueue.ts'
import { PastKeeper } from '../core/pastKeeper.ts'
import type { Restoring } from '../core/restoring.ts'
import { readPortfolioPast } from '../pnl/portfolioPasts.ts'
import type { Engine } from '../storage/engine/engine.ts'
import { openAlerts } from '../storage/read/alerts.ts'
import { marketPast, storedInFrame } from '../storage/read/marketPast.ts'
import { readPast } from '../storage/read/past.ts'
import { lastFrame } from '../storage/read/storedFrames.ts'
import type { MarketNotes } from '../storage/write/marketNotes.ts'
import type { LedgerLinks } from './ledger.ts'
import type { Plan } from './plan.ts'
import { ruleSamples } from './ruleSamples.ts'
import type { Storage } from './storage.ts'

/** What the past is read for. */
interface PastParts extends Storage {
  readonly plan: Plan
  readonly flow: Pipeline
  readonly inputQueue: InputQueue
  readonly restoring: Restoring
  readonly metricStore: Pick<MetricStore, 'shownAt'>
  /** Opened later than this. */
  readonly links: () => Pick<LedgerLinks, 'playback'>
  readonly notes: () => Pick<MarketNotes, 'stored'>
  readonly alertLog: () => Pick<AlertLog, 'stored'> | undefined
}

/** What is read of the past. */
export interface StoredPast {
  /** Reads what was stored before the event time `asOf` (ms), up to the frame that ends at `to` (ms). */
  read(engine: Engine, asOf: number, to: number): Promise<Past>
  /** Notes that candles of a symbol were imported: what follows from them is read. */
  pricesStored(symbol: string): void
}

/** Reads what is stored of the past: all of it at the start, and of symbols and portfolios whatever has become known since. */
export const storedPast = (
  { plan, flow, inputQueue, restoring, metricStore, engine, sink, awaitsPast, links, notes, alertLog }: PastParts,
  log: Logger,
  signal: AbortSignal,
): StoredPast => {
  const { frameMs, storeMs } = plan.settings.config
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
  const imported = new ImportedPrices({
    engine,
    // A replay that has ended knows nothing of the time after it.
    read: (running, symbols) => marketPast(running, live ? Number.POSITIVE_INFINITY : view.t + 1, { events: view.market.events, symbols }),
    restored: async () => (awaitsPast ? restoring.restored(signal) : undefined),
    inputQueue,
    signal,
    log,
  })
  const portfolioPasts = async (running: Engine, before: number, to: number): Promise<PortfolioPast[]> => {
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
  }
  return {
    pricesStored(symbol) {
      imported.stored(symbol)
      keeper.pricesStored()
    },
    async read(running, asOf, to) {
      await notes().stored()
      await alertLog()?.stored()
      const frame = Math.ceil(asOf / frameMs) * frameMs
      if (Number.isFinite(frame)) sink.continue(frame, await storedInFrame(running, frame))
      const resumedAt = live ? undefined : await lastFrame(running, asOf, frameMs)
      const portfolios = await portfolioPasts(running, asOf, resumedAt ?? to)
      const asked = { pools: plan.pools, events: view.market.events, funds: [...view.funds.keys()], frameMs, storeMs }
      const stored = await readPast(running, asOf, asked)
      const alerts = alertLog() && (await openAlerts(running, alertShard(plan.settings), asOf))
      const samples = await ruleSamples(running, plan.rules, Number.isFinite(asOf) ? asOf : Date.now())
      // Funds are valued as soon as the past is known: they have to be there.
      await links().playback?.begin(resumedAt ?? to)
      const metrics = await metricStore.shownAt(running, asOf)
      return {
        ...stored,
        portfolios,
        ...(alerts && { alerts }),
        ruleSamples: samples,
        metrics,
        ...(resumedAt !== undefined && { resumedAt }),
      }
    },
  }
}
