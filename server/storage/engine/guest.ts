import { buffer } from 'node:stream/consumers'
import { ClickHouseLogLevel, type ClickHouseSettings, createClient } from '@clickhouse/client'

/** Runs statements of others. They can only read, within GUEST_SETTINGS, which no statement can change. */
export interface Guest {
  /** Runs one statement and returns the whole answer in a format of ClickHouse. Rejects with the engine's error, whose `code` is ClickHouse's. */
  run(statement: string, format: string): Promise<Buffer>
  close(): Promise<void>
}

/** Rows and bytes of an answer, and seconds that it may take. */
export const GUEST_LIMITS = { rows: 100_000, bytes: 64 * 1024 * 1024, seconds: 10, memory: 400_000_000 } as const

/** Statements that run at once. */
export const GUESTS = 2

/**
 * The settings of a guest's statements. `readonly = 1` forbids everything but reading: no change of data or settings, and no table function
 * that reaches a file, an address or another server. A statement has one thread, so that it leaves the others to those who write and read
 * history, and may not spill to the disk.
 */
export const GUEST_SETTINGS: Readonly<Record<string, string>> = {
  session_timezone: 'UTC',
  max_execution_time: String(GUEST_LIMITS.seconds),
  timeout_overflow_mode: 'throw',
  max_result_rows: String(GUEST_LIMITS.rows),
  max_result_bytes: String(GUEST_LIMITS.bytes),
  result_overflow_mode: 'throw',
  max_memory_usage: String(GUEST_LIMITS.memory),
  max_bytes_before_external_group_by: '0',
  max_bytes_before_external_sort: '0',
  max_bytes_ratio_before_external_group_by: '0',
  max_bytes_ratio_before_external_sort: '0',
  max_threads: '1',
  output_format_json_quote_64bit_integers: '0',
  output_format_json_quote_decimals: '1',
  readonly: '1',
}

/** Returns a guest of a ClickHouse server, with more settings of it. */
export const serverGuest = (url: string, database: string, settings: ClickHouseSettings = {}): Guest => {
  const client = createClient({
    url,
    database,
    request_timeout: (GUEST_LIMITS.seconds + 5) * 1_000,
    clickhouse_settings: { ...settings, ...GUEST_SETTINGS, wait_end_of_query: 1, cancel_http_readonly_queries_on_client_close: 1 },
    log: { level: ClickHouseLogLevel.OFF },
  })
  return {
    async run(statement, format) {
      const { stream } = await client.exec({ query: statement, clickhouse_settings: { default_format: format } as Record<string, string> })
      return buffer(stream)
    },
    close: () => client.close(),
  }
}
