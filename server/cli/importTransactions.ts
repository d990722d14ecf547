import { basename } from 'node:path'
import { BadRow, type Transaction, writeTransaction } from '../../streams/pnl/transaction.ts'
import { UsageError } from '../config/options.ts'
import type { DetailedAnswer } from '../gateway/api/portfolioRows.ts'
import { blocksOf } from '../lib/blocks.ts'
import { type Reading, transactionsIn } from '../transactions/transactionFile.ts'
import { type RunningServer, ServerError } from './server.ts'

/** The result of importing a file. */
export interface Imported {
  accepted: number
  known: number
  refused: number
}

/** The result of importing transactions, in rows of the file. */
export interface ImportedTransactions extends Imported {
  /** Left out although nothing is wrong with them. */
  ignored: number
}

/** Hears of each row of a file that does not go in: why it is refused, or ignored. In no strict order. */
export interface RowLog {
  refused(line: number, why: string): void
  ignored(line: number, why: string): void
}

/** Rows of the file that belong together, on their way. */
interface Unit {
  readonly lines: readonly number[]
  /** Rows of the portfolio that have no answer yet. */
  open: number
  accepted: boolean
  refused: string | undefined
}

interface Row {
  readonly unit: Unit
  readonly t: number
  readonly text: string
}

/** A piece is sent when it has either. */
const ROWS = 5_000
const CHARACTERS = 1024 * 1024

/**
 * Sends a file of transactions, of any format, into a portfolio that counts in `quote`, a piece at a time. Throws UsageError if the file is of
 * none that is known, ServerError if the server refuses it.
 */
export const importTransactions = async (
  file: string,
  { portfolio, quote }: { readonly portfolio: string; readonly quote: string },
  server: RunningServer,
  imported: ImportedTransactions,
  log: RowLog,
): Promise<void> => {
  const sender = new Sender(`/v1/portfolios/${encodeURIComponent(portfolio)}/transactions?knownRows=true`, server, imported, log)
  try {
    for await (const reading of transactionsIn(() => fileOf(file), { file: basename(file), quote })) await sender.take(reading)
    await sender.flush()
  } catch (error) {
    if (error instanceof BadRow) throw new UsageError(`${file}: ${error.message}`)
    throw error
  }
}

/** Gathers rows into pieces, sends them, and counts what became of the rows of the file. */
class Sender {
  private readonly path: string
  private readonly server: RunningServer
  private readonly imported: ImportedTransactions
  private readonly log: RowLog
  private piece: Row[] = []
  private characters = 0

  constructor(path: string, server: RunningServer, imported: ImportedTransactions, log: RowLog) {
    this.path = path
    this.server = server
    this.imported = imported
    this.log = log
  }

  async take(reading: Reading): Promise<void> {
    if ('refused' in reading) return this.refuse(reading.lines, reading.refused)
    if ('ignored' in reading) {
      this.imported.ignored += reading.lines.length
      for (const line of reading.lines) this.log.ignored(line, reading.ignored)
      return
    }
    const unit: Unit = { lines: reading.lines, open: reading.transactions.length, accepted: false, refused: undefined }
    for (const tx of reading.transactions) this.put(unit, tx)
    if (this.piece.length >= ROWS || this.characters >= CHARACTERS) await this.flush()
  }

  async flush(): Promise<void> {
    // The server takes the order of rows of one time from the order in which they come, and of a piece from its direction.
    const rows = this.piece.sort((a, b) => a.t - b.t)
    this.piece = []
    this.characters = 0
    await this.send(rows)
  }

  private put(unit: Unit, tx: Transaction): void {
    const text = JSON.stringify(writeTransaction(tx))
    this.piece.push({ unit, t: tx.t, text })
    this.characters += text.length
  }

  private async send(rows: readonly Row[]): Promise<void> {
    if (rows.length === 0) return
    let answer: DetailedAnswer
    try {
      answer = await this.server.post<DetailedAnswer>(this.path, 'application/x-ndjson', rows.map(({ text }) => text).join('\n'))
    } catch (error) {
      // The server takes less at once than others do.
      if (!(error instanceof ServerError && error.status === 413 && rows.length > 1)) throw error
      const half = rows.length >> 1
      await this.send(rows.slice(0, half))
      await this.send(rows.slice(half))
      return
    }
    const refused = new Map(answer.refused.map(({ row, why }) => [row, why]))
    const known = new Set(answer.knownRows)
    for (const [i, { unit }] of rows.entries()) {
      unit.open -= 1
      unit.refused ??= refused.get(i + 1)
      unit.accepted ||= !refused.has(i + 1) && !known.has(i + 1)
      if (unit.open === 0) this.count(unit)
    }
  }

  private count({ lines, accepted, refused }: Unit): void {
    if (refused !== undefined) this.refuse(lines, refused)
    else if (accepted) this.imported.accepted += lines.length
    else this.imported.known += lines.length
  }

  private refuse(lines: readonly number[], why: string): void {
    this.imported.refused += lines.length
    for (const line of lines) this.log.refused(line, why)
  }
}

/** Yields the lines of a file. Throws UsageError if it cannot be read. */
const fileOf = async function* (file: string): ReturnType<typeof blocksOf> {
  try {
    yield* blocksOf(file)
  } catch (error) {
    if (error instanceof Error && 'syscall' in error)
      throw new UsageError(`${file}: found ${(error as NodeJS.ErrnoException).code}, expected a file that can be read`)
    throw error
  }
}
