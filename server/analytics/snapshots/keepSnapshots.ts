import type { AssetFacts, Snapshot } from '../../../streams/analytics/features/snapshot.ts'
import type { Engine } from '../../storage/engine/engine.ts'
import { addSnapshots, snapshotsKnown } from './snapshotStore.ts'

/** What became of lists. */
export interface KeptSnapshots {
  /** Lists that were stored. */
  readonly accepted: number
  /** Lists that were there already, asset for asset. */
  readonly known: number
}

/**
 * Stores lists of assets of former days; `now` in ms. The first list of a day counts as known on that day, as it was published then; one that says something
 * else revises it, and is known from now on. Lists are compared whole: an asset that is gone from the new one is gone.
 */
export const keepSnapshots = async (engine: Engine, snapshots: readonly Snapshot[], now: number): Promise<KeptSnapshots> => {
  const there = new Map(
    (
      await snapshotsKnown(
        engine,
        false,
        snapshots.map(({ t }) => t),
        now,
      )
    ).map(snapshot => [snapshot.t, textOf(snapshot)]),
  )
  const fresh = snapshots.filter(({ t }) => !there.has(t))
  const revised = snapshots.filter(snapshot => there.has(snapshot.t) && there.get(snapshot.t) !== textOf(snapshot))
  const origin = { simulated: false, source: 'import' }
  await addSnapshots(engine, { ...origin, availableAt: 0 }, fresh)
  await addSnapshots(engine, { ...origin, availableAt: now }, revised)
  const accepted = fresh.length + revised.length
  return { accepted, known: snapshots.length - accepted }
}

const textOf = ({ assets }: Snapshot): string =>
  JSON.stringify(
    [...assets]
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map(({ name, symbol, rank, marketCap, price, supply, volume, change1d, change7d }: AssetFacts) => [
        ...[name, symbol, rank, marketCap, price, supply, volume, change1d, change7d],
      ]),
  )
