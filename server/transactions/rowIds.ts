import { createHash } from 'node:crypto'
import { type Transaction, writeTransaction } from '../../streams/pnl/transaction.ts'
import { ROWS_PER_REQUEST_MAX } from '../../streams/wire/limits.ts'

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
