/** Figures over an axis, as a chart draws them: columns of one length. What is not known is `null`, and no line goes through it. */
export interface Columns {
  readonly x: number[]
  readonly y: readonly (number | null)[][]
}

/** ms between stored rows above which a line is broken: nothing is known of the time between. */
const GAP_MS = 30_000

const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 21_600, 43_200, 86_400, 172_800, 604_800]

/** Returns the shortest step (ms, a whole number of seconds) that keeps a span (ms) within a number of points. */
export const stepFor = (span: number, points: number): number =>
  1_000 * (STEPS.find(s => s * 1_000 * points >= span) ?? Math.ceil(span / points / 604_800_000) * 604_800)

/** Returns whether nothing is known between two neighbouring rows of this step. */
const isGap = (before: number, after: number, step: number): boolean => after - before > Math.max(GAP_MS, 3 * step)

/** Returns rows with one more in each gap, whose figures are all unknown: the line breaks there. */
export const withGaps = ({ x, y }: Columns, step: number): Columns => {
  const out: { x: number[]; y: (number | null)[][] } = { x: [], y: y.map(() => []) }
  for (const [i, t] of x.entries()) {
    const last = out.x.at(-1)
    if (last !== undefined && isGap(last, t, step)) {
      out.x.push(last + 1)
      for (const column of out.y) column.push(null)
    }
    out.x.push(t)
    for (const [k, column] of out.y.entries()) column.push(y[k]![i] ?? null)
  }
  return out
}

/** Takes a newer row in, in place: within the same step it replaces the last one, after a gap the line breaks. */
export const append = ({ x, y }: Columns, t: number, values: readonly (number | undefined)[], step: number): void => {
  const last = x.at(-1)
  if (last !== undefined && t < last) return
  const put = (at: number, time: number, of: readonly (number | undefined)[]): void => {
    x[at] = time
    for (const [k, column] of y.entries()) column[at] = of[k] ?? null
  }
  // A step has one row, its newest.
  if (last !== undefined && Math.floor(t / step) === Math.floor(last / step)) put(x.length - 1, t, values)
  else {
    if (last !== undefined && isGap(last, t, step)) put(x.length, last + 1, [])
    put(x.length, t, values)
  }
}

/** Drops rows before `from`, in place. */
export const dropBefore = ({ x, y }: Columns, from: number): void => {
  const first = x.findIndex(t => t >= from)
  const n = first < 0 ? x.length : first
  if (n === 0) return
  x.splice(0, n)
  for (const column of y) column.splice(0, n)
}

/** The least, the greatest and the last known figure of a column; undefined if none is known. */
export const extremes = (column: readonly (number | null)[]): { low: number; high: number; last: number } | undefined => {
  let [low, high, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN]
  for (const value of column)
    if (value !== null) {
      low = Math.min(low, value)
      high = Math.max(high, value)
      last = value
    }
  return Number.isNaN(last) ? undefined : { low, high, last }
}

/** Returns the last known figure of a column; undefined if none is known. */
export const lastKnown = (column: readonly (number | null)[]): number | undefined => column.findLast(value => value !== null) ?? undefined
