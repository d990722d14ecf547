import type { BacktestReport } from '../wire/answers/funds.ts'
import type { Backtest } from './backtest.ts'
import type { FundSpec } from './spec.ts'

/** Points of a series that are given out. */
const POINTS = 1_000

/** Returns by how much a column has grown from its first figure to its last, as a fraction. */
export const growth = (column: readonly number[]): number => column.at(-1)! / column[0]! - 1

/** Returns what is given out of a backtest: its sums, a thousand points, and the first `most` rebalances. */
export const backtestReport = (
  { id, quote }: Pick<FundSpec, 'id' | 'quote'>,
  { t, nav, level, held, rebalances, ...sums }: Backtest,
  most = Number.POSITIVE_INFINITY,
): BacktestReport => {
  const every = Math.ceil(t.length / POINTS)
  const points = t.flatMap((at, i) =>
    i % every === 0 || i === t.length - 1 ? [{ t: at, nav: nav[i]!, level: level[i]!, held: held[i]! }] : [],
  )
  return {
    fund: id,
    quote,
    from: t[0]!,
    to: t.at(-1)!,
    moments: t.length,
    nav: nav.at(-1)!,
    level: level.at(-1)!,
    held: held.at(-1)!,
    navReturn: growth(nav),
    levelReturn: growth(level),
    heldReturn: growth(held),
    ...sums,
    rebalances: rebalances.slice(0, most),
    ...(rebalances.length > most && { moreRebalances: rebalances.length - most }),
    points,
  }
}
