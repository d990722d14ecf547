import { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { drainStream } from '@clickhouse/client'
import type { Logger } from 'pino'
import { ENTRY_COLUMNS, type EntryBatch } from '../../journal/auditRows.ts'
import { deferred } from '../../lib/deferred.ts'
import { retrying } from '../../lib/retrying.ts'
import { type Engine, whenOpen } from '../engine/engine.ts'
import { quoted } from '../engine/migrate.ts'

/** The journal that is copied. It keeps the entries until they are asked for, so nothing is queued here. */
export interface EntrySource {
  readonly id: string
  /** Returns at most `limit` entries after a number. */
  rows(after: number, limit: number): Promise<EntryBatch>
}

/** How far the copy has come. */
export interface AuditCopyStats {
  /** Number of the newest entry that ClickHouse has. */
  readonly storedTo: number
  readonly retries: number
  /** Why the newest batch is not stored; undefined if it is. */
  readonly lastError: string | undefined
}

/** Entries and bytes after which an insert is full. */
const BATCH = 10_000
const BYTES = 1 << 26
/** Entries that are asked for at once: an order may have to wait for these. */
const SLICE = 64
/** ms from one insert to the next: each costs the engine a part to be merged, however small. */
const PACE_MS = 500
/** The copy rests this many times as long as an insert took. It may fall behind; orders must not. */
const REST = 2

/**
 * Copies the journal into ClickHouse: each entry once, however often the engine is away. It goes on after the newest entry that
 * ClickHouse has, so a crash anywhere leaves nothing out. A batch that is sent again has the same token.
 */
export class AuditCopy {
  private readonly source: EntrySource
  private readonly log: Logger
  private readonly abort = new AbortController()
  private more = deferred<void>()
  private readonly done: Promise<void>
  /** Number of the newest entry that ClickHouse has; undefined until it has been asked. */
  private after: number | undefined
  private stats_: AuditCopyStats = { storedTo: 0, retries: 0, lastError: undefined }

  constructor(engine: Promise<Engine>, source: EntrySource, log: Logger) {
    this.source = source
    this.log = log
    this.done = this.run(engine)
  }

  /** Says that there are new entries. */
  wake(): void {
    this.more.resolve()
  }

  /** Returns how far the copy has come. */
  stats(): AuditCopyStats {
    return this.stats_
  }

  /** Ends after the batch that is being sent. The rest comes with the next start. */
  async close(): Promise<void> {
    this.abort.abort()
    this.more.resolve()
    await this.done
  }

  private async run(opening: Promise<Engine>): Promise<void> {
    const { signal } = this.abort
    const engine = await whenOpen(opening, signal)
    if (engine === undefined) return
    while (!signal.aborted) {
      const copied = await this.retry(() => this.copyBatch(engine))
      if (copied === undefined) return
      await delay(Math.max(PACE_MS - copied.took, copied.took * REST), undefined, { signal }).catch(() => {})
      if (copied.more) continue
      await this.more.promise
      this.more = deferred()
    }
  }

  private retry<T>(work: () => Promise<T>): Promise<T | undefined> {
    return retrying(work, {
      signal: this.abort.signal,
      failed: ({ message }) => {
        this.stats_ = { ...this.stats_, retries: this.stats_.retries + 1, lastError: message }
      },
      warn: ({ message }) => this.log.warn({ error: message }, 'ClickHouse does not take entries; retrying'),
    })
  }

  /** Copies one batch. Returns whether more entries follow it, and how long it took, ms. */
  private async copyBatch(engine: Engine): Promise<{ more: boolean; took: number }> {
    this.abort.signal.throwIfAborted()
    this.after ??= await newest(engine, this.source.id)
    const begun = performance.now()
    const { last, slices, more } = await this.batch(this.after)
    if (last > this.after) await insert(engine, `${this.source.id}-${this.after + 1}-${last}`, slices)
    this.after = last
    this.stats_ = { ...this.stats_, storedTo: last, lastError: undefined }
    return { more, took: performance.now() - begun }
  }

  /** Reads the entries after a number, as many as go into one insert. `more` says whether others follow. */
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
