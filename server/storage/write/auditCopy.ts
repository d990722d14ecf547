import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { EntryBatch } from '../../journal/auditRows.ts'
import { deferred } from '../../lib/deferred.ts'
import { logError } from '../../lib/errorEvents.ts'
import { retrying } from '../../lib/retrying.ts'
import { type Engine, whenOpen } from '../engine/engine.ts'
import { insertEntries } from './entryCopy.ts'
import { refusalOf } from './refusal.ts'
import { confirmedTo, type Witnessed } from './witness.ts'

/** The journal that is copied. It keeps the entries until they are asked for, so nothing is queued here. */
export interface EntrySource extends Witnessed {
  /** Returns at most `limit` entries after a number; if they are to be `bare`, without their postings. */
  rows(after: number, limit: number, bare: boolean): Promise<EntryBatch>
}

/** How far the copy has come. */
export interface AuditCopyStats {
  /** Number of the newest entry that ClickHouse has. */
  readonly storedTo: number
  readonly retries: number
  /** Why the newest batch is not stored; undefined if it is. */
  readonly lastError: string | undefined
  /** Entries since the start that ClickHouse has without their postings, or does not take at all; see `whyAside`. */
  readonly setAside: number
  /** Why the newest of these is; undefined if there is none. */
  readonly whyAside: string | undefined
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
 * Copies the journal into ClickHouse: each entry once, however often the engine is away. First it holds the journal against what ClickHouse
 * has of it. Then it goes on after the newest entry there, so a crash anywhere leaves nothing out. A batch that is sent again has the same
 * token. If ClickHouse will never take an entry as it is, it gets it without its postings, so that the others can go on.
 */
export class AuditCopy {
  /**
   * Resolves when ClickHouse has confirmed the journal; rejects with JournalError if the journal is behind or differs. It stays open if the
   * engine cannot be used.
   */
  readonly agreed: Promise<void>
  private readonly agreement = deferred<void>()
  private readonly source: EntrySource
  private readonly log: Logger
  private readonly abort = new AbortController()
  private more = deferred<void>()
  private readonly done: Promise<void>
  /** Number of the newest entry that ClickHouse has. */
  private after = 0
  /** Up to this entry each goes by itself, because one among them was refused. */
  private singlyTo = 0
  private stats_: AuditCopyStats = { storedTo: 0, retries: 0, lastError: undefined, setAside: 0, whyAside: undefined }

  constructor(engine: Promise<Engine>, source: EntrySource, log: Logger) {
    this.source = source
    this.log = log
    this.agreed = this.agreement.promise
    // Its users handle its rejection.
    this.agreed.catch(() => {})
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

  /** Ends after one more batch. The rest comes with the next start. */
  async close(): Promise<void> {
    this.abort.abort()
    this.more.resolve()
    await this.done
  }

  private async run(opening: Promise<Engine>): Promise<void> {
    const { signal } = this.abort
    const engine = await whenOpen(opening, signal)
    if (engine === undefined) return
    const confirmed = await this.retry(() => confirmedTo(engine, this.source, this.log))
    if (confirmed === undefined) return
    if (confirmed.fault) {
      this.agreement.reject(confirmed.fault)
      return
    }
    this.after = confirmed.seq
    this.stats_ = { ...this.stats_, storedTo: confirmed.seq, lastError: undefined }
    this.agreement.resolve()
    await this.copy(engine)
  }

  private async copy(engine: Engine): Promise<void> {
    const { signal } = this.abort
    while (!signal.aborted) {
      const copied = await this.retry(() => this.copyBatch(engine))
      if (copied === undefined) return
      await delay(Math.max(PACE_MS - copied.took, copied.took * REST), undefined, { signal }).catch(() => {})
      if (copied.more) continue
      await this.more.promise
      this.more = deferred()
    }
    // It has no other chance; whatever it lacks, the journal has.
    await this.copyBatch(engine).catch(() => {})
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
    const begun = performance.now()
    const singly = this.after < this.singlyTo
    const batch = await this.batch(this.after, singly ? 1 : BATCH)
    try {
      if (batch.last > this.after) await this.insert(engine, batch)
      if (batch.bare > 0) this.setAside(batch.last, batch.bare, 'an amount has more digits than the column')
    } catch (error) {
      if (refusalOf(error) !== 'rows') throw error
      if (!singly) {
        this.singlyTo = batch.last
        return { more: true, took: 0 }
      }
      await this.insertBare(engine, error as Error)
    }
    this.after = batch.last
    this.stats_ = { ...this.stats_, storedTo: batch.last, lastError: undefined }
    return { more: batch.more, took: singly ? 0 : performance.now() - begun }
  }

  private insert(engine: Engine, { last, hash, slices }: Batch): Promise<void> {
    // Entries that were abandoned had these numbers, too, but another hash.
    return insertEntries(engine, `${this.source.id}-${this.after + 1}-${last}-${hash}`, slices)
  }

  /** Stores the next entry without what ClickHouse will never take of it. */
  private async insertBare(engine: Engine, { message }: Error): Promise<void> {
    const batch = await this.batch(this.after, 1, true)
    try {
      await this.insert(engine, batch)
    } catch (error) {
      if (refusalOf(error) !== 'rows') throw error
    }
    this.setAside(batch.last, 1, message)
  }

  private setAside(seq: number, entries: number, why: string): void {
    this.stats_ = { ...this.stats_, setAside: this.stats_.setAside + entries, whyAside: why }
    logError(this.log, 'postings_left_out', { error: why, seq, entries })
  }

  /** Reads the entries after a number, as many as go into one insert. `more` says whether others follow. */
  private async batch(after: number, limit: number, bare = false): Promise<Batch> {
    const slices: Uint8Array[] = []
    let [to, bytes, hash, left] = [after, 0, '', 0]
    while (to - after < limit && bytes < BYTES) {
      const slice = await this.source.rows(to, Math.min(SLICE, limit), bare)
      if (slice.last === to) return { last: to, hash, slices, bare: left, more: false }
      slices.push(slice.rows)
      bytes += slice.rows.length
      left += slice.bare
      to = slice.last
      hash = slice.hash
    }
    return { last: to, hash, slices, bare: left, more: true }
  }
}

/** Entries that go into one insert. */
interface Batch {
  readonly last: number
  readonly hash: string
  readonly slices: readonly Uint8Array[]
  readonly bare: number
  readonly more: boolean
}
