import type { BarState } from '../../../driftwire-client/src/index.ts'
import type { Columns } from './series.ts'

/** Puts a candle in its place, in place: a running one is replaced by each newer state of it. */
export const putCandle = ({ x, y }: Columns, bar: BarState): void => {
  const t = bar.open_t
  if (t === undefined) return
  const last = x.at(-1)
  const values = [bar.o, bar.h, bar.l, bar.c, bar.v]
  const at = last === undefined || t > last ? x.length : x.lastIndexOf(t)
  if (at < 0) return
  x[at] = t
  for (const [k, column] of y.entries()) column[at] = values[k] ?? null
}
