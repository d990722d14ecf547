import { emptyObject, type Json, type JsonObject, type Patch, type PatchObject } from '../../../streams/wire/mergePatch.ts'

/** When a member last changed, and its members if it is or was an object. */
interface Mark {
  at: number
  /** When it was removed, or became something else than an object, before the copy began: which members it had is not known. */
  emptied: number
  readonly under: Marks
}
type Marks = Map<string, Mark>

/** Members that are gone and remembered beyond the number of those that are there, before the older half is forgotten. */
const GONE_MAX = 1024

const NEVER = Number.NEGATIVE_INFINITY

const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * The copy of a channel's state, made of a snapshot and of patches. Each member knows the number at which it last changed, as in the
 * core's own state: so any client's merged patch can be made of it. Patches are applied in place.
 */
export class CopiedState {
  /** The number of the newest patch. */
  seq: number
  /** Below this number `since` returns nothing. */
  floor: number
  readonly state: JsonObject
  private readonly marks: Marks = new Map()

  /** Begins with a snapshot and its number. It takes the object over. */
  constructor(state: JsonObject, seq: number) {
    this.state = state
    this.seq = seq
    this.floor = seq
  }

  /**
   * Learns when members changed that the snapshot already has, from the patches that led to it: the first of them changed the state of
   * number `from`. Later ones may not be left out.
   */
  learn(from: number, patches: readonly { readonly seq: number; readonly d: PatchObject }[]): void {
    this.floor = from
    for (const { seq, d } of patches) this.note(this.state, this.marks, d, seq)
  }

  /** Applies the next patch. */
  apply(d: PatchObject, seq: number): void {
    this.seq = seq
    this.merge(this.state, this.marks, d)
  }

  /** Becomes what a newer snapshot says. */
  become(state: JsonObject, seq: number): void {
    this.seq = seq
    this.replace(this.state, this.marks, state)
  }

  /** Returns the merge patch from the state of that number to the present one; undefined if that is too long ago, or yet to come. */
  since(seq: number): PatchObject | undefined {
    return seq < this.floor || seq > this.seq ? undefined : changes(this.state, this.marks, seq)
  }

  private mark(marks: Marks, key: string, seq = this.seq): Mark {
    const known = marks.get(key)
    if (known) {
      known.at = seq
      return known
    }
    const mark = { at: seq, emptied: NEVER, under: new Map() }
    marks.set(key, mark)
    return mark
  }

  private merge(state: JsonObject, marks: Marks, d: PatchObject): void {
    for (const key of Object.keys(d)) {
      const value = d[key]!
      const mark = this.mark(marks, key)
      if (isObject(value)) this.merge(this.objectAt(state, key, mark), mark.under, value as PatchObject)
      else this.put(state, mark, key, value as Exclude<Patch, PatchObject>)
    }
    this.forget(state, marks)
  }

  /** Returns whether something changed. */
  private replace(state: JsonObject, marks: Marks, next: JsonObject): boolean {
    let changed = false
    const change = (key: string, value: Exclude<Patch, PatchObject>): void => {
      this.put(state, this.mark(marks, key), key, value)
      changed = true
    }
    for (const key of Object.keys(state)) if (!Object.hasOwn(next, key)) change(key, null)
    for (const key of Object.keys(next)) {
      const value = next[key]!
      const now = Object.hasOwn(state, key) ? state[key] : undefined
      if (isObject(value)) {
        const mark = this.mark(marks, key, marks.get(key)?.at ?? NEVER)
        const within = this.replace(this.objectAt(state, key, mark), mark.under, value)
        if (!within && isObject(now)) continue
        mark.at = this.seq
        changed = true
      } else if (!equal(now, value)) change(key, value as Exclude<Json, JsonObject>)
    }
    this.forget(state, marks)
    return changed
  }

  private objectAt(state: JsonObject, key: string, { emptied }: Mark): JsonObject {
    const known = Object.hasOwn(state, key) ? state[key] : undefined
    if (isObject(known)) return known
    this.floor = Math.max(this.floor, emptied)
    const made = emptyObject()
    define(state, key, made)
    return made
  }

  /** Sets a value that is no object, or removes it. Whatever lay below it is gone. */
  private put(state: JsonObject, { under }: Mark, key: string, value: Exclude<Patch, PatchObject>): void {
    const before = Object.hasOwn(state, key) ? state[key] : undefined
    if (isObject(before)) for (const member of Object.keys(before)) this.put(before, this.mark(under, member), member, null)
    if (value === null) delete state[key]
    else define(state, key, value)
  }

  /** Notes that a patch of the past changed these members. */
  private note(state: JsonObject | undefined, marks: Marks, d: PatchObject, seq: number): void {
    for (const key of Object.keys(d)) {
      const [value, now] = [d[key]!, state && Object.hasOwn(state, key) ? state[key] : undefined]
      const mark = this.mark(marks, key, seq)
      if (isObject(value)) this.note(isObject(now) ? now : undefined, mark.under, value as PatchObject, seq)
      else {
        mark.emptied = seq
        if (isObject(now)) this.floor = seq
      }
    }
  }

  /** Forgets the older half of the members that are gone, if they are many: no patch can be made from before them any more. */
  private forget(state: JsonObject, marks: Marks): void {
    if (marks.size <= GONE_MAX) return
    const gone = [...marks].filter(([key]) => !Object.hasOwn(state, key))
    if (gone.length <= GONE_MAX || gone.length <= marks.size / 2) return
    gone.sort(([, a], [, b]) => a.at - b.at)
    for (const [key, { at }] of gone.slice(0, gone.length >> 1)) {
      marks.delete(key)
      this.floor = Math.max(this.floor, at)
    }
  }
}

const changes = (state: JsonObject, marks: Marks, seq: number): PatchObject => {
  const patch: PatchObject = Object.create(null)
  for (const [key, { at, under }] of marks) {
    if (at <= seq) continue
    const value: Json | undefined = Object.hasOwn(state, key) ? state[key] : undefined
    patch[key] = value === undefined ? null : isObject(value) ? changes(value, under, seq) : value
  }
  return patch
}

const define = (object: JsonObject, key: string, value: Json): void => {
  if (key === '__proto__') Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true })
  else object[key] = value
}

/** Lists are compared by their text. */
const equal = (a: Json | undefined, b: Json): boolean =>
  a === b || (Array.isArray(a) && Array.isArray(b) && JSON.stringify(a) === JSON.stringify(b))
