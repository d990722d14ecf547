import type { writeFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { FrameRows } from '../../../streams/frame.ts'
import type { Interner } from '../../../streams/lib/interner.ts'
import { QUOTE, REFUSED, type Ticks } from '../../../streams/market/ticks.ts'
import { MEASURES } from '../../../streams/measures/rows.ts'
import { logError } from '../../lib/errorEvents.ts'
import type { Engine } from '../engine/engine.ts'
import { Batches } from './batches.ts'
import { Inserter } from './inserter.ts'
import { Outbox } from './outbox.ts'
import { noRows, type RowCounts, sumOf } from './rowCounts.ts'
import { type SetAside, Spool } from './spool.ts'
import { StoredIndex } from './storedIndex.ts'

/**
 * The way of rows into ClickHouse: batches in memory, then files in the spool, then the engine. Rows in a file survive a kill. Each row
 * is stored once, however often its batch is sent and its content replayed. A frame's rows can be read within a second of its end
 * if the engine keeps up.
 */
export interface Sink {
  /** Takes the rows of a frame; they may change afterwards. With `spoolBytes` waiting the rows are dropped, and counted. */
  write(rows: FrameRows): void
  /**
   * Takes ticks that are no part of a frame. Any of them may have been stored before, at any time; each is stored once. Resolves
   * when they are stored; rejects if they wait in the spool when the sink closes.
   */
  import(ticks: readonly Ticks[]): Promise<ImportedRows>
  /** Says that a frame (ms) has `rows` ticks that were stored before this start: those that come now stand behind them. */
  continue(frame: number, rows: number): void
  /** Resolves when there is room for more: a replay waits for it and so loses nothing. */
  room(): Promise<void>
  /** Resolves when all rows of frames up to `frame` (ms) are stored and can be read. Rejects if the sink closes before. */
  until(frame: number): Promise<void>
  /** Sends the files that are set aside again. Resolves with their number and rows when they wait to be sent. */
  retrySetAside(): Promise<SetAside>
  /**
   * Runs work while no row is on its way to the engine: of each file of the spool all rows are stored, or none. Rejects if ClickHouse takes no
   * rows, so that this does not come about within `withinMs`.
   */
  between<T>(work: () => Promise<T>, withinMs: number): Promise<T>
  /** Stores all rows, or as many as the engine takes in `withinMs`; the rest waits in the spool for the next start. */
  close(withinMs: number): Promise<void>
  /** Returns the counts since the start. */
  stats(): SinkStats
}

/** The outcome of an import. */
export interface ImportedRows {
  readonly stored: number
  /** Left out because they were stored before. */
  readonly known: number
}

/** Counts of rows since the start. */
export interface SinkStats {
  /** Not yet stored: in memory and in files. */
  readonly waiting: { readonly rows: number; readonly bytes: number; readonly files: number }
  /** Rows of all frames up to this one (ms) are stored; NaN before the first frame. */
  readonly storedTo: number
  readonly stored: Readonly<RowCounts>
  /** Left out because they were stored before this start. */
  readonly known: Readonly<RowCounts>
  /** Lost because too much was waiting, or because the disk took no file until the end. */
  readonly dropped: Readonly<RowCounts>
  /** Set aside since the start because their table does not take them. */
  readonly rejected: Readonly<RowCounts>
  /** Files of the spool that are set aside now, and why the newest was. */
  readonly setAside: SetAside & { readonly why: string | undefined }
  readonly retries: number
  /** Why rows are not stored; undefined if they are. */
  readonly lastError: string | undefined
}

/** What a sink needs. */
export interface SinkOptions {
  readonly spoolDir: string
  /** May still be opening: rows wait in the spool until it is there. */
  readonly engine: Promise<Engine>
  readonly symbols: Interner
  readonly sources: Interner
  readonly log: Logger
  /** Bytes that may wait on disk. */
  readonly spoolBytes?: number
  /** Runs once, when the rows of former runs are stored and before the first row of this one is; retried until it succeeds. */
  readonly beforeOwnRows?: (engine: Engine) => Promise<void>
  /** ms that a table is refused until its rows are set aside; minutes if left out. */
  readonly lastingMs?: number
  /** Writes a file of the spool. */
  readonly writeSpool?: typeof writeFile
}

/** Bytes that may wait on disk, unless the options say otherwise. */
const SPOOL_BYTES = 1024 ** 3
/** ms after which rows become a file; more while files wait anyway, so that an absent engine does not leave thousands of small ones. */
const AGE = 250
const AGE_BEHIND = 1000
const BEHIND = 2
/** ms between two looks at the age of the rows in memory. */
const LOOK = 50
/** Bytes that are being written to the disk at which rows are dropped: the disk takes none. */
const FILING_BYTES = 64 * 1024 * 1024
/** Bytes waiting at which a replay is held up. */
const ROOM_BYTES = 64 * 1024 * 1024

/** Opens the spool. The files that a former process left in it go into the engine first. */
export const openSink = async (options: SinkOptions): Promise<Sink> =>
  new SpooledSink(await Spool.open(options.spoolDir, options.writeSpool), options)

class SpooledSink implements Sink {
  private readonly spool: Spool
  private readonly inserter: Inserter
  private readonly outbox: Outbox
  private readonly batches: Batches
  private readonly dropped = noRows()
  private readonly symbols: Interner
  private readonly sources: Interner
  private readonly spoolBytes: number
  private lastFrame = Number.NaN
  private closing: Promise<void> | undefined
  private timer: NodeJS.Timeout | undefined

  constructor(spool: Spool, { symbols, sources, engine, log, spoolBytes = SPOOL_BYTES, beforeOwnRows, lastingMs }: SinkOptions) {
    const index = new StoredIndex()
    const prepare = beforeOwnRows && (async () => beforeOwnRows(await engine))
    this.spool = spool
    this.symbols = symbols
    this.sources = sources
    this.spoolBytes = spoolBytes
    this.inserter = new Inserter(engine, spool, log, lastingMs)
    this.outbox = new Outbox(spool, this.inserter, index, out => this.batches.reuse(out), log, prepare)
    this.batches = new Batches(symbols, sources, index, batch => void this.outbox.put(batch))
    for (const { table, rows, path } of spool.cutShort) {
      this.inserter.rejected[table] += rows
      this.inserter.whyAside = 'a file of the spool is shorter than it was'
      logError(log, 'spool_file_short', { file: path, rows })
    }
    if (spool.leftOver.length > 0) log.info({ files: spool.leftOver.length }, 'rows of the last run wait in the spool')
  }

  write(rows: FrameRows): void {
    const { outbox, batches } = this
    this.lastFrame = rows.t
    if (this.closing !== undefined || outbox.bytes >= this.spoolBytes || outbox.bytesInMemory >= FILING_BYTES) {
      this.drop(rows)
      return
    }
    batches.accept(rows)
    if (batches.rows > 0) this.timer ??= setTimeout(this.finishOld, LOOK)
  }

  async import(ticks: readonly Ticks[]): Promise<ImportedRows> {
    this.refuseWhenClosed()
    // An index of its own: what the other one has learnt does not hold for rows that have been stored since.
    const own = new StoredIndex()
    const gone: Promise<void>[] = []
    let rows = 0
    let known = 0
    const apart = new Batches(this.symbols, this.sources, own, batch => {
      rows += batch.rows
      gone.push(this.outbox.put(batch, { index: own, suspects: batch.suspects, known: n => (known += n) }))
    })
    apart.acceptImport(ticks, Number.isNaN(this.lastFrame) ? 0 : this.lastFrame)
    apart.finish()
    this.batches.rejected.ticks += apart.rejected.ticks
    await Promise.all(gone)
    return { stored: rows - known, known }
  }

  continue(frame: number, rows: number): void {
    this.batches.continue(frame, rows)
  }

  room(): Promise<void> {
    return this.outbox.below(Math.min(ROOM_BYTES, this.spoolBytes))
  }

  until(frame: number): Promise<void> {
    this.batches.finish()
    return this.outbox.until(frame)
  }

  between<T>(work: () => Promise<T>, withinMs: number): Promise<T> {
    this.refuseWhenClosed()
    this.batches.finish()
    return this.outbox.between(work, withinMs)
  }

  async retrySetAside(): Promise<SetAside> {
    this.refuseWhenClosed()
    return this.outbox.retrySetAside()
  }

  close(withinMs: number): Promise<void> {
    this.closing ??= this.closeOnce(withinMs)
    return this.closing
  }

  stats(): SinkStats {
    const { batches, outbox, inserter, spool } = this
    return {
      waiting: { rows: batches.rows + outbox.rows, bytes: batches.bytes + outbox.bytes, files: outbox.files },
      storedTo: this.storedTo(),
      stored: { ...inserter.stored },
      known: { ...inserter.known },
      dropped: sumOf(this.dropped, outbox.dropped),
      rejected: sumOf(inserter.rejected, batches.rejected),
      setAside: { ...spool.setAside, why: spool.setAside.files > 0 ? inserter.whyAside : undefined },
      retries: inserter.retries,
      lastError: outbox.failure ?? inserter.failure,
    }
  }

  /** Makes files of the batches that are old enough, and comes again for the others. */
  private readonly finishOld = (): void => {
    const limit = this.outbox.files < BEHIND ? AGE : AGE_BEHIND
    this.batches.finish(performance.now() - limit)
    this.timer = this.batches.rows > 0 ? setTimeout(this.finishOld, LOOK) : undefined
  }

  private drop({ ticks, measures }: FrameRows): void {
    const { dropped } = this
    for (const { columns, from, to } of ticks) {
      for (let i = from; i < to; i++) if (columns.type[i] !== QUOTE && columns.type[i] !== REFUSED) dropped.ticks += 1
    }
    for (const { kind } of measures) dropped[MEASURES[kind].table] += 1
  }

  private storedTo(): number {
    const frame = Math.min(this.lastFrame, this.outbox.firstFrame - 1, this.batches.firstFrame - 1)
    return Number.isFinite(frame) ? frame : Number.NaN
  }

  private refuseWhenClosed(): void {
    if (this.closing !== undefined) throw new Error('the sink is closed')
  }

  private async closeOnce(withinMs: number): Promise<void> {
    clearTimeout(this.timer)
    this.batches.finish()
    const limit = new AbortController()
    await Promise.race([this.outbox.until(Number.POSITIVE_INFINITY), delay(withinMs, undefined, { signal: limit.signal })])
    limit.abort()
    await this.outbox.end()
  }
}
