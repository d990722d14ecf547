import { NAME } from '../../lib/names.ts'
import type { Snapshot } from '../features/snapshot.ts'

/**
 * Returns the ids of the assets of a snapshot, by name: under these they have channels and routes. An id is the symbol; of several assets with one symbol
 * the largest has it. Others have their name in the form of an id.
 */
export const assetIds = ({ assets }: Snapshot): ReadonlyMap<string, string> => {
  const size = (cap: number): number => (Number.isNaN(cap) ? 0 : cap)
  const bySize = [...assets].sort((a, b) => size(b.marketCap) - size(a.marketCap) || (a.name < b.name ? -1 : 1))
  const taken = new Set<string>()
  const ids = new Map<string, string>()
  const give = (name: string, id: string): boolean => {
    if (!NAME.test(id) || taken.has(id)) return false
    taken.add(id)
    ids.set(name, id)
    return true
  }
  const without = bySize.filter(({ name, symbol }) => !give(name, symbol))
  for (const { name } of without) {
    const plain =
      name
        .replace(/[^A-Za-z0-9._-]+/g, '-')
        .replace(/^[^A-Za-z0-9]+/, '')
        .slice(0, 60) || 'asset'
    for (let n = 1; !give(name, n === 1 ? plain : `${plain}-${n}`); ) n++
  }
  return ids
}
