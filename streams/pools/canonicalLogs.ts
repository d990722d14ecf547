import type { ChainLog } from './chainLog.ts'

/** Logs of blocks this far behind the newest are final: no chain takes them back. Two epochs of Ethereum. */
const FINAL_AFTER = 64

/** Final logs that are kept before they are forgotten together. */
const FORGET_AT = 256

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
  /** The logs that stand: up to `head` they are final, behind it in order of their places. */
  private logs: { readonly place: Place; readonly effect: T }[] = []
  private head = 0

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
    return this.logs.slice(this.head).map(({ effect }) => effect)
  }

  /** Begins behind a log, which is final. */
  settle(place: Place, effect: T): void {
    this.logs = []
    this.head = 0
    this.newest = place
    this.final = place
    this.finalEffect = effect
  }

  /** The effect of the newest log that stands; undefined if none does. */
  get newestEffect(): T | undefined {
    return this.logs.length > this.head ? this.logs.at(-1)!.effect : this.finalEffect
  }

  /** Says whether a log comes after all that stand. */
  isNext({ block, index }: Place): boolean {
    return block > this.newest.block || (block === this.newest.block && index > this.newest.index)
  }

  /** Returns the effect of the log that stands at a place; undefined if none does, or if it is final. */
  effectAt(place: Place): T | undefined {
    return this.logs[this.find(place)]?.effect
  }

  /** Adds a log that is next, with its effect. */
  add({ block, index }: Place, effect: T): void {
    // A place of its own: an effect names the place before it, and must not hold all effects before it.
    this.newest = { block, index }
    this.logs.push({ place: this.newest, effect })
    for (let next = this.logs[this.head]!; next.place.block <= block - FINAL_AFTER; next = this.logs[this.head]!) {
      this.final = next.place
      this.finalEffect = next.effect
      this.head += 1
    }
    if (this.head < FORGET_AT || this.head * 2 < this.logs.length) return
    this.logs.splice(0, this.head)
    this.head = 0
  }

  /** Removes a log. Returns its effect, which is to be undone; undefined if no log that stands and is not final has its place. */
  revert(place: Place): T | undefined {
    const at = this.find(place)
    if (at < 0) return undefined
    const [reverted] = this.logs.splice(at, 1)
    this.newest = this.logs.length > this.head ? this.logs.at(-1)!.place : this.final
    return reverted!.effect
  }

  /** Returns where the log of a place is among those that are not final; −1 if it is not. Most that are asked for are new. */
  private find({ block, index }: Place): number {
    for (let i = this.logs.length - 1; i >= this.head; i--) {
      const { place } = this.logs[i]!
      if (place.block === block && place.index === index) return i
      if (place.block < block) return -1
    }
    return -1
  }
}
