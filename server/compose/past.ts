import type { Logger } from 'pino'
import type { Past } from '../../streams/past.ts'
import type { Pipeline } from '../../streams/pipeline.ts'
import type { Portfolio } from '../../streams/pnl/portfolio.ts'
import type { PortfolioPast } from '../../streams/pnl/portfolioPast.ts'
import type { InputQueue } from '../core/inputQueue.ts'
import { PastKeeper } from '../core/pastKeeper.ts'
import { readPortfolioPast } from '../pnl/portfolioPasts.ts'
import type { Engine } from '../storage/engine/engine.ts'
import { storedInFrame } from '../storage/read/marketPast.ts'
import { readPast } from '../storage/read/past.ts'
import { lastFrame } from '../storage/read/storedFrames.ts'
import type { MarketNotes } from '../storage/write/marketNotes.ts'
import type { LedgerLinks } from './ledger.ts'
import type { Plan } from './plan.ts'
import type { Storage } from './storage.ts'

/** What the past is read for. */
interface PastParts extends Storage {
  readonly plan: Plan
  readonly flow: Pipeline
  readonly inputQueue: InputQueue
  /** Opened later than this. */
  readonly links: () => Pick<LedgerLinks, 'playback'>
  readonly notes: () => Pick<MarketNotes, 'stored'>
}

/** What is read of the time before this start. */
export interface StoredPast {
  /** Reads what was stored before the event time `asOf` (ms), up to the frame that ends at `to` (ms). */
  read(engine: Engine, asOf: number, to: number): Promise<Past>
  /** Notes that prices of the past were stored: portfolios may be known farther back. */
  pricesStored(): void
}

/** Reads what is stored of the past: all of it at the start, and that of portfolios whenever more of it has become known. */
export const storedPast = (
  { plan, flow, inputQueue, engine, sink, links, notes }: PastParts,
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
    pricesStored: () => keeper.pricesStored(),
    async read(running, asOf, to) {
      await notes().stored()
      const frame = Math.ceil(asOf / frameMs) * frameMs
      if (Number.isFinite(frame)) sink.continue(frame, await storedInFrame(running, frame))
      const resumedAt = live ? undefined : await lastFrame(running, asOf, frameMs)
      const portfolios = await portfolioPasts(running, asOf, resumedAt ?? to)
      const stored = await readPast(running, asOf, { pools: plan.pools, funds: [...view.funds.keys()], frameMs, storeMs })
      // Funds are valued as soon as the past is known: they have to be there.
      await links().playback?.begin(resumedAt ?? to)
      return { ...stored, portfolios, ...(resumedAt !== undefined && { resumedAt }) }
    },
  }
}
