import { ProtocolError } from '../../../streams/wire/errors.ts'
import { emptyObject, type JsonObject } from '../../../streams/wire/mergePatch.ts'
import { keysOf, setAt, valueAt } from '../../../streams/wire/statePath.ts'
import type { Engine } from '../engine/engine.ts'
import { readCursor, writeCursor } from './cursor.ts'
import type { Known } from './fields.ts'
import type { HistoryPage } from './page.ts'
import type { PageQuery } from './query.ts'
import { type Computed, computedOf } from './selection.ts'

/** Rows that are read at once, and ms after which a page ends. */
const PIECE = 20_000
const PAGE_MS = 1500

/**
 * Returns the reader of one page of steps that are put together here, from rows that ClickHouse does not have as such: candles of several
 * sources, hours of portfolios. `read` reads a page of those rows; a step shows `names` of them.
 */
export const folded = (
  read: (query: PageQuery) => (engine: Engine) => Promise<HistoryPage>,
  query: PageQuery,
  { time }: Known,
  step: number,
  names: readonly string[],
): ((engine: Engine) => Promise<HistoryPage>) => {
  const { limit, agg, step: _, cursor: begin, ...rest } = query
  const [from = query.from] = (readCursor(begin, 'number') ?? []) as [number?]
  return async engine => {
    const late = performance.now() + PAGE_MS
    const steps: JsonObject[] = []
    let group: JsonObject[] = []
    let cursor: string | undefined
    const numberOf = (row: JsonObject): number => Math.floor((row[time] as number) / step)
    const next = (): string => writeCursor(numberOf(group[0]!) * step)
    const end = (): void => {
      if (group.length > 0) steps.push(stepOf(group, agg === undefined ? undefined : computedOf(agg), time, step, names))
      group = []
    }
    do {
      const page = await read({ ...rest, from, limit: PIECE, ...(cursor !== undefined && { cursor }) })(engine)
      for (const row of page.rows) {
        if (group.length > 0 && numberOf(group[0]!) !== numberOf(row)) end()
        group.push(row)
        if (steps.length === limit) return { rows: steps, next: next() }
      }
      cursor = page.next
      if (cursor !== undefined && performance.now() > late) {
        if (steps.length === 0) throw new ProtocolError('too_much', 'a step has too many rows: ask for a smaller one')
        return { rows: steps, next: group.length > 0 ? next() : cursor }
      }
    } while (cursor !== undefined)
    end()
    return { rows: steps }
  }
}

/** Puts the rows of one step together: the first of them, or of each member the average, the least or the greatest. */
const stepOf = (
  rows: readonly JsonObject[],
  agg: Computed | undefined,
  time: Known['time'],
  step: number,
  names: readonly string[],
): JsonObject => {
  const last = rows.at(-1)!
  const t = time === 'open_t' ? Math.floor((last.open_t as number) / step) * step : (last.t as number)
  if (agg === undefined) return { ...rows[0]!, ...(time === 'open_t' && { open_t: t }) }
  const state = emptyObject()
  state[time] = t
  for (const name of names) {
    const values = rows.map(row => valueAt(row, name)).filter(value => typeof value === 'number')
    if (values.length === 0) continue
    setAt(state, keysOf(rows.find(row => valueAt(row, name) !== undefined)!, name)!, AGGREGATES[agg](values))
  }
  return state
}

const AGGREGATES: { readonly [A in Computed]: (values: readonly number[]) => number } = {
  avg: values => values.reduce((sum, value) => sum + value, 0) / values.length,
  min: values => values.reduce((least, value) => Math.min(least, value)),
  max: values => values.reduce((most, value) => Math.max(most, value)),
}
