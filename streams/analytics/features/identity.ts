import type { AssetFacts, Snapshot } from './snapshot.ts'

/** Snapshots after which a name that is gone no longer hands its past on. */
const GONE_MAX = 3
/** The new name's price is within this factor of the old one's. */
const FACTOR_MAX = 5

interface Known {
  readonly id: number
  last: number
  price: number
  name: string
}

/**
 * Returns the id of each asset of each snapshot, ids counted from zero. An asset is its name. Under a new name it is still the same if the symbol is,
 * if the old name left the list within the last three snapshots, and if the price fits. A symbol alone says nothing: it is given away again after
 * a collapse, and its new owner would get the past of the dead one.
 */
export const identities = (snapshots: readonly Snapshot[]): readonly (readonly number[])[] => {
  const byName = new Map<string, Known>()
  const bySymbol = new Map<string, Known>()
  let count = 0
  return snapshots.map(({ assets }, k) => {
    const names = new Set(assets.map(({ name }) => name))
    return assets.map(asset => {
      const before = bySymbol.get(asset.symbol)
      const known = byName.get(asset.name) ?? (before !== undefined && isRenamed(before, asset, k, names) ? before : undefined)
      const own = known ?? { id: count++, last: k, price: asset.price, name: asset.name }
      own.last = k
      own.price = asset.price
      own.name = asset.name
      byName.set(asset.name, own)
      bySymbol.set(asset.symbol, own)
      return own.id
    })
  })
}

const isRenamed = (before: Known, { price }: AssetFacts, k: number, names: ReadonlySet<string>): boolean => {
  const factor = price / before.price
  return before.last < k && k - before.last <= GONE_MAX && !names.has(before.name) && factor >= 1 / FACTOR_MAX && factor <= FACTOR_MAX
}
