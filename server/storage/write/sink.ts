import type { writeFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { FrameRows } from '../../../streams/frame.ts'
import type { Interner } from '../../../streams/lib/interner.ts'
import { QUOTE, REFUSED, type Ticks } from '../../../streams/market/ticks.ts'
import { MEASURES } from '../../../streams/measures/rows.ts'
import type { Engine } from '../engine/engine.ts'
import { Batches } from './batches.ts'
import { Inserter } from './inserter.ts'
import { Outbox } from './outbox.ts'
import { noRows, type RowCounts, sumOf } from './rowCounts.ts'
import { type SetAside, Spool } from './spool.ts'
import { StoredIndex } from './storedIndex.ts'

/**
 * Where the rows of the frames go: batches in memory, then files in the spool, then ClickHouse. Rows that are in a file survive
 * a kill; each row gets there once, however often its batch is sent and its content replayed. A frame's rows can be read
 * within a second of its end where the engine keeps up.
 */
export interface Sink {
  /** Takes the rows of a frame; they may change afterwards. With `spoolBytes` waiting the rows are dropped, and counted. */
  write(rows: FrameRows): void
  /**
   * Takes ticks from beside the frames, any of which may have been stored before, at whatever time. Each is to be there once. Resolves
   * when they are stored; rejects where they wait in the spool when the sink closes.
   */
  import(ticks: readonly Ticks[]): Promise<ImportedRows>
  /** Resolves when there is room for more: a replay waits for it and so loses nothing. */
  room(): Promise<void>
  /** Resolves when all rows of frames up to `frame` (ms) are stored and can be read. Rejects where the sink closes before. */
  until(frame: number): Promise<void>
  /** Sends the files that are set aside again. Resolves with their number and rows when they wait to be sent. */
  retrySetAside(): Promise<SetAside>
  /** Brings all rows into the engine, or in `withinMs` as many as it takes; the rest waits in the spool for the next start. */
  close(withinMs: number): Promise<void>
  stats(): SinkStats
}

export interface ImportedRows {
  readonly stored: number
  /** Left out because they were stored before. */
  readonly known: number
}

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
  /** Why rows do not get on; undefined where they do. */
  readonly lastError: string | undefined
}

export interface SinkOptions {
  readonly spoolDir: string
  /** May still be on its way: rows wait in the spool. */
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

const SPOOL_BYTES = 1024 ** 3
/** ms after which rows become a file; more while files wait anyway, so that an absent engine does not leave thousands of small ones. */
const AGE = 250
const AGE_BEHIND = 1000
const BEHIND = 2
/** ms between two looks at the age of the rows in memory. */
const LOOK = 50
/** Bytes on their way to the disk at which rows are dropped: it takes none. */
const FILING_BYTES = 64 * 1024 * 1024
/** Bytes waiting at which a replay is held up. */
const ROOM_BYTES = 64 * 1024 * 1024

/** Opens the spool. What a former process left in it goes into the engine first. */
export const openSink = async (options: SinkOptions): Promise<Sink> => {
  const { symbols, sources, engine, log } = options
  const spool = await Spool.open(options.spoolDir, options.writeSpool)
  const seen = new StoredIndex()
  const inserter = new Inserter(engine, spool, log, options.lastingMs)
  const { beforeOwnRows } = options
  const prepare = beforeOwnRows && (async () => beforeOwnRows(await engine))
  const outbox = new Outbox(spool, inserter, seen, out => batches.reuse(out), log, prepare)
  const batches = new Batches(symbols, sources, seen, batch => void outbox.put(batch))
  const dropped = noRows()
  const spoolBytes = options.spoolBytes ?? SPOOL_BYTES
  let lastFrame = Number.NaN
  let closing: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined

  for (const { table, rows, path } of spool.cutShort) {
    inserter.rejected[table] += rows
    inserter.whyAside = 'a file of the spool is shorter than it was'
    log.error({ file: path, rows }, 'a file of the spool is shorter than it was: set aside')
  }
  if (spool.leftOver.length > 0) log.info({ files: spool.leftOver.length }, 'rows of the last run wait in the spool')

  /** Makes files of the batches that are old enough, and comes again for the others. */
  const age = (): void => {
    const limit = outbox.files < BEHIND ? AGE : AGE_BEHIND
    batches.finish(performance.now() - limit)
    timer = batches.rows > 0 ? setTimeout(age, LOOK) : undefined
  }

  const drop = ({ ticks, measures }: FrameRows): void => {
    for (const { columns, from, to } of ticks) {
      for (let i = from; i < to; i++) if (columns.type[i] !== QUOTE && columns.type[i] !== REFUSED) dropped.ticks += 1
    }
    for (const { kind } of measures) dropped[MEASURES[kind].table] += 1
  }

  const storedTo = (): number => {
    const frame = Math.min(lastFrame, outbox.firstFrame - 1, batches.firstFrame - 1)
    return Number.isFinite(frame) ? frame : Number.NaN
  }

  const close = async (withinMs: number): Promise<void> => {
    clearTimeout(timer)
    batches.finish()
    const limit = new AbortController()
    await Promise.race([outbox.until(Number.POSITIVE_INFINITY), delay(withinMs, undefined, { signal: limit.signal })])
    limit.abort()
    await outbox.end()
  }

  const importTicks = async (ticks: readonly Ticks[]): Promise<ImportedRows> => {
    // What was learnt for others is not true of what they have stored since.
    const own = new StoredIndex()
    const gone: Promise<void>[] = []
    let rows = 0
    let known = 0
    const apart = new Batches(symbols, sources, own, batch => {
      rows += batch.rows
      gone.push(outbox.put(batch, { seen: own, suspects: batch.suspects, known: n => (known += n) }))
    })
    apart.accept({ t: Number.isNaN(lastFrame) ? 0 : lastFrame, ticks, measures: [] })
    apart.finish()
    batches.rejected.ticks += apart.rejected.ticks
    await Promise.all(gone)
    return { stored: rows - known, known }
  }

  return {
    import(ticks) {
      return closing === undefined ? importTicks(ticks) : Promise.reject(new Error('the sink is closed'))
    },
    write(rows) {
      lastFrame = rows.t
      if (closing !== undefined || outbox.bytes >= spoolBytes || outbox.bytesInMemory >= FILING_BYTES) {
        drop(rows)
        return
      }
      batches.accept(rows)
      if (batches.rows > 0) timer ??= setTimeout(age, LOOK)
    },
    room: () => outbox.below(Math.min(ROOM_BYTES, spoolBytes)),
    until(frame) {
      batches.finish()
      return outbox.until(frame)
    },
    retrySetAside() {
      return closing === undefined ? outbox.retrySetAside() : Promise.reject(new Error('the sink is closed'))
    },
    close(withinMs) {
      closing ??= close(withinMs)
      return closing
    },
    stats: () => ({
      waiting: { rows: batches.rows + outbox.rows, bytes: batches.bytes + outbox.bytes, files: outbox.files },
      storedTo: storedTo(),
      stored: { ...inserter.stored },
      known: { ...inserter.known },
      dropped: sumOf(dropped, outbox.dropped),
      rejected: sumOf(inserter.rejected, batches.rejected),
      setAside: { ...spool.setAside, why: spool.setAside.files > 0 ? inserter.whyAside : undefined },
      retries: inserter.retries,
      lastError: outbox.failure ?? inserter.failure,
    }),
  }
}
