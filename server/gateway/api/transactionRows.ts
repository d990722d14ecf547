import { createHash } from 'node:crypto'
import { csvFields } from '../../../streams/lib/csv.ts'
import { BadRow, COLUMNS, type Transaction, transactionReader, writeTransaction } from '../../../streams/pnl/transaction.ts'
import { ProtocolError } from '../../../streams/wire/errors.ts'
import { AMOUNT_MAX, KEY, KEY_FORM, ROWS_PER_REQUEST_MAX } from '../../../streams/wire/limits.ts'

/** The rows of a request: those that can be booked, each with an id, and why the others cannot. */
export interface TransactionRows {
  readonly good: readonly Transaction[]
  readonly refused: readonly RefusedRow[]
}

/** A row or line of a request that is not accepted. */
export interface RefusedRow {
  /** Its line; in a list its position, from 1. */
  readonly row: number
  readonly why: string
}

/** Characters of an account's name. */
const ACCOUNT_LENGTH_MAX = 256
/** Characters that say why a row is refused: a row may hold anything. */
const WHY_LENGTH_MAX = 200

const readFields = transactionReader(COLUMNS)

/** Reads one row as JSON has it. Throws BadRow. */
export const readRow = (value: unknown): Transaction => readFields(fieldsOf(value))

/** Returns the row if a portfolio can hold it. Throws BadRow if it is too large. */
export const checkedRow = (tx: Transaction): Transaction => {
  for (const name of ['qty', 'price', 'fee', 'cost'] as const) {
    const amount = tx[name] ?? 0n
    if (amount >= AMOUNT_MAX || -amount >= AMOUNT_MAX) throw new BadRow(`${name}: expected less than 10^30`)
  }
  for (const name of ['account', 'toAccount'] as const)
    if (tx[name].length > ACCOUNT_LENGTH_MAX) throw new BadRow(`${name}: expected at most ${ACCOUNT_LENGTH_MAX} characters`)
  if (tx.id !== '' && !KEY.test(tx.id)) throw new BadRow(`id: expected ${KEY_FORM}`)
  return tx
}

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

/**
 * Gives ids to rows without one, made of their contents: the same row again has the same id. Equal rows differ by a number, as long as no
 * more than `most` different ones lie between them.
 */
export class RowIds {
  private readonly most: number
  private readonly seen = new Map<string, number>()

  constructor(most = ROWS_PER_REQUEST_MAX) {
    this.most = most
  }

  /** Returns the row with an id. */
  named(tx: Transaction): Transaction {
    if (tx.id !== '') return tx
    return { ...tx, id: this.numbered(`row:${digestOf(JSON.stringify(writeTransaction(tx)))}`) }
  }

  /** Returns the id; if it has been there before, with its number. */
  numbered(id: string): string {
    const n = (this.seen.get(id) ?? 0) + 1
    this.seen.delete(id)
    this.seen.set(id, n)
    if (this.seen.size > this.most) this.seen.delete(this.seen.keys().next().value!)
    return n === 1 ? id : `${id}:${n}`
  }
}

/** Returns half of the SHA-256 of a text, hexadecimal. */
export const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32)

/** Returns why a row is refused, in one line. Throws an error that is no fault of the row. */
export const whyBad = (error: unknown): string => {
  if (!(error instanceof BadRow)) throw error
  return error.message.length > WHY_LENGTH_MAX ? `${error.message.slice(0, WHY_LENGTH_MAX)}…` : error.message
}

const rowsOf = <T>(list: Iterable<readonly [row: number, value: T]>, read: (value: T) => Transaction): TransactionRows => {
  const good: Transaction[] = []
  const refused: RefusedRow[] = []
  const ids = new RowIds()
  const said = new Map<string, string>()
  for (const [row, value] of list) {
    if (good.length + refused.length === ROWS_PER_REQUEST_MAX)
      throw new ProtocolError('too_large', `found more than ${ROWS_PER_REQUEST_MAX} rows`)
    try {
      const tx = ids.named(checkedRow(read(value)))
      const contents = JSON.stringify(writeTransaction(tx))
      if ((said.get(tx.id) ?? contents) !== contents)
        throw new BadRow(`id: found "${tx.id}" a second time, with other contents, expected each id once`)
      said.set(tx.id, contents)
      good.push(tx)
    } catch (error) {
      refused.push({ row, why: whyBad(error) })
    }
  }
  return { good, refused }
}

/** Reads rows out of a list of objects. */
export const rowsOfList = (list: readonly unknown[]): TransactionRows =>
  rowsOf(
    list.map((value, i) => [i + 1, value] as const),
    readRow,
  )

/** Reads rows out of lines, one JSON object a line. */
export const rowsOfLines = (text: string): TransactionRows =>
  rowsOf(linesOf(text), line => {
    let value: unknown
    try {
      value = JSON.parse(line)
    } catch {
      throw new BadRow('the line is not JSON')
    }
    return readRow(value)
  })

/** Reads rows out of CSV with the header of a transactions file. Throws a ProtocolError if the header is not one. */
export const rowsOfCsv = (text: string): TransactionRows => {
  const lines = linesOf(text.replace(/^\uFEFF/, ''))
  const header = lines.next().value
  if (header === undefined) throw new ProtocolError('invalid_params', 'body: found nothing, expected the header of a transactions file')
  let read: ReturnType<typeof transactionReader>
  try {
    read = transactionReader(csvFields(header[1]))
  } catch (error) {
    throw new ProtocolError('invalid_params', `body: ${whyBad(error)}`)
  }
  return rowsOf(lines, line => read(csvFields(line)))
}

/** Yields the lines that are not blank, by their number from 1. */
function* linesOf(text: string): Generator<readonly [number, string], undefined> {
  let number = 0
  for (let from = 0; from < text.length; ) {
    const end = text.indexOf('\n', from)
    const line = text.slice(from, end < 0 ? text.length : end).replace(/\r$/, '')
    number += 1
    from = end < 0 ? text.length : end + 1
    if (line.trim() !== '') yield [number, line]
  }
  return undefined
}
