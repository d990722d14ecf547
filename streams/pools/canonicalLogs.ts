import type { ChainLog } from './chainLog.ts'

/** Logs older than so many blocks are final: no chain takes them back. Two epochs of Ethereum. */
const FINAL_AFTER = 64

type Place = Pick<ChainLog, 'block' | 'index'>

/**
 * Which logs stand, in the order of the chain. Each is taken in once; those that a reorganisation takes back make room for what
 * the chain tells in their place. Of those that are not final it is known what they did (`T`).
 */
export class CanonicalLogs<T> {
  private newest: Place
  private final: Place
  private finalDid: T | undefined
  private readonly recent = new Map<string, Place & { readonly did: T }>()

  /** Logs of blocks up to `through` have been taken in elsewhere. */
  constructor(through: number | undefined = undefined) {
    this.newest = through === undefined ? { block: -1, index: -1 } : { block: through, index: Number.POSITIVE_INFINITY }
    this.final = this.newest
  }

  /** What the newest that stands did; undefined where none does. */
  get newestEffect(): T | undefined {
    return [...this.recent.values()].at(-1)?.did ?? this.finalDid
  }

  /** Whether it comes after all that stand. */
  isNext({ block, index }: Place): boolean {
    return block > this.newest.block || (block === this.newest.block && index > this.newest.index)
  }

  add({ block, index }: Place, did: T): void {
    this.newest = { block, index }
    this.recent.set(keyOf(this.newest), { block, index, did })
    for (const [key, place] of this.recent) {
      if (place.block > block - FINAL_AFTER) break
      this.recent.delete(key)
      this.final = place
      this.finalDid = place.did
    }
  }

  /** What the log did that is to be undone; undefined where none that stands and is not final has its place. */
  revert(place: Place): T | undefined {
    const taken = this.recent.get(keyOf(place))
    if (taken === undefined) return undefined
    this.recent.delete(keyOf(place))
    this.newest = [...this.recent.values()].at(-1) ?? this.final
    return taken.did
  }
}

const keyOf = ({ block, index }: Place): string => `${block}:${index}`
