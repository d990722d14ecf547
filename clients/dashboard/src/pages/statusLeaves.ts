/** A figure of `status`, by its path within its part. */
export interface Leaf {
  readonly path: string
  readonly value: number | string | boolean
}

/** Returns the figures of a part, in order. */
export const leavesOf = (part: unknown, before = ''): Leaf[] => {
  if (typeof part !== 'object' || part === null) return []
  return Object.entries(part).flatMap(([key, value]) =>
    typeof value === 'object' ? leavesOf(value, `${before}${key}.`) : { path: before + key, value: value as Leaf['value'] },
  )
}
