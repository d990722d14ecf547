import { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { drainStream } from '@clickhouse/client'
import type { Logger } from 'pino'
import { ENTRY_COLUMNS } from '../../journal/auditRows.ts'
import { backOff } from '../../lib/backOffFunction.ts'
import { deferred } from '../../lib/deferred.ts'
import { type Engine, whenOpen } from '../engine/engine.ts'
import { quoted } from '../engine/migrate.ts'

/** Where the entries come from: it keeps them until they are asked for, so that nothing has to be queued here. */
export interface EntrySource {
  readonly id: string
  /** At most `limit` entries after a number, as `entryRows` writes them. */
  rows(after: number, limit: number): Promise<EntryBatch>
}

export interface EntryBatch {
  /** Number of the last; the one they come after where there are none. */
  readonly last: number
  readonly rows: Uint8Array
}

export interface AuditCopyStats {
  /** Number of the newest entry that ClickHouse has. */
  readonly storedTo: number
  readonly retries: number
  readonly lastError: string | undefined
}

/** Entries and bytes after which an insert is full, and entries that are asked for at once: an order may have to wait for these. */
const BATCH = 10_000
const BYTES = 1 << 26
const SLICE = 64
/** From one insert to the next, ms: each costs the engine a part to be merged, however small. */
const PACE_MS = 500
/** After an insert the copy rests so many times as long as that took. It may fall behind; orders must not. */
const REST = 2

/**
 * Copies the journal into ClickHouse: each entry once, however often the engine is away. What ClickHouse has tells where to go
 * on, so a crash anywhere leaves nothing out; and a batch that is tried again bears the same token.
 */
export class AuditCopy {
  private readonly source: EntrySource
  private readonly log: Logger
  private readonly abort = new AbortController()
  private more = deferred<void>()
  private readonly done: Promise<void>
  private stats_: AuditCopyStats = { storedTo: 0, retries: 0, lastError: undefined }

  constructor(engine: Promise<Engine>, source: EntrySource, log: Logger) {
    this.source = source
    this.log = log
    this.done = this.run(engine)
  }

  /** There are new entries. */
  wake(): void {
    this.more.resolve()
  }

  stats(): AuditCopyStats {
    return this.stats_
  }

  /** Ends after the batch on its way; what is left comes with the next start. */
  async close(): Promise<void> {
    this.abort.abort()
    this.more.resolve()
    await this.done
  }

  private async run(opening: Promise<Engine>): Promise<void> {
    const { signal } = this.abort
    const engine = await whenOpen(opening, signal)
    if (engine === undefined) return
    let after: number | undefined
    for (let attempt = 0; !signal.aborted; ) {
      try {
        after ??= await newest(engine, this.source.id)
        const begun = performance.now()
        const { last, slices, more } = await this.batch(after)
        if (last > after) await insert(engine, `${this.source.id}-${after + 1}-${last}`, slices)
        after = last
        attempt = 0
        this.stats_ = { ...this.stats_, storedTo: after, lastError: undefined }
        const took = performance.now() - begun
        await delay(Math.max(PACE_MS - took, took * REST), undefined, { signal }).catch(() => {})
        if (more) continue
        await this.more.promise
        this.more = deferred()
      } catch (error) {
        if (signal.aborted) return
        if (attempt === 0) this.log.warn({ error: (error as Error).message }, 'ClickHouse does not take entries; trying on')
        this.stats_ = { ...this.stats_, retries: this.stats_.retries + 1, lastError: (error as Error).message }
        await delay(backOff(attempt++), undefined, { signal }).catch(() => {})
      }
    }
  }

  /** What comes after a number, as much as goes into one insert; `more`: there is some behind it. */
  private async batch(after: number): Promise<{ last: number; slices: Uint8Array[]; more: boolean }> {
    const slices: Uint8Array[] = []
    let [to, bytes] = [after, 0]
    while (to - after < BATCH && bytes < BYTES) {
      const { last, rows } = await this.source.rows(to, SLICE)
      if (last === to) return { last, slices, more: false }
      slices.push(rows)
      bytes += rows.length
      to = last
    }
    return { last: to, slices, more: true }
  }
}

const newest = async ({ client, database }: Engine, journal: string): Promise<number> => {
  const answer = await client.query({
    query: `SELECT toFloat64(max(seq)) AS seq FROM ${quoted(database)}.entries WHERE journal = {journal:String}`,
    query_params: { journal },
    format: 'JSONEachRow',
  })
  return (await answer.json<{ seq: number }>())[0]?.seq ?? 0
}

/** A batch that is sent again bears the same token. */
const insert = async ({ client, database }: Engine, token: string, slices: readonly Uint8Array[]): Promise<void> => {
  const { stream } = await client.exec({
    query: `INSERT INTO ${quoted(database)}.entries (${ENTRY_COLUMNS}) FORMAT TabSeparated`,
    values: Readable.from(slices, { objectMode: false }),
    clickhouse_settings: {
      async_insert: 0,
      insert_deduplicate: 1,
      insert_deduplication_token: token,
      max_partitions_per_insert_block: '0',
      optimize_on_insert: 0,
      // It has time; the cores have others to serve.
      max_threads: 1,
      input_format_parallel_parsing: 0,
    },
  })
  await drainStream(stream)
}
