/**
 * What a channel's state is made of. There is no null: an unknown value is absent. What changes singly has a key; a list changes as
 * a whole.
 */
export type Json = string | number | boolean | JsonObject | readonly Json[]
export interface JsonObject {
  [key: string]: Json
}

/** A JSON Merge Patch (RFC 7396) of such a state: null removes. */
export type Patch = string | number | boolean | null | PatchObject | readonly Json[]
export interface PatchObject {
  [key: string]: Patch
}

const isObject = (v: unknown): v is Record<string, unknown> => typeof v === 'object' && v !== null && !Array.isArray(v)

/** An object without a prototype: a key such as `__proto__` is a key like any other. */
export const emptyObject = (): JsonObject => Object.create(null)

/** RFC 7396 on prototype-free objects. Changes `state` in place and returns it; where the patch is no object, it replaces. */
export const applyPatch = (state: Json | undefined, patch: Exclude<Patch, null>): Json => {
  if (!isObject(patch)) return patch
  const target = isObject(state) ? (state as JsonObject) : emptyObject()
  for (const key of Object.keys(patch)) {
    const value = patch[key]!
    if (value === null) delete target[key]
    else target[key] = applyPatch(target[key], value)
  }
  return target
}

/** The RFC 8785 (JSON Canonicalization Scheme) form: keys sorted by UTF-16 code unit, numbers as ECMAScript prints them. */
export const canonical = (value: Json): string => {
  if (Array.isArray(value)) return `[${(value as Json[]).map(canonical).join(',')}]`
  if (!isObject(value)) return JSON.stringify(value)
  const members = Object.keys(value)
    .sort()
    .map(key => `${JSON.stringify(key)}:${canonical(value[key]!)}`)
  return `{${members.join(',')}}`
}
