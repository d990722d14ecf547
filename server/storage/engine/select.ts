import { buffer } from 'node:stream/consumers'
import type { Engine } from './engine.ts'
import { RowReader } from './rowBinary.ts'

/** The limits of one answer to a client: 2 s and 500 MB. */
export const READ_LIMITS = 'SETTINGS max_execution_time = 2, max_memory_usage = 500000000'

/** Returns a bound parameter of ms as a time. */
export const timeOf = (parameter: string): string => `fromUnixTimestamp64Milli({${parameter}:Int64}, 'UTC')`

/**
 * Runs a SELECT and returns its rows in RowBinary. For answers of bounded size: they come whole, and an error in the middle is an
 * error and not a short answer. Values go as `parameters`, never in the text.
 */
export const select = async (engine: Engine, query: string, parameters: Readonly<Record<string, unknown>>): Promise<RowReader> => {
  const { stream } = await engine.client.exec({
    query: `${query} FORMAT RowBinary`,
    query_params: parameters,
    clickhouse_settings: { wait_end_of_query: 1 },
  })
  return new RowReader(await buffer(stream))
}
