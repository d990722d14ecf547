import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Artifact } from '../../../streams/analytics/artifact.ts'
import type { UsedModel, UsedModels, Verdict } from '../../../streams/analytics/shownModels.ts'
import type { Ics } from '../../../streams/analytics/validation/compare.ts'
import type { Models } from '../../../streams/input.ts'
import { ProtocolError } from '../../../streams/wire/errors.ts'
import type { Engine } from '../../storage/engine/engine.ts'
import { keptModel, keptModels } from '../modelStore.ts'
import { lessonTimes, snapshotsKnown } from '../snapshots/snapshotStore.ts'
import { PLAN, snapshotsNeeded, train } from '../trainer.ts'
import {
  type Alias,
  type AliasName,
  addAlias,
  addModel,
  addTrial,
  aliasesOf,
  artifactOf,
  modelsOf,
  type Registered,
  type Trial,
  trialsOf,
} from './registryStore.ts'

/** What the registry needs. */
export interface RegistryOptions {
  readonly engine: Promise<Engine>
  /** Models of the simulated market, or of all else: they are never mixed. */
  readonly simulated: boolean
  /** Where a training leaves its model until it is stored. */
  readonly directory: string
  /** Ends a training. */
  readonly signal: AbortSignal
  /** Puts into the ordered input. */
  readonly put: (input: Models) => void
  /** Is called when another model is used; resolves when it has scored. */
  readonly changed: () => Promise<void>
}

/** A training that is asked for. */
export interface TrainingWish {
  /** Months. */
  readonly horizon: number
  readonly seed: number
  readonly who: string
  /** ms: what is known then is learnt from. */
  readonly t: number
}

/** What came of a training. */
export interface TrainingResult {
  /** Missing if the model was not kept. */
  readonly version?: string
  readonly alias?: AliasName
  readonly warnings: readonly string[]
}

/** Artifacts in memory: champion and challenger of two horizons. */
const ARTIFACTS_MAX = 4

/** All models, and what they are used for. Versions are immutable; what changes are aliases, and who changed them when and why is kept. */
export class Registry {
  private readonly options: RegistryOptions
  private models: Registered[] = []
  private aliases: Alias[] = []
  private readonly artifacts = new Map<string, Artifact>()
  private training: TrainingWish | undefined
  /** ICs of live scores, by version. */
  private readonly live = new Map<string, readonly number[]>()
  private readonly comparisons = new Map<number, Verdict>()

  constructor(options: RegistryOptions) {
    this.options = options
  }

  /** Reads what is stored, and stores models that a training left behind when it was killed. */
  async load(): Promise<void> {
    const { simulated, directory } = this.options
    const engine = await this.options.engine
    for (const version of await leftIn(directory)) await this.adopt(engine, version, Date.now())
    this.models = (await modelsOf(engine)).filter(model => model.simulated === simulated)
    this.aliases = (await aliasesOf(engine)).filter(alias => alias.simulated === simulated)
    await this.finishTrainings()
    this.publish()
  }

  /** Puts models to use whose training was noted, but which a kill kept from being used. One that was trained elsewhere waits until somebody gives it an alias. */
  private async finishTrainings(): Promise<void> {
    for (const horizon of new Set(this.models.map(({ card }) => card.horizon))) {
      const [last] = await this.trials(1, horizon)
      const isKept = this.models.some(({ version }) => version === last?.version)
      if (last !== undefined && isKept && !this.aliases.some(({ version }) => version === last.version))
        await this.employ(last.version, horizon, last)
    }
  }

  /** All models, newest first. */
  get list(): readonly Registered[] {
    return [...this.models].reverse()
  }

  /** Returns the trainings, newest first, at most `limit`; of one horizon, if one is given. */
  async trials(limit: number, horizon?: number): Promise<readonly Trial[]> {
    return trialsOf(await this.options.engine, this.options.simulated, limit, horizon)
  }

  /** Shows what live scores of models of a horizon were worth, by version, and how champion and challenger compare. */
  judged(horizon: number, live: ReadonlyMap<string, Ics>, comparison: Verdict | undefined): void {
    for (const [version, ics] of live) this.live.set(version, [...ics.values()])
    if (comparison === undefined) this.comparisons.delete(horizon)
    else this.comparisons.set(horizon, comparison)
    this.publish()
  }

  /** All that was ever noted of aliases, oldest first. */
  get history(): readonly Alias[] {
    return this.aliases
  }

  /** Returns the model that had this alias at `t` (ms), now if left out; `undefined` if none had. */
  used(name: AliasName, horizon: number, t = Number.POSITIVE_INFINITY): Alias | undefined {
    const newest = this.aliases.findLast(alias => alias.name === name && alias.horizon === horizon && alias.t <= t)
    return newest?.version === '' ? undefined : newest
  }

  /** Returns a model. Throws a ProtocolError if there is none of this version. */
  async artifact(version: string): Promise<Artifact> {
    const known = this.artifacts.get(version)
    if (known !== undefined) return known
    const artifact = await artifactOf(await this.options.engine, version)
    if (artifact === undefined) throw new ProtocolError('not_found', `found no model ${version.slice(0, 64)}`)
    const [oldest] = this.artifacts.keys()
    if (this.artifacts.size >= ARTIFACTS_MAX) this.artifacts.delete(oldest!)
    this.artifacts.set(version, artifact)
    return artifact
  }

  /** Gives an alias to a version from `t` (ms) on. Throws a ProtocolError if there is no such model of that horizon. */
  async alias(name: AliasName, version: string, { t, who, why }: Pick<Alias, 't' | 'who' | 'why'>): Promise<Alias> {
    const model = this.models.find(model => model.version === version)
    if (model === undefined) throw new ProtocolError('not_found', `found no model ${version.slice(0, 64)}`)
    const { horizon } = model.card
    await this.note({ name, simulated: this.options.simulated, horizon, t, version, who, why })
    // A challenger that has become the champion challenges nobody.
    if (name === 'champion' && this.used('challenger', horizon)?.version === version)
      await this.note({ name: 'challenger', simulated: this.options.simulated, horizon, t, version: '', who, why: 'it is the champion' })
    this.publish()
    await this.options.changed()
    return this.used(name, horizon)!
  }

  /**
   * Trains on what is known at `t`, in a thread; notes the try, and keeps the model unless a figure is too good to be true. The first of a horizon becomes its
   * champion, every further one the challenger, which only watches. Throws a ProtocolError while another training runs, or if too little is known.
   */
  async train(wish: TrainingWish): Promise<TrainingResult> {
    if (this.training !== undefined) throw new ProtocolError('too_much', 'a training is running: ask again when it is done')
    this.training = wish
    try {
      return await this.trainNow(wish)
    } finally {
      this.training = undefined
    }
  }

  /** Returns why no model of a horizon (months) can be trained on what is known at `t` (ms); `undefined` if one can. */
  async lacks(horizon: number, t: number): Promise<string | undefined> {
    const { length } = await lessonTimes(await this.options.engine, this.options.simulated, t)
    const needed = snapshotsNeeded(horizon, PLAN)
    return length < needed ? `found ${length} monthly lists of assets, expected at least ${needed}` : undefined
  }

  private async trainNow({ horizon, seed, who, t }: TrainingWish): Promise<TrainingResult> {
    const { simulated, directory } = this.options
    const engine = await this.options.engine
    const lacking = await this.lacks(horizon, t)
    if (lacking !== undefined) throw new ProtocolError('not_ready', lacking)
    const snapshots = await snapshotsKnown(engine, simulated, await lessonTimes(engine, simulated, t), t)
    const { card, version } = await train({ snapshots, horizon, seed, plan: PLAN, directory }, undefined, this.options.signal)
    const { mean, low, high } = card.validation.models.ensemble!.ic
    const { warnings } = card.validation
    await addTrial(engine, { simulated, horizon, t, seed, data: card.data, version: version ?? '', ic: mean, low, high, warnings, who })
    if (version === undefined) return { warnings }
    const model = await this.adopt(engine, version, t)
    if (!this.models.some(known => known.version === version)) this.models.push(model)
    return { version, alias: await this.employ(version, horizon, { t, who }), warnings }
  }

  /** Makes a trained model the champion if there is none, else the challenger. */
  private async employ(version: string, horizon: number, { t, who }: Pick<Alias, 't' | 'who'>): Promise<AliasName> {
    const champion = this.used('champion', horizon)
    if (champion?.version === version) return 'champion'
    const name = champion === undefined ? 'champion' : 'challenger'
    await this.alias(name, version, { t, who, why: champion === undefined ? 'the first of its horizon' : 'newly trained' })
    return name
  }

  /** Stores a model that a training has left, and then deletes its file. */
  private async adopt(engine: Engine, version: string, t: number): Promise<Registered> {
    const { simulated, directory } = this.options
    const model = await addModel(engine, keptModel(directory, version), simulated, t)
    await rm(join(directory, `${version}.json`), { force: true })
    return model
  }

  private async note(alias: Alias): Promise<void> {
    // Of one moment there is one: the next is a millisecond later.
    const last = this.aliases.findLast(({ name, horizon }) => name === alias.name && horizon === alias.horizon)
    const noted = last !== undefined && last.t >= alias.t ? { ...alias, t: last.t + 1 } : alias
    await addAlias(await this.options.engine, noted)
    this.aliases.push(noted)
  }

  /** Shows which models are used. */
  private publish(): void {
    const horizons = [...new Set(this.aliases.map(({ horizon }) => horizon))].sort((a, b) => a - b)
    const byHorizon = new Map<number, UsedModels>(
      horizons.map(horizon => {
        const challenger = this.shown(this.used('challenger', horizon))
        const comparison = challenger && this.comparisons.get(horizon)
        return [horizon, { champion: this.shown(this.used('champion', horizon)), challenger, comparison }]
      }),
    )
    if (byHorizon.size > 0) this.options.put({ kind: 'models', byHorizon })
  }

  private shown(alias: Alias | undefined): UsedModel | undefined {
    const model = this.models.find(({ version }) => version === alias?.version)
    if (alias === undefined || model === undefined) return undefined
    const { version, t: since, who, why, simulated } = alias
    const ics = this.live.get(version) ?? []
    const live = ics.length === 0 ? undefined : { ic: ics.reduce((sum, ic) => sum + ic, 0) / ics.length, days: ics.length }
    return { version, since, who, why, simulated, live, trainedTo: model.card.to, ic: model.card.validation.models.ensemble!.ic }
  }
}

const leftIn = async (directory: string): Promise<readonly string[]> => {
  try {
    return keptModels(directory)
  } catch {
    // Nobody has trained here.
    return []
  }
}
