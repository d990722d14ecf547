import { canonical, type Json, type JsonObject, type PatchObject } from '../../../streams/wire/mergePatch.ts'
import { Projection } from '../../../streams/wire/projection.ts'
import { valueAt } from '../../../streams/wire/statePath.ts'

/** When a subscriber is pushed a channel's changes: when the figure at this path has changed by more than this share of itself. */
export interface When {
  readonly field: string
  readonly change: number
}

/** Watches one figure of a channel: whether it is far enough from what it was at the last push. */
export class Condition {
  private readonly when: When
  private readonly figure: Projection
  private state: JsonObject
  private last: Json | undefined

  /** `state` is the channel's own, whole, as of the push that this begins with. */
  constructor(when: When, state: JsonObject) {
    this.when = when
    this.figure = new Projection([when.field])
    this.state = this.figure.of(state)
    this.last = this.value
  }

  /** Takes in a merge patch of the channel. Returns whether its changes are to be pushed. */
  accept(patch: PatchObject): boolean {
    this.state = this.figure.step(this.state, patch)?.state ?? this.state
    return isBeyond(this.last, this.value, this.when.change)
  }

  /** The changes up to here were pushed. */
  pushed(): void {
    this.last = this.value
  }

  private get value(): Json | undefined {
    return valueAt(this.state, this.when.field)
  }
}

/** Returns whether a figure has changed by more than a share of what it was. What is no number, or was or is unknown, need only be another. */
export const isBeyond = (last: Json | undefined, now: Json | undefined, share: number): boolean => {
  if (last === now) return false
  if (last === undefined || now === undefined) return true
  const [from, to] = [numberOf(last), numberOf(now)]
  return Number.isNaN(from) || Number.isNaN(to) ? canonical(last) !== canonical(now) : Math.abs(to - from) > share * Math.abs(from)
}

/** Amounts that somebody owns are decimal strings. */
const numberOf = (value: Json): number =>
  typeof value === 'number' ? value : typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : Number.NaN
