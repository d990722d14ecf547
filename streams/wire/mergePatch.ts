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

/** Writes the RFC 8785 form (JSON Canonicalization Scheme): keys sorted by UTF-16 code unit, numbers as ECMAScript prints them. */
export const canonical = (value: Json): string => {
  if (Array.isArray(value)) return `[${(value as Json[]).map(canonical).join(',')}]`
  if (!isObject(value)) return JSON.stringify(value)
  const members = Object.keys(value)
    .sort()
    .map(key => `${JSON.stringify(key)}:${canonical(value[key]!)}`)
  return `{${members.join(',')}}`
}
