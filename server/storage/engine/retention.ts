import type { ClickHouseClient } from '@clickhouse/client'
import { type Layout, REACHED, SINGLE } from './layout.ts'
import { quoted } from './migrate.ts'
import { MEASURE_TABLE_NAMES, TICKS } from './tables.ts'

/** How long rows are kept, such as `12h` or `30d`, counted from when they were stored. Rows of a kind that is not named are kept for ever. */
export interface Retention {
  readonly ticks?: string | undefined
  /** Rows of portfolios, funds and pools. */
  readonly measures?: string | undefined
}

const TABLES_OF = { ticks: [TICKS.name], measures: MEASURE_TABLE_NAMES } as const
const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 }

/**
 * Makes the tables keep their rows as long as `retention` says, and returns those whose time changed. It counts from the moment
 * a row was stored, so that a replay of old days does not vanish as it is stored. If the time changed, rows past it go at once.
 */
export const retain = async (
  client: ClickHouseClient,
  database: string,
  retention: Retention,
  layout: Layout = SINGLE,
): Promise<string[]> => {
  const answer = await client.query({
    query: `SELECT name, create_table_query AS text FROM ${layout.system('tables')} WHERE database = {database:String} ${REACHED}`,
    query_params: { database },
    format: 'JSONEachRow',
  })
  const present = await answer.json<{ name: string; text: string }>()
  const changed: string[] = []
  for (const kind of ['ticks', 'measures'] as const) {
    const wanted = secondsOf(retention[kind])
    for (const table of TABLES_OF[kind]) {
      const everywhere = present.filter(({ name }) => name === layout.stored(table))
      if (everywhere.every(({ text }) => secondsIn(text) === wanted)) continue
      const ttl = wanted === undefined ? 'REMOVE TTL' : `MODIFY TTL toDateTime(stored) + toIntervalSecond(${wanted})`
      for (const query of layout.statements(`ALTER TABLE ${quoted(database)}.${table} ${ttl}`)) await client.command({ query })
      changed.push(table)
    }
  }
  return changed
}

const secondsOf = (duration: string | undefined): number | undefined => {
  if (duration === undefined) return undefined
  const [, count, unit] = /^(\d+)([smhd])$/.exec(duration) ?? []
  if (unit === undefined) throw new RangeError(`retention: found "${duration}", expected a duration such as "30d"`)
  return Number(count) * SECONDS[unit]!
}

const secondsIn = (createTable: string): number | undefined => {
  const [, seconds] = / TTL toDateTime\(stored\) \+ toIntervalSecond\((\d+)\)/.exec(createTable) ?? []
  return seconds === undefined ? undefined : Number(seconds)
}
