import { emptyObject, type Json, type JsonObject } from './mergePatch.ts'

/**
 * Returns the keys that lead to a member of a state: `inav.mid` → `['inav', 'mid']`; undefined if the state has no such member. A key may
 * hold dots itself, as names of assets do, so the state says where a key ends.
 */
export const keysOf = (state: JsonObject, path: string): string[] | undefined => {
  if (Object.hasOwn(state, path)) return [path]
  for (let dot = path.indexOf('.'); dot >= 0; dot = path.indexOf('.', dot + 1)) {
    const key = path.slice(0, dot)
    const branch = Object.hasOwn(state, key) ? state[key] : undefined
    if (typeof branch !== 'object') continue
    const rest = keysOf(branch as JsonObject, path.slice(dot + 1))
    if (rest) return [key, ...rest]
  }
  return undefined
}

/** Returns the value at a path of a state; undefined if there is none. */
export const valueAt = (state: JsonObject, path: string): Json | undefined =>
  keysOf(state, path)?.reduce<Json | undefined>((value, key) => (value as JsonObject)[key], state)

/** Sets a member of a state, and makes the objects that lead to it. */
export const setAt = (state: JsonObject, keys: readonly string[], value: Json): void => {
  let object = state
  for (const key of keys.slice(0, -1)) {
    object[key] ??= emptyObject()
    object = object[key] as JsonObject
  }
  object[keys.at(-1)!] = value
}

/** Returns a state that holds of another only the members at these paths, as far as it has them. */
export const projected = (state: JsonObject, paths: readonly string[]): JsonObject => {
  const chosen = emptyObject()
  for (const path of paths) {
    const keys = keysOf(state, path)
    if (keys) setAt(chosen, keys, valueAt(state, path)!)
  }
  return chosen
}

/** Calls `take` with the path and the value of each member that is no object, in order. */
export const eachLeaf = (state: JsonObject, take: (path: string, value: string | number | boolean) => void, prefix = ''): void => {
  for (const [key, member] of Object.entries(state)) {
    if (typeof member !== 'object') take(prefix + key, member)
    else eachLeaf(member as JsonObject, take, `${prefix}${key}.`)
  }
}
