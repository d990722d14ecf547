import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'
import { deferred } from '../../lib/deferred.ts'
import { logError } from '../../lib/errorEvents.ts'
import type { Figures } from '../../lib/figures.ts'
import { retrying } from '../../lib/retrying.ts'
import { type Engine, whenOpen } from '../engine/engine.ts'
import { LastingRefusal } from './lastingRefusal.ts'
import { refusalOf } from './refusal.ts'

/** Rows of a queue since the start. */
export interface RowQueueStats {
  readonly waiting: number
  readonly stored: number
  readonly retries: number
  /** Rows that came when the queue was full, or that ClickHouse does not take while too many are set aside. */
  readonly dropped: number
  /** Rows that are set aside now, because ClickHouse does not take them. */
  readonly setAside: number
  /** Why the newest of them is; undefined if there is none. */
  readonly whyAside: string | undefined
  /** Why rows are not stored at present; undefined if they are. */
  readonly lastError: string | undefined
}

/** The rows of a queue: how they are stored, and what binds them together. */
export interface RowQueueOptions<Row> {
  /** Stores rows; it may get the same row more than once. */
  readonly insert: (engine: Engine, rows: readonly Row[]) => Promise<void>
  /** Names the rows that make sense only in their order: behind one that is set aside, those of the same group wait with it. */
  readonly groupOf?: (row: Row) => string
  /** ms that the table is refused until its rows are set aside; minutes if left out. */
  readonly lastingMs?: number
}

/** Rows that may wait; any more are dropped and counted. */
const ROWS_MAX = 100_000
/** Rows that may be set aside. */
const ASIDE_MAX = 10_000
/** Rows that wait when a replay is held up. */
const ROOM = 50_000
/** Rows of one insert. */
const BATCH = 5_000
/** ms from one insert to the next: each costs the engine a part to be merged, however small. */
const PACE_MS = 500
/** Characters of a row in the log. */
const SHOWN = 500

/**
 * Rows for ClickHouse that come one by one. They are inserted in batches and in order, and again if the engine fails. Rows that it will never
 * take are found by halves and set aside, in memory, so that the others can go on.
 */
export class RowQueue<Row> {
  private rows: Row[] = []
  private readonly options: RowQueueOptions<Row>
  private readonly log: Logger
  private readonly abort = new AbortController()
  private more = deferred<void>()
  /** Resolves with the next insert, or the end. */
  private inserted = deferred<void>()
  /** How many wait for all rows. */
  private awaited = 0
  /** Resolves when an insert is not to wait for its turn. */
  private hurry = deferred<void>()
  /** It takes no more rows to the engine: it was closed, or the engine cannot be had. */
  ended = false
  private readonly done: Promise<void>
  private counts = { stored: 0, retries: 0, dropped: 0 }
  private lastError: string | undefined
  /** Rows of the next insert. */
  private size = BATCH
  private readonly refusal: LastingRefusal
  private aside: Row[] = []
  private whyAside: string | undefined
  /** The groups of rows that are set aside. */
  private readonly heldUp = new Set<string>()
  /** Rows that were set aside and go in again, before all that wait. */
  private revived: Row[] = []

  constructor(engine: Promise<Engine>, options: RowQueueOptions<Row>, log: Logger) {
    this.options = options
    this.log = log
    this.refusal = new LastingRefusal(options.lastingMs)
    this.done = this.run(engine).finally(() => {
      this.ended = true
      this.inserted.resolve()
    })
  }

  /** Takes a row in, or drops and counts it if the queue is full. */
  put(row: Row): void {
    if (this.isHeldUp(row)) this.putAside(row)
    else if (this.rows.length >= ROWS_MAX) {
      if (this.counts.dropped === 0) this.log.warn({ rows: ROWS_MAX }, 'the queue for ClickHouse is full; dropping rows')
      this.counts.dropped += 1
    } else {
      this.rows.push(row)
      this.more.resolve()
    }
  }

  /** Returns the counts. */
  stats(): RowQueueStats {
    const { rows, revived, counts, aside, whyAside, lastError } = this
    return { waiting: rows.length + revived.length, ...counts, setAside: aside.length, whyAside, lastError }
  }

  /** Sends the rows that are set aside again, before all that wait. Returns how many these are. */
  retrySetAside(): number {
    const { length } = this.aside
    this.revived.push(...this.aside)
    this.aside = []
    this.whyAside = undefined
    this.heldUp.clear()
    this.more.resolve()
    return length
  }

  /** Resolves when there is room for more rows, or when the queue has ended. */
  room(): Promise<void> {
    return this.below(ROOM)
  }

  /** Resolves when all rows are stored or set aside, or when the queue has ended. Until then the inserts follow each other at once. */
  async stored(): Promise<void> {
    this.awaited += 1
    this.hurry.resolve()
    await this.below(1)
    this.awaited -= 1
  }

  /** Inserts the waiting rows, with no further retry, and ends. */
  async close(): Promise<void> {
    this.abort.abort()
    this.more.resolve()
    await this.done
    const { length } = this.aside
    if (length > 0) logError(this.log, 'rows_lost', { rows: length, error: this.whyAside })
  }

  private async below(rows: number): Promise<void> {
    while (this.rows.length + this.revived.length >= rows && !this.ended) await this.inserted.promise
  }

  private async run(opening: Promise<Engine>): Promise<void> {
    const { signal } = this.abort
    const engine = await whenOpen(opening, signal)
    if (engine === undefined) return
    for (;;) {
      await this.more.promise
      this.more = deferred()
      while (this.rows.length + this.revived.length > 0) if ((await this.retry(() => this.insertNext(engine))) === undefined) return
      if (signal.aborted) return
      if (this.awaited === 0) await this.pause()
      if (signal.aborted) this.more.resolve()
    }
  }

  /** Waits until the next insert may follow the last. */
  private async pause(): Promise<void> {
    const over = new AbortController()
    this.hurry = deferred()
    await Promise.race([
      delay(PACE_MS, undefined, { signal: AbortSignal.any([this.abort.signal, over.signal]) }).catch(() => {}),
      this.hurry.promise,
    ])
    over.abort()
  }

  private retry<T>(work: () => Promise<T>): Promise<T | undefined> {
    return retrying(work, {
      signal: this.abort.signal,
      failed: ({ message }) => {
        this.counts.retries += 1
        this.lastError = message
      },
      warn: ({ message }) => this.log.warn({ error: message }, 'ClickHouse does not take rows; retrying'),
    })
  }

  /** Inserts the next rows, or sets them aside. Returns how many these are; zero if the next attempt is about fewer. */
  private async insertNext(engine: Engine): Promise<number> {
    if (this.revived.length > 0) {
      this.rows = this.revived.concat(this.rows)
      this.revived = []
    }
    const batch = this.rows.slice(0, this.size)
    try {
      await this.options.insert(engine, batch)
      this.counts.stored += batch.length
      this.size = Math.min(BATCH, this.size * 2)
      this.refusal.over()
    } catch (error) {
      const refusal = refusalOf(error)
      if (refusal === 'rows' && batch.length > 1) {
        this.size = Math.ceil(batch.length / 2)
        return 0
      }
      const isHopeless =
        refusal === 'rows' || (refusal === 'table' && (await this.refusal.lasts(engine)) && this.hasRoomAside(batch.length))
      if (!isHopeless) throw error
      this.setAside(batch, error as Error)
    }
    this.lastError = undefined
    const rest = this.rows.slice(batch.length)
    for (const row of rest) if (this.isHeldUp(row)) this.putAside(row)
    this.rows = rest.filter(row => !this.isHeldUp(row))
    this.inserted.resolve()
    this.inserted = deferred()
    return batch.length
  }

  private setAside(batch: readonly Row[], { message }: Error): void {
    const { groupOf } = this.options
    this.whyAside = message
    for (const row of batch) {
      if (groupOf) this.heldUp.add(groupOf(row))
      this.putAside(row)
    }
    const shown = JSON.stringify(batch[0], (_, value) => (typeof value === 'bigint' ? String(value) : value)).slice(0, SHOWN)
    logError(this.log, 'rows_set_aside', { error: message, rows: batch.length, row: shown })
  }

  private putAside(row: Row): void {
    if (this.hasRoomAside(1)) this.aside.push(row)
    else this.counts.dropped += 1
  }

  private hasRoomAside(rows: number): boolean {
    return this.aside.length + rows <= ASIDE_MAX
  }

  private isHeldUp(row: Row): boolean {
    return this.heldUp.size > 0 && this.heldUp.has(this.options.groupOf!(row))
  }
}

/** What can be said and asked of a queue, whatever its rows. */
export type AnyQueue = Pick<RowQueue<never>, 'stats' | 'retrySetAside' | 'room' | 'stored' | 'close'>

const COUNTS = ['waiting', 'stored', 'retries', 'dropped', 'setAside'] as const

/** Returns the figures of queues by name, as `status` shows them: each count by queue, and the newest of their troubles. */
export const queueFigures = (queues: Readonly<Record<string, AnyQueue>>): Figures => {
  const stats = Object.entries(queues).map(([name, queue]) => [name, queue.stats()] as const)
  const counts = COUNTS.map(count => [count, Object.fromEntries(stats.map(([name, of]) => [name, of[count]]))])
  const trouble = (of: 'whyAside' | 'lastError') => stats.map(([, found]) => found[of]).find(why => why !== undefined)
  return { ...Object.fromEntries(counts), whyAside: trouble('whyAside'), lastError: trouble('lastError') }
}
