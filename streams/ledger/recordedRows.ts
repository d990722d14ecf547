import { type Transaction, writeTransaction } from '../pnl/transaction.ts'

/** By portfolio: the ids of the rows that it got at run time, each with the digest of its contents; '' if that is not known. */
export type RecordedRows = Map<string, Map<string, string>>

/** What becomes of the rows of a command: those that are new, and the places in the command of the others. */
export interface SortedRows {
  readonly fresh: readonly Transaction[]
  /** Rows that the portfolio has. */
  readonly known: readonly number[]
  /** Rows whose id the portfolio has with other contents. */
  readonly differing: readonly number[]
}

/**
 * Sorts rows by what a portfolio knows. A row in `unpriced` was sent without a price and got the market's, so the price of one that is known
 * may be another.
 */
export const sortRows = (
  known: ReadonlyMap<string, string> | undefined,
  rows: readonly Transaction[],
  unpriced: ReadonlySet<string>,
): SortedRows => {
  const sorted = { fresh: [] as Transaction[], known: [] as number[], differing: [] as number[] }
  const met = new Map<string, string>()
  for (const [i, tx] of rows.entries()) {
    const before = known?.get(tx.id) ?? met.get(tx.id)
    if (before === undefined) {
      met.set(tx.id, digestOf(tx))
      sorted.fresh.push(tx)
    } else if (saysTheSame(before, digestOf(tx), unpriced.has(tx.id))) sorted.known.push(i)
    else sorted.differing.push(i)
  }
  return sorted
}

/** Returns the digest of what a row says: of all but its price, then of its price. It tells mistakes, not forgeries. */
export const digestOf = (tx: Transaction): string => {
  const { price = '', ...rest } = writeTransaction(tx)
  return `${hashOf(JSON.stringify(rest))}.${hashOf(price)}`
}

const saysTheSame = (before: string, now: string, unpriced: boolean): boolean =>
  before === now || (unpriced && before.split('.')[0] === now.split('.')[0])

/** Returns 53 bits of a text (cyrb53, public domain), in base 36. */
const hashOf = (text: string): string => {
  let a = 0xdeadbeef
  let b = 0x41c6ce57
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    a = Math.imul(a ^ code, 2654435761)
    b = Math.imul(b ^ code, 1597334677)
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909)
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909)
  return (4294967296 * (2097151 & b) + (a >>> 0)).toString(36)
}
