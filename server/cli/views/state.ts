import type { Json, JsonObject } from '../../../streams/wire/mergePatch.ts'
import { shown } from '../terminal/figures.ts'
import type { Paint } from '../terminal/style.ts'

/** What a view may use of the terminal. */
export interface Space {
  /** Columns. */
  readonly width: number
  readonly paint: Paint
}

/** Returns a member of a state by its path, such as `inav.mid`. */
export const memberOf = (state: JsonObject, path: string): Json | undefined => {
  let value: Json | undefined = state
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
    value = (value as JsonObject)[name]
  }
  return value
}

/** Returns a member that is an object; an empty one if it is absent. */
export const objectAt = (state: JsonObject, path: string): JsonObject => {
  const value = memberOf(state, path)
  return typeof value === 'object' && value !== null ? (value as JsonObject) : {}
}

/** Returns a figure as `write` writes it; a dash if it is absent. */
export const figureAt = (state: JsonObject, path: string, write: (value: number) => string): string => shown(write, memberOf(state, path))

/** Returns a text; undefined if it is absent. */
export const textAt = (state: JsonObject, path: string): string | undefined => {
  const value = memberOf(state, path)
  return value === undefined || typeof value === 'object' ? undefined : String(value)
}

/** Returns the leaves of a state by their paths. */
export const leavesOf = function* (value: JsonObject, prefix = ''): Iterable<readonly [path: string, value: string | number | boolean]> {
  for (const [name, member] of Object.entries(value)) {
    if (typeof member !== 'object' || member === null) yield [prefix + name, member as string | number | boolean]
    else yield* leavesOf(member as JsonObject, `${prefix}${name}.`)
  }
}

/** Returns a gain in green or a loss in red; its sign says the same without colours. */
export const bySign = (paint: Paint, value: unknown, text: string): string =>
  typeof value !== 'number' || value === 0 ? text : paint(value > 0 ? 'green' : 'red', text)

/** Returns a change with its sign. */
export const signed =
  (write: (value: number) => string) =>
  (value: number): string => {
    const text = write(value)
    return value > 0 && /[1-9]/.test(text) ? `+${text}` : text
  }
