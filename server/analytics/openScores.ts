import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Observable } from 'rxjs'
import type { CategoriesOf } from '../../streams/analytics/scoring/peers.ts'
import type { Input } from '../../streams/input.ts'
import type { Engine } from '../storage/engine/engine.ts'
import { whenOpen } from '../storage/engine/engine.ts'
import { Judge, type Rules } from './registry/judge.ts'
import { Registry } from './registry/registry.ts'
import { ScorePages } from './scores/scorePages.ts'
import { Scorer } from './scores/scorer.ts'
import { type SupplyOf, simulatedSnapshots } from './snapshots/simulatedSnapshots.ts'
import { addSnapshots, snapshotTimes } from './snapshots/snapshotStore.ts'
import type { TakeLists } from './snapshots/takenSnapshot.ts'

/** What scores are opened with. */
export interface ScoresOptions {
  readonly engine: Promise<Engine>
  readonly dataDir: string
  readonly everyMs: number
  /** Months. */
  readonly horizons: readonly number[]
  readonly rules: Rules
  /** Of the simulated market: its lists of the past are made with this seed, and its first model is trained by itself. */
  readonly simulated: { readonly seed: number; readonly supplyOf: SupplyOf } | undefined
  /** Makes lists of the market; they come by import alone if left out. */
  readonly take?: TakeLists | undefined
  /** Of nothing if left out. */
  readonly categoriesOf?: CategoriesOf
  readonly frames$: Observable<{ readonly t: number }>
  readonly put: (input: Input) => void
  readonly signal: AbortSignal
  readonly log: Logger
}

/** What the server has of scores. */
export interface OpenScores {
  readonly registry: Registry
  readonly scorer: Scorer
  readonly pages: ScorePages
  /** Resolves when what is stored of models has been read. */
  readonly ready: Promise<void>
}

/** A simulated market trains so long after its start: a server that has just started has other things to do. ms. */
const REST_MS = 5_000
const DAY_MS = 86_400_000

/** Opens models and scores. They begin once the engine answers. */
export const openScores = (options: ScoresOptions): OpenScores => {
  const { engine, dataDir, everyMs, horizons, rules, simulated, take, categoriesOf = () => [], frames$, put, signal, log } = options
  const directory = join(dataDir, 'models', ...(simulated ? ['simulated'] : []))
  const registry: Registry = new Registry({
    ...{ engine, simulated: simulated !== undefined, directory, signal, put },
    changed: () => scorer.soon(),
  })
  const common = { engine, registry, simulated: simulated !== undefined, signal }
  const judge = new Judge({ ...common, everyMs, horizons, rules, log })
  const scorer: Scorer = new Scorer({ ...common, everyMs, horizons, take, scored: t => judge.judge(t), put, log })
  frames$.subscribe(({ t }) => scorer.tick(t))
  const ready = load(options, registry, scorer)
  ready
    .then(() => simulate(options, registry))
    .catch((error: Error) => {
      if (!signal.aborted) log.warn({ error: error.message }, 'models cannot be read; there are no scores until the next start')
    })
  return { registry, scorer, ready, pages: new ScorePages({ ...common, categoriesOf }) }
}

const load = async ({ engine, signal }: ScoresOptions, registry: Registry, scorer: Scorer): Promise<void> => {
  if ((await whenOpen(engine, signal)) === undefined) return
  await registry.load()
  scorer.begin()
}

/** Gives the simulated market a past, if it has none, and a model. */
const simulate = async ({ engine, horizons, simulated, signal, log }: ScoresOptions, registry: Registry): Promise<void> => {
  const opened = await whenOpen(engine, signal)
  if (opened === undefined) return
  if (simulated === undefined || horizons.every(horizon => registry.used('champion', horizon) !== undefined)) return
  await delay(REST_MS, undefined, { signal, ref: false }).catch(() => {})
  if (signal.aborted) return
  const now = Date.now()
  const today = Math.floor(now / DAY_MS) * DAY_MS
  if ((await snapshotTimes(opened, true, now)).length < 2) {
    const past = simulatedSnapshots(simulated.seed, today, simulated.supplyOf)
    await addSnapshots(opened, { simulated: true, source: 'sim', availableAt: 0 }, past)
  }
  for (const horizon of horizons) {
    const { version } = await registry.train({ horizon, seed: 1, who: 'the demo', t: Date.now() })
    log.info({ version, horizon }, 'a model was trained on the simulated market')
  }
}
