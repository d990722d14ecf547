import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'
import { backOff } from '../../lib/backOffFunction.ts'
import { deferred } from '../../lib/deferred.ts'
import { type Engine, whenOpen } from '../engine/engine.ts'

export interface RowQueueStats {
  readonly waiting: number
  readonly stored: number
  readonly retries: number
  /** Rows that came while as many were waiting as may. */
  readonly dropped: number
}

/** Rows that may wait. */
const ROWS_MAX = 100_000
const BATCH = 5_000
/** From one insert to the next, ms: each costs the engine a part to be merged, however small. */
const PACE_MS = 500

/** Rows for ClickHouse that come one by one, inserted some at a time and in order; what the engine does not take is tried again. */
export class RowQueue<Row> {
  private rows: Row[] = []
  private readonly insert: (engine: Engine, rows: readonly Row[]) => Promise<void>
  private readonly log: Logger
  private readonly abort = new AbortController()
  private more = deferred<void>()
  private readonly done: Promise<void>
  private counts = { stored: 0, retries: 0, dropped: 0 }

  /** `insert` may see a row again that it has seen. */
  constructor(engine: Promise<Engine>, insert: (engine: Engine, rows: readonly Row[]) => Promise<void>, log: Logger) {
    this.insert = insert
    this.log = log
    this.done = this.run(engine)
  }

  put(row: Row): void {
    if (this.rows.length >= ROWS_MAX) {
      if (this.counts.dropped === 0) this.log.warn({ rows: ROWS_MAX }, 'too many rows wait for ClickHouse; more are dropped')
      this.counts.dropped += 1
      return
    }
    this.rows.push(row)
    this.more.resolve()
  }

  stats(): RowQueueStats {
    return { waiting: this.rows.length, ...this.counts }
  }

  /** Inserts what waits, once, and ends. */
  async close(): Promise<void> {
    this.abort.abort()
    this.more.resolve()
    await this.done
  }

  private async run(opening: Promise<Engine>): Promise<void> {
    const { signal } = this.abort
    const engine = await whenOpen(opening, signal)
    if (engine === undefined) return
    for (let attempt = 0; ; ) {
      await this.more.promise
      this.more = deferred()
      try {
        while (this.rows.length > 0) {
          const batch = this.rows.slice(0, BATCH)
          await this.insert(engine, batch)
          this.rows = this.rows.slice(batch.length)
          this.counts.stored += batch.length
          attempt = 0
        }
        if (signal.aborted) return
        await delay(PACE_MS, undefined, { signal }).catch(() => {})
        if (signal.aborted) this.more.resolve()
      } catch (error) {
        if (signal.aborted) return
        if (attempt === 0) this.log.warn({ error: (error as Error).message }, 'ClickHouse does not take rows; trying on')
        this.counts.retries += 1
        await delay(backOff(attempt++), undefined, { signal }).catch(() => {})
        this.more.resolve()
      }
    }
  }
}
