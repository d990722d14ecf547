/**
 * A value in a channel's state. There is no null: an unknown value is absent. Values that change one by one are members of an object; a
 * list changes as a whole.
 */
export type Json = string | number | boolean | JsonObject | readonly Json[]

/** An object in a channel's state; the whole state is one. */
export interface JsonObject {
  [key: string]: Json
}

/** A value in a JSON Merge Patch (RFC 7396) of a state: null removes. */
export type Patch = string | number | boolean | null | PatchObject | readonly Json[]

/** An object in a patch: the members that change. */
export interface PatchObject {
  [key: string]: Patch
}

const isObject = (v: unknown): v is Record<string, unknown> => typeof v === 'object' && v !== null && !Array.isArray(v)

/** Returns an object without a prototype: in it a key such as `__proto__` is a key like any other. */
export const emptyObject = (): JsonObject => Object.create(null)

/** Sets a member. An assignment to `__proto__` would set the prototype instead. */
const put = (object: JsonObject, key: string, value: Json): void => {
  if (key === '__proto__') Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true })
  else object[key] = value
}

/**
 * Returns what a patch makes of a state, as RFC 7396 says. The state stays what it was: the result has new objects where something changed
 * and shares all others with it, and is the state itself if nothing changed.
 */
export const applyPatch = (state: Json | undefined, patch: Exclude<Patch, null>): Json => {
  if (!isObject(patch)) return patch
  const from = isObject(state) ? (state as JsonObject) : undefined
  let next: JsonObject | undefined = from === undefined ? {} : undefined
  for (const key of Object.keys(patch)) {
    const value = patch[key]!
    const before = from !== undefined && Object.hasOwn(from, key) ? from[key] : undefined
    if (value === null) {
      if (before === undefined) continue
      next ??= { ...from }
      delete next[key]
    } else {
      const after = applyPatch(before, value)
      if (after === before) continue
      next ??= { ...from }
      put(next, key, after)
    }
  }
  return next ?? from!
}

/** Returns the merge patch from one state to another, in time of what they do not share; it has no member if they are equal. */
export const patchBetween = (before: JsonObject, after: JsonObject): PatchObject => {
  const patch: PatchObject = Object.create(null)
  for (const key of Object.keys(before)) if (!Object.hasOwn(after, key)) patch[key] = null
  for (const key of Object.keys(after)) {
    const [had, has] = [Object.hasOwn(before, key) ? before[key] : undefined, after[key]!]
    if (had === has) continue
    if (isObject(had) && isObject(has)) {
      const within = patchBetween(had as JsonObject, has as JsonObject)
      if (Object.keys(within).length > 0) patch[key] = within
    } else if (!(Array.isArray(had) && Array.isArray(has) && canonical(had) === canonical(has))) patch[key] = has
  }
  return patch
}

/**
 * Returns a merge patch with the values that a state has in place of its own: what is changed by the one is set to what it is in the other.
 * Undefined if that cannot be said in a merge patch.
 */
export const restated = (patch: PatchObject, state: JsonObject): PatchObject | undefined => {
  const changes: PatchObject = Object.create(null)
  for (const [key, change] of Object.entries(patch)) {
    const member = Object.hasOwn(state, key) ? state[key] : undefined
    if (!isObject(member)) changes[key] = member ?? null
    else {
      const within = isObject(change) ? restated(change as PatchObject, member as JsonObject) : undefined
      if (within === undefined) return undefined
      changes[key] = within
    }
  }
  return changes
}

/**
 * Returns the merge patch that does what two do, one after the other. Undefined if that cannot be said: the first removes what may have
 * been an object, and the second makes an object of it.
 */
export const composed = (first: PatchObject, second: PatchObject): PatchObject | undefined => {
  const patch: PatchObject = Object.assign(Object.create(null), first)
  for (const key of Object.keys(second)) {
    const [before, value] = [Object.hasOwn(first, key) ? first[key] : undefined, second[key]!]
    if (!isObject(value) || before === undefined) patch[key] = value
    else {
      const within = isObject(before) ? composed(before as PatchObject, value as PatchObject) : undefined
      if (within === undefined) return undefined
      patch[key] = within
    }
  }
  return patch
}

/** Writes the RFC 8785 form (JSON Canonicalization Scheme): keys sorted by UTF-16 code unit, numbers as ECMAScript prints them. */
export const canonical = (value: Json): string => {
  if (Array.isArray(value)) return `[${(value as Json[]).map(canonical).join(',')}]`
  if (!isObject(value)) return JSON.stringify(value)
  const members = Object.keys(value)
    .sort()
    .map(key => `${JSON.stringify(key)}:${canonical(value[key]!)}`)
  return `{${members.join(',')}}`
}
