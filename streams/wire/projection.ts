import { applyPatch, emptyObject, type Json, type JsonObject, type Patch, type PatchObject } from './mergePatch.ts'

const isObject = (value: unknown): value is Record<string, never> => typeof value === 'object' && value !== null && !Array.isArray(value)

/** What becomes of a projection: its next state, and the merge patch that leads there. */
export interface Step {
  readonly state: JsonObject
  readonly patch: PatchObject
}

/** Levels below a member that are kept at hand: a map may have very many keys. */
const BELOW_MAX = 256

/**
 * Some members of states, by their paths: `nav`, `inav.mid`, `weights`. A projected state has those of them that the state has, whole, and
 * of the objects that lead to them nothing else; an object in which none is left is absent. A key may hold dots itself.
 */
export class Projection {
  private readonly whole = new Set<string>()
  /** Paths that lead further down, by what stands before their first dot. */
  private readonly byHead = new Map<string, string[]>()
  private readonly below = new Map<string, Projection | undefined>()

  constructor(paths: readonly string[]) {
    for (const path of paths) {
      this.whole.add(path)
      const dot = path.indexOf('.')
      if (dot < 0) continue
      const head = path.slice(0, dot)
      const others = this.byHead.get(head)
      if (others) others.push(path)
      else this.byHead.set(head, [path])
    }
  }

  /** Returns the projection of a state. */
  of(state: JsonObject): JsonObject {
    const projected = emptyObject()
    for (const [key, value] of Object.entries(state)) {
      if (this.whole.has(key)) {
        projected[key] = value
        continue
      }
      const within = isObject(value) ? this.under(key)?.of(value) : undefined
      if (within !== undefined && Object.keys(within).length > 0) projected[key] = within
    }
    return projected
  }

  /** Returns what a merge patch of the state makes of its projection; undefined if nothing of it changes. */
  step(before: JsonObject, patch: PatchObject): Step | undefined {
    const state: JsonObject = Object.assign(emptyObject(), before)
    const changes: PatchObject = Object.create(null)
    for (const [key, change] of Object.entries(patch)) {
      const had = before[key]
      const [next, changed] = this.whole.has(key) ? stepWhole(had, change) : this.stepWithin(key, had, change)
      if (changed === undefined) continue
      changes[key] = changed
      if (next === undefined) delete state[key]
      else state[key] = next
    }
    return Object.keys(changes).length > 0 ? { state, patch: changes } : undefined
  }

  /**
   * Returns the merge patch to the projection `now` from that of an older state, out of the merge patch between the states. It may say again
   * what was so before.
   */
  restrict(patch: PatchObject, now: JsonObject): PatchObject {
    const changes: PatchObject = Object.create(null)
    for (const [key, change] of Object.entries(patch)) {
      if (this.whole.has(key)) changes[key] = change
      else {
        const within = this.under(key)
        if (within === undefined) continue
        const member = now[key]
        if (!isObject(change) || member === undefined) changes[key] = null
        else changes[key] = within.restrict(change, member as JsonObject)
      }
    }
    return changes
  }

  /** A member of which only some is wanted. */
  private stepWithin(key: string, had: Json | undefined, change: Patch): Stepped {
    const within = this.under(key)
    if (within === undefined) return UNCHANGED
    if (!isObject(change)) return had === undefined ? UNCHANGED : REMOVED
    const step = within.step((had as JsonObject | undefined) ?? emptyObject(), change)
    if (step === undefined) return UNCHANGED
    if (Object.keys(step.state).length === 0) return had === undefined ? UNCHANGED : REMOVED
    return [step.state, step.patch]
  }

  /** The paths below a member; undefined if there are none. */
  private under(key: string): Projection | undefined {
    if (this.byHead.size === 0) return undefined
    if (this.below.has(key)) return this.below.get(key)
    const dot = key.indexOf('.')
    const paths = this.byHead.get(dot < 0 ? key : key.slice(0, dot))?.filter(path => path.startsWith(`${key}.`)) ?? []
    const within = paths.length === 0 ? undefined : new Projection(paths.map(path => path.slice(key.length + 1)))
    if (this.below.size === BELOW_MAX) this.below.clear()
    this.below.set(key, within)
    return within
  }
}

/** A member after a change, and what of the patch concerns it; neither if nothing does. */
type Stepped = readonly [next: Json | undefined, change: Patch | undefined]
const UNCHANGED: Stepped = [undefined, undefined]
const REMOVED: Stepped = [undefined, null]

/** A member that is wanted whole. */
const stepWhole = (had: Json | undefined, change: Patch): Stepped => {
  if (change === null) return had === undefined ? UNCHANGED : REMOVED
  return [applyPatch(had, change), change]
}
