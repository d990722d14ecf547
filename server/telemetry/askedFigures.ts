import type { AlertRule } from '../../streams/alerts/rule.ts'
import type { Figures } from '../lib/figures.ts'

/** Returns the paths of the figures of `status` that rules look at. */
export const askedPaths = (rules: readonly AlertRule[]): string[] => [
  ...new Set(
    rules.flatMap(({ channel, figure, only, against }) => [
      ...(channel === 'status' ? [figure, ...(only ? [only.figure] : [])] : []),
      ...(against?.channel === 'status' ? [against.figure] : []),
    ]),
  ),
]

/** Returns those of the figures that are known, by their paths: `parts.sink.state`. */
export const figuresAt = (figures: Figures, paths: readonly string[]): Record<string, number | string | boolean> => {
  const found: Record<string, number | string | boolean> = {}
  for (const path of paths) {
    const value = memberAt(figures, path)
    if (typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value)) found[path] = value as number | string | boolean
  }
  return found
}

/** Returns the member at a path; keys may have dots themselves. */
const memberAt = (of: unknown, path: string): unknown => {
  if (typeof of !== 'object' || of === null) return undefined
  const members = of as Readonly<Record<string, unknown>>
  if (Object.hasOwn(members, path)) return members[path]
  for (let dot = path.indexOf('.'); dot > 0; dot = path.indexOf('.', dot + 1)) {
    const found = memberAt(members[path.slice(0, dot)], path.slice(dot + 1))
    if (found !== undefined) return found
  }
  return undefined
}
