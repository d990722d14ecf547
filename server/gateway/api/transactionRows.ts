import { BadRow, COLUMNS, type Transaction, transactionReader, writeTransaction } from '../../../streams/pnl/transaction.ts'
import { ProtocolError } from '../../../streams/wire/errors.ts'
import { ROWS_PER_REQUEST_MAX } from '../../../streams/wire/limits.ts'
import type { Block } from '../../lib/blocks.ts'
import { Semaphore } from '../../lib/semaphore.ts'
import { yieldTurn } from '../../lib/yieldTurn.ts'
import { checkedRow, otherContents, whyBad } from '../../transactions/checkedRow.ts'
import { oldestFirst } from '../../transactions/direction.ts'
import { own } from '../../transactions/formats/own.ts'
import { RowIds } from '../../transactions/rowIds.ts'
import { transactionsIn } from '../../transactions/transactionFile.ts'
import { boundedLines } from './boundedLines.ts'

/** A row that can be booked, with its line; in a list its position, from 1. */
export interface GoodRow {
  readonly row: number
  readonly tx: Transaction
}

/** The rows of a request: those that can be booked, each with an id, the oldest first; and why the others cannot. */
export interface TransactionRows {
  readonly good: readonly GoodRow[]
  readonly refused: readonly RefusedRow[]
}

/** A row or line of a request that is not accepted. */
export interface RefusedRow {
  /** Its line; in a list its position, from 1. */
  readonly row: number
  readonly why: string
}

const readFields = transactionReader(COLUMNS)

/** Reads one row as JSON has it. Throws BadRow. */
export const readRow = (value: unknown): Transaction => readFields(fieldsOf(value))

const fieldsOf = (value: unknown): string[] => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new BadRow('expected an object')
  const unknown = Object.keys(value).find(name => !COLUMNS.includes(name as 't'))
  if (unknown !== undefined) throw new BadRow(`found "${unknown}", expected no other members than ${COLUMNS.join(', ')}`)
  return COLUMNS.map(name => {
    const member = (value as Record<string, unknown>)[name]
    if (member === undefined) return ''
    if (typeof member === 'string') return member
    if (name === 't' && typeof member === 'number') return String(member)
    throw new BadRow(`${name}: found ${JSON.stringify(member)}, expected a string`)
  })
}

/** Gathers the rows of one request: which are good, and why the others are not. */
class RequestRows {
  private readonly good: GoodRow[] = []
  private readonly refused: RefusedRow[] = []
  private readonly ids = new RowIds()
  private readonly said = new Map<string, string>()

  /** Takes the next row. Throws a ProtocolError if there are too many. */
  take(row: number, read: () => Transaction): void {
    if (this.good.length + this.refused.length === ROWS_PER_REQUEST_MAX)
      throw new ProtocolError('too_large', `found more than ${ROWS_PER_REQUEST_MAX} rows`)
    try {
      const tx = this.ids.named(checkedRow(read()))
      const contents = JSON.stringify(writeTransaction(tx))
      if ((this.said.get(tx.id) ?? contents) !== contents) throw new BadRow(otherContents(tx.id))
      this.said.set(tx.id, contents)
      this.good.push({ row, tx })
    } catch (error) {
      this.refused.push({ row, why: whyBad(error) })
    }
  }

  /** Takes a row that cannot be read. */
  refuse(row: number, why: string): void {
    this.refused.push({ row, why })
  }

  /** Returns the rows, in the order in which they came unless the newest came first. */
  get turned(): TransactionRows {
    return { good: oldestFirst(this.good, ({ tx }) => tx.t), refused: this.refused }
  }

  /** Returns the rows by their time, of one time in the order in which they came. */
  get byTime(): TransactionRows {
    return { good: this.good.toSorted((a, b) => a.tx.t - b.tx.t), refused: this.refused }
  }
}

/** Rows that are read before others have their turn. */
const ROWS_A_TURN = 250

/** Lines of one request, blank ones included. */
const LINES_MAX = 10 * ROWS_PER_REQUEST_MAX

/** Requests of many rows that wait for their turn at most. Each is held in memory until it has had it. */
export const LONG_WAITING_MAX = 32

/**
 * Requests of many rows are read one after another. If all that have come were read at once, each would be held until the last of them is read,
 * and a turn of the event loop would have a slice of each.
 */
const long = new Semaphore(
  1,
  LONG_WAITING_MAX,
  () =>
    new ProtocolError(
      'too_much',
      `found more than ${LONG_WAITING_MAX} requests of ${ROWS_A_TURN} rows or more that wait, expected fewer`,
      1,
    ),
)

/** Reads `count` rows: at once if they are few, otherwise when it is their turn. Rejects with `too_much` if too many wait. */
const inTurn = (count: number, read: () => Promise<TransactionRows>): Promise<TransactionRows> =>
  count < ROWS_A_TURN ? read() : long.run(read)

/** Reads rows out of a list of objects. */
export const rowsOfList = (list: readonly unknown[]): Promise<TransactionRows> =>
  inTurn(list.length, async () => {
    const rows = new RequestRows()
    for (const [i, value] of list.entries()) {
      if (i % ROWS_A_TURN === ROWS_A_TURN - 1) await yieldTurn()
      rows.take(i + 1, () => readRow(value))
    }
    return rows.turned
  })

/** Reads rows out of lines, one JSON object a line. */
export const rowsOfLines = async (text: string): Promise<TransactionRows> => {
  const lines = boundedLines(text, LINES_MAX)
  return inTurn(lines.length, async () => {
    const rows = new RequestRows()
    for (const [i, line] of lines.entries()) {
      if (i % ROWS_A_TURN === ROWS_A_TURN - 1) await yieldTurn()
      if (line.trim() !== '') rows.take(i + 1, () => readRow(parsed(line)))
    }
    return rows.turned
  })
}

/** Gives lines by blocks. Others have their turn between two of them. */
const inBlocks = async function* (lines: readonly string[]): AsyncGenerator<Block> {
  for (let from = 0; from < lines.length; from += ROWS_A_TURN) {
    if (from > 0) await yieldTurn()
    yield { first: from + 1, lines: lines.slice(from, from + ROWS_A_TURN) }
  }
}

const parsed = (line: string): unknown => {
  try {
    return JSON.parse(line)
  } catch {
    throw new BadRow('the line is not JSON')
  }
}

/** Reads rows out of CSV with the header of a transactions file. Rejects with a ProtocolError if the header is not one, or no row follows it. */
export const rowsOfCsv = async (text: string): Promise<TransactionRows> => {
  const lines = boundedLines(text, LINES_MAX)
  return inTurn(lines.length, () => rowsOfTable(lines))
}

const rowsOfTable = async (lines: readonly string[]): Promise<TransactionRows> => {
  const rows = new RequestRows()
  try {
    for await (const reading of transactionsIn(() => inBlocks(lines), { file: '', quote: '' }, [own])) {
      const row = reading.lines[0]!
      if ('transactions' in reading) for (const tx of reading.transactions) rows.take(row, () => tx)
      else rows.refuse(row, 'refused' in reading ? reading.refused : reading.ignored)
    }
  } catch (error) {
    if (!(error instanceof BadRow)) throw error
    throw new ProtocolError('invalid_params', `body: ${whyBad(error)}`)
  }
  return rows.byTime
}
