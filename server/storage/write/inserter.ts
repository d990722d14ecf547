import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { drainStream } from '@clickhouse/client'
import type { Logger } from 'pino'
import { retrying } from '../../lib/retrying.ts'
import type { Engine } from '../engine/engine.ts'
import { quoted } from '../engine/migrate.ts'
import { columnList, type Table, type TableName, TICKS } from '../engine/tables.ts'
import { MEASURES } from './measureRows.ts'
import { noRows, type RowCounts } from './rowCounts.ts'
import type { Spool, SpoolFile } from './spool.ts'
import { BadRows, type StoredIndex, type Suspects } from './storedIndex.ts'

const TABLE: Readonly<Record<TableName, Table>> = { ticks: TICKS, pnl: MEASURES.pnl, funds: MEASURES.fund, pools: MEASURES.pool }

/** By what a file is checked before it is sent for the first time: its rows may have been stored before this start. */
export interface Check {
  readonly seen: StoredIndex
  /** Those of its rows; undefined where nobody remembers. */
  readonly suspects: Suspects | undefined
  /** Told how many of the rows were stored already. */
  readonly known?: (rows: number) => void
}

/**
 * Brings files of the spool into the engine, each until it is there. An engine that is away, slow, full or stopped half-way gets
 * the same file with the same token again; a file that it will never take is set aside, so that the rest can go on.
 */
export class Inserter {
  /** Rows sent and acknowledged, left out because the engine had them, and set aside. */
  readonly stored: RowCounts = noRows()
  readonly known: RowCounts = noRows()
  readonly rejected: RowCounts = noRows()
  retries = 0
  /** Why the file that is being sent is not yet stored. */
  failure: string | undefined
  private readonly engine: Promise<Engine>
  private ready: Engine | undefined
  private readonly spool: Spool
  private readonly log: Logger

  constructor(engine: Promise<Engine>, spool: Spool, log: Logger) {
    this.engine = engine
    this.spool = spool
    this.log = log
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
      } catch (error) {
        if (!signal.aborted && willNeverHeal(error) && (await this.rejects(file, error))) return true
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

  /** The engine, once it is open. Rejects where `signal` does not wait for it. */
  private async opened(signal: AbortSignal): Promise<Engine> {
    const aborted = once(signal, 'abort').then(() => signal.throwIfAborted() as never)
    this.ready = await Promise.race([this.engine, aborted])
    return this.ready
  }

  /** The file without the rows that were stored before this start. */
  private async checked(engine: Engine, file: SpoolFile, { seen, suspects, known }: Check): Promise<SpoolFile> {
    const table = TABLE[file.table]
    const may = suspects === undefined || (await seen.mayHave(engine, table, suspects))
    const left = may ? await seen.unseen(engine, table, await readFile(file.path), file.rows) : undefined
    const checked = await this.spool.check(file, left)
    this.known[file.table] += file.rows - checked.rows
    known?.(file.rows - checked.rows)
    return checked
  }

  /** Sets the file aside; false where the disk does not let it. */
  private async rejects(file: SpoolFile, error: unknown): Promise<boolean> {
    try {
      await this.spool.reject(file)
    } catch {
      return false
    }
    this.rejected[file.table] += file.rows
    this.failure = undefined
    this.log.error({ error: (error as Error).message, file: file.path, rows: file.rows }, 'ClickHouse will not take these rows: set aside')
    return true
  }
}

const insert = async ({ client, database }: Engine, file: SpoolFile, signal: AbortSignal): Promise<void> => {
  const { stream } = await client.exec({
    query: `INSERT INTO ${quoted(database)}.${file.table} (${columnList(TABLE[file.table].columns)})
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

/** Errors that lie in the rows or in the table, which the next attempt would meet again. */
const NEVER = new Set([
  '6', // CANNOT_PARSE_TEXT
  '16', // NO_SUCH_COLUMN_IN_TABLE
  '27', // CANNOT_PARSE_INPUT_ASSERTION_FAILED
  '33', // CANNOT_READ_ALL_DATA
  '47', // UNKNOWN_IDENTIFIER
  '53', // TYPE_MISMATCH
  '60', // UNKNOWN_TABLE
  '62', // SYNTAX_ERROR
  '69', // ARGUMENT_OUT_OF_BOUND
  '72', // CANNOT_PARSE_NUMBER
  '81', // UNKNOWN_DATABASE
  '107', // FILE_DOESNT_EXIST
  '117', // INCORRECT_DATA
  '131', // TOO_LARGE_STRING_SIZE
  '407', // DECIMAL_OVERFLOW
  'ENOENT',
])

const willNeverHeal = (error: unknown): boolean => error instanceof BadRows || NEVER.has((error as { code?: string }).code ?? '')
