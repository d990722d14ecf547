import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { drainStream } from '@clickhouse/client'
import type { Logger } from 'pino'
import { logError } from '../../lib/errorEvents.ts'
import { retrying } from '../../lib/retrying.ts'
import type { Engine } from '../engine/engine.ts'
import { tableOf } from '../engine/measureTables.ts'
import { quoted } from '../engine/migrate.ts'
import { columnList, TABLES, type TableName } from '../engine/tables.ts'
import { LastingRefusal } from './lastingRefusal.ts'
import { refusalOf } from './refusal.ts'
import { noRows, type RowCounts } from './rowCounts.ts'
import type { Spool, SpoolFile } from './spool.ts'
import { checkRows, type StoredIndex, type Suspects } from './storedIndex.ts'

/** How a file is checked before it is sent for the first time: its rows may have been stored before this start. */
export interface Check {
  readonly index: StoredIndex
  /** The suspects among its rows; undefined if they are not known. */
  readonly suspects: Suspects | undefined
  /** Called with the number of rows that were stored already. */
  readonly known?: (rows: number) => void
}

/**
 * Brings files of the spool into the engine, each until it is there. An engine that is away, slow, full, starting or stopped half-way gets
 * the same file with the same token again. A file is set aside, so that the rest can go on, if the engine will never take its rows, or has
 * refused their table for minutes while it answers otherwise.
 */
export class Inserter {
  /** Rows sent and acknowledged, left out because the engine had them, and set aside. */
  readonly stored: RowCounts = noRows()
  readonly known: RowCounts = noRows()
  readonly rejected: RowCounts = noRows()
  retries = 0
  /** Why the file that is being sent is not yet stored. */
  failure: string | undefined
  /** Why the newest file that is set aside was; undefined if none was since the start. */
  whyAside: string | undefined
  private readonly engine: Promise<Engine>
  private ready: Engine | undefined
  private readonly spool: Spool
  private readonly log: Logger
  private readonly refusals: ReadonlyMap<TableName, LastingRefusal>

  constructor(engine: Promise<Engine>, spool: Spool, log: Logger, lastingMs?: number) {
    this.engine = engine
    this.spool = spool
    this.log = log
    this.refusals = new Map(TABLES.map(table => [table, new LastingRefusal(lastingMs)]))
  }

  /** Resolves when the rows are stored, or set aside. Returns false if `signal` ended it before: the file stays. */
  async send(file: SpoolFile, check: Check, signal: AbortSignal): Promise<boolean> {
    const store = async (attempt: number): Promise<boolean> => {
      signal.throwIfAborted()
      try {
        const engine = this.ready ?? (await this.opened(signal))
        if (!file.checked) file = await this.checked(engine, file, check)
        if (file.rows > 0) await insert(engine, file, signal)
        await this.spool.remove(file)
        this.stored[file.table] += file.rows
        this.refusals.get(file.table)!.over()
      } catch (error) {
        if (!signal.aborted && (await this.isHopeless(file, error)) && (await this.setAside(file, error))) return true
        throw error
      }
      this.failure = undefined
      if (attempt > 1) this.log.info({ attempt, file: file.seq }, 'ClickHouse takes rows again')
      return true
    }
    const sent = await retrying(store, {
      signal,
      failed: ({ message }) => {
        this.failure = message
        this.retries += 1
      },
      warn: ({ message }) => this.log.warn({ error: message, file: file.seq }, 'ClickHouse does not take rows; retrying'),
      quiet: 1,
    })
    return sent ?? false
  }

  /** Resolves with the engine once it is open. Rejects if `signal` ends the wait. */
  private async opened(signal: AbortSignal): Promise<Engine> {
    const aborted = once(signal, 'abort').then(() => signal.throwIfAborted() as never)
    this.ready = await Promise.race([this.engine, aborted])
    return this.ready
  }

  /** Takes the rows out of the file that were stored before this start. */
  private async checked(engine: Engine, file: SpoolFile, { index, suspects, known }: Check): Promise<SpoolFile> {
    const table = tableOf(file.table)
    const may = suspects === undefined || (await index.mayHave(engine, table, suspects))
    const left = may ? await index.missing(engine, table, await readFile(file.path), file.rows) : undefined
    const checked = await this.spool.check(file, left)
    this.known[file.table] += file.rows - checked.rows
    known?.(file.rows - checked.rows)
    return checked
  }

  /** Returns whether another attempt has no chance. */
  private async isHopeless(file: SpoolFile, error: unknown): Promise<boolean> {
    const refusal = refusalOf(error)
    if (refusal !== 'table') return refusal === 'rows'
    if (await this.isUnreadable(file)) return true
    return (await this.refusals.get(file.table)!.lasts(this.ready)) && this.spool.holds(file)
  }

  /** Returns whether the file itself is bad: then the table is not. */
  private async isUnreadable(file: SpoolFile): Promise<boolean> {
    try {
      await checkRows(tableOf(file.table), await readFile(file.path), file.rows)
      return false
    } catch (error) {
      return refusalOf(error) === 'rows'
    }
  }

  /** Sets the file aside. Returns false if the disk does not let it. */
  private async setAside(file: SpoolFile, error: unknown): Promise<boolean> {
    const why = (error as Error).message
    const { path, rows, table } = file
    let kept: boolean
    try {
      kept = await this.spool.reject(file)
    } catch {
      return false
    }
    this.rejected[table] += rows
    this.failure = undefined
    this.whyAside = why
    logError(this.log, kept ? 'rows_set_aside' : 'rows_removed', { error: why, file: path, rows })
    return true
  }
}

const insert = async ({ client, database }: Engine, file: SpoolFile, signal: AbortSignal): Promise<void> => {
  const { stream } = await client.exec({
    query: `INSERT INTO ${quoted(database)}.${file.table} (${columnList(tableOf(file.table).columns)})
      SETTINGS ${ONCE}, insert_deduplication_token = '${file.token}' FORMAT RowBinary`,
    values: createReadStream(file.path),
    abort_signal: signal,
  })
  await drainStream(stream) // an insert into a server has ended when the answer has been read
}

/**
 * One part a month, however many; at once and not by the server's queue; views take a repeated block once too. Rows of a block
 * are not merged as they come: there is nothing to merge in them, and it costs a quarter of the insert.
 */
const ONCE =
  'async_insert = 0, insert_deduplicate = 1, deduplicate_blocks_in_dependent_materialized_views = 1, max_partitions_per_insert_block = 0, optimize_on_insert = 0'
