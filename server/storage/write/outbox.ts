import { once } from 'node:events'
import type { Logger } from 'pino'
import { ProtocolError } from '../../../streams/wire/errors.ts'
import { type Deferred, deferred } from '../../lib/deferred.ts'
import { logError } from '../../lib/errorEvents.ts'
import { retrying } from '../../lib/retrying.ts'
import type { RowWriter } from '../engine/rowBinary.ts'
import type { TableName } from '../engine/tables.ts'
import type { Batch } from './batches.ts'
import type { Check, Inserter } from './inserter.ts'
import { noRows, type RowCounts } from './rowCounts.ts'
import type { SetAside, Spool, SpoolFile } from './spool.ts'
import { StoredIndex } from './storedIndex.ts'

/** What those get who wait for rows when the sending ends: no fault, and the same may succeed after the next start. */
const closed = (): ProtocolError => new ProtocolError('not_ready', 'the server is stopping; rows wait in the spool for the next start', 1)

/** Rows that are not yet stored. */
interface Item {
  readonly table: TableName
  /** The frame of the first row, ms; what a former process left behind comes before all frames. */
  readonly frame: number
  readonly rows: number
  readonly check: Check
  /** The file that they are in; undefined if none could be made until the end. */
  filed: Promise<SpoolFile | undefined>
  readonly gone: Deferred<void>
}

/** Batches on their way: each becomes a file, and the files go into the engine in order, one at a time. */
export class Outbox {
  /** Rows of batches that could not become a file until the end. */
  readonly dropped: RowCounts = noRows()
  /** Why a batch is not yet a file. */
  failure: string | undefined
  /** Bytes on their way to the disk. */
  private filing = 0
  private readonly items: Item[]
  private readonly spool: Spool
  private readonly inserter: Inserter
  private readonly index: StoredIndex
  private readonly written: (out: RowWriter) => void
  private readonly log: Logger
  private readonly ended = new AbortController()
  private readonly sent: Promise<void>
  /** What is to be done between two files. */
  private turns: { run(): Promise<void>; drop(): void }[] = []
  private more = deferred<void>()
  private less = deferred<void>()

  /**
   * `written` gets the buffers that are free again. `beforeOwnRows` runs once, when the files of former processes are stored and before the
   * first one of this process is sent.
   */
  constructor(
    spool: Spool,
    inserter: Inserter,
    index: StoredIndex,
    written: (out: RowWriter) => void,
    log: Logger,
    beforeOwnRows?: () => Promise<void>,
  ) {
    this.spool = spool
    this.inserter = inserter
    this.index = index
    this.written = written
    this.log = log
    this.items = spool.leftOver.map(oldItem)
    this.sent = this.sendAll(beforeOwnRows)
  }

  get files(): number {
    return this.items.length
  }

  get rows(): number {
    return this.items.reduce((sum, item) => sum + item.rows, 0)
  }

  /** In memory and on disk. */
  get bytes(): number {
    return this.filing + this.spool.bytes
  }

  get bytesInMemory(): number {
    return this.filing
  }

  /** The first frame of the rows that wait here, ms; Infinity if there are none. */
  get firstFrame(): number {
    return this.items.reduce((least, item) => Math.min(least, item.frame), Number.POSITIVE_INFINITY)
  }

  /** Resolves when the rows are stored; rejects if they stay in the spool. */
  put(batch: Batch, check: Check = { index: this.index, suspects: batch.suspects }): Promise<void> {
    const item = itemOf(batch.table, batch.frame, batch.rows, check, this.file(batch))
    this.items.push(item)
    this.more.resolve()
    return item.gone.promise
  }

  /** Sends the files that are set aside again, after all that wait. Returns how many files and rows that are. */
  async retrySetAside(): Promise<SetAside> {
    const files = await this.spool.revive()
    this.items.push(...files.map(oldItem))
    this.more.resolve()
    return { files: files.length, rows: files.reduce((sum, file) => sum + file.rows, 0) }
  }

  /**
   * Runs work between two files: of each, all rows are stored or none, and none is sent meanwhile. What waits now is in files, and what former processes
   * have left is stored before.
   * Rejects if that does not come about within `withinMs`, or if the sending ends before.
   */
  async between<T>(work: () => Promise<T>, withinMs: number): Promise<T> {
    const done = deferred<T>()
    const filed = Promise.all(this.items.map(item => item.filed))
    const turn = { run: () => filed.then(work).then(done.resolve, done.reject), drop: () => done.reject(closed()) }
    this.turns.push(turn)
    this.more.resolve()
    const timer = setTimeout(() => {
      if (!this.turns.includes(turn)) return
      this.turns = this.turns.filter(other => other !== turn)
      done.reject(new Error(`found no moment within ${withinMs} ms in which no file is on its way, expected ClickHouse to take rows`))
    }, withinMs)
    return done.promise.finally(() => clearTimeout(timer))
  }

  /** Resolves when fewer than `bytes` bytes are waiting, or the sending has ended. */
  async below(bytes: number): Promise<void> {
    while (this.bytes >= bytes && !this.ended.signal.aborted) await this.less.promise
  }

  /** Resolves when all rows of frames up to `frame` are stored; rejects if they stay in the spool. */
  async until(frame: number): Promise<void> {
    await Promise.all(this.items.filter(item => item.frame <= frame).map(item => item.gone.promise))
  }

  /** Ends the sending; what is not yet stored stays in the spool. */
  async end(): Promise<void> {
    this.ended.abort()
    this.more.resolve()
    this.less.resolve()
    await this.sent
    for (const turn of this.turns.splice(0)) turn.drop()
    for (const item of this.items) {
      if ((await item.filed) === undefined) {
        this.dropped[item.table] += item.rows
        logError(this.log, 'spool_rows_lost', { table: item.table, rows: item.rows })
      }
      item.gone.reject(closed())
    }
  }

  private async sendAll(beforeOwnRows: (() => Promise<void>) | undefined): Promise<void> {
    const { signal } = this.ended
    await this.send(this.items.length)
    if (beforeOwnRows && !signal.aborted) {
      const aborted = once(signal, 'abort').then(() => {})
      await retrying(() => Promise.race([beforeOwnRows(), aborted]), {
        signal,
        failed: ({ message }) => {
          this.failure = message
        },
        warn: error => this.log.warn({ err: error }, 'the past cannot be read from ClickHouse; retrying'),
      })
      this.failure = undefined
    }
    await this.send(Number.POSITIVE_INFINITY, true)
  }

  /** Sends this many items, waiting for each to come; if there are `turns`, with those between them. */
  private async send(items: number, turns = false): Promise<void> {
    for (let sent = 0; sent < items && !this.ended.signal.aborted; ) {
      while (turns && this.turns.length > 0) await this.turns.shift()!.run()
      const item = this.items[0]
      if (item === undefined) {
        this.more = deferred()
        await this.more.promise
        continue
      }
      const file = await item.filed
      if (file === undefined || !(await this.inserter.send(file, item.check, this.ended.signal))) return
      this.items.shift()
      sent += 1
      item.gone.resolve()
      this.freed()
    }
  }

  /** Makes a file of the batch, however often the disk refuses; its rows stay in memory until then. */
  private async file({ table, rows, out, suspects }: Batch): Promise<SpoolFile | undefined> {
    const seq = this.spool.next()
    this.filing += out.length
    const write = async (): Promise<SpoolFile> => {
      const file = await this.spool.add(seq, table, rows, out.written(), suspects.size === 0)
      this.failure = undefined
      return file
    }
    try {
      return await retrying(write, {
        signal: this.ended.signal,
        failed: ({ message }) => {
          this.failure = message
        },
        warn: ({ message }) => logError(this.log, 'spool_refuses', { error: message }),
      })
    } finally {
      this.filing -= out.length
      this.written(out)
      this.freed()
    }
  }

  private freed(): void {
    this.less.resolve()
    this.less = deferred()
  }
}

/**
 * Returns the item of a file that was made before, whose rows may be stored by now. Each has an index of its own: the next file may hold the
 * same rows again.
 */
const oldItem = (file: SpoolFile): Item =>
  itemOf(file.table, Number.NEGATIVE_INFINITY, file.rows, { index: new StoredIndex(), suspects: undefined }, Promise.resolve(file))

const itemOf = (table: TableName, frame: number, rows: number, check: Check, filed: Promise<SpoolFile | undefined>): Item => {
  const gone = deferred<void>()
  gone.promise.catch(() => {}) // nobody may be waiting for it
  return { table, frame, rows, check, filed, gone }
}
