import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'
import { deferred } from '../../lib/deferred.ts'
import { retrying } from '../../lib/retrying.ts'
import { type Engine, whenOpen } from '../engine/engine.ts'

/** Rows of the queue since the start. */
export interface RowQueueStats {
  readonly waiting: number
  readonly stored: number
  readonly retries: number
  /** Rows that came when the queue was full. */
  readonly dropped: number
}

/** Rows that may wait; any more are dropped and counted. */
const ROWS_MAX = 100_000
/** Rows that wait when a replay is held up. */
const ROOM = 50_000
/** Rows of one insert. */
const BATCH = 5_000
/** ms from one insert to the next: each costs the engine a part to be merged, however small. */
const PACE_MS = 500

/** Rows for ClickHouse that come one by one. They are inserted in batches and in order, and again if the engine fails. */
export class RowQueue<Row> {
  private rows: Row[] = []
  private readonly insert: (engine: Engine, rows: readonly Row[]) => Promise<void>
  private readonly log: Logger
  private readonly abort = new AbortController()
  private more = deferred<void>()
  /** Resolves with the next insert, or the end. */
  private inserted = deferred<void>()
  /** It takes no more rows to the engine: it was closed, or the engine cannot be had. */
  ended = false
  private readonly done: Promise<void>
  private counts = { stored: 0, retries: 0, dropped: 0 }

  /** `insert` may get the same row more than once. */
  constructor(engine: Promise<Engine>, insert: (engine: Engine, rows: readonly Row[]) => Promise<void>, log: Logger) {
    this.insert = insert
    this.log = log
    this.done = this.run(engine).finally(() => {
      this.ended = true
      this.inserted.resolve()
    })
  }

  /** Takes a row in, or drops and counts it if the queue is full. */
  put(row: Row): void {
    if (this.rows.length >= ROWS_MAX) {
      if (this.counts.dropped === 0) this.log.warn({ rows: ROWS_MAX }, 'the queue for ClickHouse is full; dropping rows')
      this.counts.dropped += 1
      return
    }
    this.rows.push(row)
    this.more.resolve()
  }

  /** Returns the counts. */
  stats(): RowQueueStats {
    return { waiting: this.rows.length, ...this.counts }
  }

  /** Resolves when there is room for more rows, or when the queue has ended. */
  room(): Promise<void> {
    return this.below(ROOM)
  }

  /** Resolves when all rows are stored, or when the queue has ended. */
  stored(): Promise<void> {
    return this.below(1)
  }

  /** Inserts the waiting rows, with no further retry, and ends. */
  async close(): Promise<void> {
    this.abort.abort()
    this.more.resolve()
    await this.done
  }

  private async below(rows: number): Promise<void> {
    while (this.rows.length >= rows && !this.ended) await this.inserted.promise
  }

  private async run(opening: Promise<Engine>): Promise<void> {
    const { signal } = this.abort
    const engine = await whenOpen(opening, signal)
    if (engine === undefined) return
    for (;;) {
      await this.more.promise
      this.more = deferred()
      while (this.rows.length > 0) if ((await this.retry(() => this.insertBatch(engine))) === undefined) return
      if (signal.aborted) return
      await delay(PACE_MS, undefined, { signal }).catch(() => {})
      if (signal.aborted) this.more.resolve()
    }
  }

  private retry<T>(work: () => Promise<T>): Promise<T | undefined> {
    return retrying(work, {
      signal: this.abort.signal,
      failed: () => {
        this.counts.retries += 1
      },
      warn: ({ message }) => this.log.warn({ error: message }, 'ClickHouse does not take rows; retrying'),
    })
  }

  /** Returns how many rows it inserted. */
  private async insertBatch(engine: Engine): Promise<number> {
    const batch = this.rows.slice(0, BATCH)
    await this.insert(engine, batch)
    this.rows = this.rows.slice(batch.length)
    this.counts.stored += batch.length
    this.inserted.resolve()
    this.inserted = deferred()
    return batch.length
  }
}
