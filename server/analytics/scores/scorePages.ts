import { SnapshotRecord } from '../../../streams/analytics/features/past.ts'
import { assetIds } from '../../../streams/analytics/scoring/assetIds.ts'
import { type CategoriesOf, type CategoryPeer, categoryPeersOf, type Peers, peersOf } from '../../../streams/analytics/scoring/peers.ts'
import type { Scoring } from '../../../streams/analytics/scoring/score.ts'
import { ProtocolError } from '../../../streams/wire/errors.ts'
import type { Engine } from '../../storage/engine/engine.ts'
import { openReader, type Reader } from '../../storage/read/reader.ts'
import type { Registry } from '../registry/registry.ts'
import { monthsKnown } from '../snapshots/snapshotStore.ts'
import { computeScoring } from './computeScoring.ts'
import { type AssetScore, type StoredScoring, scoresOfAsset, scoringAt } from './scoreStore.ts'

/** A scoring that was computed again from what was known then. */
export interface Recomputed extends Scoring {
  readonly version: string
  readonly knownAt: number
  /** Whether it is what was said then, to the last digit. */
  readonly same: boolean
}

/** Peers of an asset, of the list of `t` (ms). */
export type PeersOf = Peers & {
  readonly t: number
  readonly name: string
  /** Missing if nothing is known of its categories. */
  readonly categories?: readonly string[]
  readonly byCategory?: readonly CategoryPeer[]
}

/** What pages of scores need. */
export interface ScorePagesOptions {
  readonly engine: Promise<Engine>
  readonly registry: Registry
  readonly simulated: boolean
  readonly signal: AbortSignal
  readonly categoriesOf: CategoriesOf
}

/** What is read of scores: whole days, the past of one asset, peers. */
export class ScorePages {
  private readonly read: Reader
  private readonly registry: Registry
  private readonly simulated: boolean
  private readonly signal: AbortSignal
  private readonly categoriesOf: CategoriesOf
  private recomputing = false
  /** The newest list with its past, by its time: peers need no other. */
  private newest: { readonly t: number; readonly record: SnapshotRecord } | undefined

  constructor({ engine, registry, simulated, signal, categoriesOf }: ScorePagesOptions) {
    this.categoriesOf = categoriesOf
    this.read = openReader(engine)
    this.registry = registry
    this.simulated = simulated
    this.signal = signal
  }

  /** Returns the scores of the day of `t` (ms), by the model that was the champion then. Throws a ProtocolError, `not_found`, if there are none. */
  async at(horizon: number, t: number): Promise<StoredScoring> {
    const { simulated } = this
    for (let before = t; ; ) {
      const champion = this.registry.used('champion', horizon, before) ?? this.registry.used('champion', horizon)
      if (champion === undefined) throw new ProtocolError('not_found', `found no model of ${horizon} months`)
      const { version } = champion
      const found = await this.read(engine => scoringAt(engine, { simulated, horizon, version }, t))
      if (found !== undefined) return found
      if (champion.t >= before) throw new ProtocolError('not_found', 'found no scores of that time')
      // A champion that has not scored yet: the one before it has.
      before = champion.t - 1
      if (this.registry.used('champion', horizon, before) === undefined)
        throw new ProtocolError('not_found', 'found no scores of that time')
    }
  }

  /** Computes the scores of a day again, from what was known then and nothing else. One at a time. Throws a ProtocolError. */
  async again(horizon: number, t: number): Promise<Recomputed> {
    const stored = await this.at(horizon, t)
    if (this.recomputing) throw new ProtocolError('too_much', 'scores are being computed again: ask later')
    this.recomputing = true
    try {
      const { version, knownAt, simulated } = stored
      const months = await this.read(engine => monthsKnown(engine, simulated, stored.t, knownAt))
      const scoring = await computeScoring({ artifact: await this.registry.artifact(version), months }, this.signal)
      const said = ({ scores, unscored }: Scoring): string => JSON.stringify([byName(scores), byName(unscored)])
      return { ...scoring, version, knownAt, same: said(scoring) === said(stored) }
    } finally {
      this.recomputing = false
    }
  }

  /** Returns the scores of an asset by all models, newest first. Throws a ProtocolError, `not_found`, if there is no such asset in the newest list. */
  async ofAsset(
    asset: string,
    horizon: number,
    range: { readonly from: number; readonly to: number; readonly limit: number },
  ): Promise<readonly AssetScore[]> {
    const { simulated } = this
    const { name } = await this.named(asset)
    return this.read(engine => scoresOfAsset(engine, { simulated, horizon, name }, range))
  }

  /** Returns the assets that are most like one, by features and by category. Throws a ProtocolError, `not_found`, if there is no such asset in the newest list. */
  async peers(asset: string, count: number): Promise<PeersOf> {
    const { name, t, record } = await this.named(asset)
    const categories = this.categoriesOf(asset)
    const byCategory = categoryPeersOf(record.snapshots.at(-1)!, name, this.categoriesOf, count)
    const known = categories.length === 0 ? {} : { categories, byCategory }
    return { t, name, ...peersOf(record, record.snapshots.length - 1, name, count), ...known }
  }

  private async named(asset: string): Promise<{ readonly name: string; readonly t: number; readonly record: SnapshotRecord }> {
    const newest = await this.newestList()
    const ids = newest && assetIds(newest.record.snapshots.at(-1)!)
    const name = [...(ids ?? [])].find(([, id]) => id === asset)?.[0]
    if (newest === undefined || name === undefined)
      throw new ProtocolError('not_found', `found no asset ${asset.slice(0, 64)} in the newest list`)
    return { name, ...newest }
  }

  private async newestList(): Promise<ScorePages['newest']> {
    const now = Date.now()
    const months = await this.read(engine => monthsKnown(engine, this.simulated, now, now))
    const t = months.at(-1)?.t
    if (t === undefined) return undefined
    if (this.newest?.t !== t) this.newest = { t, record: new SnapshotRecord(months) }
    return this.newest
  }
}

/** Returns figures by name, with their members by name: in an order that does not depend on where they come from. */
const byName = (list: readonly { readonly name: string }[]): unknown =>
  [...list].sort((a, b) => (a.name < b.name ? -1 : 1)).map(one => Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)))
