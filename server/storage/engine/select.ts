import { buffer } from 'node:stream/consumers'
import type { Engine } from './engine.ts'
import { RowReader } from './rowBinary.ts'

/** What one answer to a client may cost the engine. */
export const READ_LIMITS = 'SETTINGS max_execution_time = 2, max_memory_usage = 500000000'

/** A bound parameter of ms as a time. */
export const timeOf = (parameter: string): string => `fromUnixTimestamp64Milli({${parameter}:Int64}, 'UTC')`

/**
 * Runs a SELECT and gives its rows in RowBinary. For answers of bounded size: they come whole, and an error that strikes in the
 * middle is an error and no short answer. Values go as `parameters`, never in the text.
 */
export const select = async (engine: Engine, query: string, parameters: Readonly<Record<string, unknown>>): Promise<RowReader> => {
  const { stream } = await engine.client.exec({
    query: `${query} FORMAT RowBinary`,
    query_params: parameters,
    clickhouse_settings: { wait_end_of_query: 1 },
  })
  return new RowReader(await buffer(stream))
}
