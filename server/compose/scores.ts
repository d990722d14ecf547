import type { Logger } from 'pino'
import type { Observable } from 'rxjs'
import type { Frame } from '../../streams/frame.ts'
import type { Pipeline } from '../../streams/pipeline.ts'
import { type OpenScores, openScores } from '../analytics/openScores.ts'
import { collectedTaker } from '../analytics/snapshots/collectedLists.ts'
import type { SupplyOf } from '../analytics/snapshots/simulatedSnapshots.ts'
import { simulatedTaker, type TakeLists } from '../analytics/snapshots/takenSnapshot.ts'
import { spanMs } from '../config/analyticsSchema.ts'
import type { Config } from '../config/schema.ts'
import type { InputQueue } from '../core/inputQueue.ts'
import { seedOf } from '../lib/seededRandom.ts'
import type { Engine } from '../storage/engine/engine.ts'
import type { Plan } from './plan.ts'

interface ScoreParts {
  readonly plan: Plan
  readonly flow: Pipeline
  readonly engine: Promise<Engine>
  readonly frames$: Observable<Frame>
  readonly inputQueue: InputQueue
}

/** Opens the scores of assets. The first shard scores for all: assets are no part of any. */
export const scoreAssets = ({ plan, flow, engine, frames$, inputQueue }: ScoreParts, signal: AbortSignal, log: Logger): OpenScores => {
  const { settings, feeds } = plan
  const { scores, training, assets } = settings.config.analytics
  const sim = feeds.find(({ sources }) => sources?.includes('sim'))
  const supplyOf = suppliesOf(plan, flow)
  const isFirst = (settings.shard?.number ?? 1) === 1
  return openScores({
    engine,
    dataDir: settings.dataDir,
    everyMs: spanMs(scores.every),
    horizons: isFirst ? scores.horizons : [],
    rules: { retrainMs: training.every === 'off' ? 0 : spanMs(training.every), promoteAfter: training.promoteAfter },
    categoriesOf: asset => assets[asset]?.categories ?? [],
    simulated: sim && { seed: seedOf(sim.id), supplyOf },
    take: sim
      ? simulatedTaker(flow.view, settings.config.quote, supplyOf, spanMs(scores.every))
      : isFirst && !plan.replaying && scores.lists === 'collected'
        ? collectedLists(settings.config.analytics, supplyOf)
        : undefined,
    frames$,
    put: input => inputQueue.put(input),
    signal,
    log: log.child({ module: 'scores' }),
  })
}

/** Returns what makes lists of the assets whose prices are collected; `undefined` if none are. */
const collectedLists = ({ assets, sources }: Config['analytics'], supplyOf: SupplyOf): TakeLists | undefined => {
  const ids = sources.flatMap(source =>
    source.kind === 'coingecko' ? Object.keys(source.coins) : source.kind === 'own' ? source.prices : [],
  )
  if (ids.length === 0) return undefined
  return collectedTaker(() => [...new Set(ids)].map(asset => ({ asset, name: assets[asset]?.name ?? asset, supply: supplyOf(asset) })))
}

/** Returns what says of an asset how much of it circulates now: as the journal has it, else the configuration; NaN if neither does. */
export const suppliesOf =
  ({ settings }: Plan, { view }: Pipeline) =>
  (asset: string): number =>
    view.supplies.get(asset) ?? Number(settings.config.assets[asset]?.supply ?? Number.NaN)
