import type { Logger } from 'pino'
import { ReplaySubject } from 'rxjs'
import { assetIds } from '../../../streams/analytics/scoring/assetIds.ts'
import type { Scores } from '../../../streams/input.ts'
import { DAY, floorTo } from '../../../streams/market/candles.ts'
import type { Engine } from '../../storage/engine/engine.ts'
import { versionOf } from '../modelStore.ts'
import type { Registry } from '../registry/registry.ts'
import type { AliasName } from '../registry/registryStore.ts'
import { addSnapshots, COLLECTED, monthsKnown, snapshotsKnown, snapshotTimes } from '../snapshots/snapshotStore.ts'
import type { TakeLists, Taken } from '../snapshots/takenSnapshot.ts'
import { computeScoring } from './computeScoring.ts'
import { addScoring, type StoredScoring, scoringAt } from './scoreStore.ts'

/** What the scorer needs. */
export interface ScorerOptions {
  readonly engine: Promise<Engine>
  readonly registry: Registry
  readonly simulated: boolean
  /** ms from one scoring to the next, counted from the beginning of 1970: a day is one of UTC. */
  readonly everyMs: number
  /** Months. */
  readonly horizons: readonly number[]
  /** Is called after each scoring that was due. */
  readonly scored: (t: number) => Promise<void>
  /** Takes lists of the market when a scoring is due; they come by import alone if left out. */
  readonly take?: TakeLists | undefined
  /** Puts into the ordered input. */
  readonly put: (input: Scores) => void
  readonly signal: AbortSignal
  readonly log: Logger
}

/** A score is stale if the schedule has come round this often without a newer one. */
const LATE = 2
/** After a failure, or while the market has nothing to be taken, it is tried again so much later, ms. */
const AGAIN_MS = 60_000
const ALIASES: readonly AliasName[] = ['champion', 'challenger']

/**
 * Scores assets on schedule: takes a list of the market, lets champion and challenger score it in a thread, stores both, and shows the champion's. A list is
 * scored by a model once; that it is revised later changes nothing.
 */
export class Scorer {
  /** Each asset that was scored, or could not be, as soon as that is known; also those of before the subscription. */
  readonly assets$ = new ReplaySubject<string>()
  private readonly options: ScorerOptions
  private readonly assets = new Set<string>()
  private dueAt = Number.POSITIVE_INFINITY
  private before: Promise<void> = Promise.resolve()
  private judging: Promise<void> = Promise.resolve()
  private readonly counts = { runs: 0, failures: 0, scored: 0, unscored: 0 }
  private scoredT = Number.NaN
  /** By horizon: of which list and why it was said last that there are no scores. */
  private readonly none = new Map<number, string>()
  /** The newest frame, ms. */
  private t = Number.NaN

  constructor(options: ScorerOptions) {
    this.options = options
  }

  /** Figures for `status`. */
  get figures() {
    return { ...this.counts, assets: this.assets.size, ...(Number.isNaN(this.scoredT) ? {} : { t: this.scoredT }) }
  }

  /** Resolves when all that was asked for is done. */
  async idle(): Promise<void> {
    await this.before
    await this.judging
  }

  /** Scores with the next frame, and from then on whenever it is due. */
  begin(): void {
    this.dueAt = 0
  }

  /** Scores now, with what is known in the newest frame; before the first one, with that. Resolves when it is done. */
  soon(): Promise<void> {
    return Number.isNaN(this.t) ? Promise.resolve(this.begin()) : this.run(this.t)
  }

  /** Time has come to `t` (ms). */
  tick(t: number): void {
    this.t = t
    if (t < this.dueAt) return
    this.dueAt = (Math.floor(t / this.options.everyMs) + 1) * this.options.everyMs
    // Beside the scorings, not among them: what it changes is scored before it is done.
    this.judging = this.run(t).then(() => this.judge(t))
  }

  /** Scores what is known at `t` (ms), after all that was asked for before. Never rejects: a failure is counted, and what is due comes again. */
  private run(t: number): Promise<void> {
    this.before = this.before.then(async () => {
      try {
        await this.score(t)
        this.counts.runs += 1
      } catch (error) {
        if (this.options.signal.aborted) return
        this.counts.failures += 1
        this.again(t)
        this.options.log.warn({ error: (error as Error).message }, 'assets were not scored')
      }
    })
    return this.before
  }

  private async judge(t: number): Promise<void> {
    try {
      await this.options.scored(t)
    } catch (error) {
      if (this.options.signal.aborted) return
      this.counts.failures += 1
      this.options.log.warn({ error: (error as Error).message }, 'scores were not held against what came')
    }
  }

  private async score(t: number): Promise<void> {
    const { simulated, horizons, registry } = this.options
    const engine = await this.options.engine
    const times = await snapshotTimes(engine, simulated, t)
    const lacking = await this.takeLists(engine, times, t)
    const newest = times.findLast(time => time <= t)
    if (newest === undefined) {
      if (lacking !== undefined) for (const horizon of horizons) this.showNone(horizon, floorTo(t, DAY), lacking)
      return
    }
    for (const horizon of horizons) {
      if (registry.used('champion', horizon) === undefined && !simulated) {
        const why = (await registry.lacks(horizon, t)) ?? 'no model has been trained yet'
        const [list] = await snapshotsKnown(engine, simulated, [newest], t)
        this.showNone(horizon, newest, { assets: [...assetIds(list!)].map(([name, asset]) => ({ name, asset })), why })
      }
      for (const alias of ALIASES) {
        const model = registry.used(alias, horizon)
        if (model === undefined) continue
        const of = { simulated, horizon, version: model.version }
        const stored = await scoringAt(engine, of, t)
        const scoring = stored?.t === newest ? stored : await this.compute(engine, of, newest, t)
        if (alias === 'champion') this.show(scoring)
      }
    }
  }

  /** Stores the lists that can be taken, and adds their times. Returns which assets have none, and why. */
  private async takeLists(engine: Engine, times: number[], t: number): Promise<Taken['lacking']> {
    const { take, simulated } = this.options
    if (take === undefined) return undefined
    const { lists, waits, lacking } = await take(engine, t, times)
    if (waits) this.again(t)
    await addSnapshots(engine, { simulated, source: simulated ? 'sim' : COLLECTED, availableAt: t }, lists)
    times.push(...lists.map(list => list.t))
    times.sort((a, b) => a - b)
    return lacking
  }

  private again(t: number): void {
    this.dueAt = Math.min(this.dueAt, t + AGAIN_MS)
  }

  private async compute(
    engine: Engine,
    of: Pick<StoredScoring, 'simulated' | 'horizon' | 'version'>,
    at: number,
    knownAt: number,
  ): Promise<StoredScoring> {
    const months = await monthsKnown(engine, of.simulated, at, knownAt)
    const artifact = await this.options.registry.artifact(of.version)
    const scoring = {
      ...(await computeScoring({ artifact, months }, this.options.signal)),
      ...of,
      knownAt,
      inputs: versionOf(JSON.stringify(months)),
    }
    await addScoring(engine, scoring)
    return scoring
  }

  /** Shows why assets have no score, before there is a list of them or a model. */
  private showNone(horizon: number, t: number, { assets, why }: NonNullable<Taken['lacking']>): void {
    if (this.none.get(horizon) === `${t} ${why}`) return
    this.none.set(horizon, `${t} ${why}`)
    const unscored = assets.map(({ asset, name }) => ({ asset, name, symbol: asset, reason: why }))
    this.show({ t, horizon, version: '', simulated: this.options.simulated, scores: [], unscored })
  }

  private show(scoring: Omit<StoredScoring, 'knownAt' | 'inputs'>): void {
    const { t, horizon, version, simulated, scores, unscored } = scoring
    for (const { asset } of [...scores, ...unscored]) {
      if (this.assets.has(asset)) continue
      this.assets.add(asset)
      this.assets$.next(asset)
    }
    this.scoredT = t
    this.counts.scored = scores.length
    this.counts.unscored = unscored.length
    const { everyMs } = this.options
    const staleFrom = (Math.floor(t / everyMs) + LATE) * everyMs
    this.options.put({ kind: 'scores', scoring: { t, horizon, version, simulated, scores, unscored, staleFrom } })
  }
}
