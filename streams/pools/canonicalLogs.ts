import type { ChainLog } from './chainLog.ts'

/** Logs of blocks this far behind the newest are final: no chain takes them back. Two epochs of Ethereum. */
const FINAL_AFTER = 64

/** Where a log stands in its chain. */
export type Place = Pick<ChainLog, 'block' | 'index'>

/** The logs of a contract that stand: those that may be taken back, in order, and the place up to which all others are final, if any are. */
export interface StandingLogs {
  readonly final: Place | undefined
  readonly recent: readonly ChainLog[]
}

/**
 * The logs that stand, in the order of the chain. Each counts once; those that a reorganisation reverts make room for the logs that the
 * chain has in their place. The effect (`T`) of each is kept until it is final.
 */
export class CanonicalLogs<T> {
  private newest: Place
  private final: Place
  private finalEffect: T | undefined
  private readonly recent = new Map<string, Place & { readonly effect: T }>()

  /** Logs of blocks up to `through` are part of the state already. */
  constructor(through: number | undefined = undefined) {
    this.newest = through === undefined ? { block: -1, index: -1 } : { block: through, index: Number.POSITIVE_INFINITY }
    this.final = this.newest
  }

  /** Where the newest log that stands is; block −1 if there is none. */
  get newestPlace(): Place {
    return this.newest
  }

  /** The logs up to here are final; undefined if none are. */
  get finalPlace(): Place | undefined {
    return this.final.block < 0 ? undefined : this.final
  }

  /** The effects of the logs that stand and are not final, in order. */
  get recentEffects(): readonly T[] {
    return [...this.recent.values()].map(({ effect }) => effect)
  }

  /** Begins behind a log, which is final. */
  settle(place: Place, effect: T): void {
    this.recent.clear()
    this.newest = place
    this.final = place
    this.finalEffect = effect
  }

  /** The effect of the newest log that stands; undefined if none does. */
  get newestEffect(): T | undefined {
    return [...this.recent.values()].at(-1)?.effect ?? this.finalEffect
  }

  /** Says whether a log comes after all that stand. */
  isNext({ block, index }: Place): boolean {
    return block > this.newest.block || (block === this.newest.block && index > this.newest.index)
  }

  /** Returns the effect of the log that stands at a place; undefined if none does, or if it is final. */
  effectAt(place: Place): T | undefined {
    return this.recent.get(keyOf(place))?.effect
  }

  /** Adds a log that is next, with its effect. */
  add({ block, index }: Place, effect: T): void {
    this.newest = { block, index }
    this.recent.set(keyOf(this.newest), { block, index, effect })
    for (const [key, place] of this.recent) {
      if (place.block > block - FINAL_AFTER) break
      this.recent.delete(key)
      this.final = place
      this.finalEffect = place.effect
    }
  }

  /** Removes a log. Returns its effect, which is to be undone; undefined if no log that stands and is not final has its place. */
  revert(place: Place): T | undefined {
    const reverted = this.recent.get(keyOf(place))
    if (reverted === undefined) return undefined
    this.recent.delete(keyOf(place))
    this.newest = [...this.recent.values()].at(-1) ?? this.final
    return reverted.effect
  }
}

const keyOf = ({ block, index }: Place): string => `${block}:${index}`
