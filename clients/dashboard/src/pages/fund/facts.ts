import type { Columns } from '../../charts/series.ts'

/** A month's returns, as fractions. */
export interface MonthReturn {
  /** The month's first moment, ms. */
  readonly start: number
  /** The first row that counts in it. */
  readonly from: number
  /** It does not cover the whole month. */
  readonly partial: boolean
  readonly fund: number | undefined
  readonly index: number | undefined
  readonly difference: number | undefined
}

/** What a fact sheet says. */
export interface Facts {
  readonly from: number
  readonly to: number
  readonly fund: number | undefined
  readonly index: number | undefined
  readonly difference: number | undefined
  /** The newest first. */
  readonly months: readonly MonthReturn[]
}

const monthStart = (t: number): number => {
  const at = new Date(t)
  return Date.UTC(at.getUTCFullYear(), at.getUTCMonth())
}

const growth = (first: number | null | undefined, last: number | null | undefined): number | undefined =>
  first && last !== null && last !== undefined ? last / first - 1 : undefined

const less = (a: number | undefined, b: number | undefined): number | undefined => (a === undefined || b === undefined ? undefined : a - b)

/** Computes returns of a fund (`y[0]`, NAV) and of its index without costs (`y[1]`, level) from the first row of all and the last row of each day. */
export const factsOf = ({ x, y }: Columns): Facts | undefined => {
  const [nav, level] = [y[0]!, y[1]!]
  const rows = x.map((t, i) => ({ t, nav: nav[i], level: level[i] })).filter(row => typeof row.nav === 'number')
  const [first, last] = [rows[0], rows.at(-1)]
  if (!first || !last) return undefined
  const between = (a: typeof first, b: typeof first) => {
    // Of one moment alone there is no return.
    if (a.t === b.t) return { fund: undefined, index: undefined, difference: undefined }
    const fund = growth(a.nav, b.nav)
    const index = growth(a.level, b.level)
    return { fund, index, difference: less(fund, index) }
  }
  const months: MonthReturn[] = []
  for (const [i, row] of rows.entries()) {
    const start = monthStart(row.t)
    if (months.at(-1)?.start === start) continue
    // A month is measured from the last row of the month before, if there is one.
    const base = rows[i - 1] ?? row
    const end = rows.findLast(({ t }) => monthStart(t) === start)!
    months.push({ start, from: base.t, partial: rows[i - 1] === undefined, ...between(base, end) })
  }
  return { from: first.t, to: last.t, ...between(first, last), months: months.reverse() }
}
