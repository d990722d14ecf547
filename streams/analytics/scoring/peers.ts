import { outsideBecause, panelAt } from '../features/panel.ts'
import type { SnapshotRecord } from '../features/past.ts'
import type { Snapshot } from '../features/snapshot.ts'
import { assetIds } from './assetIds.ts'
import { type Named, namedIn } from './score.ts'

/** Features that both have to have for their distance to say something. */
const SHARED_MIN = 8

/** An asset that is like another one by what features say of it. */
export interface Peer extends Named {
  /** Root of the mean squared difference of percentiles, 0 to 1: two assets at random are 0.41 apart. */
  readonly distance: number
  /** Features that are known of both. */
  readonly shared: number
}

/** The peers of an asset, or why it has none. */
export type Peers = { readonly peers: readonly Peer[] } | { readonly reason: string }

/** Returns the `count` assets of snapshot `k` that are most like the one of this name by their features, the nearest first. */
export const peersOf = (record: SnapshotRecord, k: number, name: string, count: number): Peers => {
  const past = record.asOf(k)
  const own = record.listed[k]!.find(asset => record.at(asset, k)!.name === name)
  if (own === undefined) return { reason: 'it is not among the assets of the snapshot' }
  const outside = outsideBecause(past, own)
  if (outside !== undefined) return { reason: outside }
  const { asset, table } = panelAt(record, k)
  const row = asset.indexOf(own)
  const named = namedIn(record, k)
  const peers = [...asset.keys()].flatMap(other => {
    if (other === row) return []
    let [sum, shared] = [0, 0]
    for (const column of table.columns) {
      const difference = column[other]! - column[row]!
      if (Number.isNaN(difference)) continue
      sum += difference * difference
      shared += 1
    }
    if (shared < SHARED_MIN) return []
    return [{ ...named(asset[other]!), distance: Math.sqrt(sum / shared), shared }]
  })
  return { peers: peers.sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1)).slice(0, count) }
}

/** An asset of which the same is said as of another one. */
export interface CategoryPeer extends Named {
  /** The categories of both. */
  readonly categories: readonly string[]
}

/** Returns the categories of an asset, by its id; none if nothing is known of them. */
export type CategoriesOf = (asset: string) => readonly string[]

/** Returns the `count` assets of a list that have most categories in common with the one of this name; of equals the larger first. */
export const categoryPeersOf = (list: Snapshot, name: string, categoriesOf: CategoriesOf, count: number): CategoryPeer[] => {
  const ids = assetIds(list)
  const own = categoriesOf(ids.get(name) ?? '')
  const peers = list.assets.flatMap(other => {
    const asset = ids.get(other.name)!
    const theirs = categoriesOf(asset)
    const categories = own.filter(category => theirs.includes(category))
    const size = Number.isNaN(other.marketCap) ? 0 : other.marketCap
    return other.name === name || categories.length === 0
      ? []
      : [{ peer: { asset, name: other.name, symbol: other.symbol, categories }, size }]
  })
  return peers
    .sort((a, b) => b.peer.categories.length - a.peer.categories.length || b.size - a.size || (a.peer.name < b.peer.name ? -1 : 1))
    .slice(0, count)
    .map(({ peer }) => peer)
}
